"""The smooth maximum: derivation, limits and bounds against the definition in mpmath and brute force."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.symbolic import smooth_max as s
from nas.symbolic.expression import symbol
from nas.symbolic.functions import sigmoid
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath, evaluate_tree
from nas.symbolic.parse import parse

PIECES = ["x", "tanh(x)", "-0.3*x + 1", "0", "x^2 - 2", "min(x, 1)"]
NUMBERS = st.floats(-50, 50, allow_nan=False)


def quotient(pieces: Sequence[object], beta: object, digits: int = 60) -> object:
    """The definition, straight in mpmath."""
    with mpmath.workdps(digits):
        values = [mpmath.mpf(p) for p in pieces]
        weights = [mpmath.exp(mpmath.mpf(beta) * v) for v in values]
        return mpmath.fdot(values, weights) / mpmath.fsum(weights)


def soft(pieces: Sequence[float], beta: float) -> float:
    """The template at numbers, in float64."""
    values = dict(zip(s.variables(len(pieces)), map(np.float64, pieces), strict=True))
    return float(evaluate_tree(s.template(len(pieces)).tree, 0.0, {**values, "beta": np.float64(beta)}))


# --- derivation ------------------------------------------------------------------------------------------


def test_the_forms_are_those_of_the_field() -> None:
    g, h, beta = symbol("g"), symbol("h"), symbol("beta")
    defined, gates, form = s.derivation().two_pieces(g, h, beta)
    assert defined == s.definition([g, h], beta)
    assert gates == g * sigmoid(beta * (g - h)) + h * sigmoid(beta * (h - g))
    assert form == (g - h) * sigmoid(beta * (g - h)) + h
    plain = form.replace(sigmoid, lambda u: 1 / (1 + sympy.exp(-u)))
    assert sympy.simplify(defined - plain) == 0


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_the_stable_form_is_the_definition_at_fifty_digits(count: int) -> None:
    expression = s.smooth_maximum([parse(piece) for piece in PIECES[:count]])
    for x in (-3.7, -0.41, 0.013, 0.9, 2.6):
        values = [evaluate_mpmath(parse(piece), x, digits=80) for piece in PIECES[:count]]
        for beta in (-2.3, 0.0, 0.7, 11.0):
            at = {p.name: beta for p in expression.parameters}
            got, expected = evaluate_mpmath(expression, x, at, digits=80), quotient(values, beta, 80)
            assert abs(got - expected) < mpmath.mpf(10) ** -50


@pytest.mark.parametrize(
    ("pieces", "expected", "named"),
    [
        (["x", "0"], "x*sigmoid(beta*x)", "acon_a"),
        (["x", "p*x"], "(1 - p)*x*sigmoid(beta*(1 - p)*x) + p*x", "acon_b"),
        (["p1*x", "p2*x"], "(p1 - p2)*x*sigmoid(beta*(p1 - p2)*x) + p2*x", "acon_c"),
    ],
)
def test_swish_and_the_acons_follow(pieces: list[str], expected: str, named: str) -> None:
    got, typed = s.smooth_maximum([parse(p) for p in pieces]), parse(expected)
    assert {p.name: p.start for p in got.parameters} == {p.name: p.start for p in typed.parameters}
    assert sympy.expand(sympy.expand_mul(got.tree - typed.tree).replace(sigmoid, _expanded)) == 0
    x = np.linspace(-5, 5, 101)
    at = {"beta": 1.7, "p": 0.4, "p1": -0.3, "p2": 1.2}
    np.testing.assert_allclose(evaluate(got, x, at), evaluate(parse(named), x, at), rtol=1e-13, atol=1e-15)


def _expanded(argument: object) -> object:
    return sigmoid(sympy.expand(argument))


def test_parameters_of_pieces_stay_apart() -> None:
    got = s.smooth_maximum([parse("beta*x"), parse("p*x"), parse("p*tanh(x)")], "scalar")
    assert {p.name for p in got.parameters} == {"beta1", "beta2", "p1", "p2"}
    assert {p.scope for p in got.parameters} == {"scalar"}


@given(st.lists(NUMBERS, min_size=2, max_size=4), st.floats(-5, 5))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_pieces_does_not_matter(pieces: list[float], beta: float) -> None:
    values = [soft(order, beta) for order in permutations(pieces)]
    assert np.ptp(values) <= 1e-9 * (1 + max(map(abs, pieces)))


# --- limits ----------------------------------------------------------------------------------------------

_D = sympy.symbols("d2:5", positive=True)
ORDERINGS = [
    (0, _D[0]),
    (_D[0], 0),
    (0, 0),
    (0, _D[0], _D[1]),
    (_D[0], 0, _D[0] + _D[1]),
    (0, 0, _D[0]),
    (0, _D[0], _D[0]),
    (0, 0, 0),
    (0, _D[0], _D[1], _D[2]),
    (0, 0, _D[0], _D[0] + _D[1]),
]


@pytest.mark.parametrize("gaps", ORDERINGS, ids=str)
def test_sympy_proves_the_limits_for_every_ordering(gaps: tuple[object, ...]) -> None:
    top = s.TOP
    assert s.limit(gaps, sympy.oo) == top  # the maximum, as all gaps are >= 0
    mean = sympy.Add(*[top - gap for gap in gaps]) / len(gaps)
    assert sympy.expand(s.limit(gaps, 0) - mean) == 0
    if len(set(gaps)) == len(gaps) == 2:
        assert sympy.simplify(s.limit(gaps, -sympy.oo) - (top - max(gaps, key=bool))) == 0  # the minimum


# --- bounds ----------------------------------------------------------------------------------------------


@given(st.lists(NUMBERS, min_size=2, max_size=5), st.floats(1e-3, 20))
@settings(max_examples=60, deadline=None)
def test_the_smooth_maximum_lies_between_mean_and_maximum(pieces: list[float], beta: float) -> None:
    value = soft(pieces, beta)
    slack = 1e-12 * (1 + max(map(abs, pieces)))
    assert np.mean(pieces) - slack <= value <= max(pieces) + slack
    assert max(pieces) - value <= s.gap_to_max(len(pieces)) / beta + slack
    assert abs(value - np.mean(pieces)) <= s.gap_to_mean(float(np.ptp(pieces)), beta) + slack


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_the_gap_to_the_maximum_is_the_least_bound(count: int) -> None:
    """Brute force over the gaps finds nothing above it, and reaches it."""
    random = np.random.default_rng(count)
    gaps = random.exponential(1.5, (200_000, count - 1))
    weights = np.exp(-gaps)
    found = (gaps * weights).sum(1) / (1 + weights.sum(1))
    bound = s.gap_to_max(count)
    assert found.max() <= bound
    equal = np.linspace(0, 5, 500_001)
    reached = (count - 1) * equal * np.exp(-equal) / (1 + (count - 1) * np.exp(-equal))
    assert reached.max() == pytest.approx(bound, rel=1e-10)
    assert bound * math.exp(bound) == pytest.approx((count - 1) / math.e, rel=1e-14)


def test_two_pieces_close_the_gap_as_published() -> None:
    """max - S = d sigmoid(-beta d), at most 0.2785 / beta."""
    assert s.gap_to_max(2) == pytest.approx(0.278464542761, abs=1e-12)
    assert s.gap_to_max(1) == 0


# --- stability -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("beta", [-30.0, 0.0, 1.0, 400.0])
def test_nothing_overflows(count: int, beta: float) -> None:
    pieces = ["x", "-2*x", "0.5*x", "3", "tanh(x)"][:count]
    expression = s.smooth_maximum([parse(p) for p in pieces])
    x = np.concatenate([sign * np.geomspace(1e-30, 1e30, 301) for sign in (-1, 1)])
    at = {p.name: beta for p in expression.parameters}
    for values in (
        evaluate(expression, x, at),
        *(evaluate_derivative(expression, x, at, by) for by in ("x", expression.parameters[0].name)),
    ):
        assert np.isfinite(values).all()
    if beta == 400.0:
        hard = np.max([evaluate(parse(p), x) for p in pieces], axis=0)
        np.testing.assert_allclose(evaluate(expression, x, at), hard, rtol=1e-12, atol=2e-3)
