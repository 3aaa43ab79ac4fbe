"""What each rung of a search cost and decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.rows.pruners import FIDELITIES
from nas.runs.records import TrialRecord


@dataclass(frozen=True)
class RungRow:
    """One rung, baselines aside but for the cost; accuracies of the first seed, fractions."""

    rung: int  #: from 0
    value: int  #: epochs, training images or width
    scored: int  #: candidates that were scored here
    went_on: int  #: of these, to the next rung
    cut: float | None  #: the lowest score that went on; None where nobody did
    best: float | None  #: the highest score
    train_images: (
        int  #: of all trainings up to here from the rung below, baselines and further seeds included
    )
    cooldown_images: int  #: of these, in cooldowns: paid at every rung anew
    seconds: float


def rung_rows(records: Sequence[TrialRecord], protocol: Protocol) -> list[RungRow]:
    """One row a rung, the lowest first; none where no trial was scored at one."""
    if not any(record.rungs for record in records):
        return []
    return [_row(records, protocol, rung, value) for rung, value in enumerate(protocol.ladder)]


def unfinished_images(records: Sequence[TrialRecord]) -> int:
    """Training images of trainings that ended without a score at their rung."""
    fell = [r for r in records if r.outcome in (Outcome.DIVERGED, Outcome.FAILED)]
    return sum(r.train_images - sum(rung.train_images for rung in r.rungs) for r in fell)


def _row(records: Sequence[TrialRecord], protocol: Protocol, rung: int, value: int) -> RungRow:
    here = {r.number: s for r in records for s in r.rungs if s.rung == rung}
    candidates = [r for r in records if r.number in here and not r.baseline]
    scores = [here[r.number].val_accs[0] for r in candidates]
    on = [r for r in candidates if r.rungs[-1].rung > rung]
    trainings = sum(len(score.val_accs) for score in here.values())
    return RungRow(
        rung=rung,
        value=value,
        scored=len(candidates),
        went_on=len(on),
        cut=min((here[r.number].val_accs[0] for r in on), default=None),
        best=max(scores, default=None),
        train_images=sum(score.train_images for score in here.values()),
        cooldown_images=trainings * _cooldown(protocol, rung),
        seconds=sum(score.seconds for score in here.values()),
    )


def _cooldown(protocol: Protocol, rung: int) -> int:
    """Images of one cooldown where a training goes on without it; 0 where each rung trains anew."""
    if not protocol.rungs or not FIDELITIES.find(protocol.fidelity).goes_on or protocol.train_size is None:
        return 0
    batch = protocol.recipe.batch_size
    steps = protocol.ladder[rung] * (protocol.train_size // batch)
    return max(round(protocol.recipe.cooldown * steps), 1) * batch
