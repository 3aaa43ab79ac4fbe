"""Kinks: where a function is less than infinitely smooth, and how smooth it is there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import mpmath

from nas.health.limits import limit_beside
from nas.health.precise import precise
from nas.health.segments import Segments, value_at
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X

_MOST_DERIVATIVES = 12
_LARGEST_TREE = 3000  #: operations of a derivative
_SAME = 1e-9


@dataclass(frozen=True)
class Kink:
    """A point of the domain where f is C^smoothness and no more; -1: it jumps. None: unknown."""

    place: float
    smoothness: int | None


def kinks(segments: Segments) -> tuple[Kink, ...]:
    """The points inside of the domain where two pieces do not join smoothly, from left to right."""
    found = []
    for place, left, right in zip(segments.breaks, segments.segments, segments.segments[1:], strict=False):
        value = value_at(segments.tree, place)
        if left.tree is None or right.tree is None or mpmath.isnan(value):
            continue
        smoothness = _smoothness(left.tree, right.tree, place, float(value))
        if smoothness != math.inf:
            found.append(Kink(float(place), None if smoothness is None else int(smoothness)))
    return tuple(found)


def _smoothness(left: Any, right: Any, place: Any, value: float) -> float | None:
    """k of C^k at the place; infinite where both are one function, None where that cannot be told."""
    for order in range(_MOST_DERIVATIVES + 1):
        before, after = limit_beside(left, place, -1), limit_beside(right, place, 1)
        if before is None or after is None:
            return None
        if order == 0 and not _equal(before, value):
            return -1
        if not _equal(before, after) or math.isinf(before):
            return order - 1
        left, right = derivative(left, X), derivative(right, X)
        if order == 1 and _identical(left, right, float(place)):
            return math.inf
        if max(left.count_ops(), right.count_ops()) > _LARGEST_TREE:
            return None
    return None


def _equal(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_SAME, abs_tol=_SAME)


def _identical(left: Any, right: Any, place: float) -> bool:
    """Whether two trees agree to 40 digits at irregular points beside the place."""
    if left == right:
        return True
    points = [place + d for d in (-0.7320508, -0.2360679, 0.1622776, 0.4142135, 1.6457513)]
    pairs = [(precise(left, x), precise(right, x)) for x in points]
    return all(abs(a - b) <= mpmath.mpf(10) ** -40 * (1 + abs(a)) for a, b in pairs)
