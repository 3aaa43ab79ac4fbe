"""A family of candidates, every pair compared under the same seeds, with a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from nas.analysis.correction import LEVEL, holm
from nas.analysis.paired import Paired, paired, seeds_needed
from nas.errors import RunError
from nas.outcomes import Outcome
from nas.runs.records import TrialRecord, plain
from nas.symbolic.fingerprint import same_function
from nas.symbolic.parse import parse

_SURE = 1 - LEVEL  # of practical equivalence, from which on the verdict says so


@dataclass(frozen=True)
class Member:
    """A candidate as it was asked for, and what became of it."""

    label: str
    record: TrialRecord


@dataclass(frozen=True)
class Pair:
    """a beside b; fractions of the validation part."""

    a: str
    b: str
    result: Paired | None  #: None where the two share no seed that both finished
    p_holm: float | None
    equivalence: float | None  #: probability that they differ by less than the margin
    margin: float
    verdict: str


def compare(members: Sequence[Member], margin: float) -> list[Pair]:
    """Every pair of `members`, in their order, corrected together.

    margin  the difference that matters in practice, a fraction
    """
    couples = list(combinations(members, 2))
    results = [_paired(a.record, b.record) for a, b in couples]
    adjusted = holm([None if result is None else result.p for result in results])
    return [
        Pair(
            a.label,
            b.label,
            result,
            p_holm,
            None if result is None else result.equivalence(margin),
            margin,
            verdict(a, b, result, p_holm, margin),
        )
        for (a, b), result, p_holm in zip(couples, results, adjusted, strict=True)
    ]


def members(asked: Sequence[tuple[str, str]], records: Sequence[TrialRecord]) -> list[Member]:
    """(label, expression) with its trial; two writings of one function share the one that was trained.

    Raises:
        RunError: a candidate has no trial that has ended.
    """
    found = []
    for label, text in asked:
        expression = parse(text)
        record = next((r for r in records if same_function(parse(r.expression), expression)), None)
        if record is None:
            raise RunError(f"{label} was not trained", cure="go on with: nas resume RUN")
        found.append(Member(label, record))
    return found


def to_dict(pair: Pair) -> dict[str, object]:
    """The pair as JSON holds it: the contract's keys first."""
    result = pair.result
    values: Mapping[str, object] = {
        "a": pair.a,
        "b": pair.b,
        "difference": result and result.difference,
        "ci_low": result and result.ci_low,
        "ci_high": result and result.ci_high,
        "p": result and result.p,
        "p_holm": pair.p_holm,
        "n_seeds": result.n_seeds if result else 0,
        "verdict": pair.verdict,
        "spread": result and result.spread,
        "equivalence": pair.equivalence,
        "margin": pair.margin,
    }
    return {key: plain(value) for key, value in values.items()}


def _paired(a: TrialRecord, b: TrialRecord) -> Paired | None:
    """Over the seeds of both; a training that was cut short has no score to compare."""
    if a.outcome is not Outcome.FINISHED or b.outcome is not Outcome.FINISHED:
        return None
    n = min(a.n_seeds, b.n_seeds)
    return paired(a.val_accs[:n], b.val_accs[:n]) if n else None


def verdict(a: Member, b: Member, result: Paired | None, p_holm: float | None, margin: float) -> str:
    """What the paired scores of a and b show, in words."""
    for member in (a, b):
        if member.record.reason is not None:
            return f"{member.label} {member.record.outcome}: {member.record.reason}"
    if result is None:
        return "no seed was finished by both"
    if a.record.number == b.record.number:
        return "the same function"
    seeds = f"{result.n_seeds} seeds" if result.n_seeds != 1 else "1 seed"
    if result.spread is None:
        return "one seed gives no spread: take more, with --seeds"
    if p_holm is None:
        return f"the difference is the same with all {seeds}: no spread to judge by"
    if p_holm < LEVEL:
        better, worse = (a, b) if result.difference > 0 else (b, a)
        return f"{better.label} is better than {worse.label} by {_points(abs(result.difference))} points"
    equivalence = result.equivalence(margin) or 0.0
    if equivalence > _SURE:
        return f"practically equal: within {_points(margin)} points with probability {equivalence:.2f}"
    if result.p is not None and result.p < LEVEL:
        return f"not separable with {seeds}, corrected for the number of pairs; {_needed(result, margin)}"
    return f"not separable with {seeds}; {_needed(result, margin)}"


def _needed(result: Paired, margin: float) -> str:
    assert result.spread is not None
    n = seeds_needed(result.spread, margin)
    return f"about {n:,} would show {_points(margin)} points" if n else "more than a million would be needed"


def _points(fraction: float) -> str:
    return f"{100 * fraction:.2g}" if abs(fraction) < 0.01 else f"{100 * fraction:.1f}"
