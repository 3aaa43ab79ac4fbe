"""The rules that can be built of operands: u(b(u1(operand), u2(operand))), and the same within itself.

After Bello et al. 2017: a binary function of two operands, each behind a unary one, and a unary function
around it; from depth 2 on an operand may be such a pair again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

from nas.errors import ExpressionError, SpaceError
from nas.rules.rule import Rule, read

DEEPEST = 3  #: the parser's limit on brackets is near then
NESTED = "(…)"  #: the option of a pair where an operand may stand

_PLACE = re.compile(r"\b(x1|x2|x)\b")


class Chooser(Protocol):
    """Takes the decisions, as that of `nas.spaces.decisions`."""

    def choose(self, name: str, options: Sequence[str]) -> object:
        """One of `options`."""


@dataclass(frozen=True)
class Grammar:
    """Rules of these parts.

    operands  formulas of the operands, such as g, m(0.9), sign(g), 1e-4*w
    unary     formulas of x in front of an operand
    binary    formulas of x1 and x2
    outer     formulas of x around the outermost pair
    depth     pairs within one another, at most

    Raises:
        SpaceError: a part is no formula, none is given, or the depth is out of range.
    """

    operands: tuple[str, ...]
    unary: tuple[str, ...]
    binary: tuple[str, ...]
    outer: tuple[str, ...] = ("x",)
    depth: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= DEEPEST:
            raise SpaceError("the depth is out of range", got=self.depth, allowed=f"1 to {DEEPEST}")
        needed = {"operands": (), "unary": ("x",), "binary": ("x1", "x2"), "outer": ("x",)}
        for kind, places in needed.items():
            _check(kind, getattr(self, kind), places)

    def count(self) -> int:
        """How many formulas there are to write; several may be one rule."""
        return len(self.outer) * self._pairs(self.depth)

    def writing(self, rank: int) -> str:
        """Formula number `rank` of `count`, from 0."""
        if not 0 <= rank < self.count():
            raise IndexError(rank)
        rank, outer = divmod(rank, len(self.outer))
        return _filled(self.outer[outer], x=self._pair(self.depth, rank))

    def enumerate(self) -> Iterator[str]:
        """Every formula once."""
        return map(self.writing, range(self.count()))

    def sample(self, chooser: Chooser, prefix: str = "optimizer.rule") -> str:
        """A formula, decided by `chooser`; each decision has a name with always the same options."""
        outer = _chosen(chooser, f"{prefix}.outer", self.outer)
        return _filled(outer, x=self._sampled(chooser, prefix, self.depth))

    def _sampled(self, chooser: Chooser, place: str, level: int) -> str:
        binary = _chosen(chooser, f"{place}.binary", self.binary)
        parts = []
        for side in ("1", "2"):
            where = f"{place}.{side}"
            options = (*self.operands, NESTED) if level > 1 else self.operands
            inner = _chosen(chooser, f"{where}.operand", options)
            if inner == NESTED:
                inner = self._sampled(chooser, where, level - 1)
            parts.append(_filled(_chosen(chooser, f"{where}.unary", self.unary), x=inner))
        return _filled(binary, x1=parts[0], x2=parts[1])

    def _pairs(self, level: int) -> int:
        return len(self.binary) * self._parts(level) ** 2

    def _parts(self, level: int) -> int:
        """What may stand on one side of a pair."""
        inner = len(self.operands) + (self._pairs(level - 1) if level > 1 else 0)
        return len(self.unary) * inner

    def _pair(self, level: int, rank: int) -> str:
        rank, binary = divmod(rank, len(self.binary))
        first, second = divmod(rank, self._parts(level))
        return _filled(self.binary[binary], x1=self._part(level, first), x2=self._part(level, second))

    def _part(self, level: int, rank: int) -> str:
        rank, unary = divmod(rank, len(self.unary))
        own = len(self.operands)
        inner = self.operands[rank] if rank < own else self._pair(level - 1, rank - own)
        return _filled(self.unary[unary], x=inner)


def _chosen(chooser: Chooser, name: str, options: Sequence[str]) -> str:
    """No decision where there is one option only."""
    return options[0] if len(options) == 1 else cast(str, chooser.choose(name, options))


def _filled(template: str, **parts: str) -> str:
    """The template with a formula in each place, in brackets where it is more than a word."""

    def bracketed(match: re.Match[str]) -> str:
        part = parts[match[1]]
        return part if part.isidentifier() or template == match[1] else f"({part})"

    return _PLACE.sub(bracketed, template)


def _check(kind: str, formulas: tuple[str, ...], places: tuple[str, ...]) -> None:
    if not formulas or len(set(formulas)) < len(formulas):
        raise SpaceError(
            f"{kind} needs at least one formula, each once", got=", ".join(formulas) or "nothing"
        )
    for formula in formulas:
        wanted = set(_PLACE.findall(formula))
        try:
            if not wanted <= set(places):
                raise ExpressionError("a place has no meaning here", got=formula)
            read(_filled(formula, **dict.fromkeys(places, "g")))
        except ExpressionError as error:
            allowed = f"formulas of {' and '.join(places) or 'the operands'}"
            raise SpaceError(f"{kind}: {error.what}", got=formula, allowed=allowed, cure=error.cure) from None


def meant(writing: str) -> Rule | None:
    """The rule that a formula of a grammar writes; None where it has no value, as 1/(g - g)."""
    try:
        return read(writing)
    except ExpressionError:
        return None


_DECAYED = ("1e-4*w", "1e-3*w", "1e-2*w", "1e-1*w")
_CLIPPED = tuple(f"max(min(x, {c}), -{c})" for c in ("1e-5", "1e-4", "1e-3"))

#: the parts of Bello et al. 2017, without noise and dropout; their delta is 1e-8
BELLO = Grammar(
    operands=(
        *("g", "g^2", "g^3", "m", "v", "c", "sign(g)", "sign(m)", "1", "2"),
        *("linear", "cyclical(10)", "restarts(10)"),
        *_DECAYED,
        *("adam", "rmsprop"),
    ),
    unary=("x", "-x", "exp(x)", "log(abs(x) + 1e-8)", "sqrt(abs(x))", "sign(x)", *_CLIPPED),
    binary=("x1 + x2", "x1 - x2", "x1*x2", "x1/(x2 + 1e-8)", "exp(x2*log(abs(x1) + 1e-8))"),
    outer=("x", "exp(x)", "sign(x)", *_CLIPPED),
)

#: with what later rules look at: averages of longer memory, and interpolations of m and g
WIDE = replace(
    BELLO,
    operands=(
        *BELLO.operands,
        *("m(0.99)", "mhat", "v(0.99)", "vhat", "cosine"),
        *("0.9*m + 0.1*g", "0.9*last_m(0.99) + 0.1*g", "sign(0.9*last_m(0.99) + 0.1*g)"),
    ),
    depth=DEEPEST,
)
