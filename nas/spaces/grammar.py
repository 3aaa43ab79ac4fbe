"""The production rules: how decisions become a genotype, and how many genotypes there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from nas.spaces.decisions import Chooser, Value
from nas.spaces.formulas import BINARY, UNARY, template
from nas.spaces.genotype import Genotype, SmoothPair, Unit
from nas.spaces.schema import CoreUnit, Productions, SmoothMax
from nas.symbolic.expression import Scope

V = TypeVar("V", bound=Value)

#: what the two inputs of a unit around another may be; x twice would leave the inner unit out
INPUTS = {"inner, x": (True, False), "x, inner": (False, True), "inner, inner": (True, True)}


def draw(productions: Productions, chooser: Chooser) -> tuple[Genotype, Scope]:
    """A genotype, and the scope of its parameters: a decision only where it has some."""
    rules = [name for name, rule in productions if rule is not None]
    rule = _pick(chooser, "activation.production", rules)
    table: CoreUnit | SmoothMax = getattr(productions, rule)
    genotype = _unit(table, chooser) if isinstance(table, CoreUnit) else _pair(table, chooser)
    if not genotype.learns:
        return genotype, table.parameters[0]
    return genotype, _pick(chooser, f"{rule}.scope", table.parameters)


def writings(productions: Productions) -> int:
    """How many sequences of decisions `draw` can take."""
    total = 0
    if productions.core_unit is not None:
        total += _count_units(productions.core_unit)
    if productions.smooth_max is not None:  # beta is always learned
        total += len(productions.smooth_max.pieces) * len(productions.smooth_max.parameters)
    return total


def _unit(table: CoreUnit, chooser: Chooser) -> Unit:
    depth = _pick(chooser, "core_unit.depth", table.depth)
    unit = _level(table, chooser, 1, None)
    for level in range(2, depth + 1):
        unit = _level(table, chooser, level, unit)
    return unit


def _level(table: CoreUnit, chooser: Chooser, level: int, inner: Unit | None) -> Unit:
    place = f"core_unit.{level}"
    uses = INPUTS[_pick(chooser, f"{place}.inputs", list(INPUTS))] if inner else (False, False)
    first = _pick(chooser, f"{place}.unary1", table.unary)
    second = _pick(chooser, f"{place}.unary2", table.unary)
    return Unit(_pick(chooser, f"{place}.binary", table.binary), (first, second), inner, uses)


def _pair(table: SmoothMax, chooser: Chooser) -> SmoothPair:
    options = [", ".join(pair) for pair in table.pieces]
    chosen = _pick(chooser, "smooth_max.pieces", options)
    return SmoothPair(table.pieces[options.index(chosen)])


def _pick(chooser: Chooser, name: str, options: Sequence[V]) -> V:
    return cast(V, chooser.choose(name, options))


def _count_units(table: CoreUnit) -> int:
    """3^(d-1) (U^2 B)^d writings of depth d; those with a parameter come once for each scope."""
    plain_unary = sum(not template(u, UNARY).parameters for u in table.unary)
    plain_binary = sum(not template(b, BINARY).parameters for b in table.binary)
    every = sum(_of_depth(d, len(table.unary), len(table.binary)) for d in table.depth)
    plain = sum(_of_depth(d, plain_unary, plain_binary) for d in table.depth)
    return plain + (every - plain) * len(table.parameters)


def _of_depth(depth: int, unary: int, binary: int) -> int:
    count: int = len(INPUTS) ** (depth - 1) * (unary**2 * binary) ** depth
    return count
