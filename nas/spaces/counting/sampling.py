"""A space too large to evaluate: how many functions it has at least, judged from random writings.

Chao's estimator (1984, in the form that is unbiased where all functions are equally likely) asks how often
one function was met twice. It errs to the low side where functions differ in how many writings they have, so
the interval reaches up to the number of ways to put the different parts together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from nas.spaces.counting.evaluator import Evaluator, TooLarge
from nas.spaces.counting.signatures import Hashes, salted, signatures
from nas.spaces.counting.sketch import Estimate
from nas.spaces.counting.table import Table, stacked
from nas.spaces.counting.threads import in_order
from nas.spaces.genotype import Input
from nas.spaces.rules import Apply, OneOf, Rule, Within

WRITINGS = 1 << 18  #: that are drawn
_BATCH = 1 << 11
_SEED = 20170307


@dataclass(frozen=True)
class Place:
    """A production under one way to learn its parameters."""

    evaluator: Evaluator
    salt: int

    @cached_property
    def bound(self) -> int:
        """Ways to put the different parts together."""
        return _bound(self.evaluator, self.evaluator.rule)

    def draw(self, count: int, random: np.random.Generator) -> tuple[Hashes, int]:
        """(signatures of those that are within the limits, how many were drawn)."""
        if count == 0:
            return np.empty(0, np.uint64), 0
        table = _draw(self.evaluator, self.evaluator.rule, None, count, random)
        hashes, learns = signatures(table.values)
        return np.where(learns, salted(hashes, self.salt), hashes)[table.ranks >= 0], count


def estimate(places: list[Place]) -> Estimate:
    """How many different functions all places have together."""
    bounds = [place.bound for place in places]
    shares = [bound / sum(bounds) for bound in bounds]

    def batch(number: int) -> Hashes:
        random = np.random.default_rng([_SEED, number])
        counts = random.multinomial(_BATCH, shares)
        return np.concatenate([p.draw(int(n), random)[0] for p, n in zip(places, counts, strict=True)])

    met = np.concatenate(list(in_order(batch, range(WRITINGS // _BATCH))))
    share = (len(met) + 2) / (WRITINGS + 4)  # within the limits (Agresti & Coull 1998)
    highest = sum(bounds) * min(share + 1.96 * math.sqrt(share * (1 - share) / WRITINGS), 1)
    return _chao(np.unique(met, return_counts=True)[1], highest)


def _chao(counts: Any, highest: float) -> Estimate:
    """From how often each function was met; the lower end is Chao's (1987) 95 % limit."""
    seen, once, twice = len(counts), int((counts == 1).sum()), int((counts == 2).sum())
    unseen = once * (once - 1) / (2 * (twice + 1))
    if unseen == 0:
        return Estimate(seen, seen, max(seen, round(highest)))
    ratio = once / (twice + 1)
    variance = unseen + once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2) + ratio**4 * twice / 4
    spread = math.exp(1.96 * math.sqrt(math.log(1 + variance / unseen**2)))
    value = round(seen + unseen)
    return Estimate(value, round(seen + unseen / spread), max(value, round(highest)))


def _bound(evaluator: Evaluator, rule: Rule) -> int:
    table = _table(evaluator, rule)
    if table is not None:
        return len(table)
    if isinstance(rule, OneOf):
        return sum(_bound(evaluator, option) for option in rule.rules)
    if isinstance(rule, Within):
        return _bound(evaluator, rule.inner) * _bound(evaluator, rule.outer)
    if isinstance(rule, Apply):
        return len(rule.formulas) * prod(_bound(evaluator, part) for part in rule.parts)
    return 1


def _table(evaluator: Evaluator, rule: Rule) -> Table | None:
    """Its different functions, None where they are too many."""
    try:
        return evaluator.table(rule)
    except TooLarge:
        return None


def _draw(
    evaluator: Evaluator, rule: Rule, x: Table | None, count: int, random: np.random.Generator
) -> Table:
    """`count` writings of `rule`, row by row around `x` where one is given; rank -1: outside the limits."""
    if x is None and (table := _table(evaluator, rule)) is not None:
        return _valid(table[random.integers(len(table), size=count)], True)
    if isinstance(rule, Input):
        return evaluator.x[np.zeros(count, np.intp)] if x is None else x
    if isinstance(rule, Within):
        inner = _draw(evaluator, rule.inner, x, count, random)
        return _draw(evaluator, rule.outer, inner, count, random)
    if isinstance(rule, OneOf):
        bounds = np.array([float(_bound(evaluator, option)) for option in rule.rules])
        chosen = random.choice(len(bounds), size=count, p=bounds / bounds.sum())

        def one_of(number: int, rows: Any) -> Table:
            here = None if x is None else x[rows]
            return _draw(evaluator, rule.rules[number], here, len(rows), random)

        return _scattered(chosen, one_of)
    parts = [_draw(evaluator, part, x, count, random) for part in rule.parts]
    shared = (evaluator.x if x is None else x).values.shape[1] - 1

    def around(number: int, rows: Any) -> Table:
        inside = [part[rows] for part in parts]
        table, allowed = evaluator.applied(rule, number, inside, shared)
        return _valid(table, np.all([part.ranks >= 0 for part in inside], axis=0) & _mask(allowed, len(rows)))

    return _scattered(random.integers(len(rule.formulas), size=count), around)


def _scattered(chosen: Any, make: Any) -> Table:
    """The rows of `make(number, rows)` for each number that was chosen, back in their places."""
    rows = [np.flatnonzero(chosen == number) for number in np.unique(chosen)]
    made = [make(int(number), r) for number, r in zip(np.unique(chosen), rows, strict=True)]
    return stacked(made)[np.argsort(np.concatenate(rows))]


def _valid(table: Table, allowed: Any) -> Table:
    return Table(table.values, np.where(allowed, 0, np.full(len(table), -1)), table.tracks)


def _mask(allowed: Any, rows: int) -> Any:
    return np.ones(rows, bool) if isinstance(allowed, slice) else allowed
