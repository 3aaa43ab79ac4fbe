"""Gaussian moments against mpmath at 30 digits, QUADPACK, finite differences and figures that are known."""

from __future__ import annotations

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.expression import Expression
from nas.symbolic.gaussian import Estimate, Moments, depth_slope, gain, moments
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath
from nas.symbolic.parse import parse
from tests.symbolic.expressions import FORMULAS

NAMES = list(CATALOGUE)
#: where functions of the catalogue bend, and between, so that no piece is wide for their slopes
BENDS = (0.01, 0.05, 0.25, 0.5, 0.6590460684074066, 1, 1.5, 2, 3, 4, 6, 9, 12, 20)
PLACES = [*(-b for b in reversed(BENDS)), 0, *BENDS]


def by_mpmath(expression: Expression, places: list[float]) -> list[float]:
    """E f, E f^2, E f'^2 and E[f^2 (z^2 - 1)]/2: f and f' at 30 digits, 24 Gauss-Legendre nodes a piece."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    sums: list[list[float]] = [[], [], [], []]
    for low, high in pairwise(places):
        for node, weight in zip(nodes, weights, strict=True):
            x = low + (high - low) * (node + 1) / 2
            mass = weight * (high - low) / 2 * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
            f = float(evaluate_mpmath(expression, x, digits=30))
            slope = float(evaluate_mpmath(expression, x, by="x", digits=30))
            values = f, f**2, slope**2, f**2 * (x**2 - 1) / 2
            for total, value in zip(sums, values, strict=True):
                total.append(mass * value)
    return [math.fsum(terms) for terms in sums]


def in_order(of: Moments) -> list[Estimate | None]:
    return [of.mean, of.second, of.derivative_second, of.correlation]


def agree(expression: Expression, places: list[float]) -> None:
    for estimate, exact in zip(in_order(moments(expression)), by_mpmath(expression, places), strict=True):
        assert estimate is not None
        assert estimate.value == pytest.approx(exact, rel=1e-13, abs=1e-15)
        assert abs(estimate.value - exact) <= estimate.error + 4e-15 * abs(exact) + 1e-15


@pytest.mark.parametrize("name", [n for n in NAMES[::6] if n not in ("SIREN", "SoftModulusT")])
def test_the_catalogue_agrees_with_mpmath(name: str) -> None:
    agree(parse(CATALOGUE.find(name).text), PLACES)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("max(0.3*x, x - 0.7341)", [-14, -6, -3, -1, 0, 0.7341 / 0.7, 2, 4, 8, 14]),
        ("max(x, exp(-x) - 1.3)", [-14, -6, -4, -2, -1, -0.14451777106681228, 1, 3, 7, 14]),
        ("sign(x - 0.377)*tanh(x)", [-14, -7, -3, -1, 0, 0.377, 1, 2, 4, 7, 14]),
        ("sign(min(x, 0)) - exp(x)", [-14, -7, -4, -2, -1, 0, 1, 2, 4, 7, 10, 14]),
        ("abs(x^2 - 1.7)*sigmoid(x)", [-14, -7, -4, -2, -math.sqrt(1.7), 0, math.sqrt(1.7), 2, 4, 7, 14]),
    ],
)
def test_kinks_and_jumps_at_odd_places_are_found(text: str, places: list[float]) -> None:
    agree(parse(text), places)


def test_he_and_glorot_fall_out_exactly() -> None:
    assert gain(parse("max(x, 0)")) == math.sqrt(2)
    assert gain(parse("x")) == 1.0
    assert gain(parse("max(x, 0.25*x)")) == math.sqrt(2 / (1 + 0.25**2))  # He et al. 2015, equation 15
    assert depth_slope(parse("max(x, 0)")) == 1.0
    assert gain(parse(CATALOGUE.find("SELU").text)) == pytest.approx(1, abs=1e-15)  # Klambauer et al. 2017


@pytest.mark.parametrize(
    ("name", "slope"),
    [("GELU", 1.14), ("SiLU", 1.17), ("Mish", 1.08), ("hard Swish", 1.22), ("squared ReLU", 2)],
)
def test_gated_functions_have_no_stable_fixed_point(name: str, slope: float) -> None:
    assert depth_slope(parse(CATALOGUE.find(name).text)) == pytest.approx(slope, abs=0.005)


@pytest.mark.parametrize("name", ["tanh", "ELU", "SELU", "sigmoid", "sine", "hard tanh"])
def test_these_hold(name: str) -> None:
    slope = depth_slope(parse(CATALOGUE.find(name).text))
    assert slope is not None
    assert slope < 0.95


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("max(x, 0)", "1/2"),
        ("gelu(x)", "sqrt(3)/(6*pi) + 1/3"),
        ("erf(x)", "2*asin(2/3)/pi"),
        ("sin(x)", "1/2 - exp(-2)/2"),
        ("exp(-x^2)", "sqrt(5)/5"),
        ("max(x, 0)^2", "3/2"),
        ("sin(x + 1)", "-exp(-2)*cos(2)/2 + 1/2"),
        ("max(x, 0) + expm1(min(x, 0))", "-exp(1/2)*erfc(sqrt(2)/2) + exp(2)*erfc(sqrt(2))/2 + 1"),
        ("tanh(x)", None),
    ],
)
def test_closed_forms_are_told(text: str, second: str | None) -> None:
    of = moments(parse(text))
    assert of.second is not None
    assert of.second.closed_form == second


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-7, 7), min_size=2, max_size=4),
    st.integers(-12, 12),
    st.sampled_from(
        ["max({p}, {t})", "min({p}, x*{t})", "exp({t}*x)*{p}", "sin({t}*x)*({p})", "erf({t}*x)*({p})"]
    ),
)
def test_closed_forms_agree_with_quadrature(coefficients: list[int], tenths: int, shape: str) -> None:
    polynomial = " + ".join(f"({c}/4)*x^{k}" for k, c in enumerate(coefficients))
    expression = parse(shape.format(p=polynomial, t=f"({tenths}/10)"))
    exact = moments(expression)
    numeric = moments(expression, 0.0, 1.0 + 2**-52)  # so close that only the way differs
    for a, b in zip(in_order(exact), in_order(numeric), strict=True):
        assert a is not None
        assert b is not None
        assert a.value == pytest.approx(b.value, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("exp(x^2)", (False, False, False)),
        ("exp(x^2/4)", (True, False, False)),
        ("exp(x^2/5)", (True, True, True)),
        ("x/(x + 1e-7)", (False, False, False)),
        ("x/(x + 0.001)", (False, False, False)),
        ("1/x", (False, False, False)),
        ("1/cos(x)", (False, False, False)),
        ("log(x)", (False, False, False)),
        ("exp(exp(x))", (False, False, False)),
        ("log(abs(x))", (True, True, False)),
        ("sqrt(abs(x))", (True, True, False)),
        ("1/sqrt(abs(x))", (True, False, False)),
        ("x + 1e-30*exp(x^2/4)", (True, False, False)),
    ],
)
def test_what_diverges_or_cannot_be_decided_is_none(text: str, known: tuple[bool, ...]) -> None:
    of = moments(parse(text))
    assert tuple(e is not None for e in (of.mean, of.second, of.derivative_second)) == known
    if not known[1]:
        assert gain(parse(text)) is None
        assert depth_slope(parse(text)) is None


def test_singularities_that_can_be_integrated_are_right() -> None:
    root, logarithm = moments(parse("sqrt(abs(x))")), moments(parse("log(abs(x))"))
    assert root.mean is not None
    assert logarithm.mean is not None
    assert logarithm.second is not None
    with mpmath.workdps(
        30
    ):  # absolute moments of N(0,1), and E log|z| and its variance by the digamma function
        half = float(2 ** mpmath.mpf("0.25") * mpmath.gamma(mpmath.mpf("0.75")) / mpmath.sqrt(mpmath.pi))
        first = float(-(mpmath.euler + mpmath.log(2)) / 2)
        second = float(mpmath.pi**2 / 8) + first**2
    assert root.mean.value == pytest.approx(half, rel=1e-12)
    assert logarithm.mean.value == pytest.approx(first, rel=1e-12)
    assert logarithm.second.value == pytest.approx(second, rel=1e-11)


@pytest.mark.parametrize("name", ["GELU", "tanh", "hard shrink", "binary step", "SQU", "sine", "TRec"])
def test_the_correlation_is_the_growth_of_the_second_moment(name: str) -> None:
    expression, h = parse(CATALOGUE.find(name).text), 1e-4
    up, down, of = (moments(expression, 0.0, math.exp(t)) for t in (h, -h, 0.0))
    assert up.second is not None
    assert down.second is not None
    assert of.correlation is not None
    growth = (up.second.value - down.second.value) / (2 * h)
    assert of.correlation.value == pytest.approx(growth, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("text", FORMULAS[::2])
def test_other_means_and_variances_agree_with_sampling_by_quantiles(text: str) -> None:
    expression, mean, variance = parse(text), 0.413, 2.37
    of = moments(expression, mean, variance)
    if of.second is None:
        assert text == "x/(x + 0.001)"
        return
    z = np.linspace(-14, 14, 400_001)
    weights = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    x = mean + math.sqrt(variance) * z
    f, slope = evaluate(expression, x), evaluate_derivative(expression, x)
    assert of.mean is not None
    assert of.mean.value == pytest.approx(float(np.sum(f * weights)), rel=1e-5, abs=1e-7)
    assert of.second.value == pytest.approx(float(np.sum(f**2 * weights)), rel=1e-5)
    assert of.derivative_second is not None
    assert of.derivative_second.value == pytest.approx(float(np.sum(slope**2 * weights)), rel=1e-4)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda r: r.name)
def test_the_gaussian_poincare_inequality_holds(row) -> None:  # type: ignore[no-untyped-def]
    """Var f(z) <= E f'(z)^2 for every f without jumps, with equality for lines (Chernoff 1981)."""
    of = moments(parse(row.text))
    assert of.mean is not None
    assert of.second is not None
    assert of.derivative_second is not None
    if row.claims.smoothness >= 0:
        assert of.second.value - of.mean.value**2 <= of.derivative_second.value * (1 + 1e-12)


def test_a_gain_at_a_larger_mean_square_makes_it_a_fixed_point() -> None:
    silu = parse("x*sigmoid(x)")
    g, q = gain(silu, 16.0), 16.0
    assert g is not None
    z = np.linspace(-12, 12, 100_001)
    weights = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    assert g**2 * np.sum(evaluate(silu, math.sqrt(q) * z) ** 2 * weights) == pytest.approx(q, rel=1e-10)
    slopes = [depth_slope(silu, q) for q in (1.0, 16.0, 64.0)]
    assert slopes == pytest.approx([1.1726, 1.036, 1.007], abs=5e-4)


def test_a_function_that_is_zero_has_no_gain() -> None:
    assert gain(parse("0")) is None
    assert moments(parse("0")).second == Estimate(0.0, 0.0, "0")
