"""Functions are named whatever way they are written, and only then."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
import sympy

from nas.symbolic.catalogue import CATALOGUE, Activation
from nas.symbolic.expression import Expression, X
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse

ROWS = pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.name)
FAMILIES = [row for row in CATALOGUE.values() if row.constants and row.learned != "always"]


def name(text: str) -> str | None:
    return name_of(parse(text))


@ROWS
def test_every_row_has_its_name(row: Activation) -> None:
    assert name(row.text) == (row.same_as or row.name)
    for form in row.forms:
        assert name(row.with_parameters(form)) == row.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x/(1 + exp(-x))", "SiLU"),
        ("x*(1 + tanh(x/2))/2", "SiLU"),
        ("x*(1 + erf(x/sqrt(2)))/2", "GELU"),
        ("0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))", "GELU (tanh)"),
        ("x*tanh(log(1 + exp(x)))", "Mish"),
        ("x*((1 + exp(x))^2 - 1)/((1 + exp(x))^2 + 1)", "Mish"),
        ("x*(exp(2*exp(x)) - 1)/(exp(2*exp(x)) + 1)", "TanhExp"),  # overflows beyond x = 5.9
        ("log(1 + exp(x))", "Softplus"),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh"),
        ("sinh(x)/cosh(x)", "tanh"),
        ("2*sigmoid(2*x) - 1", "tanh"),
        ("1/(1 + exp(-x))", "sigmoid"),
        ("(x + abs(x))/2", "ReLU"),
        ("x*(1 + sign(x))/2", "ReLU"),
        ("sqrt(x^2)", "absolute value"),
        ("max(x, exp(min(x, 0)) - 1)", "ELU"),
        ("x*min(max(x + 3, 0), 6)/6", "hard Swish"),
        ("max(min(x, 1), -1)", "hard tanh"),
        ("x + (1 - cos(2*beta*x))/(2*beta)", "Snake"),
        ("0.75*x*sigmoid(0.75*beta*x) + 0.25*x", "ACON-B (p = 0.25)"),
        ("2.5*x*sigmoid(2.5*beta3*x) - x/2", "ACON-C (p1 = 2, p2 = -0.5)"),
        ("x*tanh(beta*x)", "ACON-B (p = -1)"),
    ],
)
def test_other_ways_to_write_it(text: str, expected: str) -> None:
    assert name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max(x, 0.1*x)", "leaky ReLU (slope = 0.1)"),
        ("max(x, 0) + 0.3*min(x, 0)", "leaky ReLU (slope = 0.3)"),
        ("x*sigmoid(1.7*x)", "Swish (beta = 1.7)"),
        ("x*sigmoid(1.702*x)", "quick GELU"),
        ("x*sigmoid(sqrt(2)*x)", "Swish (beta = 1.41421)"),
        ("max(x, 0) + 2.5*(exp(min(x, 0)) - 1)", "ELU (c = 2.5)"),
        ("max(x, 0) + min(0, 2.5*(exp(x/2.5) - 1))", "CELU (alpha = 2.5)"),
        ("log(1 + exp(3*x))/3", "Softplus (beta = 3)"),
        ("min(max(x, 0), 250)", "clipped ReLU (cap = 250)"),
        ("max(0, min(1, 0.2*x + 0.5))", "hard sigmoid (slope = 0.2)"),
        ("max(0.2*(x + 3) - 3, min(0.2*(x - 3) + 3, x))", "PLU (alpha = 0.2, c = 3)"),
        ("x + sin(12*x)^2/12", "Snake (alpha = 12)"),
        ("1.25*x*sigmoid(x)", "E-Swish (beta = 1.25)"),
    ],
)
def test_fixed_constants_are_found(text: str, expected: str) -> None:
    assert name(text) == expected


@pytest.mark.parametrize("row", FAMILIES, ids=lambda row: row.name)
def test_families_across_their_range(row: Activation) -> None:
    generator = np.random.default_rng(len(row.name))
    for _ in range(6):
        values = {}
        for constant in row.constants:
            low, high = max(constant.low, -10.0), min(constant.high, 10.0)
            values[constant.name] = float(f"{generator.uniform(low + 0.003, high - 0.003):.4g}")
        shown = ", ".join(f"{c} = {v:.6g}" for c, v in values.items())
        assert name(row.fixed(values)) == f"{row.name} ({shown})"


@pytest.mark.parametrize(
    "text",
    [
        "max(x, 1.5*x)",  # out of the range of leaky ReLU
        "max(x, 0) - 0.3*min(x, 0)",
        "2.002*x*sigmoid(x)",  # just out of the range of E-Swish
        "x*sigmoid(-x)",  # a mirror image
        "2*x*sigmoid(x) + 1e-5",
        "3*max(x, 0)",  # a multiple is a relative, not the same
        "max(x, 0) + 1",
        "gelu(2*x)",
        "sqrt(x)^2",  # has no value left of 0
        "sqrt(x + 5)^2",  # has no value left of -5
        "exp(log(x + 6)) - 6",
        "x*sigmoid(1e6*x)",  # near ReLU
        "min(x*sigmoid(x), 100)",  # SiLU up to 100
        "x*tanh(softplus(x)) + 1e-6*x",
    ],
)
def test_what_is_only_like_a_named_function_is_not_named(text: str) -> None:
    assert name(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x*sigmoid(beta7[scalar]*x)", "Swish"),
        ("x*sigmoid(p1[channel, 3]*x)", "Swish"),
        ("max(p3*x, x)", "PReLU"),
        ("alpha*min(x, 0) + max(x, 0)", "PReLU"),
        ("(p2 - p1)*x*sigmoid(beta*(p2 - p1)*x) + p1*x", "ACON-C"),
        ("p1*x/(1 + exp(-beta*(p1 - p2)*x)) + p2*x/(1 + exp(beta*(p1 - p2)*x))", "ACON-C"),
        ("beta1*x + (1 - beta1)*x*sigmoid(beta2*(1 - beta1)*x)", "ACON-B"),
        ("max(x, 0) + p", "FReLU"),
        ("x*sigmoid(2*beta*x)", None),  # another parameter, not another name for it
        ("x*sigmoid(beta*x) + p", None),
        ("min(x*sigmoid(beta*x), 100)", None),
        ("p*x*sigmoid(beta*x)", None),
        ("beta*x*sigmoid(x)", None),  # E-Swish has a fixed number
        ("max(x, 0) + beta*expm1(min(x, 0))", None),  # and so has ELU
        ("x*sigmoid(beta1*x)*sigmoid(beta2*x)*sigmoid(beta3*x)*sigmoid(beta4*x)", None),
        ("max(x, 0) + abs(p)*min(x, 0)", None),  # PReLU for p > 0 only
        ("x*sigmoid(sqrt(beta^2)*x)", None),
    ],
)
def test_learned_parameters_match_learned_ones(text: str, expected: str | None) -> None:
    assert name(text) == expected


@ROWS
def test_mutants_lose_the_name(row: Activation) -> None:
    assert name(f"({row.text}) + 0.003*sin(7*x)") is None
    assert name(f"1.003*({row.text})") != row.name
    expression = parse(row.text)
    moved = Expression.of(expression.tree.xreplace({X: X - sympy.Rational(1, 100)}), expression.parameters)
    assert name_of(moved) != row.name


HOPELESS = """
1 | -1e30 | 1/x | log(x) | sqrt(x - 7) | exp(exp(exp(x))) | x^12 | 1/(x^2 - 2) | 1e-30*x | p | p^2 | 1/beta
log(beta)*x | exp(exp(exp(x)))/exp(exp(exp(x)) + 1) | 1e30*x^12 | abs(x)^0.5 | sign(x)/x | p1 + p2*x + beta
"""


@pytest.mark.parametrize("text", [part.strip() for part in re.split(r"[|\n]", HOPELESS.strip())])
def test_never_raises(text: str) -> None:
    assert name(text) is None


def test_a_name_means_equal_values() -> None:
    """A name with constants, read back into its row, gives the function again."""
    x = np.linspace(-4.7, 4.9, 300)
    for text, constants in [
        ("x*sigmoid(0.37*x)", {"beta": 0.37}),
        ("max(0, 2.25 - abs(x))", {"delta": 2.25}),
    ]:
        shown = name(text)
        assert shown is not None
        row = CATALOGUE[shown.split(" (")[0]]
        np.testing.assert_allclose(
            evaluate(parse(row.fixed(constants)), x), evaluate(parse(text), x), rtol=1e-12
        )


def test_naming_is_quick() -> None:
    name_of(parse("x + cos(x)"))  # tables of the catalogue
    expressions = [parse(f"x*sigmoid(x) + {i}*cos(x)/64 + exp(-x^2)") for i in range(1, 51)]
    begin = time.process_time()
    assert not any(name_of(e) for e in expressions)
    assert time.process_time() - begin < 50 * 0.02
