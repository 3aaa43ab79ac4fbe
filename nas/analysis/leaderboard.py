"""The finished trials of one run in order, each with its doubt; rows only, no drawing.

All records given to one call come from one run, hence from one protocol: scores of different data, budgets or
recipes are never ranked together.
"""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nas.analysis.doubt import Contrast, Noise, bands, contrasts, noise, shrunken
from nas.errors import SettingError
from nas.outcomes import Outcome
from nas.registry import did_you_mean
from nas.runs.records import RungScore, TrialRecord, plain

REFERENCE = "ReLU"  #: the name of the function that every other is compared with


@dataclass(frozen=True)
class Difference:
    """The mean of a - b over the seeds that both were trained with; fractions of the validation part."""

    mean: float
    standard_error: float | None  #: of the mean, from the spread of the paired differences; None for n = 1
    n_seeds: int


@dataclass(frozen=True)
class LeaderboardRow:
    """One trial as the leaderboard shows it. Accuracies are fractions."""

    rank: int | None  #: 1 is the best val_acc of all finished trials, equal ones share it; None: not finished
    trial: int
    expression: str
    name: str | None
    complexity: int  #: nodes of the expression tree
    outcome: Outcome
    val_acc: float | None  #: mean over the seeds
    val_acc_std: float | None  #: sample standard deviation over the seeds; None for fewer than two
    n_seeds: int
    epochs: int
    seconds: float
    train_images: int
    baseline: bool
    difference_to_relu: Difference | None  #: None without a finished ReLU, or when this one is not finished
    vs_relu: Contrast | None  #: the same difference with its interval and corrected p
    vs_best_baseline: Contrast | None
    band: tuple[int, int] | None  #: ranks of those that cannot be told from each other
    shrunken: float | None  #: val_acc expected of a repetition; None for what was not picked from many
    reference: bool  #: this is the ReLU that the others are compared with
    reason: str | None
    settings: dict[str, object] = field(default_factory=dict)
    rungs: tuple[RungScore, ...] = ()
    parameters: int | None = None
    macs: int | None = None  #: for one image
    activation_bytes: int | None = None  #: for one image
    net_score: float | None = None  #: of the network without training
    lr: float | None = None  #: the best of a budget of learning rates, where there was one
    lr_budget: int = 1  #: how many were tried


def rows(
    records: Sequence[TrialRecord],
    val_size: int | None,
    *,
    sort: str = "val_acc",
    top: int | None = None,
    include_screened: bool = False,
) -> list[LeaderboardRow]:
    """The first `top` trials of one run, sorted by `sort`; those that did not finish stand last.

    Args:
        records: trials of one run, in any order.
        val_size: validation images behind each score; None where it has no error of a sample.
        sort: val_acc (best first), complexity, seconds, trial or name.
        top: how many rows; None for all of them.
        include_screened: whether candidates that were never trained get a row, too.

    Raises:
        SettingError: `sort` is unknown or `top` is negative.
    """
    key = _sort_key(sort)
    if top is not None and top < 0:
        raise SettingError("--top is a number of rows", got=top, allowed="0 or more")
    ranks, relu, judged = _ranks(records), _find_relu(records), _judged(records, val_size)
    shown = [r for r in records if include_screened or r.outcome is not Outcome.SCREENED]
    ordered = sorted(shown, key=lambda record: (list(Outcome).index(record.outcome), *key(record)))
    return [_row(record, ranks.get(record.number), relu, judged) for record in ordered[:top]]


def outcome_counts(records: Sequence[TrialRecord]) -> dict[Outcome, int]:
    """How many trials ended in which way; every outcome is there, in the order of `Outcome`."""
    return {outcome: sum(record.outcome is outcome for record in records) for outcome in Outcome}


def hall_of_fame(records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """The best finished trial of each complexity, as long as it is better than every simpler one.

    This is the front of Pareto in complexity (small is good) and val_acc, simplest first, as PySR shows it.
    Of equal ones the first trial is taken.
    """
    famous: list[TrialRecord] = []
    best = -math.inf
    for record in sorted(filter(_scored, records), key=lambda r: (r.complexity, -_score(r), r.number)):
        if _score(record) > best:
            famous.append(record)
            best = _score(record)
    return famous


def to_dict(row: LeaderboardRow) -> dict[str, object]:
    """The row as JSON holds it: the contract's keys first, in their order; None where there is no number."""
    difference = row.difference_to_relu
    values = {
        "trial": row.trial,
        "expression": row.expression,
        "name": row.name,
        "complexity": row.complexity,
        "outcome": row.outcome.value,
        "val_acc": row.val_acc,
        "val_acc_std": row.val_acc_std,
        "n_seeds": row.n_seeds,
        "epochs": row.epochs,
        "seconds": row.seconds,
        "train_images": row.train_images,
        "baseline": row.baseline,
        "difference_to_relu": difference.mean if difference else None,
        "difference_to_relu_se": difference.standard_error if difference else None,
        "difference_to_relu_n": difference.n_seeds if difference else 0,
        "reason": row.reason,
        "settings": row.settings,
        "rank": row.rank,
        "band": row.band,
        "shrunken": row.shrunken,
        "rungs": [{"rung": s.rung, "value": s.value, "val_accs": s.val_accs} for s in row.rungs],
        "parameters": row.parameters,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "net_score": row.net_score,
        "lr": row.lr,
        "lr_budget": row.lr_budget,
        **_contrast("relu", row.vs_relu),
        **_contrast("best_baseline", row.vs_best_baseline),
    }
    return {key: plain(value) for key, value in values.items()}


def to_csv(shown: Sequence[LeaderboardRow]) -> str:
    """The rows as CSV with a header line; empty where there is no value, settings and rungs as JSON."""
    lines = io.StringIO()
    writer = csv.DictWriter(lines, list(to_dict(_EMPTY)), lineterminator="\n")
    writer.writeheader()
    for row in shown:
        values = to_dict(row)
        tables = {key: json.dumps(values[key], sort_keys=True) for key in ("settings", "rungs")}
        writer.writerow({**values, **tables})
    return lines.getvalue()


def _contrast(reference: str, found: Contrast | None) -> dict[str, object]:
    return {
        f"vs_{reference}": found and found.difference,
        f"vs_{reference}_ci_low": found and found.ci_low,
        f"vs_{reference}_ci_high": found and found.ci_high,
        f"vs_{reference}_p_holm": found and found.p_holm,
    }


@dataclass(frozen=True)
class _Judged:
    """What all scores of a run together say of each, by the number of the trial."""

    bands: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    shrunken: Mapping[int, float] = field(default_factory=dict)
    vs_relu: Mapping[int, Contrast] = field(default_factory=dict)
    vs_best_baseline: Mapping[int, Contrast] = field(default_factory=dict)


def noise_of(records: Sequence[TrialRecord], val_size: int | None) -> Noise | None:
    """The noise of a run's scores, from its finished trials."""
    return noise([r.val_accs for r in records if _scored(r)], val_size)


def _judged(records: Sequence[TrialRecord], val_size: int | None) -> _Judged:
    found = noise_of(records, val_size)
    if found is None:
        return _Judged()
    scored = [r for r in records if _scored(r) and r.n_seeds == found.n_seeds]
    means = {r.number: _score(r) for r in scored}
    relu = _find_relu(scored)
    best = max((r for r in scored if r.baseline), key=_score, default=None)
    return _Judged(
        bands(means, found),
        shrunken({r.number: _score(r) for r in scored if not r.baseline}, found),
        {} if relu is None else contrasts(means, relu.number, found),
        {} if best is None else contrasts(means, best.number, found),
    )


def _row(record: TrialRecord, rank: int | None, relu: TrialRecord | None, judged: _Judged) -> LeaderboardRow:
    return LeaderboardRow(
        rank=rank,
        trial=record.number,
        expression=record.expression,
        name=record.name,
        complexity=record.complexity,
        outcome=record.outcome,
        val_acc=_finite(record.val_acc),
        val_acc_std=None if _finite(record.val_acc) is None else record.val_acc_std,
        n_seeds=record.n_seeds,
        epochs=record.epochs,
        seconds=record.seconds,
        train_images=record.train_images,
        baseline=record.baseline,
        difference_to_relu=_difference(record, relu) if relu and _scored(record) else None,
        vs_relu=judged.vs_relu.get(record.number),
        vs_best_baseline=judged.vs_best_baseline.get(record.number),
        band=judged.bands.get(record.number),
        shrunken=judged.shrunken.get(record.number),
        reference=relu is not None and record.number == relu.number,
        reason=record.reason,
        settings=dict(record.settings),
        rungs=record.rungs,
        parameters=record.parameters,
        macs=record.macs,
        activation_bytes=record.activation_bytes,
        net_score=record.net_score,
        lr=record.lr,
        lr_budget=max(len(record.lr_tried), 1),
    )


def _difference(record: TrialRecord, relu: TrialRecord) -> Difference:
    """Paired by seed: both lists stand in the order of the seeds, so the first n of each belong together."""
    pairs = zip(record.val_accs, relu.val_accs, strict=False)
    differences = [ours - theirs for ours, theirs in pairs]
    n = len(differences)
    error = statistics.stdev(differences) / math.sqrt(n) if n > 1 else None
    return Difference(statistics.fmean(differences), error, n)


def _find_relu(records: Sequence[TrialRecord]) -> TrialRecord | None:
    """ReLU under the protocol's own recipe: the baseline, else one that was tried without other settings."""
    fair = [r for r in records if r.name == REFERENCE and _scored(r) and (r.baseline or not r.settings)]
    return min(fair, key=lambda record: (not record.baseline, record.number), default=None)


def _ranks(records: Sequence[TrialRecord]) -> Mapping[int, int]:
    """1, 2, 2, 4: by val_acc among the finished ones."""
    scores = sorted((_score(record) for record in records if _scored(record)), reverse=True)
    first: dict[float, int] = {}
    for place, score in enumerate(scores, start=1):
        first.setdefault(score, place)
    return {record.number: first[_score(record)] for record in records if _scored(record)}


def _scored(record: TrialRecord) -> bool:
    return record.outcome is Outcome.FINISHED and _finite(record.val_acc) is not None


def _score(record: TrialRecord) -> float:
    """val_acc, or minus infinity where there is none."""
    score = _finite(record.val_acc)
    return -math.inf if score is None else score


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


Key = Callable[[TrialRecord], tuple[float | str, ...]]

SORTS: dict[str, Key] = {
    "val_acc": lambda r: (-_score(r), r.complexity, r.number),
    "complexity": lambda r: (r.complexity, -_score(r), r.number),
    "seconds": lambda r: (r.seconds if math.isfinite(r.seconds) else math.inf, r.number),
    "trial": lambda r: (r.number,),
    "name": lambda r: ("" if r.name else "\uffff", (r.name or "").casefold(), -_score(r), r.number),
}


def _sort_key(sort: str) -> Key:
    if sort not in SORTS:
        raise SettingError(
            "the leaderboard cannot be sorted by this",
            got=sort,
            allowed=", ".join(SORTS),
            cure=did_you_mean(sort, SORTS),
        )
    return SORTS[sort]


_EMPTY = LeaderboardRow(
    None,
    0,
    "",
    None,
    0,
    Outcome.FAILED,
    None,
    None,
    0,
    0,
    0.0,
    0,
    False,
    None,
    None,
    None,
    None,
    None,
    False,
    None,
)
