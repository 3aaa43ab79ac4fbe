"""Where a function rises, falls and stays the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import mpmath

from nas.health.limits import limit_beside
from nas.health.segments import Segments, value_at
from nas.health.turning import sign_changes
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X

Direction = Literal["rising", "falling", "constant"]
Monotony = Literal["rising", "falling", "constant", "none"]


@dataclass(frozen=True)
class Stretch:
    """An interval on which f rises, falls or stays the same throughout."""

    low: float
    high: float
    direction: Direction


def stretches_of(segments: Segments) -> tuple[tuple[Stretch, ...] | None, float | None]:
    """Where f rises and falls, and up to where they were sought if they have no end."""
    window = math.inf if segments.window is None else segments.window
    found: list[Stretch] = []
    directions: dict[int, Direction] = {-1: "falling", 0: "constant", 1: "rising"}
    for segment, left, _ in segments.edges():
        turns = sign_changes(derivative(segment.tree, X), segment.low, segment.high)
        if turns is None:
            return None, segments.window
        window = min(window, math.inf if turns.window is None else turns.window)
        edge = math.inf if turns.window is None else turns.window
        ends = max(segment.low, -edge), min(segment.high, edge)
        for (low, high), sign in zip(pairwise([ends[0], *turns.places, ends[1]]), turns.signs, strict=True):
            stretch = Stretch(low, high, directions[sign])
            before = found[-1] if found else None
            if before is not None and _joins(segments, before, stretch, left):
                found[-1] = Stretch(before.low, high, before.direction)
            else:
                found.append(stretch)
    return tuple(found), None if math.isinf(window) else window


def _joins(segments: Segments, before: Stretch, after: Stretch, place: Any) -> bool:
    """Whether two stretches are one: f goes the same way, and through the break if one is between them."""
    if before.high != after.low or before.direction != after.direction:
        return False
    return place is None or after.low != float(place) or _continuous(segments, place)


def _continuous(segments: Segments, place: Any) -> bool:
    i = segments.breaks.index(place)
    left, right = segments.segments[i].tree, segments.segments[i + 1].tree
    value = value_at(segments.tree, place)
    if left is None or right is None or mpmath.isnan(value):
        return False
    limits = limit_beside(left, place, -1), limit_beside(right, place, 1)
    return all(y is not None and abs(y - float(value)) <= 1e-9 * (1 + abs(y)) for y in limits)


def monotone(
    segments: Segments, stretches: tuple[Stretch, ...] | None, window: float | None
) -> Monotony | None:
    """Of f on its whole domain, jumps and gaps included."""
    if stretches is None:
        return None
    steps = {s.direction for s in stretches} - {"constant"}
    if len(steps) == 2:
        return "none"
    if window is not None:
        return None
    last: float | None = None
    for segment, left, right in segments.edges():
        ends = [
            limit_beside(segment.tree, left, 1) if left is not None else last,
            limit_beside(segment.tree, right, -1) if right is not None else 0.0,
        ]
        if left is not None and (last is not None or segments.defined_at(left)):
            here = float(value_at(segments.tree, left)) if segments.defined_at(left) else last
            for before, after in pairwise([y for y in (last, here, ends[0]) if y is not None]):
                if not math.isclose(after, before, rel_tol=1e-9, abs_tol=1e-9):
                    steps.add("rising" if after > before else "falling")
        if None in ends[left is None :]:
            return None
        last = ends[1]
    if len(steps) == 2:
        return "none"
    return steps.pop() if steps else "constant"
