"""What training absorbs: f(x) = c g(x) + d, where a linear layer and batch norm follow, and g(-x) for g(x),
where the weights before it are as likely as their negatives.

A scale inside, as in tanh(x) = 2 sigmoid(2 x) - 1, is no such relation: it changes what a weight decay, a
learning rate or an initialization means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mpmath
import numpy as np

from nas.symbolic.expression import Expression
from nas.symbolic.fingerprint import ABSOLUTE, POINTS, RELATIVE
from nas.symbolic.numeric import Array, evaluate, evaluate_mpmath

DIGITS = 50
EXACT = 1e-14  #: relative; formulas carry numbers of 16 digits
_LEAST_POINTS = 24  #: of the 48 that must be finite
_CONFIRMED = 8  #: points beside the two that c and d come from

Values = Mapping[str, float]


@dataclass(frozen=True)
class Affine:
    """f(x) = scale g(x) + shift, or with g(-x) where `mirrored`."""

    scale: float
    shift: float
    mirrored: bool = False

    def written(self, name: str) -> str:
        """As a formula of the function called `name`: 1 - sigmoid(x)."""
        size = "" if abs(self.scale) == 1 else f"{abs(self.scale):.6g}*"
        term = f"{size}{name}({'-' * self.mirrored}x)"
        minus = self.scale < 0
        if self.shift == 0:
            return f"-{term}" if minus else term
        if minus and self.shift > 0:
            return f"{self.shift:.6g} - {term}"
        return f"{'-' * minus}{term} {'-' if self.shift < 0 else '+'} {abs(self.shift):.6g}"


def fit(f: Array, g: Array) -> tuple[float, float] | None:
    """c and d of f = c g + d by least squares, where that holds for all finite values, up to float64 noise.

    Values that are not finite must be so in both.
    """
    finite = np.isfinite(f)
    if finite.sum() < _LEAST_POINTS or not np.array_equal(finite, np.isfinite(g)):
        return None
    f, g = f[finite], g[finite]
    weights = 1 / (1 + np.abs(g))  # relative errors count, or a steep end would hide the middle
    columns = np.stack([g, np.ones_like(g)], axis=1) * weights[:, None]
    (c, d), _, rank, _ = np.linalg.lstsq(columns, f * weights, rcond=None)
    if rank < 2 or c == 0:
        return None
    noise = ABSOLUTE + RELATIVE * (np.abs(f) + np.abs(c * g) + abs(d))
    return (float(c), float(d)) if (np.abs(f - c * g - d) <= noise).all() else None


def between(f: Expression, g: Expression) -> Affine | None:
    """How `f` is made of `g`, with parameters of both at their start; a mirror only where it takes one.

    Found in float64 on the points of the fingerprint, and confirmed at 50 digits.
    """
    values = evaluate(f, POINTS)
    for mirrored in (False, True):
        found = fit(values, evaluate(g, -POINTS if mirrored else POINTS))
        if found is not None:
            return confirmed(f, g, mirrored)
    return None


def confirmed(
    f: Expression,
    g: Expression,
    mirrored: bool,
    at_f: Values | None = None,
    at_g: Values | None = None,
    tolerance: float = EXACT,
) -> Affine | None:
    """The relation at 50 digits: c and d from two points, and both sides equal at others; None where not."""
    values = evaluate(g, -POINTS if mirrored else POINTS, at_g)
    usable = np.flatnonzero(np.isfinite(values) & (np.abs(POINTS) < 4))
    ends = [usable[np.argmin(values[usable])], usable[np.argmax(values[usable])]]
    others = [i for i in usable[:: max(len(usable) // _CONFIRMED, 1)] if i not in ends]
    with mpmath.workdps(DIGITS):
        pairs = [
            (
                evaluate_mpmath(f, POINTS[i], at_f, digits=DIGITS),
                evaluate_mpmath(g, -POINTS[i] if mirrored else POINTS[i], at_g, digits=DIGITS),
            )
            for i in (*ends, *others)
        ]
        (f0, g0), (f1, g1) = pairs[:2]
        if g0 == g1:
            return None
        scale = (f1 - f0) / (g1 - g0)
        shift = f0 - scale * g0
        for u, v in pairs[2:]:
            if not abs(u - scale * v - shift) <= tolerance * (abs(u) + abs(scale * v) + abs(shift)):
                return None
        return Affine(_rounded(scale), _rounded(shift), mirrored) if scale else None


def _rounded(value: object) -> float:
    """In float64, and 0 where 50-digit arithmetic left a trace of it."""
    number = float(value)  # type: ignore[arg-type]
    return 0.0 if abs(number) < EXACT else number
