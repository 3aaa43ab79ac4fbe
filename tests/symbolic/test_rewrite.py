"""Rewriting keeps the function and reaches the stable atoms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from nas.errors import ExpressionError
from nas.symbolic.parse import parse
from nas.symbolic.rewrite import stabilize
from tests.symbolic.expressions import TEXTS


@pytest.mark.parametrize(
    ("naive", "stable"),
    [
        ("x/(1 + exp(-x))", "x*sigmoid(x)"),
        ("1/(2 + 2*exp(3*x))", "0.5*sigmoid(-3*x)"),
        ("exp(x)/(1 + exp(x))", "sigmoid(x)"),
        ("log(1 + exp(x))", "softplus(x)"),
        ("log(exp(2*x) + 1)/2", "softplus(2*x)/2"),
        ("exp(x) - 1", "expm1(x)"),
        ("x + 3*exp(x) - 3", "x + 3*expm1(x)"),
        ("min(exp(x) - 1, 0)", "expm1(min(x, 0))"),
        ("log(1 + x^2)", "log1p(x^2)"),
        ("1 - sigmoid(x)", "sigmoid(-x)"),
        ("1 + erf(x)", "erfc(-x)"),
        ("1 - erf(x)", "erfc(x)"),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
        ("sinh(x)/cosh(x)", "tanh(x)"),
        ("log(1/(1 + exp(-x)))", "-softplus(-x)"),
        ("x*sign(x)", "abs(x)"),
        ("log(exp(x))", "x"),
        ("(x^2 + 1)^0.5", "sqrt(x^2 + 1)"),
    ],
)
def test_naive_forms_reach_stable_atoms(naive: str, stable: str) -> None:
    assert parse(naive).text == parse(stable).text


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_rewriting_is_idempotent(text: str) -> None:
    try:
        tree = parse(text).tree
    except ExpressionError:
        return
    assert stabilize(tree) == tree
