"""Functions with gaps, poles, waves and corners, against what calculus says; random ones against samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings

from nas.errors import ExpressionError
from nas.health.shape import Shape, shape_of
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X
from nas.symbolic.numeric import evaluate, evaluate_tree
from nas.symbolic.parse import parse
from tests.symbolic.expressions import TEXTS

INF = math.inf


def shape(text: str) -> Shape:
    return shape_of(parse(text))


def limits(of: Shape) -> tuple[float | None, float | None]:
    return (None if of.lower is None else of.lower.value, None if of.upper is None else of.upper.value)


def attained(of: Shape) -> tuple[bool, bool]:
    assert of.lower is not None
    assert of.upper is not None
    return of.lower.attained, of.upper.attained


def test_relu() -> None:
    relu = shape("max(x, 0)")
    assert [(k.place, k.smoothness) for k in relu.kinks] == [(0.0, 0)]
    assert (relu.smoothness, relu.lipschitz, relu.parity, relu.monotone) == (0, 1.0, "none", "rising")
    assert limits(relu) == (0, INF)
    assert attained(relu) == (True, False)
    assert [(s.low, s.high, s.direction) for s in relu.stretches or ()] == [
        (-INF, 0.0, "constant"),
        (0.0, INF, "rising"),
    ]


DOMAINS = {
    "log(x)": [(0, INF, False, False)],
    "sqrt(x + 1)": [(-1, INF, True, False)],
    "log1p(x)": [(-1, INF, False, False)],
    "1/x": [(-INF, 0, False, False), (0, INF, False, False)],
    "1/(x^2 - 2)": [
        (-INF, -math.sqrt(2), False, False),
        (-math.sqrt(2), math.sqrt(2), False, False),
        (math.sqrt(2), INF, False, False),
    ],
    "sqrt(x^2 - 2)": [(-INF, -math.sqrt(2), False, True), (math.sqrt(2), INF, True, False)],
    "sin(x)/x": [(-INF, 0, False, False), (0, INF, False, False)],
    "sqrt(sin(x)+1)": [(-INF, INF, False, False)],
    "sqrt(-1 - x^2)": [],
    "x/p2": [],  # p2 starts at 0
    "x/(1e-3 + abs(x))": [(-INF, INF, False, False)],
}


@pytest.mark.parametrize("text", DOMAINS)
def test_domain(text: str) -> None:
    found = [(i.low, i.high, i.low_closed, i.high_closed) for i in shape(text).domain]
    assert len(found) == len(DOMAINS[text])
    for interval, expected in zip(found, DOMAINS[text], strict=True):
        assert interval == pytest.approx(expected, rel=1e-15)


#: infimum, supremum, whether they are values
RANGES = {
    "sin(x)": (-1, 1, True, True),
    "abs(sin(x))": (0, 1, True, True),
    "sin(x)/x": (-0.21723362821122166, 1, True, False),
    "exp(-abs(x))": (0, 1, False, True),
    "tanh(1/x)": (-1, 1, False, False),
    "1/x": (-INF, INF, False, False),
    "exp(exp(x))": (1, INF, False, False),
    "1/(1 - sin(x))": (0.5, INF, True, False),
    "1/(2 + sin(x))": (1 / 3, 1, True, True),
    "sqrt(x^4 + 1) - x^2": (0, 1, False, True),
    "sign(x)^2": (0, 1, True, True),
    "sin(x)/cos(x)": (-INF, INF, False, False),
    "x*sin(x)": (-INF, INF, False, False),
    "max(x, 0)^2*min(x, 0)": (0, 0, True, True),
    "cos(x)^2 + sin(x)^2": (1, 1, True, True),
    "max(sin(x), cos(x))": (-math.sqrt(0.5), 1, True, True),
    "max(x, 0) + 1e-20": (1e-20, INF, True, False),
    "3": (3, 3, True, True),
}


@pytest.mark.parametrize("text", RANGES)
def test_range(text: str) -> None:
    low, high, *values = RANGES[text]
    assert limits(shape(text)) == pytest.approx((low, high), rel=1e-14, abs=0)
    assert attained(shape(text)) == tuple(values)


@pytest.mark.parametrize(
    "text", ["sin(x) + sin(sqrt(2)*x)", "sin(1/x)", "asinh(x)*sin(x)", "sin(log(abs(x) + 1))"]
)
def test_what_cannot_be_decided_is_unknown(text: str) -> None:
    assert limits(shape(text)) == (None, None)  # never a maximum over samples


#: places with their k of C^k
KINKS = {
    "max(x, tanh(x))": [(0, 2)],
    "max(x, 0)^12": [(0, 11)],
    "abs(x)^1.5": [(0, 1)],
    "sqrt(abs(x))": [(0, 0)],
    "sqrt(max(x, 0))": [(0, 0)],
    "sign(x - 1/3)": [(1 / 3, -1)],
    "sqrt(x^4 - 2*x^2 + 1)": [(-1, 0), (1, 0)],
    "x^0.5*max(x, 1)": [(1, 0)],
    "abs(x)*sign(x)": [],
    "cosh(abs(x))": [],
    "max(0.001*x, x - 1e5)": [(1e5 / 0.999, 0)],
    "max(x^2, 2)": [(-math.sqrt(2), 0), (math.sqrt(2), 0)],
    "max(sin(x), 0)": [(n * math.pi, 0) for n in range(-5, 6)],
}


@pytest.mark.parametrize("text", KINKS)
def test_kinks(text: str) -> None:
    found = [(k.place, k.smoothness) for k in shape(text).kinks]
    assert [k for _, k in found] == [k for _, k in KINKS[text]]
    assert [x for x, _ in found] == pytest.approx([x for x, _ in KINKS[text]], rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "parity", "monotone", "lipschitz"),
    [
        ("1/x", "odd", "none", INF),
        ("log(abs(x))", "even", "none", INF),
        ("x/(x + 0.001)", "none", "none", INF),
        ("(x^2 - 1)/(x - 1)", "none", "rising", 1),
        ("sin(100*x)", "odd", "none", 100),
        ("sign(x)", "odd", "rising", INF),
        ("-sign(x)", "odd", "falling", INF),
        ("x^2*sign(x)", "odd", "rising", INF),
        ("0", "even", "constant", 0),
        ("sigmoid(x) + sigmoid(-x)", "even", "constant", 0),
        ("cos(x) - x", "none", "falling", 2),
        ("sigmoid(10000*x)", "none", "rising", 2500),
        ("sqrt(x)", "none", "rising", INF),
        ("abs(sin(x))", "even", "none", 1),
        ("x*sign(x - 3)^2", "none", "none", INF),  # x, but 0 at 3
    ],
)
def test_parity_monotony_and_lipschitz(text: str, parity: str, monotone: str, lipschitz: float) -> None:
    of = shape(text)
    assert (of.parity, of.monotone) == (parity, monotone)
    assert of.lipschitz == pytest.approx(lipschitz, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("1/x", ("constant", {"intercept": 0}), ("constant", {"intercept": 0})),
        ("sqrt(x)", ("undefined", {}), ("power", {"factor": 1, "power": 0.5})),
        ("log(x)", ("undefined", {}), ("logarithm", {"factor": 1, "intercept": 0})),
        ("asinh(2*x)", ("logarithm", {"factor": -1}), ("logarithm", {"factor": 1, "intercept": math.log(4)})),
        ("exp(exp(x))", ("constant", {"intercept": 1}), ("exponential", {})),
        ("sin(x)", ("oscillating", {}), ("oscillating", {})),
        ("sin(x)/x", ("constant", {"intercept": 0}), ("constant", {"intercept": 0})),
        ("cos(x) - x", ("oscillating", {"slope": -1}), ("oscillating", {"slope": -1})),
        ("x*atan(x)", ("line", {"slope": -math.pi / 2, "intercept": -1}), ("line", {"slope": math.pi / 2})),
        (
            "sqrt(x^2 + x)",
            ("line", {"slope": -1, "intercept": -0.5}),
            ("line", {"slope": 1, "intercept": 0.5}),
        ),
        ("x + log(abs(x) + 1)", ("power", {"factor": -1, "power": 1}), ("power", {"factor": 1, "power": 1})),
        ("log(log(abs(x) + 2))", ("unknown", {}), ("unknown", {})),
        ("min(x, sin(x))", ("line", {"slope": 1, "intercept": 0}), ("oscillating", {})),
    ],
)
def test_ends(text: str, left: tuple[str, dict[str, float]], right: tuple[str, dict[str, float]]) -> None:
    of = shape(text)
    for end, (kind, numbers) in ((of.left, left), (of.right, right)):
        assert end.kind == kind
        for name, value in numbers.items():
            assert getattr(end, name) == pytest.approx(value, rel=1e-14, abs=1e-14)


@pytest.mark.parametrize(
    ("text", "low", "high", "lipschitz"),
    [
        ("exp(-1000*(x - 100.5)^2)", 0, 1, math.sqrt(2000 / math.e)),
        ("tanh(1000*x - 20300)", -1, 1, 1000),
        ("tanh(1000000*(x - 20.3)) + x", -INF, INF, 1000001),
        ("sigmoid(10000*(x^2 - 3000))", 0, 1, None),
        ("1e-14*sin(x)", -1e-14, 1e-14, 1e-14),
        ("x/(1 - x*exp(-(x + exp(x))))", -0.37715856839612916, INF, None),  # its slope underflows
    ],
)
def test_steep_and_narrow_places_are_not_missed(
    text: str, low: float, high: float, lipschitz: float | None
) -> None:
    of = shape(text)
    assert limits(of) == pytest.approx((low, high), rel=1e-12, abs=1e-30)
    assert of.lipschitz is not None
    if lipschitz is not None:
        assert of.lipschitz == pytest.approx(lipschitz, rel=1e-12)
    if "sin" not in text:
        assert of.parity == ("even" if "x^2" in text else "none")


# --- random functions against samples ----------------------------------------------------------------------

_SIZES = np.geomspace(1e-6, 1e4, 301)
NEAR = np.sort(np.concatenate([np.linspace(-9.137, 9.291, 9_001), _SIZES, -_SIZES]))


@settings(max_examples=40)
@given(TEXTS)
@example("abs(max(x, 2) - 3)*sin(x)")
@example("sinh(x^3)")
@example("(x)/(1.5 + abs(softplus(x)))")
def test_random_functions_keep_to_their_shape(text: str) -> None:
    try:
        f = parse(text)
    except ExpressionError:
        assume(False)
    of = shape_of(f)
    values = {p.name: p.start for p in f.parameters}
    y, mirrored = evaluate(f, NEAR), evaluate(f, -NEAR)
    good = np.isfinite(y) & (np.abs(y) < 1e12)
    noise = 1e-9 * (1 + np.abs(y))
    if of.lower is not None and of.upper is not None:
        assert (y[good] >= of.lower.value - noise[good]).all()
        assert (y[good] <= of.upper.value + noise[good]).all()
    both = good & np.isfinite(mirrored)
    even, odd = (np.abs(y[both] - s * mirrored[both]) for s in (1, -1))
    size = 1e-14 * np.maximum(np.abs(y), np.abs(mirrored))[both]
    if of.parity == "none" and both.any():
        assert (even > size).any()
        assert (odd > size).any()
    elif of.parity is not None:
        assert ((even if of.parity == "even" else odd) <= noise[both]).all()
    for stretch in of.stretches or ():
        inside = (stretch.low < NEAR) & (stretch.high > NEAR) & good
        steps, small = np.diff(y[inside]), noise[inside][1:]
        if stretch.direction != "falling":
            assert (steps >= -small).all()
        if stretch.direction != "rising":
            assert (steps <= small).all()
    if of.lipschitz is not None and math.isfinite(of.lipschitz):
        slopes = np.abs(evaluate_tree(derivative(f.tree, X), NEAR, values))
        assert slopes[np.isfinite(slopes) & good].max(initial=0) <= of.lipschitz * (1 + 1e-6) + 1e-9


def test_parameters_stand_at_their_start() -> None:
    assert shape("max(x, p[channel, 0.5]*x)").kinks == shape("max(x, 0.5*x)").kinks
    assert shape("x*sigmoid(beta[scalar, 1.375]*x)") == shape("x*sigmoid(1.375*x)")
