"""What a search met, when, and where it ranks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nas.outcomes import Outcome
from nas.reproductions.families import same_up_to_training, swish_member
from nas.runs.records import TrialRecord
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse


@dataclass(frozen=True)
class Met:
    """A function, or a family of them, among those that a search trained."""

    name: str
    looked_for: str  #: formula
    trainings: int | None  #: up to and with the first of it; None: not met
    rank: int | None  #: of the best of it among the trained
    expression: str | None  #: of the best of it
    score: float | None  #: its mean validation accuracy in full; None where it was stopped early

    @property
    def found(self) -> bool:
        """Whether it was met."""
        return self.trainings is not None


@dataclass(frozen=True)
class Trained:
    """The functions that the sampler proposed and that were trained, in their order; no two are the same."""

    records: tuple[TrialRecord, ...]

    @classmethod
    def of(cls, records: Sequence[TrialRecord]) -> Trained:
        """From all of a run."""
        kept = (r for r in records if r.origin == "sampler" and r.outcome is not Outcome.SCREENED)
        return cls(tuple(sorted(kept, key=lambda r: r.number)))

    def __len__(self) -> int:
        return len(self.records)

    @property
    def ranked(self) -> list[TrialRecord]:
        """Best first."""
        return sorted(self.records, key=lambda r: (*(-part for part in standing(r)), r.number))

    @property
    def finished(self) -> list[TrialRecord]:
        """Those trained in full, best first."""
        return [r for r in self.ranked if r.outcome is Outcome.FINISHED]

    def rank(self, record: TrialRecord) -> int:
        """1 and one more for each that is better."""
        return 1 + sum(standing(other) > standing(record) for other in self.records)

    def _met(self, name: str, looked_for: str, belongs: Callable[[Expression], bool]) -> Met:
        """What there is of the functions that `belongs` accepts."""
        orders = [n for n, r in enumerate(self.records, start=1) if belongs(_parsed(r.expression))]
        if not orders:
            return Met(name, looked_for, None, None, None, None)
        best = max((self.records[n - 1] for n in orders), key=lambda r: (standing(r), -r.number))
        score = best.val_acc if best.outcome is Outcome.FINISHED else None
        return Met(name, looked_for, orders[0], self.rank(best), best.expression, score)

    def met_swish(self, name: str) -> Met:
        """The family x sigmoid(s x)."""
        return self._met(name, "x*sigmoid(s*x)", lambda f: swish_member(f) is not None)

    def met_function(self, name: str, text: str) -> Met:
        """The function `text`, which learns nothing, up to what training absorbs."""
        g = parse(text)
        return self._met(name, text, lambda f: same_up_to_training(f, g) is not None)

    def curve(self) -> list[tuple[int, float]]:
        """(trainings, best score in full so far), a point each time that it rises; a candidate counts at its
        own place in the order, though its last rung may have been trained later."""
        points: list[tuple[int, float]] = []
        for n, record in enumerate(self.records, start=1):
            score = record.val_acc if record.outcome is Outcome.FINISHED else None
            if score is not None and (not points or score > points[-1][1]):
                points.append((n, score))
        return points


def standing(record: TrialRecord) -> tuple[float, float]:
    """What ranks a function: how far it was trained, then its score there; what failed comes last."""
    if record.outcome is Outcome.FINISHED and record.val_acc is not None:
        return math.inf, record.val_acc
    if record.outcome is Outcome.PRUNED and record.rungs:
        return float(record.rungs[-1].rung), record.rungs[-1].val_acc
    return -1.0, 0.0


def chance(members: int, functions: int, trainings: int) -> float:
    """That one of `members` among `functions` is in `trainings` uniform draws without repetition.

    1 - C(N - k, n) / C(N, n) = 1 - prod_{i < k} (N - n - i) / (N - i)
    """
    if trainings > functions - members:
        return 1.0
    return 1 - math.prod((functions - trainings - i) / (functions - i) for i in range(members))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    return parse(text)
