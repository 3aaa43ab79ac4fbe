"""Gaussian moments in closed form, where a function is made of powers, exponentials, waves and erf in pieces.

Each term integrates against the Gaussian by completing the square and by parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sympy

from nas.symbolic.expression import Expression
from nas.symbolic.pieces import NoClosedForm, Pieces, Term, slope
from nas.symbolic.piecewise import pieces


def standard_moments(expression: Expression) -> Mapping[str, Any]:
    """Moments of f(z) under N(0,1) as sympy numbers, by name; those without a closed form are left out.

    The names are those of `nas.symbolic.gaussian.Moments`.
    """
    try:
        function, scale = pieces(expression)
        square, slopes = function * function, slope(function, scale)
        square_of_slope = slopes * slopes
    except NoClosedForm:
        return {}
    makers: dict[str, Callable[[], Any]] = {
        "mean": lambda: _expectation(function, scale),
        "second": lambda: _expectation(square, scale),
        "derivative_second": lambda: _expectation(square_of_slope, scale),
        "correlation": lambda: (_expectation(square, scale, 2) - _expectation(square, scale)) / 2,
    }
    known = {}
    for name, make in makers.items():
        try:
            value = sympy.expand(make())
        except NoClosedForm:
            continue
        known[name] = sympy.re(value.expand(complex=True)) if value.has(sympy.I) else value
    return known


def _expectation(function: Pieces, scale: Any, times: int = 0) -> Any:
    """E[f(z) z^times] for z ~ N(0,1)."""
    total = sympy.S.Zero
    for low, high, terms in function.intervals():
        for term, coefficient in terms.items():
            moved = term._replace(power=term.power + times)
            total += coefficient * _integral(moved, low, high, scale)
    return total


def _integral(term: Term, low: Any, high: Any, scale: Any) -> Any:
    """Integral of the term times the density of N(0,1) from `low` to `high`."""
    rate = sympy.S.Half - term.square
    whole = low == -sympy.oo and high == sympy.oo
    if not rate.is_positive or ((term.linear.has(sympy.I) or term.erfs) and not whole):
        raise NoClosedForm
    variance = 1 / (2 * rate)
    factor = sympy.sqrt(variance) * sympy.exp(term.linear**2 * variance / 2)
    if not term.erfs:
        return factor * _truncated(term.power, variance * term.linear, variance, low, high)
    if term.linear != 0:
        raise NoClosedForm
    return _with_erf(term.power, rate, term.erfs, scale) / sympy.sqrt(2 * sympy.pi)


@lru_cache(maxsize=4096)
def _truncated(power: int, mean: Any, variance: Any, low: Any, high: Any) -> Any:
    """Integral of x^power times the density of N(mean, variance) from `low` to `high`, by parts."""
    if power < 0:
        return sympy.S.Zero
    if power == 0:
        return _share_below(high, mean, variance) - _share_below(low, mean, variance)
    moment = mean * _truncated(power - 1, mean, variance, low, high)
    moment += (power - 1) * variance * _truncated(power - 2, mean, variance, low, high)
    for x, sign in ((high, -1), (low, 1)):
        if x.is_finite:
            density = sympy.exp(-((x - mean) ** 2) / (2 * variance)) / sympy.sqrt(2 * sympy.pi * variance)
            moment += sign * variance * x ** (power - 1) * density
    return sympy.expand(moment)


def _share_below(x: Any, mean: Any, variance: Any) -> Any:
    """P(N(mean, variance) < x)."""
    if x.is_infinite:
        return sympy.S.One if x > 0 else sympy.S.Zero
    return sympy.erfc((mean - x) / sympy.sqrt(2 * variance)) / 2


def _with_erf(power: int, rate: Any, erfs: int, scale: Any) -> Any:
    """Integral of x^power e^(-rate x^2) erf(scale x)^erfs over the line, by parts."""
    if (power + erfs) % 2:
        return sympy.S.Zero
    if power == 0:
        match erfs:
            case 0:
                return sympy.sqrt(sympy.pi / rate)
            case 2:
                return sympy.sqrt(sympy.pi / rate) * 2 / sympy.pi * sympy.asin(scale**2 / (rate + scale**2))
        raise NoClosedForm
    total = (power - 1) * _with_erf(power - 2, rate, erfs, scale) if power > 1 else sympy.S.Zero
    if erfs:
        inner = _with_erf(power - 1, rate + scale**2, erfs - 1, scale)
        total += erfs * 2 * scale / sympy.sqrt(sympy.pi) * inner
    return total / (2 * rate)
