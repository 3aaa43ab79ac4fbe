"""`--set key=value`: a value of a space file, put in before the file is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from nas.errors import SettingError
from nas.registry import did_you_mean
from nas.spaces.faults import TABLES

Path = tuple[str, ...]

_PARTS: tuple[Path, ...] = (
    ("optimizer",),
    ("optimizer", "hyper"),
    ("init",),
    ("network",),
    ("network", "macro"),
)


def override(data: Mapping[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """A copy of `data` with every `key=value` of `texts` put in, the last one winning.

    The key is a dotted path into the file, or the end of one where only one path ends so: `core_unit.depth`,
    `lr`. The value is TOML; what is no TOML is a text.

    Raises:
        SettingError: no `=`, or a key that names nothing or several things.
    """
    changed = dict(data)
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key.strip():
            raise SettingError("--set takes key=value", got=text, cure="for example --set lr=0.05")
        changed = _put(changed, _find(key.strip(), _paths(changed)), _value(value))
    return changed


def _paths(data: Mapping[str, Any]) -> list[Path]:
    """What may be set: keys of what the file has, of the limits, of update rules and of the recipe."""
    activation = data.get("activation")
    paths: list[Path] = [(key,) for key in TABLES[()] if key in ("name", "summary", "source")]
    for production in TABLES["activation",]:
        there = isinstance(activation, Mapping) and isinstance(activation.get(production), Mapping)
        if there or production == "limits":
            paths += [("activation", production, key) for key in TABLES["activation", production]]
    for table in _PARTS:
        if _has(data, table) or table[0] == "optimizer":
            paths += [(*table, key) for key in TABLES[table] if (*table, key) not in TABLES]
    return paths + [("recipe", key) for key in TABLES["recipe",]]


def _has(data: Mapping[str, Any], table: Path) -> bool:
    below: Any = data
    for key in table:
        below = below.get(key) if isinstance(below, Mapping) else None
    return isinstance(below, Mapping)


def _find(key: str, paths: Sequence[Path]) -> Path:
    wanted = tuple(part.strip() for part in key.split("."))
    found = [path for path in paths if path == wanted] or [p for p in paths if p[-len(wanted) :] == wanted]
    found = [path for path in found if path[0] == "recipe"] or found  # norm and width are meant for all
    if len(found) == 1:
        return found[0]
    allowed = ", ".join(".".join(path) for path in found or paths)
    if found:
        raise SettingError("--set: the key stands for several values", got=key, allowed=allowed)
    names = {".".join(path[i:]): None for path in paths for i in range(len(path))}
    raise SettingError("--set: there is no such key", got=key, allowed=allowed, cure=did_you_mean(key, names))


def _value(text: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return read["value"] if set(read) == {"value"} else text.strip()


def _put(table: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of `table` with `value` at `path`; what is not on the way is shared."""
    first, *rest = path
    if not rest:
        return {**table, first: value}
    below = table.get(first)
    return {**table, first: _put(below if isinstance(below, Mapping) else {}, tuple(rest), value)}
