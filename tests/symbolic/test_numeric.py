"""Values and slopes against mpmath at 60 digits, finite differences and sympy's own calculus."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings

from nas.errors import ExpressionError
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath
from nas.symbolic.parse import parse
from nas.symbolic.primitives import PRIMITIVES
from tests.symbolic.expressions import FORMULAS, TEXTS

POINTS = np.array([-37.2, -7.31, -2.93, -0.83, -0.011, 0.0037, 0.47, 1.71, 5.93, 41.3])


@pytest.mark.parametrize("text", FORMULAS)
def test_values_agree_with_mpmath(text: str) -> None:
    expression = parse(text)
    exact = [float(evaluate_mpmath(expression, x, digits=60)) for x in POINTS]
    np.testing.assert_allclose(evaluate(expression, POINTS), exact, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("text", FORMULAS)
def test_slopes_agree_with_differences_at_high_precision(text: str) -> None:
    expression = parse(text)
    for by in ["x", *(p.name for p in expression.parameters)]:
        start = next((p.start for p in expression.parameters if p.name == by), None)
        for x, slope in zip(POINTS, evaluate_derivative(expression, POINTS, by=by), strict=True):
            with mpmath.workdps(60):

                def f(t: object, x: float = x, by: str = by) -> object:
                    if by == "x":
                        return evaluate_mpmath(expression, t, digits=60)
                    return evaluate_mpmath(expression, x, {by: t}, digits=60)

                h, at = mpmath.mpf(10) ** -20, mpmath.mpf(x if by == "x" else start)
                expected = float((f(at + h) - f(at - h)) / (2 * h))
            assert slope == pytest.approx(expected, rel=1e-9, abs=1e-13), (by, x)


@pytest.mark.parametrize(
    "row", [r for r in PRIMITIVES.values() if r.arity == 1 and r.symbol is None], ids=lambda r: r.name
)
def test_every_primitive_agrees_across_its_forms(row) -> None:  # type: ignore[no-untyped-def]
    points = [
        x for x in (-3.7, -0.6, -0.0021, 0.0043, 0.71, 2.9) if row.domain == "all real numbers" or x > 0
    ]
    for x in points:
        exact = row.mpmath(mpmath.mpf(x))
        assert float(row.numpy(np.float64(x))) == pytest.approx(float(exact), rel=1e-13)
        if row.derivative:
            slope = float(row.derivative[0](X).subs(X, sympy.Float(x, 40)).evalf(40))
            step = mpmath.mpf(10) ** -8
            difference = (row.mpmath(x + step) - row.mpmath(x - step)) / (2 * step)
            assert slope == pytest.approx(float(difference), rel=1e-6, abs=1e-7)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_random_formulas_mean_the_same_in_numpy_and_mpmath(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        assume(False)
    for x in (-1.37, 0.29, 2.11):
        value = float(evaluate(expression, x))
        exact = evaluate_mpmath(expression, x, digits=50)
        if np.isfinite(value) and abs(value) < 1e12:
            assert value == pytest.approx(float(exact), rel=1e-7, abs=1e-9)


def test_the_side_of_a_maximum_not_taken_cannot_spoil_the_slope() -> None:
    elu = parse("max(x, 0) + min(exp(x) - 1, 0)")
    assert evaluate_derivative(elu, [800.0, 1e4]).tolist() == [1.0, 1.0]
    assert evaluate_derivative(parse("max(x, 0)"), [-1.0, 0.0, 1.0]).tolist() == [0.0, 0.0, 1.0]


def test_quotients_that_cancel_are_collapsed() -> None:
    """x/(x + eps) has slope eps/(x + eps)^2; the sum of two quotients would lose every digit of it."""
    slope = derivative(parse("x/(x + 1e-7)").tree, X)
    assert float(slope.subs(X, 3)) == pytest.approx(1e-7 / (3 + 1e-7) ** 2, rel=1e-12)
    far = parse("x/(1 + abs(x))")
    assert evaluate_derivative(far, [1e6])[0] == pytest.approx(1 / (1 + 1e6) ** 2, rel=1e-12)


def test_roots_and_logarithms_are_real() -> None:
    values = evaluate(parse("sqrt(x)*sqrt(x) + log(x)"), [-1.0, 4.0])
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(4 + np.log(4))


def test_slopes_beside_roots_do_not_cancel() -> None:
    """1/sqrt(x^2 + 1) - x^2/sqrt(x^2 + 1)^3 = 1/sqrt(x^2 + 1)^3."""
    slope = evaluate_derivative(parse("x/sqrt(1 + x^2)"), [-1e4, 1e5])
    assert slope.tolist() == pytest.approx([1.00000001**-1.5 * 1e-12, 1e-15], rel=1e-9)
