"""Where a smooth piece turns, and how far its values reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from nas.health.landmarks import landmarks
from nas.health.limits import decades, limit_at_end, limit_beside, reach_of_waves, samples
from nas.health.precise import precise
from nas.health.segments import Segment, inside
from nas.health.zeros import GRID, bisected, is_wavy, values, waves_resolved
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X
from nas.symbolic.numeric import Array

_DOUBTFUL = 1e-9  #: a slope below this share of its neighborhood may owe its sign to rounding
_FEW, _MOST_VERIFIED = 40, 600
_ENDS = np.geomspace(1e-9, 0.5, 60)


@dataclass(frozen=True)
class Turns:
    """Sign changes of a tree on a piece; between them the sign is `signs`, one more than the places."""

    places: tuple[float, ...]
    signs: tuple[int, ...]
    window: float | None  #: they were sought up to here only, as they may go on without end


def sign_changes(tree: Any, low: float, high: float) -> Turns | None:
    """Of a smooth tree on an open interval; None where rounding hides them."""
    if X not in tree.free_symbols:
        sign = precise(tree, 0)
        return Turns((), (int(np.sign(float(sign))),), None)
    window = waves_resolved(tree) if is_wavy(tree) else None
    x = _points(tree, low, high, window)
    y = values(tree, x)
    keep = np.isfinite(y) & (y != 0)
    if not keep.any():
        underflown = {int(mpmath.sign(precise(tree, t))) for t in x[:: max(len(x) // 50, 1)]}
        return Turns((), tuple(underflown), None) if len(underflown) == 1 else None
    x, y = x[keep], y[keep]
    if np.max(np.abs(y)) < 1e-12 and all(abs(precise(tree, x[i])) < 1e-25 * abs(y[i]) for i in _few(x)):
        return Turns((), (0,), None)
    if not _verify_signs(tree, x, y):
        return None
    changes = np.flatnonzero(np.sign(y[1:]) != np.sign(y[:-1]))
    places = bisected(tree, x[changes], x[changes + 1])
    signs = [int(np.sign(y[0])), *(int(np.sign(y[i + 1])) for i in changes)]
    if window is not None and _ends_there(tree, low, high, signs):
        window = None
    return Turns(tuple(_snapped(tree, float(p)) for p in places), tuple(signs), window)


def _few(x: Array) -> range:
    """Places of five of many points."""
    return range(0, len(x), max(len(x) // 5, 1))


def _ends_there(tree: Any, low: float, high: float, signs: Sequence[int]) -> bool:
    """Whether an oscillating tree keeps the first and last of its signs far out, rounding apart."""
    for side, edge, sign in ((-1, low, signs[0]), (1, high, signs[-1])):
        if math.isinf(edge):
            far = values(tree, decades(side))
            size = np.abs(far).max(axis=1, keepdims=True)
            if not np.isfinite(far).all() or (size == 0).any() or (far * sign < -1e-9 * size).any():
                return False
    return True


def _verify_signs(tree: Any, x: Array, y: Array) -> bool:
    """Put values at high precision where the sign changes, until all changes are true; False: too many.

    Of many changes, as waves have them, only those that rounding may cause are verified.
    """
    verified: set[int] = set()
    while True:
        changes = np.flatnonzero(np.sign(y[1:]) != np.sign(y[:-1]))
        if len(changes) > _FEW:
            near = np.array([np.abs(y[max(i - 8, 0) : i + 10]).max() for i in changes])
            least = np.minimum(np.abs(y[changes]), np.abs(y[changes + 1]))
            changes = changes[least < _DOUBTFUL * near]
        doubts = {int(j) for i in changes for j in (i, i + 1)} - verified
        if not doubts:
            return True
        verified |= doubts
        if len(verified) > _MOST_VERIFIED:
            return False
        for i in doubts:
            value = precise(tree, x[i])
            y[i] = float(value) or math.copysign(1e-300, value or y[i - 1])


def _points(tree: Any, low: float, high: float, window: float | None) -> Array:
    """The grid inside the interval, and points that close in on landmarks and finite ends."""
    if window is not None:
        low, high = max(low, -window), min(high, window)
    grid = np.concatenate([GRID, landmarks(tree)])
    x = [grid[(low < grid) & (high > grid)]]
    length = min(high - low, 2.0)
    if math.isfinite(low):
        x.append(low + length * _ENDS)
    if math.isfinite(high):
        x.append(high - length * _ENDS)
    return np.unique(np.concatenate(x))


def _snapped(tree: Any, place: float) -> float:
    """A whole number or simple fraction where the tree is 0 exactly there."""
    near = round(place * 60) / 60
    return near + 0.0 if abs(near - place) < 1e-9 and abs(precise(tree, near)) < 1e-15 else place


@dataclass(frozen=True)
class Reach:
    """Infimum and supremum of a tree on a piece, and whether they are values there; None: unknown."""

    low: float | None
    high: float | None
    low_attained: bool
    high_attained: bool


def reach(tree: Any, segment: Segment, left: Any, right: Any) -> Reach:
    """How far the values of a smooth tree go on an open piece between the breaks `left` and `right`.

    None in place of a break stands for the end of the line, or of the window where the piece ends there.
    """
    if X not in tree.free_symbols:
        value = float(precise(tree, 0))
        return Reach(value, value, True, True)
    turns = sign_changes(derivative(tree, X), segment.low, segment.high)
    if turns is None:
        return Reach(None, None, False, False)
    if turns.signs == (0,):
        value = float(precise(tree, inside(segment.low, segment.high)))
        return Reach(value, value, True, True)
    inner = _extremes(tree, turns.places)
    lows: list[float | None] = []
    highs: list[float | None] = []
    for side, place, edge in ((-1, left, segment.low), (1, right, segment.high)):
        low, high = _beyond(tree, side, place, edge, turns, inner)
        lows.append(low)
        highs.append(high)
    high, high_attained = _largest(inner, highs)
    low, low_attained = _largest([-y for y in inner], [None if y is None else -y for y in lows])
    return Reach(None if low is None else -low, high, low_attained, high_attained)


def _extremes(tree: Any, places: Sequence[float]) -> list[float]:
    """Values at the places; of many, those that float64 takes for the least and the largest."""
    if len(places) > _FEW:
        y = values(tree, np.array(places))
        places = [places[int(np.argmin(y))], places[int(np.argmax(y))]]
    return [float(precise(tree, t)) for t in places]


def _beyond(
    tree: Any, side: int, place: Any, edge: float, turns: Turns, inner: Sequence[float]
) -> tuple[float | None, float | None]:
    """How far values go toward one end of a piece: twice the limit, or the range of waves without one."""
    if place is not None or math.isfinite(edge):
        limit = limit_beside(tree, edge if place is None else place, -side)
        return limit, limit
    limit = limit_at_end(tree, side)
    if limit is not None:
        return limit, limit
    if turns.window is not None:
        known = [*inner, float(precise(tree, side * turns.window))]
        return reach_of_waves(tree, side, min(known), max(known))
    return _one_way(tree, side, turns)


def _one_way(tree: Any, side: int, turns: Turns) -> tuple[float | None, float | None]:
    """Of values without a known limit: on one side, the last turn bounds them if the slope keeps its sign."""
    signs = {int(mpmath.sign(y)) for row in samples(derivative(tree, X), side) for y in row}
    outermost = 0 if side < 0 else -1
    if signs != {turns.signs[outermost]}:
        return None, None
    last = float(precise(tree, (turns.places or (side,))[outermost]))
    return (last, None) if turns.signs[outermost] * side > 0 else (None, last)


def _largest(inner: Sequence[float], ends: Sequence[float | None]) -> tuple[float | None, bool]:
    """The largest, and whether it is one of the inner values."""
    if math.inf in ends:
        return math.inf, False
    if None in ends:
        return None, False
    most = max([*inner, *(y for y in ends if y is not None)])
    return most, bool(inner) and max(inner) >= most - 1e-12 * (1 + abs(most))
