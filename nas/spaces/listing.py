"""A search space for people to read, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nas.spaces.decisions import Interval
from nas.spaces.schema import CoreUnit, SmoothMax, SpaceFile
from nas.spaces.space import SearchSpace


@dataclass(frozen=True)
class Entry:
    """One line of a listing: `key`, and one `values` for a text or several for a set."""

    section: str  #: "" for the space itself
    key: str
    values: tuple[str, ...]


def describe(file: SpaceFile) -> list[Entry]:
    """What the space says about itself, its productions and its recipe, top to bottom."""
    size = SearchSpace(file).size()
    head = [
        Entry("", "name", (file.name,)),
        Entry("", "summary", (file.summary,)),
        Entry("", "source", (file.source,)),
        Entry("", "writings", ("endless" if size is None else f"{size:,}",)),
    ]
    return [e for e in head if e.values != ("",)] + _productions(file) + _recipe(file)


def _productions(file: SpaceFile) -> list[Entry]:
    entries: list[Entry] = []
    unit, pair = file.activation.core_unit, file.activation.smooth_max
    if unit is not None:
        entries += _core_unit(unit)
    if pair is not None:
        entries += _smooth_max(pair)
    return entries


def _core_unit(unit: CoreUnit) -> list[Entry]:
    rows: list[tuple[str, Sequence[object]]] = [
        ("depth", unit.depth),
        ("unary", unit.unary),
        ("binary", unit.binary),
        ("parameters", unit.parameters),
    ]
    return [Entry("core unit b(u1(x), u2(x))", key, tuple(map(str, values))) for key, values in rows]


def _smooth_max(rule: SmoothMax) -> list[Entry]:
    pieces = tuple(f"({g}, {h})" for g, h in rule.pieces)
    section = "smooth maximum S_beta(g(x), h(x))"
    return [Entry(section, "pieces", pieces), Entry(section, "parameters", rule.parameters)]


def _recipe(file: SpaceFile) -> list[Entry]:
    entries = [Entry("recipe", key, (_value(value),)) for key, value in file.settings.fixed().items()]
    for key, dimension in file.settings.dimensions().items():
        if isinstance(dimension, Interval):
            scale = ", logarithmic" if dimension.log else ""
            entries.append(Entry("recipe", key, (f"{dimension.low:g} to {dimension.high:g}{scale}",)))
        else:
            entries.append(Entry("recipe", key, tuple(map(_value, dimension.options))))
    return entries


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
