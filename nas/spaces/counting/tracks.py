"""Sizes and operators of the writings in a table, which the limits of a space need to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nas.spaces.weights import Limits, measure
from nas.symbolic.primitives import PRIMITIVES

Column = np.ndarray[Any, np.dtype[Any]]

_BIT = {name: 1 << place for place, name in enumerate(PRIMITIVES)}


@dataclass(frozen=True)
class Tracks:
    """One row for each function; no columns where a space has no limits."""

    columns: tuple[Column, ...] = ()  #: nodes, and operators as bits

    def __getitem__(self, rows: Any) -> Tracks:
        return Tracks(tuple(column[rows] for column in self.columns))

    @classmethod
    def joined(cls, pieces: Sequence[Tracks]) -> Tracks:
        """The rows of all, in order."""
        return cls(
            tuple(np.concatenate(columns) for columns in zip(*(p.columns for p in pieces), strict=True))
        )


class Tracker:
    """Follows sizes and operators through formulas, as `Limits.around` does for one writing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.x = Tracks() if limits.none else Tracks((np.ones(1, np.int64), np.zeros(1, np.uint64)))

    def around(self, formula: str, parts: Sequence[Tracks]) -> tuple[Tracks, Any]:
        """(tracks of `formula` around each row of the parts, which rows are within the limits)."""
        if self._limits.none:
            return Tracks(), slice(None)
        own = measure(formula, len(parts))
        nodes = np.full(len(parts[0].columns[0]), own.nodes)
        operators = np.full(len(nodes), _bits(own.operators))
        allowed = np.full(len(nodes), not any(b & self._limits.inside(n) for n, b in own.inside))
        for part, times, above in zip(parts, own.times, own.above, strict=True):
            nodes += times * part.columns[0]
            allowed &= part.columns[1] & _bits(self._limits.inside(*above)) == 0
            if times:
                operators |= part.columns[1]
        if self._limits.complexity is not None:
            allowed &= nodes <= self._limits.complexity
        return Tracks((nodes, operators)), allowed


@lru_cache(maxsize=4096)
def _bits(operators: frozenset[str]) -> np.uint64:
    return np.uint64(sum(_BIT[name] for name in operators))
