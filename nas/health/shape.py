"""The shape of a function: domain, parity, range, monotone pieces, Lipschitz bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import sympy

from nas.errors import ExpressionError
from nas.health.ends import End, Kind, end
from nas.health.extent import Bound, bounds, lipschitz
from nas.health.monotony import Monotony, Stretch, monotone, stretches_of
from nas.health.parity import Parity, parity
from nas.health.segments import Segments, segments_of
from nas.health.smoothness import Kink, kinks
from nas.symbolic.expression import Expression, symbol

Direction = Literal["rising", "falling", "constant"]


@dataclass(frozen=True)
class Interval:
    """Part of the domain; infinite ends are not closed."""

    low: float
    high: float
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True)
class Shape:
    """What is known of f on the real line, learned parameters at their start. None stands for unknown.

    Signs are sampled 1/128 apart near 0, 7 % of |x| apart from 16 on, and densely where the argument of a
    primitive is 0 or least; what turns within less may be missed.
    Where kinks or turns go on without end, as those of sin(x), they are listed up to +-window only.
    """

    domain: tuple[Interval, ...] | None
    parity: Parity | None
    lower: Bound | None
    upper: Bound | None
    stretches: tuple[Stretch, ...] | None
    monotone: Monotony | None  #: of f as a whole; rising: never falls
    kinks: tuple[Kink, ...]
    smoothness: float | None  #: k of C^k inside of the domain; inf; -1 where f jumps
    lipschitz: float | None  #: sup |f'| where f has no jump; infinite where there is none
    left: End
    right: End
    window: float | None


def at_start(expression: Expression) -> Any:
    """The tree in x alone, each parameter at its start; NaN where that has no value."""
    starts = {symbol(p.name): sympy.Rational(repr(p.start)) for p in expression.parameters}
    try:
        return Expression.of(expression.tree.xreplace(starts)).tree if starts else expression.tree
    except ExpressionError:
        return sympy.nan


@lru_cache(maxsize=256)
def shape_of(expression: Expression) -> Shape:
    """The shape of f with every parameter at its start."""
    tree = at_start(expression)
    with np.errstate(all="ignore"):  # overflow and NaN are looked for
        return _NOWHERE if tree is sympy.nan else _shape(tree)


def _shape(tree: Any) -> Shape:
    segments = segments_of(tree)
    if all(segment.tree is None for segment in segments.segments):
        return _NOWHERE
    bends = kinks(segments)
    stretches, window = stretches_of(segments)
    lower, upper = bounds(segments)
    return Shape(
        domain=_domain(segments),
        parity=parity(segments) if stretches is not None else None,
        lower=lower,
        upper=upper,
        stretches=stretches,
        monotone=monotone(segments, stretches, window),
        kinks=bends,
        smoothness=_class(bends),
        lipschitz=lipschitz(segments, bends),
        left=end(segments.segments[0].tree if segments.window is None else tree, -1),
        right=end(segments.segments[-1].tree if segments.window is None else tree, 1),
        window=window,
    )


def _domain(segments: Segments) -> tuple[Interval, ...]:
    parts: list[Interval] = []
    for _, left, right in segments.edges():
        low, high = -math.inf if left is None else float(left), math.inf if right is None else float(right)
        low_closed, high_closed = segments.defined_at(left), segments.defined_at(right)
        if parts and parts[-1].high == low and low_closed:
            parts[-1] = Interval(parts[-1].low, high, parts[-1].low_closed, high_closed)
        else:
            parts.append(Interval(low, high, low_closed, high_closed))
    return tuple(parts)


def _class(bends: tuple[Kink, ...]) -> float | None:
    known = [k.smoothness for k in bends if k.smoothness is not None]
    if -1 in known:
        return -1
    return None if len(known) < len(bends) else min(known, default=math.inf)


def _blank(domain: tuple[()] | None, kind: Kind) -> Shape:
    return Shape(domain, None, None, None, None, None, (), None, None, End(kind), End(kind), None)


_NOWHERE = _blank((), "undefined")
UNDECIDED = _blank(None, "unknown")  #: where finding out would take too long
