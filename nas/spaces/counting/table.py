"""Functions as rows of values: how rows are laid out, joined, and kept once each.

Values are [functions, 1 + slots, points]: slot 0 with every parameter at its base value, then one for each
parameter that may be moved. The first slots are those that all parts of a formula share (the parameters of
the x that stands in all of them; or all parameters, where they are tied), the rest are the parts' own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.spaces.counting.operators import Array
from nas.spaces.counting.signatures import Hashes, salted, signatures
from nas.spaces.counting.sketch import Ranks
from nas.spaces.counting.tracks import Tracks


@dataclass(frozen=True)
class Table:
    """Functions: their values, the ranks of the writings they were met as, and what limits need to know."""

    values: Array
    ranks: Ranks
    tracks: Tracks

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Table:
        return Table(self.values[rows], self.ranks[rows], self.tracks[rows])


@dataclass(frozen=True)
class Layout:
    """Slots of a formula around parts: the base, those `shared`, then those that each part has of its own."""

    shared: int
    own: tuple[int, ...]

    @property
    def slots(self) -> int:
        """How many."""
        return 1 + self.shared + sum(self.own)

    def spread(self, values: Array, part: int) -> Array:
        """The values of a part in this layout; it stands at its base where another's parameter moves."""
        if not any(self.own):
            return values
        before = 1 + self.shared + sum(self.own[:part])
        at = np.zeros(self.slots, np.intp)
        at[: 1 + self.shared] = np.arange(1 + self.shared)
        at[before : before + self.own[part]] = 1 + self.shared + np.arange(self.own[part])
        return values[:, at]


def padded(values: Array, slots: int) -> Array:
    """More slots, in which nothing moves."""
    missing = slots - values.shape[1]
    if missing == 0:
        return values
    return np.concatenate([values, np.repeat(values[:, :1], missing, axis=1)], axis=1)


def first(tables: Iterable[Table]) -> tuple[Hashes, Table]:
    """(hashes, rows): every function of the tables once, in the order in which they are met."""
    found = [_once(salted(signatures(t.values)[0], *t.tracks.columns), t) for t in tables]
    return _once(np.concatenate([hashes for hashes, _ in found]), stacked([t for _, t in found]))


def _once(hashes: Hashes, table: Table) -> tuple[Hashes, Table]:
    _, first = np.unique(hashes, return_index=True)
    first.sort()
    return hashes[first], table[first]


def stacked(tables: list[Table]) -> Table:
    """The rows of all, in order."""
    slots = max(table.values.shape[1] for table in tables)
    values = np.concatenate([padded(table.values, slots) for table in tables])
    ranks = np.concatenate([table.ranks for table in tables])
    return Table(values, ranks, Tracks.joined([table.tracks for table in tables]))
