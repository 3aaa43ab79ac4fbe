"""How operators are put together: `b(u(u(x)), u(x))` is any binary of any unary of any unary, and any unary.

shape = kind "(" part { "," part } ")"       part = "x" | shape
kind  = "u" (one part) | "b" (two) | "n" (three)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pydantic_core import PydanticCustomError

from nas.errors import SpaceError

DEEPEST = 8  #: operators inside one another
LONGEST = 200  #: characters

#: kind by letter, and how many parts it takes
KINDS = {"u": "unary", "b": "binary", "n": "nary"}
PARTS = {"unary": 1, "binary": 2, "nary": 3}

_TOKEN = re.compile(r"\s*([a-z]+|[(),]|\S|$)")


@dataclass(frozen=True)
class Shape:
    """An operator of `kind` around its parts; a part that is None is x."""

    kind: str
    parts: tuple[Shape | None, ...]

    @property
    def kinds(self) -> set[str]:
        """Every kind of operator in it."""
        return {self.kind}.union(*(part.kinds for part in self.parts if part is not None))


@lru_cache(maxsize=1024)
def parse_shape(text: str) -> Shape:
    """The shape that `text` writes. Raises SpaceError."""
    if len(text) > LONGEST:
        raise SpaceError("a shape is too long", got=f"{len(text)} characters", allowed=f"at most {LONGEST}")
    tokens = [m[1] for m in _TOKEN.finditer(text)]
    shape = _part(tokens, 1)
    if tokens[0]:
        raise _error(f"unexpected {tokens[0]!r} behind its end")
    if shape is None:
        raise _error("x alone has no operator")
    return shape


def check_shape(text: str) -> str:
    """A validator: the text is a shape."""
    try:
        parse_shape(text)
    except SpaceError as error:
        hints = {"allowed": error.allowed or _ALLOWED}
        raise PydanticCustomError("shape", "not a shape: {what}", {"what": error.what, **hints}) from None
    return text


_ALLOWED = "u(…), b(…, …) and n(…, …, …) around x, such as b(u(u(x)), u(x))"


def _part(tokens: list[str], depth: int) -> Shape | None:
    word = tokens.pop(0)
    if word == "x":
        return None
    if word not in KINDS:
        raise _error(f"expected u, b, n or x and found {word!r}" if word else "it ends too early")
    if depth > DEEPEST:
        raise _error(f"operators nested deeper than {DEEPEST}")
    _expect(tokens, "(")
    parts = [_part(tokens, depth + 1)]
    while tokens[0] == ",":
        tokens.pop(0)
        parts.append(_part(tokens, depth + 1))
    _expect(tokens, ")")
    kind = KINDS[word]
    if len(parts) != PARTS[kind]:
        raise _error(f"{word} takes {PARTS[kind]} part{'s' * (PARTS[kind] > 1)}, not {len(parts)}")
    return Shape(kind, tuple(parts))


def _expect(tokens: list[str], sign: str) -> None:
    if tokens[0] != sign:
        raise _error(f"expected {sign!r} and found {tokens[0]!r}" if tokens[0] else "it ends too early")
    tokens.pop(0)


def _error(problem: str) -> SpaceError:
    return SpaceError(problem, allowed=_ALLOWED)
