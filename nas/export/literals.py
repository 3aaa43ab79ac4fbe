"""Values as Python source: what comes from a run folder enters a file only through here."""

from __future__ import annotations

import json
import math
import textwrap

WIDTH = 100


def literal(value: object) -> str:
    """Source of None, a bool, a finite number, a text, or a list or mapping of these; ASCII in one line."""
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "None"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(str(k))}: {literal(v)}' for k, v in value.items())}}}"
    raise TypeError(type(value).__name__)


def _text(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        return ascii(value)
    if "\\" in value and '"' not in value and not value.endswith("\\"):
        return f'r"{value}"'
    return json.dumps(value)  # as Python reads it, too, in double quotes


def constant(name: str, value: object) -> str:
    """`NAME = value`, broken into lines of at most WIDTH characters where it is long."""
    line = f"{name} = {literal(value)}"
    return line if len(line) <= WIDTH else f"{name} = {_broken(value, 0, len(name) + 3)}"


def _broken(value: object, indent: int, before: int = 0) -> str:
    """Over several lines, where `before` characters stand before it: items of a list, pieces of a text."""
    inner, outer = " " * (indent + 4), " " * indent
    written = literal(value)
    if len(written) + indent + before <= WIDTH or value is None or isinstance(value, bool | int | float):
        return written
    if isinstance(value, dict):
        pairs = [(literal(str(k)), v) for k, v in value.items()]
        items = [f"{k}: {_broken(v, indent + 4, len(k) + 2)}" for k, v in pairs]
        return "{\n" + "".join(f"{inner}{item},\n" for item in items) + f"{outer}}}"
    if isinstance(value, list | tuple):
        if any(isinstance(item, list | tuple | dict | str) for item in value):
            return "[\n" + "".join(f"{inner}{_broken(item, indent + 4)},\n" for item in value) + f"{outer}]"
        filled = textwrap.fill(", ".join(map(literal, value)), WIDTH - indent - 4, break_long_words=False)
        return "[\n" + textwrap.indent(filled, inner) + f",\n{outer}]"
    room = (WIDTH - indent - 6) // (1 if literal(value)[1:-1] == value else 10)  # an escape takes ten at most
    pieces = textwrap.wrap(
        str(value), room, drop_whitespace=False, replace_whitespace=False, expand_tabs=False
    )
    return "(\n" + "".join(f"{inner}{literal(piece)}\n" for piece in pieces) + f"{outer})"
