"""The productions of a space file as rules: what `nas.spaces.rules` draws, counts and walks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nas.spaces.formulas import Learning
from nas.spaces.genotype import X
from nas.spaces.rules import Apply, OneOf, Rule, Within
from nas.spaces.schema import CoreUnit, Productions, Shapes, SmoothMax
from nas.spaces.shapes import Shape, parse_shape
from nas.symbolic import smooth_max


@dataclass(frozen=True)
class Production:
    """A rule, and what becomes of the learnable parameters of its writings."""

    name: str
    rule: Rule
    parameters: tuple[Learning, ...]
    tied: bool


def productions(file: Productions) -> tuple[Production, ...]:
    """What the space file states, in the order of the schema."""
    found = []
    for name, rule_of in _RULES.items():
        table = getattr(file, name)
        if table is not None:
            found.append(Production(name, rule_of(table), table.parameters, table.tied))
    return tuple(found)


def _one_of(name: str, options: dict[object, Rule]) -> Rule:
    """No choice where there is one option only."""
    if len(options) == 1:
        (rule,) = options.values()
        return rule
    return OneOf(name, tuple(options), tuple(options.values()))  # type: ignore[arg-type]


def _core_unit(table: CoreUnit) -> Rule:
    """Units around units, up to each of the depths."""
    return _one_of("core_unit.depth", {depth: _units(table, depth) for depth in table.depth})


def _units(table: CoreUnit, depth: int) -> Rule:
    unit = _unit(table, 1, X, X)
    for level in range(2, depth + 1):
        options: dict[object, Rule] = {  # x twice would leave the inner unit out
            "inner, x": _unit(table, level, unit, X),
            "x, inner": _unit(table, level, X, unit),
            "inner, inner": Within(_unit(table, level, X, X), unit),
        }
        unit = _one_of(f"core_unit.{level}.inputs", options)
    return unit


def _unit(table: CoreUnit, level: int, first: Rule, second: Rule) -> Rule:
    """b(u1(first), u2(second))."""
    place = f"core_unit.{level}"
    sides = zip(("unary1", "unary2"), (first, second), strict=True)
    parts = tuple(Apply(f"{place}.{name}", table.unary, (inside,)) for name, inside in sides)
    return Apply(f"{place}.binary", table.binary, parts)


def _smooth_max(table: SmoothMax) -> Rule:
    """S_beta of the tuples in `pieces`, or of any `number` of `any_of`."""
    if table.pieces is not None:
        pairs: dict[object, Rule] = {", ".join(pieces): _listed(pieces) for pieces in table.pieces}
        return _one_of("smooth_max.pieces", pairs)
    counts: dict[object, Rule] = {}
    for count in table.number:
        names = [f"smooth_max.piece{place}" for place in range(1, count + 1)]
        counts[count] = _maximum(tuple(Apply(name, table.any_of or (), (X,)) for name in names))
    return _one_of("smooth_max.number", counts)


def _listed(pieces: tuple[str, ...]) -> Rule:
    return _maximum(tuple(Apply("smooth_max.piece", (piece,), (X,)) for piece in pieces))


def _maximum(parts: tuple[Rule, ...]) -> Rule:
    return Apply("smooth_max", (smooth_max.template(len(parts)).short,), parts)


def _shapes(table: Shapes) -> Rule:
    """Every shape with every operator of its kinds, and the whole formulas."""
    options: dict[object, Rule] = {
        text: _shaped(table, parse_shape(text), "shapes") for text in table.shapes or ()
    }
    if table.formulas:
        options["formula"] = Apply("shapes.formula", table.formulas, (X,))
    return _one_of("shapes.shape", options)


def _shaped(table: Shapes, shape: Shape, place: str) -> Rule:
    """`shapes.2.unary` is the unary that the second part of the outermost operator begins with."""
    parts = tuple(
        X if part is None else _shaped(table, part, f"{place}.{number}")
        for number, part in enumerate(shape.parts, start=1)
    )
    return Apply(f"{place}.{shape.kind}", getattr(table, shape.kind), parts)


#: rule by production, in the order in which they are drawn
_RULES: dict[str, Callable[[Any], Rule]] = {
    "core_unit": _core_unit,
    "smooth_max": _smooth_max,
    "shapes": _shapes,
}
