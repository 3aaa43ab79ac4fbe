"""What a space may write, as a tree of choices that drawing, counting, walking and searching all share.

A rule is x, one formula of several around the writings of other rules, one rule of several, or the writings
of one rule inside those of another. Every writing of a rule has a rank from 0 to `size(rule)` - 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import cast

from nas.spaces.decisions import Chooser, Value
from nas.spaces.genotype import Call, Genotype, Input, Inside


@dataclass(frozen=True)
class Apply:
    """One of `formulas`, by the decision `name`, around a writing of each of `parts`."""

    name: str
    formulas: tuple[str, ...]
    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class OneOf:
    """A writing of one of `rules`, which the decision `name` knows by `labels`."""

    name: str
    labels: tuple[Value, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Within:
    """A writing of `outer` in which every x is one and the same writing of `inner`."""

    outer: Rule
    inner: Rule


Rule = Input | Apply | OneOf | Within


def draw(rule: Rule, chooser: Chooser) -> Genotype:
    """A writing, decided by `chooser`: what is inside first, the formula around it last."""
    if isinstance(rule, Input):
        return rule
    if isinstance(rule, OneOf):
        chosen = chooser.choose(rule.name, rule.labels)
        return draw(rule.rules[rule.labels.index(chosen)], chooser)
    if isinstance(rule, Within):
        inner = draw(rule.inner, chooser)
        return Inside(draw(rule.outer, chooser), inner)
    parts = tuple(draw(part, chooser) for part in rule.parts)
    return Call(cast(str, chooser.choose(rule.name, rule.formulas)), parts)


@lru_cache(maxsize=4096)
def size(rule: Rule) -> int:
    """How many writings a rule has, limits apart."""
    if isinstance(rule, Input):
        return 1
    if isinstance(rule, OneOf):
        return sum(map(size, rule.rules))
    if isinstance(rule, Within):
        return size(rule.outer) * size(rule.inner)
    return len(rule.formulas) * prod(map(size, rule.parts))


def decisions(rule: Rule, rank: int) -> Iterator[tuple[str, Value]]:
    """The decisions of the writing number `rank`."""
    if isinstance(rule, OneOf):
        for label, option in zip(rule.labels, rule.rules, strict=True):
            if rank < size(option):
                yield rule.name, label
                yield from decisions(option, rank)
                return
            rank -= size(option)
    elif isinstance(rule, Within):
        inner, outer = divmod(rank, size(rule.outer))
        yield from decisions(rule.inner, inner)
        yield from decisions(rule.outer, outer)
    elif isinstance(rule, Apply):
        rank, formula = divmod(rank, len(rule.formulas))
        yield rule.name, rule.formulas[formula]
        for part in reversed(rule.parts):
            rank, at = divmod(rank, size(part))
            yield from decisions(part, at)
