"""A rule evaluated layer by layer: whatever stands inside an operator is there once for each function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from nas.errors import NasError
from nas.spaces.counting.operators import BASE, Array, Operator, moved, operator
from nas.spaces.counting.signatures import POINTS, Hashes, signatures
from nas.spaces.counting.sketch import Ranks
from nas.spaces.counting.table import Layout, Table, first, padded, stacked
from nas.spaces.counting.threads import in_order
from nas.spaces.counting.tracks import Tracker
from nas.spaces.genotype import Input
from nas.spaces.grammar import Production
from nas.spaces.rules import Apply, OneOf, Rule, Within, size
from nas.spaces.weights import Limits

LARGEST_TABLE = 1_500_000  #: rows times slots, 400 bytes each
_CHUNK = 1 << 16  # numbers that operators work on at a time; they stay in the cache
_TASK = 1 << 17  # numbers of one task of a thread, for each operator


class TooLarge(NasError):
    """More evaluations or memory than the caller allows."""


class Evaluator:
    """The functions of one production, at most `budget` evaluations of rows."""

    def __init__(
        self, production: Production, fixed: bool, limits: Limits, exact: bool, budget: float
    ) -> None:
        self.rule, self._fixed, self._exact, self._budget = production.rule, fixed, exact, budget
        self._type = np.dtype(np.float64 if exact else np.float32)
        self._tracker = Tracker(limits)
        self._known: dict[object, Table | TooLarge] = {}
        self._tied = tuple(sorted(_names(production.rule))) if production.tied and not fixed else ()

    @cached_property
    def x(self) -> Table:
        """The variable."""
        points = np.broadcast_to(POINTS.astype(self._type), (1, 1 + len(self._tied), len(POINTS)))
        return Table(points, np.zeros(1, np.int64), self._tracker.x)

    def functions(self) -> Iterator[tuple[Hashes, Any, Ranks]]:
        """(signatures, whether parameters matter, ranks) of every writing that the layers leave to evaluate.

        Raises:
            TooLarge: there are more than the budget.
        """
        self._check(self.rule)
        tasks = self.tasks(self.rule, self.x)
        return in_order(lambda task: _joined([(*signatures(t.values), t.ranks) for t in task]), tasks)

    def rows(self, rule: Rule) -> int:
        """How many functions have to be evaluated for `rule`, what is inside its operators apart."""
        if isinstance(rule, Input):
            return 1
        if isinstance(rule, OneOf):
            return sum(map(self.rows, rule.rules))
        if isinstance(rule, Within):
            return len(self.table(rule.inner)) * self.rows(rule.outer)
        return len(rule.formulas) * prod(len(self.table(part)) for part in rule.parts)

    def table(self, rule: Rule, x: Table | None = None) -> Table:
        """Every function of `rule` once, in the order of their first writings."""
        if isinstance(rule, Input):
            return self.x if x is None else x
        if x is not None:
            return self._distinct(self.tasks(rule, x))
        key = _structure(rule)
        if key not in self._known:
            try:
                self._check(rule)
                self._known[key] = self._distinct(self.tasks(rule, self.x), threads=True)
            except TooLarge as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, TooLarge):
            raise found
        return found

    def _check(self, rule: Rule) -> None:
        if self.rows(rule) > self._budget:
            raise TooLarge("too many functions to evaluate", allowed=f"{self._budget:,.0f}")

    def _distinct(self, tasks: Iterator[Iterator[Table]], threads: bool = False) -> Table:
        """The tables of all tasks in one, without what is there already."""
        seen: Hashes = np.empty(0, np.uint64)
        kept: list[Table] = []
        total = 0
        for hashes, table in in_order(first, tasks) if threads else map(first, tasks):
            new = ~np.isin(hashes, seen)
            seen = np.concatenate([seen, hashes[new]])
            kept.append(table[new])
            total += int(new.sum()) * table.values.shape[1]
            if total > LARGEST_TABLE:
                raise TooLarge("too many functions to keep", allowed=f"{LARGEST_TABLE:,}")
        return stacked(kept)

    def tasks(self, rule: Rule, x: Table) -> Iterator[Iterator[Table]]:
        """Pieces of work, each of which gives the values of some writings of `rule` around `x`."""
        if isinstance(rule, Input):
            yield iter([x])
        elif isinstance(rule, OneOf):
            offset = 0
            for option in rule.rules:
                for task in self.tasks(option, x):
                    yield _shifted(task, offset)
                offset += size(option)
        elif isinstance(rule, Within):
            inner = self.table(rule.inner, None if x is self.x else x)
            for row in range(len(inner)):
                yield self._around_one(rule, inner[row : row + 1])
        else:
            parts = [self.table(part, None if x is self.x else x) for part in rule.parts]
            rows = prod(map(len, parts))
            step = max(_TASK // (parts[0].values.shape[1] * len(POINTS)), 1)
            for start in range(0, rows, step):
                yield self._apply(rule, parts, x, start, min(start + step, rows))

    def _around_one(self, rule: Within, inner: Table) -> Iterator[Table]:
        """`outer` around one function, which is its x."""
        x = Table(inner.values, np.zeros(1, np.int64), inner.tracks)
        for task in self.tasks(rule.outer, x):
            for table in task:
                yield Table(table.values, table.ranks + inner.ranks * size(rule.outer), table.tracks)

    def _apply(self, rule: Apply, parts: list[Table], x: Table, start: int, stop: int) -> Iterator[Table]:
        """Every formula around the combinations number `start` to `stop` of the parts."""
        lengths = [len(part) for part in parts]
        shared = x.values.shape[1] - 1
        slots = shared + sum(part.values.shape[1] - shared for part in parts)
        step = max(_CHUNK // (slots * len(POINTS)), 1)
        for low in range(start, stop, step):
            at = np.unravel_index(np.arange(low, min(low + step, stop)), lengths)
            rows = [part[i] for part, i in zip(parts, at, strict=True)]
            for number in range(len(rule.formulas)):
                table, allowed = self.applied(rule, number, rows, shared)
                yield table[allowed]

    def applied(self, rule: Apply, number: int, parts: list[Table], shared: int) -> tuple[Table, Any]:
        """(formula `number` around each row of the parts, which of these are within the limits)."""
        formula, arity = rule.formulas[number], len(parts)
        layout = Layout(shared, tuple(part.values.shape[1] - 1 - shared for part in parts))
        values = [layout.spread(part.values, place) for place, part in enumerate(parts)]
        ranks = np.zeros(len(parts[0]), np.int64)
        for inside, part in zip(rule.parts, parts, strict=True):
            ranks = ranks * size(inside) + part.ranks
        with np.errstate(all="ignore"):
            result = self._call(operator(formula, arity, self._exact), values, layout)
        tracks, allowed = self._tracker.around(formula, [part.tracks for part in parts])
        return Table(result, ranks * len(rule.formulas) + number, tracks), allowed

    def _call(self, call: Operator, parts: list[Array], layout: Layout) -> Array:
        """[rows, slots, points] with slots for the operator's own parameters behind those of its parts."""
        if self._fixed or not call.parameters:
            return call(parts, [p.start for p in call.parameters])
        slots = layout.slots + (0 if self._tied else len(call.parameters))
        columns = []
        for number, parameter in enumerate(call.parameters):
            column = np.full((slots, 1), BASE, self._type)
            place = 1 + self._tied.index(parameter.name) if self._tied else layout.slots + number
            column[place] = moved(parameter)
            columns.append(column)
        return call([padded(part, slots) for part in parts], columns)


def _shifted(tables: Iterable[Table], offset: int) -> Iterator[Table]:
    for table in tables:
        yield Table(table.values, table.ranks + offset, table.tracks)


def _joined(pieces: list[tuple[Hashes, Any, Ranks]]) -> tuple[Hashes, Any, Ranks]:
    hashes, matters, ranks = zip(*pieces, strict=True)
    return np.concatenate(hashes), np.concatenate(matters), np.concatenate(ranks)


def _structure(rule: Rule) -> object:
    """What two rules that differ in the names of their decisions share."""
    if isinstance(rule, Apply):
        return rule.formulas, tuple(map(_structure, rule.parts))
    if isinstance(rule, OneOf):
        return "one of", tuple(map(_structure, rule.rules))
    if isinstance(rule, Within):
        return "within", _structure(rule.outer), _structure(rule.inner)
    return "x"


def _names(rule: Rule) -> set[str]:
    """Of all parameters."""
    if isinstance(rule, Apply):
        own = {p.name for f in rule.formulas for p in operator(f, len(rule.parts), True).parameters}
        return own.union(*map(_names, rule.parts))
    if isinstance(rule, OneOf):
        return set().union(*map(_names, rule.rules))
    if isinstance(rule, Within):
        return _names(rule.outer) | _names(rule.inner)
    return set()
