"""Asynchronous successive halving and Hyperband: who goes on to the next rung.

Of all that have been scored at a rung the best n // reduction may go on, as soon as they are among them
(ASHA: Li et al. 2020, algorithm 2). Hyperband (Li et al. 2018) spreads the candidates over brackets that
begin at different rungs, a hedge against low rungs that mislead.

What is decided follows from the scores alone, so a search that was cut off decides as it would have done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """A candidate among the others."""

    number: int  #: of its trial
    scores: dict[int, float]  #: by rung
    start: int = 0  #: the rung that it began at: its bracket
    fell_at: int | None = None  #: the rung at which its training ended without a score
    ended: bool = False  #: it goes on no more, whatever the others do
    busy: bool = False  #: it is on its way to a rung

    @property
    def top(self) -> int:
        """The highest rung that it has been trained to; the one below its first before that."""
        return max([*self.scores, *([] if self.fell_at is None else [self.fell_at])], default=self.start - 1)

    @property
    def free(self) -> bool:
        """Whether it could go on."""
        return not self.ended and not self.busy


def promoted(standings: Sequence[Standing], rungs: int, reduction: int) -> int | None:
    """The trial that goes on to its next rung, from the highest one where somebody may; None: nobody may."""
    for rung in reversed(range(rungs - 1)):
        for start in range(rung + 1):
            found = _promoted(standings, start, rung, reduction)
            if found is not None:
                return found
    return None


def last_promoted(standings: Sequence[Standing], rungs: int) -> int | None:
    """Once nothing new begins: the most advanced trial, where nobody has reached the last rung yet."""
    if any(rungs - 1 in s.scores for s in standings):
        return None
    free = [s for s in standings if s.free]
    if not free:
        return None
    return max(free, key=lambda s: (s.top, s.scores[s.top], -s.number)).number


def _promoted(standings: Sequence[Standing], start: int, rung: int, reduction: int) -> int | None:
    entered = [s for s in standings if s.start == start and s.top >= rung]
    scored = sorted((s for s in entered if rung in s.scores), key=lambda s: (-s.scores[rung], s.number))
    for standing in scored[: len(entered) // reduction]:
        if standing.top == rung and standing.free:
            return standing.number
    return None


def bracket_shares(rungs: int, reduction: int) -> list[int]:
    """How many candidates begin at each rung in one pass of Hyperband.

    ceil((S + 1) / (S - s + 1) reduction^(S - s)) in bracket s of S + 1, which begins at rung s.
    """
    top = rungs - 1
    return [math.ceil(rungs / (top - s + 1) * reduction ** (top - s)) for s in range(rungs)]


def next_start(standings: Sequence[Standing], rungs: int, reduction: int) -> int:
    """The rung at which Hyperband lets the next candidate begin: the bracket furthest behind its share."""
    shares = bracket_shares(rungs, reduction)
    filled = [sum(standing.start == s for standing in standings) for s in range(rungs)]
    return min(range(rungs), key=lambda s: (filled[s] / shares[s], s))


def hopeless(standings: Sequence[Standing], rungs: int, reduction: int, planned: int) -> set[int]:
    """The waiting trials that can never go on, once `planned` candidates have been tried in all.

    Later candidates only push a trial back in its rung: whoever is behind planned // reduction stays there.
    """
    found = set()
    for rung in range(rungs - 1):
        for start in range(rung + 1):
            here = [s for s in standings if s.start == start and rung in s.scores]
            ranked = sorted(here, key=lambda s: (-s.scores[rung], s.number))
            found |= {s.number for s in ranked[planned // reduction :] if s.top == rung and not s.busy}
    return found
