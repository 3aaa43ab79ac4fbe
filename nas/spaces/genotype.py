"""What a candidate's activation is made of: core units or two pieces under a smooth maximum.

A genotype is cheap to make; `build` does the mathematics and `write` spells it out in the syntax of
`nas.symbolic.parse`, before any simplification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from nas.spaces.formulas import BINARY, UNARY, template
from nas.symbolic.expression import Expression, Parameter, Scope, compose
from nas.symbolic.smooth_max import two_piece

IDENTITY = "x"
#: `two_piece` spelled out
SMOOTH_MAX = "(x1 - x2)*sigmoid(beta*(x1 - x2)) + x2"


@dataclass(frozen=True)
class Unit:
    """b(u1(y1), u2(y2)), where y1 and y2 are each x or, where `uses` says so, the unit `inner`."""

    binary: str
    unary: tuple[str, str]
    inner: Unit | None = None
    uses: tuple[bool, bool] = (False, False)

    @property
    def learns(self) -> bool:
        """Whether a formula of this unit, or of one inside, has a learnable parameter."""
        own = [template(u, UNARY) for u in self.unary] + [template(self.binary, BINARY)]
        return any(e.parameters for e in own) or (self.inner is not None and self.inner.learns)

    def build(self) -> Expression:
        """The function. Raises ExpressionError where it is not defined anywhere."""
        return _build_unit(self)

    def spell(self, speller: Speller) -> str:
        """The formula, with the inner unit's parameters the same wherever it stands."""
        inner = ""
        parts = []
        for unary, uses in zip(self.unary, self.uses, strict=True):
            if uses and self.inner is not None:
                inner = inner or self.inner.spell(speller)
            parts.append(speller.fill(unary, UNARY, {"x": inner if uses else IDENTITY}))
        return speller.fill(self.binary, BINARY, dict(zip(BINARY, parts, strict=True)))


@dataclass(frozen=True)
class SmoothPair:
    """S_beta(g(x), h(x))."""

    pieces: tuple[str, str]

    @property
    def learns(self) -> bool:
        """Its beta is always learned."""
        return True

    def build(self) -> Expression:
        """The function. Raises ExpressionError where it is not defined anywhere."""
        g, h = (template(p, UNARY) for p in self.pieces)
        return two_piece(g, h)

    def spell(self, speller: Speller) -> str:
        """The formula."""
        parts = [speller.fill(p, UNARY, {"x": IDENTITY}) for p in self.pieces]
        return speller.fill(SMOOTH_MAX, BINARY, dict(zip(BINARY, parts, strict=True)))


Genotype = Unit | SmoothPair


def write(genotype: Genotype, scope: Scope) -> str:
    """The formula as composed: it reads back to the same function, parameters and all."""
    speller = Speller(scope)
    return speller.number(genotype.spell(speller))


@lru_cache(maxsize=4096)
def _build_unit(unit: Unit) -> Expression:
    """Inner units come from the cache. One that is used twice is one function with one set of parameters, so
    it takes the place of x only when the rest is composed."""
    first, second = (template(u, UNARY) for u in unit.unary)
    binary = template(unit.binary, BINARY)
    if unit.inner is None:
        return compose(binary, {"x1": first, "x2": second})
    inner = unit.inner.build()
    if all(unit.uses):
        return compose(compose(binary, {"x1": first, "x2": second}), {"x": inner})
    if unit.uses[0]:
        return compose(binary, {"x1": compose(first, {"x": inner}), "x2": second})
    return compose(binary, {"x1": first, "x2": compose(second, {"x": inner})})


_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(\s*\[[^\]]*\])?")
_MARK = re.compile(r"@\d+:\w+@")
_TIGHT = re.compile(r"[\w.]+(\([^()]*\))?")


class Speller:
    """Puts texts into texts; parameters stay apart by the place of the formula they come from."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._places = count()
        self._parameters: dict[str, Parameter] = {}

    def fill(self, text: str, variables: tuple[str, ...], parts: dict[str, str]) -> str:
        """`text` with its variables replaced and its parameters marked with a new place."""
        expression = template(text, variables)
        words = {m[1] for m in _WORD.finditer(text)}
        if not {s.name for s in expression.tree.free_symbols} <= words:
            text = expression.short  # a function of the catalogue by its name: spell it out
        place = next(self._places)
        marks = {p.name: f"@{place}:{p.name}@" for p in expression.parameters}
        self._parameters |= {marks[p.name]: p for p in expression.parameters}

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name in marks:
                return marks[name]
            if name not in parts:
                return match[0]
            return parts[name] if _alone(match) else _bracketed(parts[name])

        return _WORD.sub(replaced, text)

    def number(self, text: str) -> str:
        """Marked parameters numbered within their family, place by place: beta1, beta2, … or just beta."""
        families: dict[str, list[str]] = {}
        for mark in filter(text.__contains__, self._parameters):
            families.setdefault(self._parameters[mark].name.rstrip("0123456789"), []).append(mark)
        written: dict[str, str] = {}
        for family, marks in families.items():
            for number, mark in enumerate(marks, start=1):
                name = f"{family}{number}" if len(marks) > 1 else family
                written[mark] = Parameter(name, self._scope, self._parameters[mark].start).text
        return _MARK.sub(lambda m: written[m[0]], text)


def _alone(match: re.Match[str]) -> bool:
    """Whether the word is a whole argument, or the whole text."""
    before, after = match.string[: match.start()].rstrip(), match.string[match.end() :].lstrip()
    return before[-1:] in ("", "(", ",") and after[:1] in ("", ")", ",")


def _bracketed(text: str) -> str:
    return text if _TIGHT.fullmatch(text) else f"({text})"
