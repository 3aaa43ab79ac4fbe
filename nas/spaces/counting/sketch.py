"""How many different numbers went by, in bounded memory: the k smallest hashes (Bar-Yossef et al. 2002)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.spaces.counting.signatures import FINITE, Hashes

LARGEST = 1 << 22  #: hashes that are kept; up to so many different ones the count is exact

Ranks = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; exact where all three are one."""

    value: int
    low: int
    high: int


class Sketch:
    """The smallest different hashes met, and the rank under which each was met first."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self.hashes: Hashes = np.empty(0, np.uint64)
        self.ranks: Ranks = np.empty(0, np.int64)
        self._pending: list[tuple[Hashes, Ranks]] = []
        self._waiting = 0
        self.exact = True

    def add(self, hashes: Hashes, ranks: Ranks) -> None:
        """Meet these."""
        self._pending.append((hashes, ranks))
        self._waiting += len(hashes)
        if self._waiting > max(self._largest, len(self.hashes)):
            self.settle()

    def settle(self) -> None:
        """Take in what waits."""
        hashes = np.concatenate([self.hashes, *(h for h, _ in self._pending)])
        ranks = np.concatenate([self.ranks, *(r for _, r in self._pending)])
        self._pending, self._waiting = [], 0
        self.hashes, first = np.unique(hashes, return_index=True)
        self.ranks = ranks[first]
        if len(self.hashes) > self._largest:
            self.exact = False
            self.hashes, self.ranks = self.hashes[: self._largest], self.ranks[: self._largest]

    def distinct(self) -> Estimate:
        """(k - 1) / U_k, where U_k is the largest of the k kept, as a share of all numbers."""
        self.settle()
        kept = len(self.hashes)
        if self.exact:
            return Estimate(kept, kept, kept)
        value = (kept - 1) / (int(self.hashes[-1]) / 2**64)
        error = 1.96 / math.sqrt(kept - 2)
        return Estimate(round(value), round(value / (1 + error)), round(value / (1 - error)))

    def finite(self) -> int:
        """How many of the distinct have the bit FINITE; in proportion where they were not all kept."""
        distinct = self.distinct().value
        return round(distinct * int((self.hashes & FINITE).sum()) / max(len(self.hashes), 1))
