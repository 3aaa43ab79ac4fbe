"""Three relations kept apart, on cases made for them, near misses included."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from nas.symbolic.affine import Affine, between
from nas.symbolic.catalogue import CATALOGUE, Activation
from nas.symbolic.distance import distance, nodes, quick_distances, shape_distances
from nas.symbolic.expression import Expression, X
from nas.symbolic.fingerprint import same_function
from nas.symbolic.naming import name_of
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from nas.symbolic.relations import related

FIXED = [row for row in CATALOGUE.values() if row.learned == "never"]

# --- c f(x) + d and f(-x) --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "expected", "formula"),
    [
        ("-max(-x, 0)", "ReLU", Affine(-1, 0, True), "-ReLU(-x)"),
        ("x + abs(x)", "ReLU", Affine(2, 0), "2*ReLU(x)"),
        ("1 - sigmoid(x)", "sigmoid", Affine(-1, 1), "1 - sigmoid(x)"),
        ("-x/(1 + exp(-x))", "SiLU", Affine(-1, 0), "-SiLU(x)"),
        ("3 - 0.7*tanh(x)", "tanh", Affine(-0.7, 3), "3 - 0.7*tanh(x)"),
        ("erf(x/sqrt(2))", "probit", Affine(2, -1), "2*probit(x) - 1"),
        ("log(1 + exp(-x)) - 4", "log sigmoid", Affine(-1, -4), "-log sigmoid(x) - 4"),
        ("x*erfc(x/sqrt(2))", "GELU", Affine(-2, 0, True), "-2*GELU(-x)"),
        ("5*x - 1", "identity", Affine(5, -1), "5*identity(x) - 1"),
        ("max(3*x, 0.9*x) + 2", "leaky ReLU", Affine(3, 2), "3*leaky ReLU(x) + 2 (slope = 0.3)"),
        ("min(-x, -0.1*x)", "leaky ReLU", Affine(-1, 0), "-leaky ReLU(x) (slope = 0.1)"),
        ("2*max(x, -0.3)", "displaced ReLU", Affine(2, 0), "2*displaced ReLU(x) (delta = 0.3)"),
        ("1 - x*sigmoid(0.7*x)/2", "Swish", Affine(-0.5, 1), "1 - 0.5*Swish(x) (beta = 0.7)"),
        ("-x*sigmoid(-beta3*x)", "Swish", Affine(1, 0, True), "Swish(-x)"),
        ("7 - max(x, 0) - p*min(x, 0)", "PReLU", Affine(-1, 7), "7 - PReLU(x)"),
        ("beta*max(-x, 0)", "ReLU", Affine(1, 0, True), "ReLU(-x) (c or d learned)"),
        ("p[channel, 2]*tanh(x) + p1", "tanh", Affine(2, 1), "2*tanh(x) + 1 (c or d learned)"),
    ],
)
def test_what_training_absorbs_is_found(text: str, name: str, expected: Affine, formula: str) -> None:
    found = related(parse(text))
    assert found.same is None
    assert found.absorbed is not None
    assert (found.absorbed.name, found.absorbed.affine, found.absorbed.formula) == (name, expected, formula)
    assert found.line == f"{formula}: {name}, up to what training absorbs"


@pytest.mark.parametrize(
    "text",
    [
        "sigmoid(2*x + 1)",  # a shift inside
        "erf(x/2)",  # a scale inside, of a function without a family
        "max(x, 0) + 1e-7*tanh(x)",  # a near miss
        "max(x - 1e-6, 0)",
        "sigmoid(x) + 1e-8*x",
        "x*sigmoid(x + 1)",
        "p*x*sigmoid(beta*x)",  # no c that is one number
        "max(x, tanh(x))*sigmoid(x)",
        "max(x, 0) + min(p*x, beta)",
    ],
)
def test_what_training_does_not_absorb_is_not(text: str) -> None:
    found = related(parse(text))
    assert found.same is None
    assert found.absorbed is None
    assert found.line.startswith("nearest is ")


def test_a_scale_inside_is_no_such_relation() -> None:
    """tanh(x) = 2 sigmoid(2 x) - 1."""
    tanh, sigmoid = parse("tanh(x)"), parse("sigmoid(x)")
    assert between(tanh, sigmoid) is None
    assert between(tanh, parse("sigmoid(2*x)")) == Affine(2, -1)
    assert related(tanh).same == "tanh"
    assert related(tanh).absorbed is None


@pytest.mark.parametrize("epsilon", [1e-4, 1e-8, 1e-10, 1e-13])
def test_fifty_digits_tell_what_float64_may_not(epsilon: float) -> None:
    f = parse(f"2*x*sigmoid(x) + 1 + {epsilon}*x^2")
    assert between(f, parse("x*sigmoid(x)")) is None
    assert between(parse("2*x*sigmoid(x) + 1"), parse("x*sigmoid(x)")) == Affine(2, 1)


@given(
    st.sampled_from(FIXED),
    st.floats(0.01, 100) | st.floats(-100, -0.01),
    st.floats(-50, 50).map(lambda d: round(d, 6)),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_every_row_is_found_again(row: Activation, scale: float, shift: float, mirrored: bool) -> None:
    numbers = [sympy.Rational(f"{number:.6g}") for number in (scale, shift)]
    tree = parse(row.text).tree.xreplace({X: -X if mirrored else X})
    f = Expression.of(numbers[0] * tree + numbers[1])
    found, x = related(f), np.array([-3.1, -0.9, 0.2, 1.7])
    if found.same is not None:
        assert name_of(f) == found.same
        return
    assert found.absorbed is not None
    affine, g = found.absorbed.affine, parse(CATALOGUE[found.absorbed.name].text)
    if not found.absorbed.constants:
        again = affine.scale * evaluate(g, -x if affine.mirrored else x) + affine.shift
        np.testing.assert_allclose(again, evaluate(f, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("text", ["0", "1", "beta", "sqrt(x - 100)", "exp(exp(exp(x^2)))", "1/x", "x^12"])
def test_odd_ones_do_not_raise(text: str) -> None:
    related(parse(text))


def test_the_same_is_neither_absorbed_nor_its_own_neighbor() -> None:
    found = related(parse("x/(1 + exp(-x))"))
    assert (found.same, found.absorbed, found.line) == ("SiLU", None, "this is SiLU")
    assert "SiLU" not in [near.name for near in found.near]
    assert same_function(parse("x/(1 + exp(-x))"), parse("silu"))


# --- near ------------------------------------------------------------------------------------------------


def by_quad(f: str, g: str) -> float:
    def integrand(z: float) -> float:
        x = np.array(z)
        difference = float(evaluate(parse(f), x) - evaluate(parse(g), x))
        return difference**2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    parts = [quad(integrand, a, b, epsabs=1e-14, limit=200)[0] for a, b in ((-12, 0), (0, 6), (6, 12))]
    return math.sqrt(sum(parts))


@pytest.mark.parametrize(
    ("f", "g"),
    [
        ("gelu", "silu"),
        ("max(x, 0)", "softplus(x)"),
        ("tanh(x)", "erf(x)"),
        ("relu6", "x"),
        ("x^3", "sin(x)"),
    ],
)
def test_distance_against_scipy(f: str, g: str) -> None:
    found = distance(parse(f), parse(g))
    assert found is not None
    assert found.value == pytest.approx(by_quad(f, g), rel=1e-9)
    assert found.error < 1e-9 * found.value


def test_distance_in_closed_form() -> None:
    """E (a x + b - c x)^2 = (a - c)^2 + b^2, and E (x^2 - 1)^2 = 2."""
    for f, g, expected in (("1.7*x + 0.3", "x", math.hypot(0.7, 0.3)), ("x^2", "1", math.sqrt(2))):
        found = distance(parse(f), parse(g))
        assert found is not None
        assert found.value == pytest.approx(expected, rel=1e-12)
    assert distance(parse("exp(x^2)"), parse("x")) is None
    assert distance(parse("1/x"), parse("x")) is None
    zero = distance(parse("silu"), parse("x/(1 + exp(-x))"))
    assert zero is not None
    assert zero.value <= 1e-15


def test_the_quick_rule_is_close() -> None:
    z, weights = nodes()
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(z, -z[::-1], atol=1e-14)
    f, g = evaluate(parse("max(x - 0.317, 0)"), z), evaluate(parse("sin(x)"), z)
    found = quick_distances(f, g[None])[0]
    assert found == pytest.approx(by_quad("max(x - 0.317, 0)", "sin(x)"), abs=2e-6)


def test_the_shape_is_free_of_scale_and_shift() -> None:
    """Of x and x^3 the correlation is 3 / sqrt(15); f and c f + d have the same shape."""
    z, _ = nodes()
    rows = np.array([z**3, -2 * z**3 + 5, 4 * z - 1, np.ones_like(z), np.full_like(z, np.inf)])
    expected = math.sqrt(1 - 9 / 15)
    np.testing.assert_allclose(shape_distances(z, rows), [expected, expected, 0, 1, 1], atol=1e-7)


@pytest.mark.parametrize(
    ("text", "nearest", "alike"),
    [
        ("x*sigmoid(1.6*x + 0.01)", "quick GELU", "quick GELU"),
        ("3*x*sigmoid(1.6*x + 0.01) - 2", None, "quick GELU"),
        ("x*sigmoid(-1.6*x + 0.01)", None, "quick GELU"),  # mirrored
        ("max(x, 0) + 0.001*sin(x)", "ReLU", "ReLU"),
    ],
)
def test_neighbors(text: str, nearest: str | None, alike: str) -> None:
    found = related(parse(text))
    assert found.alike is not None
    assert found.alike.name == alike
    assert [n.distance for n in found.near] == sorted(n.distance for n in found.near)
    if nearest is not None:
        assert found.near[0].name == nearest
        assert found.near[0].distance < 0.02
    everything = [distance(parse(text), parse(row.text)) for row in list(CATALOGUE.values())[::9]]
    assert all(d is None or d.value >= found.near[0].distance - 1e-12 for d in everything)


def test_relations_hold_at_eighty_digits() -> None:
    """The constants are those of the mathematics, not of the float64 fit."""
    found = between(parse("erf(x/sqrt(2))/3"), parse("probit"))
    assert found is not None
    with mpmath.workdps(80):
        assert found.scale == float(mpmath.mpf(2) / 3)
        assert found.shift == float(-mpmath.mpf(1) / 3)
