"""The parser: reads formulas, refuses everything else with one clear error, and never runs anything."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given, settings

from nas.errors import ExpressionError
from nas.symbolic.expression import Parameter, X, symbol
from nas.symbolic.parse import parse
from tests.symbolic.expressions import FORMULAS, TEXTS


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2*x^2", 1 + 2 * X**2),
        ("-x^2", -(X**2)),
        ("2^-1*x", X / 2),
        ("x - 3 - 2", X - 5),
        ("x/2/4", X / 8),
        ("-(-x)", X),
        ("x**3", X**3),
        ("sin(x)*cos(x)", sympy.sin(X) * sympy.cos(X)),
        ("1e-3*x", X / 1000),
        (".5*x", X / 2),
        ("max(x, 2, 1)", sympy.Max(X, 2)),
        ("2^3^2*x", 512 * X),
        ("x*-2", -2 * X),
        ("x + max(pi, min(0, beta))", X + sympy.pi),
    ],
)
def test_arithmetic_binds_as_in_mathematics(text: str, tree: sympy.Expr) -> None:
    assert parse(text).tree == tree


def test_parameters_have_scope_and_start() -> None:
    expression = parse("p1*x + p2[scalar] + beta[scalar, 0.3]*p[0.1]*x")
    assert expression.parameters == (
        Parameter("beta", "scalar", 0.3),
        Parameter("p", "channel", 0.1),
        Parameter("p1", "channel", 1.0),
        Parameter("p2", "scalar", 0.0),
    )
    assert symbol("beta") in expression.tree.free_symbols


@pytest.mark.parametrize("text", FORMULAS)
def test_text_reads_back(text: str) -> None:
    expression = parse(text)
    assert parse(expression.text) == expression


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_any_formula_reads_back_or_is_refused(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    assert parse(expression.text) == expression
    assert parse(expression.text).complexity == expression.complexity


def test_names_of_the_catalogue_are_formulas_and_functions() -> None:
    assert parse("relu") == parse("max(x, 0)")
    assert parse("ReLU") == parse("relu(x)")
    assert parse("relu(2*x) - relu(-x)") == parse("max(2*x, 0) - max(-x, 0)")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "expected"),
        ("x +", "expected"),
        ("2x", "operator"),
        ("x x", "operator"),
        ("sin x", "brackets"),
        ("sin", "sin(x)"),
        ("sinn(x)", "did you mean sin"),
        ("foo", "unknown name"),
        ("max(x)", "two or more"),
        ("tanh(x, x)", "1 argument"),
        ("x^x", "exponent"),
        ("x^0.3", "exponent"),
        ("x^13", "at most 12"),
        ("((x^12)^12)^12", "too large"),
        ("1/0", "division by zero"),
        ("x/(1 - 1)", "division by zero"),
        ("sqrt(-1)", "no finite real value"),
        ("log(0)*x", "no finite real value"),
        ("exp(exp(exp(9)))", "no finite real value"),
        ("exp(1e9)", "no finite real value"),
        ("1e999", "too large"),
        ("9" * 300, "too long"),
        ("((2^12)^12)^12", "too"),
        ("(" * 100 + "x" + ")" * 100, "nested"),
        ("x" + "^2" * 60, "nested"),
        ("x+" * 600 + "x", "too long"),
        ("beta[global]*x", "scope"),
        ("beta[scalar]*x + beta[channel]", "twice"),
        ("\u0445 + 1", "ASCII"),
        ("x \u00d7 2", "ASCII"),
        ("x\x00", "unexpected character"),
        ("__import__('os').system('true')", "unexpected character"),
        ("x.__class__", "unexpected character"),
        ("lambda: x", "unexpected character"),
    ],
)
def test_what_is_no_formula_gets_one_clear_error(text: str, word: str) -> None:
    with pytest.raises(ExpressionError, match=r"(?s).*") as caught:
        parse(text)
    assert word in str(caught.value)
    assert len(str(caught.value)) < 600
