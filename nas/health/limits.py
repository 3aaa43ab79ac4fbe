"""Limits at a point and at the ends of the line, from values at high precision; None where none settles."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath
import numpy as np

from nas.health.precise import exactly, precise
from nas.health.zeros import is_wavy, values
from nas.symbolic.numeric import Array

DIGITS_FAR = 160  #: x^2 + 1 at x = 1e64 needs 128
_ENDS = [10 ** (2**j) for j in range(1, 7)]  #: 100, 1e4, 1e8, ... 1e64
_PHASES = [0, 1.1, 2.3, 3.7, 5.1]  #: of a sine: where its values differ by 1 at least

Rows = list[list[Any]]

_STEPS = (20, 40)  #: 1e-20 and 1e-40 beside a point
_SETTLED = 1e-6


def limit_beside(tree: Any, place: Any, side: int) -> float | None:
    """The limit of the tree as x approaches `place` from the left (side -1) or the right (+1)."""
    with mpmath.workdps(120):
        at = exactly(place)
        scale = max(abs(at), mpmath.mpf(1) / 1000)
        near, nearer = (precise(tree, at + side * scale * mpmath.mpf(10) ** -n, 120) for n in _STEPS)
        if mpmath.isnan(near) or mpmath.isnan(nearer):
            return None
        if near == nearer or abs(nearer - near) <= _SETTLED * (1 + abs(nearer)):
            return float(nearer)
        if near and nearer / near >= 1.5 and abs(nearer) > 10:  # a logarithm doubles
            return float(mpmath.sign(nearer) * mpmath.inf)
        return None


def places(tree: Any, side: int) -> Rows:
    """Far out, at several phases where the tree oscillates."""
    phases = _PHASES if is_wavy(tree) else _PHASES[:1]
    with mpmath.workdps(DIGITS_FAR):
        return [[side * (mpmath.mpf(x) + p) for p in phases] for x in _ENDS]


def samples(tree: Any, side: int) -> Rows:
    """Values at `places`."""
    return [[precise(tree, x, DIGITS_FAR) for x in row] for row in places(tree, side)]


def settle(rows: Rows) -> float | None:
    """What rows of values tend to: a number, inf, -inf; None where that cannot be told."""
    with mpmath.workdps(DIGITS_FAR):
        if any(mpmath.isnan(y) for row in rows for y in row):
            return None
        if any(mpmath.isinf(y) for y in rows[-1]):
            same = len({mpmath.sign(y) for y in rows[-1]}) == 1 and all(map(mpmath.isinf, rows[-1]))
            return float(rows[-1][0]) if same else None
        centers = [mpmath.fsum(row) / len(row) for row in rows]
        spreads = [max(row) - min(row) for row in rows]
        last, before, first = (abs(centers[-i] - centers[-i - 1]) for i in (1, 2, 3))
        size = 1 + abs(centers[-1])
        if max(spreads[-1], abs(centers[-1])) <= 1e-6 * abs(centers[-3]):
            return 0.0
        settled = max(spreads[-1], last) <= 1e-12 * size and before <= 1e-3 * size
        if settled and last <= max(before, mpmath.mpf(10) ** -30 * size):
            return float(centers[-1])
        if spreads[-1] > abs(centers[-1]) / 2:
            return None
        if last > 1.5 * before > 0 and before > 1.5 * first:
            return float(mpmath.sign(centers[-1] - centers[-2]) * mpmath.inf)
        return None


def limit_at_end(tree: Any, side: int) -> float | None:
    """The limit as x goes to -inf (side -1) or inf (+1): a number, inf or -inf; None: none, or unknown."""
    return settle(samples(tree, side))


def decades(side: int) -> Array:
    """Where waves are sampled far out: a row for each decade from 100 to 1e6."""
    return np.stack([side * x * np.linspace(1, 1.1, 20_011) for x in 10.0 ** np.arange(2, 7)])


def reach_of_waves(tree: Any, side: int, low: float, high: float) -> tuple[float | None, float | None]:
    """(infimum, supremum) of an oscillating tree, far out and given those of the window; None: unknown.

    Where no wave far out leaves [low, high], these stand; where the waves grow at least twofold from each
    decade to the next, there is no bound.
    """
    waves = values(tree, decades(side))
    tops = [float(y) for y in waves.max(axis=1)]
    bottoms = [-float(y) for y in waves.min(axis=1)]
    if not np.isfinite(tops + bottoms).all():
        return None, None
    highest, lowest = _bound(tops, high), _bound(bottoms, -low)
    return None if lowest is None else -lowest, highest


def _bound(tops: list[float], bound: float) -> float | None:
    if max(tops) <= bound + 1e-9 * (1 + abs(bound)):
        return bound
    growing = all(later >= 2 * earlier for earlier, later in pairwise(tops))
    return float("inf") if growing and tops[0] > 0 else None
