"""power, i0e and i1e: real arithmetic, text, derivatives."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.special

from nas.errors import ExpressionError
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath
from nas.symbolic.parse import parse

X = np.array([-2.7, -1.3, -0.31, 0.0173, 0.62, 1.9, 3.3])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("power(x, 3)", "x^3"),
        ("power(x, -2)", "1/x^2"),
        ("power(x, 1/2)", "sqrt(x)"),
        ("power(x, -3/2)", "1/sqrt(x)^3"),
        ("power(sin(x), 0)", "1"),
        ("power(1, x)", "1"),
        ("i0e(0) + i1e(0)*x", "1"),
    ],
)
def test_simple_powers_are_what_one_would_write(text: str, same: str) -> None:
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    "text", ["power(x, tanh(x))", "power(abs(x), x)", "power(2, x)", "power(0, x)", "power(x, 0.3)"]
)
def test_powers_are_real(text: str) -> None:
    expression = parse(text)
    assert parse(expression.text) == expression
    base, exponent = (evaluate(parse(part), X) for part in text[6:-1].split(", "))
    with np.errstate(all="ignore"):
        reference = np.power(base, exponent)
    np.testing.assert_allclose(evaluate(expression, X), reference, rtol=1e-13)
    exact = np.array([float(evaluate_mpmath(expression, x, digits=40)) for x in X])
    finite = np.isfinite(reference)
    np.testing.assert_allclose(exact[finite], reference[finite], rtol=1e-12)
    assert np.isnan(exact[~finite]).all()  # 0 to a negative power is undefined rather than infinite
    with mpmath.workdps(40):
        for x, slope in zip(X, evaluate_derivative(expression, X), strict=True):
            step = mpmath.mpf(10) ** -15
            ends = [evaluate_mpmath(expression, x + s * step, digits=40) for s in (1, -1)]
            expected = float((ends[0] - ends[1]) / (2 * step))
            if np.isfinite(expected):
                assert slope == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_whole_exponents_take_negative_bases() -> None:
    steps = parse("power(x, sign(x))")  # 1/x left of 0
    np.testing.assert_allclose(evaluate(steps, X), np.where(X < 0, 1 / X, X), rtol=1e-15)
    assert float(evaluate_mpmath(steps, -4)) == -0.25
    for text in ("power(-2, x)", "power(-1, 1/3)", "power(0, -1)"):
        with pytest.raises(ExpressionError):
            parse(text)


@pytest.mark.parametrize("order", [0, 1])
def test_scaled_bessel_functions_and_two_derivatives(order: int) -> None:
    expression = parse(f"i{order}e(x)")
    reference = scipy.special.ive(order, X)
    np.testing.assert_allclose(evaluate(expression, X), reference, rtol=1e-13)
    derivative = np.array(
        [float(mpmath.diff(lambda t: mpmath.besseli(order, t) * mpmath.exp(-abs(t)), x)) for x in X]
    )
    np.testing.assert_allclose(evaluate_derivative(expression, X), derivative, rtol=1e-9)
    assert float(evaluate_derivative(parse("i1e(x)"), 0.0)) == 0.5
    assert float(evaluate_mpmath(expression, 1e6)) == pytest.approx((2e6 * np.pi) ** -0.5, rel=1e-5)
