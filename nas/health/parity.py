"""Whether a function is odd or even."""

from __future__ import annotations

import math
from typing import Any, Literal

import mpmath
import numpy as np

from nas.health.landmarks import landmarks
from nas.health.precise import precise
from nas.health.segments import Segments
from nas.health.zeros import GRID, values

Parity = Literal["odd", "even", "none"]

_DIGITS = 200  #: so many that what cancels in f leaves less than what f is there
_IRREGULAR = (0, 0.0123456, 0.2718281, 0.7390851, 1.3247179, 2.6651441, 5.1234567)


def parity(segments: Segments) -> Parity:
    """Disproved by float64 anywhere on the grid; proved by 40 digits at irregular points of every piece."""
    odd, even = _not_disproved(segments.tree)
    for x in _points(segments):
        if not (odd or even):
            break
        right, left = (precise(segments.tree, at, _DIGITS) for at in (x, _mirrored(x)))
        if mpmath.isnan(right) and mpmath.isnan(left):
            continue
        small = mpmath.mpf(10) ** -40 * max(abs(right), abs(left)) + mpmath.mpf(10) ** -150
        even &= bool(right == left or abs(right - left) <= small)
        odd &= bool(right == -left or abs(right + left) <= small)
    return "even" if even else "odd" if odd else "none"


def _not_disproved(tree: Any) -> tuple[bool, bool]:
    """Whether f may be odd, and even, for all that float64 can tell."""
    x = np.abs(np.concatenate([GRID, landmarks(tree)]))
    y, mirrored = values(tree, x), values(tree, -x)
    both = np.isfinite(y) & np.isfinite(mirrored)
    size = np.maximum(np.abs(y), np.abs(mirrored))[both]
    y, mirrored = y[both], mirrored[both]
    return bool((np.abs(y + mirrored) <= 1e-6 * size).all()), bool(
        (np.abs(y - mirrored) <= 1e-6 * size).all()
    )


def _points(segments: Segments) -> list[Any]:
    lengths = [(s.low, s.high - s.low) for s in segments.segments if math.isfinite(s.high - s.low)]
    inside = [low + 0.41421356 * length for low, length in lengths]
    far = [1.6180339 * max((abs(float(b)) for b in segments.breaks), default=1.0) + n for n in range(3)]
    return [*inside, *far, *segments.breaks, *_IRREGULAR]


def _mirrored(x: Any) -> Any:
    return mpmath.fneg(x, exact=True) if isinstance(x, mpmath.mpf) else -x
