"""Hard functions made soft: against the definition in mpmath, brute force, and the limits at both ends."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

from nas.errors import ExpressionError
from nas.symbolic.expression import symbol
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath
from nas.symbolic.parse import parse
from nas.symbolic.soft_slope import overshoot, slope_bounds, turning_point
from nas.symbolic.soften import soften

HARD = [
    "max(x, 0.25*x)",
    "relu",
    "abs(x)",
    "relu6",
    "hard_tanh",
    "hard_sigmoid",
    "hardswish",
    "soft_shrink",
    "plu",
    "tent",
    "max(x, 0.5*x, -1)",
    "max(x, min(x, 1), sin(x), -x)",
    "min(x, 0.3*x, x - 1, 2)",
    "tanh(max(x, 0)) - 2*min(x, 1)",
    "max(x, tanh(x))*sigmoid(x)",
    "abs(abs(x) - 1)",
]
X = np.concatenate([np.linspace(-9, 9, 2001), [-300.0, -40.0, 40.0, 300.0]])


def hand_soft(tree: Any, x: Any, beta: Any) -> Any:
    """The hard tree with the quotient itself at every maximum, in mpmath."""
    if tree.is_Symbol:
        return x
    if not tree.args:
        return mpmath.mpf(tree.p) / tree.q
    values = [hand_soft(a, x, beta) for a in tree.args]
    if isinstance(tree, sympy.Abs):
        values = [values[0], -values[0]]
    if isinstance(tree, (sympy.Max, sympy.Min, sympy.Abs)):
        signed = -beta if isinstance(tree, sympy.Min) else beta
        weights = [mpmath.exp(signed * v) for v in values]
        return mpmath.fdot(values, weights) / mpmath.fsum(weights)
    if type(tree).__name__ == "sigmoid":
        return 1 / (1 + mpmath.exp(-values[0]))
    return {
        sympy.Add: mpmath.fsum,
        sympy.Mul: mpmath.fprod,
        sympy.tanh: lambda v: mpmath.tanh(v[0]),
        sympy.sin: lambda v: mpmath.sin(v[0]),
    }[tree.func](values)


@pytest.mark.parametrize("text", HARD)
def test_it_is_the_definition_at_fifty_digits(text: str) -> None:
    hard = parse(text)
    soft = soften(hard).soft
    for x in (-7.1, -1.02, -0.3, 0.013, 0.77, 1.9, 6.4):
        for beta in (0.4, 1.0, 13.0):
            with mpmath.workdps(80):
                expected = hand_soft(hard.tree, mpmath.mpf(x), mpmath.mpf(beta))
                got = evaluate_mpmath(soft, x, {"beta": beta}, digits=80)
                assert abs(got - expected) < mpmath.mpf(10) ** -50


@pytest.mark.parametrize("text", HARD)
def test_it_goes_from_the_mean_to_the_hard_function(text: str) -> None:
    hard = parse(text)
    softened = soften(hard)
    np.testing.assert_allclose(
        evaluate(softened.soft, X, {"beta": 0.0}), evaluate(softened.mean, X), rtol=1e-12, atol=1e-12
    )
    near_zero = evaluate(softened.soft, X, {"beta": 1e-9})
    np.testing.assert_allclose(near_zero, evaluate(softened.mean, X), rtol=1e-3, atol=1e-4)
    close = evaluate(softened.soft, X, {"beta": 1e7})
    np.testing.assert_allclose(close, evaluate(hard, X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("text", [*HARD, "p*max(x, -2*x)", "max(x, 0)^2", "elu"])
def test_the_gap_holds(text: str) -> None:
    """beta |hard - soft| stays below the bound for every beta, and a lone maximum reaches it."""
    softened = soften(parse(text))
    if softened.gap is None:
        assert text in ("max(x, 0)^2", "elu")
        return
    bound = evaluate(softened.gap, X)
    for beta in (0.01, 0.3, 1.0, 2.7, 30.0, 4000.0):
        distance = np.abs(evaluate(softened.hard, X) - evaluate(softened.soft, X, {softened.beta: beta}))
        assert (beta * distance <= bound * (1 + 1e-9) + 1e-9).all()
    if text in ("relu", "max(x, 0.25*x)", "abs(x)"):
        reached = np.abs(evaluate(softened.hard, X) - evaluate(softened.soft, X, {"beta": 1.0})).max()
        assert reached == pytest.approx(softened.max_gap, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "soft", "name"),
    [
        ("max(x, 0)", "x*sigmoid(beta*x)", "Swish"),
        ("max(x, p*x)", "(1 - p)*x*sigmoid(beta*(1 - p)*x) + p*x", "ACON-B"),
        ("max(p1*x, p2*x)", "(p1 - p2)*x*sigmoid(beta*(p1 - p2)*x) + p2*x", "ACON-C"),
        ("max(x, 0.25*x)", "0.75*x*sigmoid(0.75*beta*x) + 0.25*x", "ACON-B (p = 0.25)"),
        ("max(2*x, -0.5*x)", "2.5*x*sigmoid(2.5*beta*x) - 0.5*x", "ACON-C (p1 = 2, p2 = -0.5)"),
        ("abs(x)", "2*x*sigmoid(2*beta*x) - x", "ACON-B (p = -1)"),
        ("min(x, 0)", "x*sigmoid(-beta*x)", None),
        ("max(x, beta*x)", "(1 - beta)*x*sigmoid(beta1*(1 - beta)*x) + beta*x", "ACON-B"),
    ],
)
def test_known_relatives(text: str, soft: str, name: str | None) -> None:
    softened, expected = soften(parse(text)), parse(soft)
    at = {"beta": 1.7, "beta1": 0.6, "p": 0.4, "p1": -0.3, "p2": 1.2}
    got = evaluate(softened.soft, X, at)
    np.testing.assert_allclose(got, evaluate(expected, X, at), rtol=1e-12, atol=1e-12)
    assert {(p.name, p.start) for p in softened.soft.parameters} >= {(softened.beta, 1.0)}
    assert softened.name == name


def test_the_steps_lead_from_the_pieces_to_the_result() -> None:
    steps = soften(parse("max(x, 0.25*x)")).steps
    assert [step.formula for step in steps] == [
        "g = x, h = 0.25*x",
        "(g*exp(beta*g) + h*exp(beta*h))/(exp(beta*g) + exp(beta*h))",
        "g*sigmoid(beta*(g - h)) + h*sigmoid(beta*(h - g))",
        "h + (g - h)*sigmoid(beta*(g - h))",
        "g, 0.5*g + 0.5*h",
        "0.75*x*sigmoid(0.75*beta*x) + 0.25*x",
    ]
    read = [parse(step.formula, ("g", "h")) for step in steps[1:4]]
    at = {symbol("g"): sympy.Rational(3, 7), symbol("h"): -2, symbol("beta"): sympy.Rational(5, 3)}
    values = [complex(form.tree.subs(at).evalf(30)) for form in read]
    assert values == pytest.approx([values[0]] * 3, rel=1e-14)


def test_three_pieces_have_limits_too() -> None:
    steps = soften(parse("max(x, 0.5*x, -1)")).steps
    assert steps[3].formula.startswith("x1, x1/3 + x2/3 + x3/3")


def test_what_would_grow_too_large_is_refused() -> None:
    """Each abs repeats what is inside three times."""
    nested = "x"
    for level in range(1, 9):
        nested = f"abs({nested} - {level})"
    with pytest.raises(ExpressionError, match="too large"):
        soften(parse(nested))
    assert soften(parse("abs(abs(abs(x - 1) - 2) - 3)")).soft.complexity < 1000


@pytest.mark.parametrize("text", HARD)
def test_every_maximum_has_its_step(text: str) -> None:
    hard = parse(text)
    softened = soften(hard)
    count = len(hard.tree.atoms(sympy.Max, sympy.Min, sympy.Abs))
    assert sum(step.rule.startswith("the pieces of") for step in softened.steps) == count
    assert softened.steps[-1].formula == softened.soft.short


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("tanh(x)", "nothing to soften"),
        ("x^2 - 1", "nothing to soften"),
        ("step", "jump"),
        ("sign(x) + abs(x)", "jump"),
    ],
)
def test_what_is_not_made_of_maxima_is_refused(text: str, what: str) -> None:
    with pytest.raises(ExpressionError, match=what) as error:
        soften(parse(text))
    assert error.value.got == parse(text).short
    assert error.value.allowed is not None
    assert error.value.cure is not None


def test_nothing_overflows_in_the_soft_function() -> None:
    for text in HARD:
        soft = soften(parse(text)).soft
        x = np.concatenate([s * np.geomspace(1e-20, 1e15, 301) for s in (-1, 1)])
        for beta in (0.0, 1.0, 1e4):
            assert np.isfinite(evaluate(soft, x, {"beta": beta})).all()
            assert np.isfinite(evaluate_derivative(soft, x, {"beta": beta})).all()


# --- slopes ----------------------------------------------------------------------------------------------


def test_acon_s_extrema_are_those_of_the_paper() -> None:
    """(y - 2) e^y = y + 2 at y = +-2.39936, where D' = 0; the slope there is 1.0998 p1 - 0.0998 p2."""
    y = sympy.Symbol("y")
    gate = 1 / (1 + sympy.exp(-y))
    slope = sympy.diff(y * gate, y)
    root = sympy.nsolve(sympy.diff(slope, y), 2.4, prec=40)
    assert turning_point() == pytest.approx(float(root), abs=1e-14)
    assert turning_point() == pytest.approx(2.39936, abs=5e-6)
    assert overshoot() == pytest.approx(float(slope.subs(y, root)), abs=1e-15)
    assert (round(overshoot(), 4), round(overshoot() - 1, 4)) == (1.0998, 0.0998)


@pytest.mark.parametrize(("p1", "p2"), [(1.0, 0.0), (1.0, 0.25), (0.7, -1.3), (-0.2, -2.0), (0.0, 3.0)])
def test_acon_s_bounds_against_brute_force(p1: float, p2: float) -> None:
    softened = soften(parse(f"max(({p1})*x, ({p2})*x)"))
    (bounds,) = slope_bounds(softened)
    assert bounds.beta is None
    assert bounds.closed_form is not None
    assert bounds.low is not None
    assert bounds.high is not None
    for beta in (0.2, 1.0, 5.0):
        x = np.linspace(-12, 12, 200_001) / beta
        slopes = evaluate_derivative(softened.soft, x, {"beta": beta})
        assert slopes.min() == pytest.approx(bounds.low, abs=1e-8)
        assert slopes.max() == pytest.approx(bounds.high, abs=1e-8)
        assert bounds.low - 1e-14 <= slopes.min() <= slopes.max() <= bounds.high + 1e-14
    ends = evaluate_derivative(softened.soft, np.array([-1e4, 1e4]))
    np.testing.assert_allclose(ends, [min(p1, p2), max(p1, p2)], atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "relu6",
        "hard_tanh",
        "soft_shrink",
        "hardswish",
        "max(x, 0.5*x, -x)",
        "max(x, tanh(x))",
        "min(x, 0)",
        "max(30*x, min(x, 1), 0)",
        "abs(sin(3*x))",
    ],
)
def test_other_bounds_against_brute_force(text: str) -> None:
    softened = soften(parse(text))
    for bounds in slope_bounds(softened, (0.7, 6.0)):
        beta = 3.3 if bounds.beta is None else bounds.beta
        x = np.linspace(-80, 80, 250_001) / min(beta, 4)
        slopes = evaluate_derivative(softened.soft, x, {"beta": beta})
        assert bounds.error < 1e-6
        assert bounds.low == pytest.approx(slopes.min(), abs=bounds.error + 3e-5)
        assert bounds.high == pytest.approx(slopes.max(), abs=bounds.error + 3e-5)


def test_only_where_beta_scales_x_one_bound_serves_all() -> None:
    for text, count in (
        ("max(x, 0.5*x, -x)", 1),
        ("abs(x) + min(2*x, 0)", 1),
        ("relu6", 3),
        ("max(x, tanh(x))", 3),
    ):
        assert len(slope_bounds(soften(parse(text)))) == count


def test_an_unbounded_slope_has_no_bound() -> None:
    for bounds in slope_bounds(soften(parse("max(x, 0)^2"))):
        assert bounds.high is None
        assert bounds.low is not None
        assert math.isfinite(bounds.low)
    assert all(b.low is None for b in slope_bounds(soften(parse("max(1/x, x)"))))
    assert all(b.high is None for b in slope_bounds(soften(parse("max(sqrt(x), x)"))))
    assert all((b.low, b.high) == (None, None) for b in slope_bounds(soften(parse("max(x, x^2, x^3/9)"))))


@pytest.mark.parametrize("text", ["max(log(x - 20000), 0)", "max(log(x - 9000), 0)", "max(exp(x^2), 1)"])
def test_where_the_slope_is_not_finite_there_is_no_bound(text: str) -> None:
    assert {(b.low, b.high) for b in slope_bounds(soften(parse(text)))} == {(None, None)}
