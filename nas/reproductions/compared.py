"""Claims about differences between functions, from a comparison under paired seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.analysis.comparison import Member
from nas.analysis.paired import paired
from nas.outcomes import Outcome
from nas.reproductions.verdicts import DIFFERENCE, Claim, Finding


@dataclass(frozen=True)
class Scores:
    """How one candidate did, seed by seed; None: it could not be trained.

    learned  how many trainings did, where one that did not counts as guessing; None: nothing counts so
    """

    outcome: str
    val_accs: tuple[float, ...] | None
    learned: int | None = None

    @classmethod
    def of(cls, member: Member) -> Scores:
        """From its trial."""
        record = member.record
        finished = record.outcome is Outcome.FINISHED
        return cls(record.outcome.value, record.val_accs if finished else None)


def versus(better: str, worse: str, paper: str, where: str, family: str) -> Claim:
    """The claim that the function called `better` scores above the one called `worse`."""
    name = f"{better} > {worse}"
    return Claim(name, name, paper, where, DIFFERENCE, family, better, worse)


def contrasted(claims: Sequence[Claim], scores: Mapping[str, Scores]) -> list[Finding]:
    """The figures of each claim about two functions that were compared, to be settled."""
    known = [claim for claim in claims if claim.better in scores and claim.worse in scores]
    return [_contrast(claim, scores[claim.better], scores[claim.worse]) for claim in known]


def _contrast(claim: Claim, a: Scores, b: Scores) -> Finding:
    if a.learned == b.learned == 0:
        return Finding(claim, "neither learned")
    if a.val_accs is None or b.val_accs is None:
        both = ((claim.better, a), (claim.worse, b))
        failed = [f"{name} {one.outcome}" for name, one in both if one.val_accs is None]
        return Finding(claim, " and ".join(failed))
    n = min(len(a.val_accs), len(b.val_accs))
    result = paired(a.val_accs[:n], b.val_accs[:n])
    here = _points(result.difference)
    if result.ci_low is not None and result.ci_high is not None:
        here += f" [{_points(result.ci_low)}, {_points(result.ci_high)}]"
    return Finding(claim, here, result.difference, result.p, paired=result)


def _points(fraction: float) -> str:
    return f"{round(100 * fraction, 2) + 0.0:+.2f}"
