"""Inits as text: `he_normal`, `normal(fan=in, gain=he)`, `he_normal(fan=out)`, `lsuv(orthogonal)`.

init     NAME | NAME(keyword=value, ...) | HEAD(keyword=value, ...) | STEP(init)
NAME     a row of INITS, whose parts the keywords replace
HEAD     a distribution of weights, gain one where no keyword says otherwise
keyword  fan: in, out, avg, none; gain: a name or a number; depth: none, sqrt, fixup
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from nas.errors import SettingError
from nas.registry import Table, did_you_mean
from nas.rows.init_law import Init, Law, law
from nas.rows.init_parts import DEPTHS, FANS, GAINS, HEADS, STEPS
from nas.rows.inits import INITS

LONGEST = 300  #: characters
_LARGEST = 1e6  #: a gain
_KEYWORDS = ("fan", "gain", "depth")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\.)(?![\w.])"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>[(),=]))",
    re.ASCII,
)


@dataclass(frozen=True)
class _Token:
    kind: str  #: number, name, sign, end
    text: str
    at: int


@lru_cache(maxsize=1024)
def read(text: str) -> Init:
    """The init that `text` means.

    Raises:
        SettingError: no init; it says where, what is allowed and a near name.
    """
    if len(text) > LONGEST:
        raise SettingError(
            "the text of an init is too long",
            got=f"{len(text)} characters",
            allowed=f"at most {LONGEST} characters",
        )
    reader = _Reader(text)
    init = reader.init()
    reader.take("end")
    return init


def name_of(init: Init) -> str | None:
    """The row that means the same; None where none does."""
    return next((row.name for row in INITS.values() if read(row.text) == init), None)


class _Reader:
    """The tokens of a text, taken from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))

    def take(self, kind: str, what: str | None = None) -> str:
        """The next token, which must be of `kind` and, if given, be `what`."""
        token = self._tokens[0]
        if token.kind != kind or (what is not None and token.text != what):
            wanted = {"end": "nothing more", "name": "a name"}.get(kind, repr(what))
            raise _unreadable(self._text, token.at, f"{wanted} is expected")
        self._tokens.pop(0)
        return token.text

    def _sees(self, sign: str) -> bool:
        return self._tokens[0].kind == "sign" and self._tokens[0].text == sign

    def init(self) -> Init:
        """A name with what stands in its parentheses."""
        name = self.take("name")
        if not self._sees("("):
            return _row(name)
        self.take("sign", "(")
        if name in STEPS and self._tokens[0].kind == "name" and self._tokens[1].text != "=":
            inner = self.init()
            self.take("sign", ")")
            if name in inner.steps:
                raise SettingError(
                    f"the step {name} is there twice", got=self._text, allowed="each step once"
                )
            return Init(inner.law, (*inner.steps, name))
        init = Init(law(name, HEADS[name].fan, "one")) if name in HEADS else _row(name)
        values = self._keywords()
        self.take("sign", ")")
        return replace(init, law=_changed(init.law, values))

    def _keywords(self) -> dict[str, str]:
        values: dict[str, str] = {}
        while not self._sees(")"):
            if values:
                self.take("sign", ",")
            key = self.take("name")
            if key not in _KEYWORDS:
                raise SettingError(
                    "an init has no such part",
                    got=key,
                    allowed=", ".join(_KEYWORDS),
                    cure=did_you_mean(key, _KEYWORDS),
                )
            if key in values:
                raise SettingError(f"{key} is there twice", got=self._text, allowed="each part once")
            self.take("sign", "=")
            number = key == "gain" and self._tokens[0].kind == "number"
            values[key] = self.take("number" if number else "name")
        return values


def _row(name: str) -> Init:
    if name in INITS:
        return read(INITS[name].text)
    names = list(dict.fromkeys([*INITS, *(f"{head}()" for head in HEADS), *STEPS]))
    raise SettingError(
        "there is no init of this name", got=name, allowed=", ".join(names), cure=did_you_mean(name, names)
    )


def _changed(old: Law, values: dict[str, str]) -> Law:
    for key, table in (("fan", FANS), ("depth", DEPTHS)):
        if key in values:
            _find(table, values[key])
    gain = old.gain if "gain" not in values else _gain(values["gain"], old.head)
    return law(old.head, values.get("fan", old.fan), gain, values.get("depth", old.depth))


def _gain(text: str, head: str) -> str | float:
    if text[0] in "0123456789.":
        number = float(text)
        if not math.isfinite(number) or number > _LARGEST or (number == 0 and head != "constant"):
            raise SettingError("a gain is out of range", got=text, allowed=f"above 0, at most {_LARGEST:g}")
        return number
    return _find(GAINS, text)


def _find(table: Table[Any], name: str) -> str:
    table.find(name)
    return name


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            at = len(text) - len(text[position:].lstrip())
            raise _unreadable(text, at, f"{text[at]!r} has no meaning here")
        yield _Token(str(match.lastgroup), match.group().strip(), match.end() - len(match.group().strip()))
        position = match.end()
    yield _Token("end", "", len(text))


def _unreadable(text: str, at: int, problem: str) -> SettingError:
    return SettingError(
        f"cannot read the init: {problem}, at character {at + 1}",
        got=text or "nothing",
        allowed="NAME, NAME(fan=..., gain=..., depth=...), STEP(init)",
        cure="see `nas describe init` for the names",
    )
