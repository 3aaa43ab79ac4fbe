"""A search space for people to read, as data."""

from __future__ import annotations

from dataclasses import dataclass

from nas.spaces.decisions import Interval
from nas.spaces.schema import SpaceFile
from nas.spaces.space import SearchSpace

#: writings; a larger space is not evaluated before it is searched
LARGEST_UNIFORM = 2_000_000


def uniform_over_functions(space: SearchSpace) -> bool:
    """Whether random proposals are uniform over different functions, and not only over writings."""
    return space.writings() <= LARGEST_UNIFORM


@dataclass(frozen=True)
class Entry:
    """One line of a listing: `key`, and one `values` for a text or several for a set."""

    section: str  #: "" for the space itself
    key: str
    values: tuple[str, ...]


def describe(file: SpaceFile) -> list[Entry]:
    """What the space says about itself, its productions and its recipe, top to bottom."""
    space = SearchSpace(file)
    size = space.size()
    head = [
        Entry("", "name", (file.name,)),
        Entry("", "summary", (file.summary,)),
        Entry("", "source", (file.source,)),
        Entry("", "writings", ("endless" if size is None else f"{size:,}",)),
        Entry("", "random draws", (random_draws(space),)),
    ]
    return [e for e in head if e.values != ("",)] + _productions(file) + _parts(file) + _recipe(file)


def random_draws(space: SearchSpace) -> str:
    """What random proposals are uniform over, and why."""
    if uniform_over_functions(space):
        return "uniform over different functions"
    return f"uniform over writings: more than {LARGEST_UNIFORM:,}, too many to tell the functions apart first"


def _productions(file: SpaceFile) -> list[Entry]:
    """Each production as its table says it, under the formula that it stands for."""
    entries: list[Entry] = []
    for key, table in file.activation:
        for name, value in table or ():
            if value is not None and value is not False:
                entries.append(Entry(_SECTIONS[key], name, _values(value)))
    return entries


_SECTIONS = {
    "core_unit": "core unit b(u1(x), u2(x))",
    "smooth_max": "smooth maximum S_beta(g(x), h(x))",
    "shapes": "shapes of unary u, binary b and n-ary n",
    "limits": "limits",
}


def _values(value: object) -> tuple[str, ...]:
    if isinstance(value, dict):
        return tuple(f"no {' or '.join(inner)} inside {outer}" for outer, inner in value.items())
    entries = value if isinstance(value, tuple) else (value,)
    return tuple(f"({', '.join(e)})" if isinstance(e, tuple) else _value(e) for e in entries)


def _parts(file: SpaceFile) -> list[Entry]:
    """The tables of update rules, inits and networks, as the file says them."""
    entries: list[Entry] = []
    for key in ("optimizer", "init", "network"):
        for name, value in (file.to_data().get(key) or {}).items():
            if isinstance(value, dict) and not {"low", "high"} <= value.keys():
                entries += [
                    Entry(f"{key} {name}", k, _shown(v)) for k, v in value.items() if v not in (None, {})
                ]
            elif value not in (None, {}, False):
                entries.append(Entry(key, name, _shown(value)))
    return entries


def _shown(value: object) -> tuple[str, ...]:
    if isinstance(value, dict):
        scale = ", logarithmic" if value.get("log") else ""
        return (f"{value['low']:g} to {value['high']:g}{scale}",)
    return tuple(map(_value, value)) if isinstance(value, list | tuple) else (_value(value),)


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
