"""The words of a formula, and what is said of a text that is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nas.errors import ExpressionError

LONGEST_TEXT = 1000
MOST_TOKENS = 400
_LONGEST_SHOWN = 40

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<op>\*\*|[-+*/^(),\[\]])"
)


@dataclass(frozen=True)
class Token:
    """A word of the text and where it begins."""

    kind: str
    text: str
    position: int


def words(text: str) -> list[Token]:
    """The tokens of `text`, and one for its end. Raises ExpressionError."""
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(
            "the formula is too long", got=f"{len(text)} characters", allowed=f"at most {LONGEST_TEXT}"
        )
    tokens, position = [], 0
    while position < len(text):
        if text[position] in " \t\r\n":
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            character = text[position]
            cure = None if character.isascii() else "use plain ASCII letters, digits and signs"
            raise unreadable(text, position, f"unexpected character {character!r}", cure)
        tokens.append(Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    if len(tokens) > MOST_TOKENS:
        raise ExpressionError(
            "the formula is too long", got=f"{len(tokens)} words and signs", allowed=f"at most {MOST_TOKENS}"
        )
    return [*tokens, Token("end", "", len(text))]


def unreadable(text: str, position: int, problem: str, cure: str | None = None) -> ExpressionError:
    """The error for what stands at `position` of `text`."""
    start = max(0, position - 30)
    excerpt = f"{'…' if start else ''}{text[start : position + 30]}"
    where = f"at character {position + 1}"
    return ExpressionError(f"cannot read the formula: {problem} {where}", got=excerpt or "nothing", cure=cure)


def shown(word: str) -> str:
    """A word of the text in a message."""
    return repr(word if len(word) <= _LONGEST_SHOWN else f"{word[:_LONGEST_SHOWN]}…")
