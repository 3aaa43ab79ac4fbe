"""The health card of a function: what can be said of it before any training, and its JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nas.health.ends import End
from nas.health.extent import Bound
from nas.health.monotony import Stretch
from nas.health.shape import Interval, Shape
from nas.symbolic.expression import Expression
from nas.symbolic.gaussian import Estimate, Moments

_NEUTRAL = 1e-9


@dataclass(frozen=True)
class Range:
    """The numbers around 0 for which value and gradient are finite: `low` <= x <= `high`."""

    low: float
    high: float
    whole: bool  #: these are the largest numbers of the type


@dataclass(frozen=True)
class Card:
    """All of it, parameters at their start. None stands for unknown, or for what does not exist."""

    expression: Expression
    slope: Expression  #: f'
    name: str | None
    relation: str | None  #: how it is related to functions with a name
    shape: Shape
    moments: Moments  #: for z ~ N(0,1)
    gain: float | None
    depth_slope: float | None  #: d log q'/d log q at q = 1; the gain keeps the signal where it is below 1
    dead_share: float | None  #: P(|f'(z)| < nas.health.dead.THRESHOLD)
    undefined_share: float | None  #: P(f(z) has no real value)
    finite: Mapping[str, Range | None]  #: by type of numbers; None: not finite at 0
    cost_vs_relu: float

    @property
    def depth(self) -> Literal["stable", "neutral", "unstable"] | None:
        """With the gain, a disturbed mean square returns to 1 over depth, stays as it is, or runs away."""
        if self.depth_slope is None:
            return None
        if abs(self.depth_slope - 1) < _NEUTRAL:
            return "neutral"
        return "stable" if self.depth_slope < 1 else "unstable"


def as_json(card: Card) -> dict[str, object]:
    """The card in plain types; `nas inspect --help` describes the keys."""
    f, shape = card.expression, card.shape
    return {
        "expression": f.text,
        "latex": f.latex,
        "name": card.name,
        "relation": card.relation,
        "complexity": f.complexity,
        "derivative": card.slope.text,
        "derivative_latex": card.slope.latex,
        "parameters": [{"name": p.name, "scope": p.scope, "start": p.start} for p in f.parameters],
        **_shape(shape),
        **_moment("mean", card.moments.mean),
        **_moment("second_moment", card.moments.second),
        **_moment("derivative_second_moment", card.moments.derivative_second),
        "gain": card.gain,
        "depth_slope": card.depth_slope,
        "depth": card.depth,
        "dead_share": card.dead_share,
        "undefined_share": card.undefined_share,
        "finite": {
            name: {"low": None if r is None else r.low, "high": None if r is None else r.high}
            for name, r in card.finite.items()
        },
        "cost_vs_relu": card.cost_vs_relu,
    }


def _shape(shape: Shape) -> dict[str, object]:
    bounds = (shape.lower, shape.upper)
    return {
        "domain": None if shape.domain is None else [_part(i) for i in shape.domain],
        "range": _interval(*bounds),
        "bounds": [None if b is None else _finite(b.value) for b in bounds],
        "bounds_known": [b is not None for b in bounds],
        "attained": [None if b is None else b.attained for b in bounds],
        "parity": shape.parity,
        "monotone": None if shape.stretches is None else [_stretch(s) for s in shape.stretches],
        "monotonicity": shape.monotone,
        "kinks": [k.place for k in shape.kinks],
        "kink_smoothness": [k.smoothness for k in shape.kinks],
        "smoothness": smoothness(shape),
        "lipschitz": None if shape.lipschitz is None else _finite(shape.lipschitz),
        "lipschitz_known": shape.lipschitz is not None,
        "asymptotes": {"left": _end(shape.left), "right": _end(shape.right)},
        "window": shape.window,
    }


def smoothness(shape: Shape) -> int | str | None:
    """k of C^k, -1 where f jumps, "smooth" without end."""
    if shape.smoothness is None:
        return None
    return "smooth" if math.isinf(shape.smoothness) else int(shape.smoothness)


def _interval(lower: Bound | None, upper: Bound | None) -> str | None:
    """The range as an interval, (-inf, 1]."""
    if lower is None or upper is None:
        return None
    left, right = "[" if lower.attained else "(", "]" if upper.attained else ")"
    return f"{left}{lower.value:.6g}, {upper.value:.6g}{right}"


def _part(part: Interval) -> dict[str, object]:
    closed = [part.low_closed, part.high_closed]
    return {"low": _finite(part.low), "high": _finite(part.high), "closed": closed}


def _stretch(stretch: Stretch) -> dict[str, object]:
    return {"low": _finite(stretch.low), "high": _finite(stretch.high), "direction": stretch.direction}


def _end(end: End) -> dict[str, object]:
    numbers = {"slope": end.slope, "intercept": end.intercept, "factor": end.factor, "power": end.power}
    return {"kind": end.kind} | {name: value for name, value in numbers.items() if value is not None}


def _moment(name: str, estimate: Estimate | None) -> dict[str, object]:
    e = estimate
    return {
        name: None if e is None else e.value,
        f"{name}_error": None if e is None else e.error,
        f"{name}_closed_form": None if e is None else e.closed_form,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
