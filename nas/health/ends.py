"""How a function goes on as x goes to -inf or inf: to a constant, a line, a power, or beyond all powers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import mpmath

from nas.health.limits import DIGITS_FAR, Rows, places, samples, settle
from nas.health.zeros import is_wavy

Kind = Literal["constant", "line", "power", "logarithm", "exponential", "oscillating", "undefined", "unknown"]

_LARGEST_POWER = 100
_DENOMINATORS = 12


@dataclass(frozen=True)
class End:
    """What f approaches, with the numbers that its kind has.

    constant: f -> intercept. line: f - (slope x + intercept) -> 0. power: f / (factor |x|^power) -> 1.
    logarithm: f - (factor log|x| + intercept) -> 0. exponential: |f| outgrows every power. oscillating: no
    limit, about slope x if there is a slope. undefined: f has no value there.
    """

    kind: Kind
    slope: float | None = None
    intercept: float | None = None
    factor: float | None = None
    power: float | None = None


def end(tree: Any, side: int) -> End:
    """The end of a tree toward -inf (side -1) or inf (+1)."""
    if tree is None:
        return End("undefined")
    ys = samples(tree, side)
    if all(mpmath.isnan(y) for row in ys for y in row):
        return End("undefined")
    limit = settle(ys)
    if limit is not None and math.isfinite(limit):
        return End("constant", intercept=limit)
    with mpmath.workdps(DIGITS_FAR):
        xs = places(tree, side)
        return _line(xs, ys) or _power(xs, ys) or End("oscillating" if is_wavy(tree) else "unknown")


def _ratios(ys: Rows, xs: Rows, scale: Callable[[Any], Any]) -> Rows:
    return [[y / scale(x) for x, y in zip(*rows, strict=True)] for rows in zip(xs, ys, strict=True)]


def _line(xs: Rows, ys: Rows) -> End | None:
    """Slope m from the last two places: its error times x vanishes if f - (m x + c) does."""
    settled = settle(_ratios(ys, xs, lambda x: x))
    if not settled or math.isinf(settled):
        return None
    slope = (ys[-1][0] - ys[-2][0]) / (xs[-1][0] - xs[-2][0])
    rest = [[y - slope * x for x, y in zip(*rows, strict=True)] for rows in zip(xs, ys, strict=True)]
    intercept = settle(rest)
    if intercept is not None and math.isfinite(intercept):
        return End("line", slope=float(slope), intercept=intercept)
    if len(ys[0]) > 1 and intercept is None:
        return End("oscillating", slope=float(slope))
    return None


def _power(xs: Rows, ys: Rows) -> End | None:
    """A power, beyond all powers, or a logarithm."""
    y, before, x, x_before = ys[-1][0], ys[-2][0], xs[-1][0], xs[-2][0]
    if mpmath.isnan(y) or not before or len(ys[0]) > 1:
        return None
    if mpmath.isinf(y) or mpmath.log(abs(y / before)) > _LARGEST_POWER * mpmath.log(x / x_before):
        return End("exponential")
    estimate = float(mpmath.log(abs(y / before)) / mpmath.log(x / x_before))
    power = Fraction(estimate).limit_denominator(_DENOMINATORS)
    if power > 0 and abs(estimate - power) < 1e-9:
        factor = settle(
            _ratios(ys, xs, lambda t: abs(t) ** (mpmath.mpf(power.numerator) / power.denominator))
        )
        if factor and math.isfinite(factor):
            return End("power", factor=factor, power=float(power))
    return _logarithm(xs, ys)


def _logarithm(xs: Rows, ys: Rows) -> End | None:
    factor = (ys[-1][0] - ys[-2][0]) / mpmath.log(xs[-1][0] / xs[-2][0])
    pairs = zip(xs, ys, strict=True)
    intercept = settle(
        [[y - factor * mpmath.log(abs(x)) for x, y in zip(*rows, strict=True)] for rows in pairs]
    )
    if intercept is None or math.isinf(intercept):
        return None
    return End("logarithm", factor=float(factor), intercept=intercept)
