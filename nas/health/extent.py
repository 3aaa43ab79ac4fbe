"""How far the values and slopes of a function reach: its bounds, and its Lipschitz bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mpmath

from nas.health.limits import reach_of_waves
from nas.health.segments import Segments, value_at
from nas.health.smoothness import Kink
from nas.health.turning import Reach, reach
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import X


@dataclass(frozen=True)
class Bound:
    """An infimum or supremum: infinite where there is none. It is attained, or only approached."""

    value: float
    attained: bool


def bounds(segments: Segments) -> tuple[Bound | None, Bound | None]:
    """Infimum and supremum over all pieces and breaks."""
    reaches = [reach(p.tree, p, left, right) for p, left, right in segments.edges()]
    places = [float(y) for b in segments.breaks if not mpmath.isnan(y := value_at(segments.tree, b))]
    reaches += [Reach(y, y, True, True) for y in places]
    lower = _bound([(None if r.low is None else -r.low, r.low_attained) for r in reaches])
    upper = _bound([(r.high, r.high_attained) for r in reaches])
    lower = lower and Bound(-lower.value + 0.0, lower.attained)
    if segments.window is None or lower is None or upper is None:
        return lower, upper
    sides = [reach_of_waves(segments.tree, side, lower.value, upper.value) for side in (-1, 1)]
    below = [(None if low is None else -low, False) for low, _ in sides]
    above = [(high, False) for _, high in sides]
    return (
        _bound([(-lower.value, lower.attained), *below], -1),
        _bound([(upper.value, upper.attained), *above]),
    )


def _bound(candidates: list[tuple[float | None, bool]], sign: int = 1) -> Bound | None:
    """The supremum of the candidates, times `sign`; None where one is unknown and none is infinite."""
    known = [value for value, _ in candidates if value is not None]
    if math.inf not in known and len(known) < len(candidates):
        return None
    most = max(known)
    near = 1e-12 * (1 + abs(most)) if math.isfinite(most) else 0.0
    attained = any(there and value is not None and value >= most - near for value, there in candidates)
    return Bound(sign * most + 0.0, attained)


def lipschitz(segments: Segments, bends: tuple[Kink, ...]) -> float | None:
    """sup |f'| over the smooth pieces; infinite where f jumps."""
    if any(k.smoothness == -1 for k in bends):
        return math.inf
    candidates: list[tuple[float | None, bool]] = [(None, False)] * any(k.smoothness is None for k in bends)
    for segment, left, right in segments.edges():
        slopes = reach(derivative(segment.tree, X), segment, left, right)
        candidates += [(None if y is None else abs(y), False) for y in (slopes.low, slopes.high)]
    bound = _bound(candidates)
    if bound is None:
        return None
    if segments.window is None:
        return bound.value
    slope = derivative(segments.tree, X)
    for side in (-1, 1):
        sides = reach_of_waves(slope, side, -bound.value, bound.value)
        candidates += [(None if y is None else abs(y), False) for y in sides]
    wide = _bound(candidates)
    return None if wide is None else wide.value
