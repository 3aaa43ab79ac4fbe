"""Two writings of one function are recognised; two functions are not confused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from nas.errors import ExpressionError
from nas.symbolic.fingerprint import Seen, same_function
from nas.symbolic.parse import parse
from tests.symbolic.expressions import TEXTS


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("max(x, -x)", "abs(x)"),
        ("max(x, 0) - max(-x, 0)", "x"),
        ("2*sigmoid(2*x) - 1", "tanh(x)"),
        ("x*(1 + tanh(x/2))/2", "x*sigmoid(x)"),
        ("sin(x)^2", "1 - cos(x)^2"),
        ("beta1*x*sigmoid(beta2*x)", "x*sigmoid(beta1*x)*beta2"),
        ("p1*x + beta[1]*tanh(x) - 3", "beta*x + tanh(x)*p1[1] - 3"),
        ("(p1[1] - p2[1])*x*sigmoid(x) + p2[1]*x", "(p2[1] - p1[1])*x*sigmoid(x) + p1[1]*x"),
    ],
)
def test_writings_of_one_function_are_equal(a: str, b: str) -> None:
    assert same_function(parse(a), parse(b))
    seen: Seen[int] = Seen()
    seen.add(parse(a), 7)
    assert seen.find(parse(b)) == 7


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x*sigmoid(x)", "x*sigmoid(1.0001*x)"),
        ("x*sigmoid(beta*x)", "x*sigmoid(x)"),
        ("x*sigmoid(beta[channel]*x)", "x*sigmoid(beta[scalar]*x)"),
        ("beta*x", "beta[0.5]*x"),
        ("sqrt(x)^2", "x"),
        ("max(x, 0)", "max(x, 0) + 1e-4"),
        ("beta1*x + tanh(beta2*x)", "beta1*x + tanh(beta1*x)"),
        ("sin(x)", "x"),
        ("x", "exp(exp(exp(exp(exp(exp(x))))))"),
        ("exp(exp(exp(x)))", "exp(exp(exp(x) + 1e-3))"),
    ],
)
def test_different_functions_are_not(a: str, b: str) -> None:
    assert not same_function(parse(a), parse(b))
    seen: Seen[int] = Seen()
    seen.add(parse(a), 7)
    assert seen.find(parse(b)) is None


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_algebra_keeps_a_function_the_same(text: str) -> None:
    try:
        expression = parse(text)
        other = parse(f"3 - (3 - ({text}))*1 + ({text}) - ({text})")
    except ExpressionError:
        return
    assert same_function(expression, other)
