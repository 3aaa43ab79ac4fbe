"""What fresh seeds and the test set say of the winners of a search.

A winner is the best of many noisy scores, so its score in the search is too high by what was luck. Here it
is trained anew; the differences to ReLU and to the best baseline are paired by seed, and their p values
corrected together (Holm): two tests a winner on each part of the images. Which baseline is the best one is
decided on the validation part, so that the test part chooses nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.analysis.comparison import Member, verdict
from nas.analysis.correction import LEVEL, holm
from nas.analysis.leaderboard import REFERENCE
from nas.analysis.paired import Paired, paired
from nas.outcomes import Outcome
from nas.runs.openings import Opening
from nas.runs.records import TrialRecord, plain
from nas.runs.roster import Entry, Roster

MARGIN = 0.001  #: the difference that matters in practice, a fraction


@dataclass(frozen=True)
class Against:
    """A winner minus a baseline."""

    label: str  #: of the baseline
    result: Paired | None  #: None where the two share no finished seed
    p_holm: float | None


@dataclass(frozen=True)
class Part:
    """A candidate on one part of the images: fractions, in the order of the seeds."""

    scores: tuple[float, ...]
    mean: Paired  #: of the scores, as a difference to 0
    vs_relu: Against | None = None  #: None for baselines, and where ReLU did not finish
    vs_best_baseline: Against | None = None


@dataclass(frozen=True)
class Confirmed:
    """A candidate of the search, trained anew."""

    label: str
    entry: Entry
    record: TrialRecord | None  #: None: not trained yet
    validation: Part | None  #: None: it did not finish
    test: Part | None  #: None also where the test set is closed
    best_baseline: bool
    verdict: str  #: empty for baselines


def confirmed(
    roster: Roster, records: Sequence[TrialRecord], test: Mapping[str, Sequence[float]] | None
) -> list[Confirmed]:
    """Every candidate of `roster`, the winners first, in its order.

    records  the trials of the confirmation that have ended
    test     candidate -> accuracy of each seed on the test part; None: not opened
    """
    by_number = {record.number: record for record in records}
    trained = {label: by_number.get(number) for number, _, label in roster.trials()}
    scores = {label: r.val_accs for label, r in trained.items() if r and r.outcome is Outcome.FINISHED}
    baselines = [label for label, entry in roster.candidates.items() if entry.baseline and label in scores]
    relu = next((label for label in baselines if roster.candidates[label].name == REFERENCE), None)
    best = max(baselines, key=lambda label: statistics.fmean(scores[label]), default=None)
    winners, references = roster.winners(), [label for label in dict.fromkeys((relu, best)) if label]
    validation = _part(scores, winners, references, relu, best)
    tested = _part(test or {}, winners, references, relu, best)
    return [
        Confirmed(
            label,
            entry,
            trained[label],
            validation.get(label),
            tested.get(label),
            label == best,
            ""
            if entry.baseline
            else _verdict(label, roster, trained, tested.get(label) or validation.get(label)),
        )
        for label, entry in roster.candidates.items()
    ]


def shown_name(label: str, entry: Entry) -> str:
    """A baseline by its name, a winner by its run and trial."""
    return entry.name or label if entry.baseline else label


def optimism(found: Sequence[Confirmed]) -> float | None:
    """How much less the winners score on fresh seeds than in the search, on average; None without any."""
    drops = [
        c.entry.val_acc - c.validation.mean.difference
        for c in found
        if not c.entry.baseline and c.entry.val_acc is not None and c.validation is not None
    ]
    return statistics.fmean(drops) if drops else None


def to_dict(of: Confirmed) -> dict[str, object]:
    """The candidate as JSON holds it."""
    values = {
        "candidate": of.label,
        "trial": of.entry.trial,
        "expression": of.entry.expression,
        "name": of.entry.name,
        "settings": of.entry.settings,
        "baseline": of.entry.baseline,
        "best_baseline": of.best_baseline,
        "outcome": of.record and of.record.outcome.value,
        "reason": of.record and of.record.reason,
        "n_seeds": of.record.n_seeds if of.record else 0,
        "search_val_acc": of.entry.val_acc,
        "search_n_seeds": of.entry.seeds,
        **_part_to_dict("val", of.validation),
        **_part_to_dict("test", of.test),
        "verdict": of.verdict,
    }
    return {key: plain(value) for key, value in values.items()}


def ledger_to_dict(known: Sequence[Opening]) -> dict[str, object]:
    """The ledger as JSON holds it."""
    keys = ("when", "by", "images", "command", "results")
    return {
        "opened": len(known),
        "openings": [{key: plain(getattr(opening, key)) for key in keys} for opening in known],
    }


def _part(
    scores: Mapping[str, Sequence[float]],
    winners: Sequence[str],
    references: Sequence[str],
    relu: str | None,
    best: str | None,
) -> dict[str, Part]:
    """Every candidate that has scores; the tests of all winners are one family, done or not."""
    family = [(winner, reference) for winner in winners for reference in references]
    results = [
        paired(scores[a], scores[b])
        if a in scores and b in scores and len(scores[a]) == len(scores[b])
        else None
        for a, b in family
    ]
    adjusted = holm([None if result is None else result.p for result in results])
    tests = {
        pair: Against(pair[1], result, p_holm)
        for pair, result, p_holm in zip(family, results, adjusted, strict=True)
    }
    return {
        label: Part(
            tuple(values),
            paired(values, [0.0] * len(values)),
            tests.get((label, relu or "")),
            tests.get((label, best or "")),
        )
        for label, values in scores.items()
    }


def _verdict(label: str, roster: Roster, trained: Mapping[str, TrialRecord | None], part: Part | None) -> str:
    record = trained[label]
    if record is None:
        return "not trained yet"
    if part is None:
        return f"not confirmed: {record.outcome} on fresh seeds: {record.reason}"
    tests = {t.label: t for t in (part.vs_relu, part.vs_best_baseline) if t is not None}
    if not tests:
        return "no baseline finished: nothing to compare with"
    words = []
    for reference, test in tests.items():
        other = trained[reference]
        assert other is not None  # it has a score
        name = shown_name(reference, roster.candidates[reference])
        said = verdict(Member(label, record), Member(name, other), test.result, test.p_holm, MARGIN)
        words.append(f"against {name}: {said}")
    return f"{_in_short(list(tests.values()))}: {'; '.join(words)}"


def _in_short(tests: Sequence[Against]) -> str:
    better = [_sure(test) and test.result is not None and test.result.difference > 0 for test in tests]
    if all(better):
        return "confirmed"
    return "confirmed in part" if any(better) else "not confirmed"


def _sure(test: Against) -> bool:
    return test.p_holm is not None and test.p_holm < LEVEL


def _part_to_dict(part: str, of: Part | None) -> dict[str, object]:
    values: dict[str, object] = {
        f"{part}_acc": of and of.mean.difference,
        f"{part}_acc_ci_low": of and of.mean.ci_low,
        f"{part}_acc_ci_high": of and of.mean.ci_high,
        f"{part}_accs": of and of.scores,
    }
    for reference in ("relu", "best_baseline"):
        against: Against | None = None if of is None else getattr(of, f"vs_{reference}")
        result = against and against.result
        values |= {
            f"{part}_vs_{reference}": result and result.difference,
            f"{part}_vs_{reference}_ci_low": result and result.ci_low,
            f"{part}_vs_{reference}_ci_high": result and result.ci_high,
            f"{part}_vs_{reference}_p": result and result.p,
            f"{part}_vs_{reference}_p_holm": against and against.p_holm,
        }
    return values
