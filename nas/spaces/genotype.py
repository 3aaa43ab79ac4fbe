"""What a candidate's activation is made of: formulas around formulas around x.

A genotype is cheap to make; `build` does the mathematics and `write` spells it out in the syntax of
`nas.symbolic.parse`, before any simplification.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy

from nas.spaces.formulas import Learning, template, variables
from nas.spaces.speller import Speller
from nas.symbolic.expression import Expression, compose, symbol
from nas.symbolic.parse import parse


@dataclass(frozen=True)
class Input:
    """x."""


@dataclass(frozen=True)
class Call:
    """A formula in x, or in x1, x2, …, around its parts; each call has learnable parameters of its own."""

    formula: str
    parts: tuple[Genotype, ...]


@dataclass(frozen=True)
class Inside:
    """`outer` with `inner` in place of x: one function with one set of parameters, wherever it stands."""

    outer: Genotype
    inner: Genotype


Genotype = Input | Call | Inside

X = Input()


def learns(genotype: Genotype) -> bool:
    """Whether any formula has a learnable parameter."""
    if isinstance(genotype, Inside):
        return learns(genotype.outer) or learns(genotype.inner)
    if isinstance(genotype, Call):
        own = template(genotype.formula, variables(len(genotype.parts))).parameters
        return bool(own) or any(map(learns, genotype.parts))
    return False


def build(genotype: Genotype, learning: Learning, tied: bool = False) -> Expression:
    """The function; `tied` makes parameters of one name one. Raises ExpressionError where there is none."""
    function = _tied(genotype) if tied else _apart(genotype)
    if learning != "fixed":
        return function.with_scope(learning)
    starts = {symbol(p.name): sympy.Rational(str(p.start)) for p in function.parameters}
    return Expression.of(function.tree.xreplace(starts)) if starts else function


def write(genotype: Genotype, learning: Learning, tied: bool = False) -> str:
    """The formula as composed: it reads back to the same function, parameters and all."""
    speller = Speller(learning, tied)
    return speller.finish(_spell(genotype, speller, "x"))


def _spell(genotype: Genotype, speller: Speller, x: str) -> str:
    if isinstance(genotype, Inside):
        return _spell(genotype.outer, speller, _spell(genotype.inner, speller, x))
    if isinstance(genotype, Input):
        return x
    names = variables(len(genotype.parts))
    parts = [_spell(part, speller, x) for part in genotype.parts]
    return speller.fill(genotype.formula, names, dict(zip(names, parts, strict=True)))


@lru_cache(maxsize=4096)
def _apart(genotype: Genotype) -> Expression:
    """With parameters of its own for every call."""
    if isinstance(genotype, Inside):
        return compose(_apart(genotype.outer), {"x": _apart(genotype.inner)})
    if isinstance(genotype, Input):
        return parse("x")
    names = variables(len(genotype.parts))
    around = template(genotype.formula, names)
    if genotype.parts == (X,):
        return around
    return compose(around, {n: _apart(part) for n, part in zip(names, genotype.parts, strict=True)})


@lru_cache(maxsize=4096)
def _tied(genotype: Genotype) -> Expression:
    """With one parameter for each name that the formulas use."""
    if isinstance(genotype, Input):
        return parse("x")
    if isinstance(genotype, Inside):
        around, parts = _tied(genotype.outer), {"x": _tied(genotype.inner)}
    else:
        names = variables(len(genotype.parts))
        around = template(genotype.formula, names)
        parts = {n: _tied(part) for n, part in zip(names, genotype.parts, strict=True)}
    tree = around.tree.xreplace({symbol(n): part.tree for n, part in parts.items()})
    parameters = {p.name: p for e in (around, *parts.values()) for p in e.parameters}
    return Expression.of(tree, tuple(parameters.values()))
