"""The shape of a function in words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from nas.health.ends import End
from nas.health.extent import Bound
from nas.health.monotony import Stretch
from nas.health.shape import Interval, Shape
from nas.health.smoothness import Kink

UNKNOWN = "unknown"

_MOST = 5  #: items of a list; of more, those nearest to 0 are told


def value(x: float) -> str:
    """Six digits."""
    return f"{x + 0.0:.6g}"


def domain(shape: Shape) -> str:
    """All real numbers, x > 0, x != 0, or intervals."""
    parts = shape.domain
    if parts is None:
        return UNKNOWN
    if not parts:
        return "empty: f has no real value anywhere"
    gaps = [b.low for a, b in itertools.pairwise(parts) if a.high == b.low]
    if len(gaps) == len(parts) - 1 and math.isinf(parts[0].low) and math.isinf(parts[-1].high):
        if not gaps:
            return "all real numbers"
        return f"x != {_listed([value(g) for g in sorted(gaps, key=abs)])}{_onward(shape)}"
    return " and ".join(map(_interval, parts)) + _onward(shape)


def _interval(part: Interval) -> str:
    if math.isinf(part.high):
        return f"x {'>=' if part.low_closed else '>'} {value(part.low)}"
    if math.isinf(part.low):
        return f"x {'<=' if part.high_closed else '<'} {value(part.high)}"
    signs = ["<=" if closed else "<" for closed in (part.low_closed, part.high_closed)]
    return f"{value(part.low)} {signs[0]} x {signs[1]} {value(part.high)}"


def bounds(shape: Shape) -> str:
    """The range as an interval, and whether its ends are values or only approached."""
    lower, upper = shape.lower, shape.upper
    left = "?" if lower is None else value(lower.value)
    right = "?" if upper is None else value(upper.value)
    if lower is not None and upper is not None and lower.value == upper.value:
        return left
    brackets = "[" if lower and lower.attained else "(", "]" if upper and upper.attained else ")"
    notes = [_bound_note(name, bound) for name, bound in (("minimum", lower), ("maximum", upper))]
    return f"{brackets[0]}{left}, {right}{brackets[1]}   {', '.join(notes)}"


def _bound_note(name: str, bound: Bound | None) -> str:
    if bound is None:
        return f"{name} {UNKNOWN}"
    if math.isinf(bound.value):
        return f"no {name}"
    return f"{name} attained" if bound.attained else f"{value(bound.value)} only approached"


def monotone(shape: Shape) -> str:
    """Rising; or falls to -1.28, rises; and so on."""
    if shape.stretches is None:
        return UNKNOWN
    if shape.monotone in ("rising", "falling"):
        flat = any(s.direction == "constant" for s in shape.stretches)
        return f"{shape.monotone} throughout" if not flat else f"never {_OPPOSITE[shape.monotone]}"
    if shape.monotone == "constant":
        return "constant"
    near = sorted(shape.stretches, key=lambda s: min(abs(s.low), abs(s.high)))[:_MOST]
    told = [s for s in shape.stretches if s in near]
    more = "" if len(told) == len(shape.stretches) and shape.window is None else "; and so on"
    return ", ".join(_stretch(s, last=s is told[-1] and not more) for s in told) + more


_OPPOSITE = {"rising": "falls", "falling": "rises"}
_VERBS = {"rising": "rises", "falling": "falls", "constant": "constant"}


def _stretch(stretch: Stretch, last: bool) -> str:
    return _VERBS[stretch.direction] + ("" if last else f" to {value(stretch.high)}")


def smoothness(shape: Shape) -> str:
    """C^1, not smooth at 0: f' turns."""
    if shape.smoothness is None and not shape.kinks:
        return UNKNOWN
    if not shape.kinks:
        return "smooth, all derivatives are continuous"
    name = UNKNOWN if shape.smoothness is None else _CLASSES.get(shape.smoothness, f"C^{shape.smoothness:g}")
    return f"{name}, {_what(shape.kinks)} at {_places(shape.kinks)}{_onward(shape)}"


_CLASSES: dict[float, str] = {-1: "not continuous"}


def _what(kinks: Sequence[Kink]) -> str:
    least = min((k.smoothness for k in kinks if k.smoothness is not None), default=None)
    if least is None:
        return "unknown"
    many = "s" if len(kinks) > 1 else ""
    return {-1: f"jump{many}", 0: f"kink{many}"}.get(least, f"derivative {least + 1} jumps")


def _places(kinks: Sequence[Kink]) -> str:
    return _listed([value(k.place) for k in sorted(kinks, key=lambda k: abs(k.place))])


def lipschitz(shape: Shape) -> str:
    """The largest |f'|."""
    if shape.lipschitz is None:
        return UNKNOWN
    return "none: f' is unbounded, or f jumps" if math.isinf(shape.lipschitz) else value(shape.lipschitz)


def ends(shape: Shape) -> str:
    """What f does far to the left and to the right."""
    return f"left: {_end(shape.left, '-x')};  right: {_end(shape.right, 'x')}"


def _end(end: End, size: str) -> str:
    if end.kind == "constant" and end.intercept is not None:
        return f"f -> {value(end.intercept)}"
    if end.kind == "line" and end.slope is not None and end.intercept is not None:
        return f"f -> {_line(end.slope, end.intercept)}"
    if end.kind == "power" and end.factor is not None and end.power is not None:
        base = "x" if end.power.is_integer() and size == "x" else "|x|"
        return f"f ~ {_times(end.factor)}{base}^{value(end.power)}"
    if end.kind == "logarithm" and end.factor is not None:
        return f"f ~ {_times(end.factor)}log|x|"
    if end.kind == "oscillating" and end.slope is not None:
        return f"oscillates about slope {value(end.slope)}"
    return {"exponential": "grows beyond all powers", "oscillating": "oscillates"}.get(end.kind, end.kind)


def _line(slope: float, intercept: float) -> str:
    rest = "" if intercept == 0 else f" {'+' if intercept > 0 else '-'} {value(abs(intercept))}"
    return f"{_times(slope)}x{rest}"


def _times(factor: float) -> str:
    return {1.0: "", -1.0: "-"}.get(factor, f"{value(factor)} ")


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:_MOST]) + (", …" if len(items) > _MOST else "")


def _onward(shape: Shape) -> str:
    return "" if shape.window is None else f" (sought up to {value(shape.window)})"
