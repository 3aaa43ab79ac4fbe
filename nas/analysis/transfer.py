"""How the winners of one search do on other networks and data, and whether they ever fall below ReLU."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nas.analysis.correction import LEVEL, holm
from nas.analysis.leaderboard import REFERENCE
from nas.analysis.paired import Paired, paired
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.runs.records import TrialRecord, plain
from nas.runs.roster import Entry, Roster


@dataclass(frozen=True)
class Score:
    """A candidate on one network and data set."""

    record: TrialRecord | None  #: None: not trained yet
    rank: int | None  #: 1 is the best mean, equal ones share it; None: it did not finish
    vs_relu: Paired | None  #: None where one of the two did not finish

    @property
    def finished(self) -> bool:
        """Whether it has a score."""
        return self.rank is not None


@dataclass(frozen=True)
class Cell:
    """One network on one data set; `spearman` compares its order with that of the search."""

    label: str
    protocol: Protocol
    scores: Mapping[str, Score]  #: by candidate, in the order of the roster
    spearman: float | None  #: None where fewer than 3 can be compared, or all are equal
    spearman_p: float | None
    spearman_n: int  #: candidates that have a score here and in the search


@dataclass(frozen=True)
class Standing:
    """A candidate over all cells, beside ReLU.

    p  that its true mean is at or below ReLU's in some cell: one-sided paired t test in every cell, and the
       largest p of all, an intersection-union test that needs no correction for the cells (Berger 1982)
    """

    label: str
    entry: Entry
    mean_rank: float | None  #: over the cells that it finished
    compared: int  #: cells in which it finished, and ReLU
    not_below: int  #: those of them in which its mean is at least ReLU's
    worst: str | None  #: the cell with its lowest difference to ReLU
    worst_difference: float | None
    p: float | None  #: None where it did not meet ReLU in every cell, or one seed tells nothing
    p_holm: float | None  #: corrected for the number of winners
    verdict: str  #: empty for baselines

    @property
    def reference(self) -> bool:
        """Whether this is the ReLU that the others stand beside."""
        return is_reference(self.entry)


def is_reference(entry: Entry) -> bool:
    """Whether the others are compared with it."""
    return entry.baseline and entry.name == REFERENCE


def cells(roster: Roster, records: Sequence[TrialRecord]) -> list[Cell]:
    """One for each protocol of `roster`, from the trials that have ended."""
    by_number = {record.number: record for record in records}
    trained: dict[str, dict[str, TrialRecord | None]] = {label: {} for label in roster.protocols}
    for number, protocol, candidate in roster.trials():
        trained[protocol][candidate] = by_number.get(number)
    return [_cell(label, protocol, roster, trained[label]) for label, protocol in roster.protocols.items()]


def standings(roster: Roster, found: Sequence[Cell]) -> list[Standing]:
    """Every candidate of `roster`, in its order; the p values of the winners are one family."""
    winners = roster.winners()
    p_values = [_largest_p(label, found) for label in winners]
    p_of = dict(zip(winners, zip(p_values, holm(p_values), strict=True), strict=True))
    return [
        _standing(label, entry, found, *p_of.get(label, (None, None)))
        for label, entry in roster.candidates.items()
    ]


def to_dict(roster: Roster, found: Sequence[Cell]) -> dict[str, object]:
    """Plain data for JSON: candidates, and the cells with a score of each."""
    values = {
        "candidates": [
            {
                "candidate": s.label,
                "trial": s.entry.trial,
                "expression": s.entry.expression,
                "name": s.entry.name,
                "settings": s.entry.settings,
                "baseline": s.entry.baseline,
                "search_val_acc": s.entry.val_acc,
                "mean_rank": s.mean_rank,
                "cells_compared": s.compared,
                "cells_not_below_relu": s.not_below,
                "worst_cell": s.worst,
                "worst_vs_relu": s.worst_difference,
                "p": s.p,
                "p_holm": s.p_holm,
                "verdict": s.verdict,
            }
            for s in standings(roster, found)
        ],
        "cells": [
            {
                "cell": cell.label,
                "data": cell.protocol.data,
                "net": cell.protocol.net,
                "spearman": cell.spearman,
                "spearman_p": cell.spearman_p,
                "spearman_n": cell.spearman_n,
                "scores": [_score_to_dict(label, score) for label, score in cell.scores.items()],
                "protocol": cell.protocol.model_dump(),
            }
            for cell in found
        ],
    }
    data = plain(values)
    assert isinstance(data, dict)
    return data


def _score_to_dict(label: str, score: Score) -> dict[str, object]:
    record, result = score.record, score.vs_relu
    return {
        "candidate": label,
        "outcome": record and record.outcome.value,
        "reason": record and record.reason,
        "val_acc": record.val_acc if record and score.finished else None,
        "val_acc_std": record.val_acc_std if record and score.finished else None,
        "n_seeds": record.n_seeds if record else 0,
        "rank": score.rank,
        "vs_relu": result and result.difference,
        "vs_relu_ci_low": result and result.ci_low,
        "vs_relu_ci_high": result and result.ci_high,
        "vs_relu_p": result and result.p,
    }


def _cell(label: str, protocol: Protocol, roster: Roster, trained: Mapping[str, TrialRecord | None]) -> Cell:
    scores = {c: r.val_accs for c, r in trained.items() if r is not None and r.outcome is Outcome.FINISHED}
    means = {candidate: statistics.fmean(values) for candidate, values in scores.items()}
    relu = next((c for c, entry in roster.candidates.items() if is_reference(entry)), None)
    base = scores.get(relu or "")
    results = {c: paired(values, base) for c, values in scores.items()} if base else {}
    ranks = {c: 1 + sum(other > mean for other in means.values()) for c, mean in means.items()}
    rho, p, n = _spearman([(roster.candidates[c].val_acc, mean) for c, mean in means.items()])
    return Cell(
        label,
        protocol,
        {c: Score(record, ranks.get(c), results.get(c)) for c, record in trained.items()},
        rho,
        p,
        n,
    )


def _spearman(pairs: Sequence[tuple[float | None, float]]) -> tuple[float | None, float | None, int]:
    """Rank correlation, its two-sided p, and over how many; nothing of fewer than 3 or of equal ones."""
    there = np.array([(a, b) for a, b in pairs if a is not None])
    n = len(there)
    if n < 3 or (np.ptp(there, axis=0) == 0).any():
        return None, None, n
    found = stats.spearmanr(there[:, 0], there[:, 1])
    return float(found.statistic), float(found.pvalue), n


def _largest_p(label: str, found: Sequence[Cell]) -> float | None:
    largest = 0.0
    for cell in found:
        result = cell.scores[label].vs_relu
        if result is None or result.p is None:
            return None
        largest = max(largest, result.p / 2 if result.difference > 0 else 1 - result.p / 2)
    return largest


def _standing(
    label: str, entry: Entry, found: Sequence[Cell], p: float | None, p_holm: float | None
) -> Standing:
    results = {cell.label: cell.scores[label].vs_relu for cell in found}
    differences = {name: result.difference for name, result in results.items() if result is not None}
    worst = min(differences, key=differences.__getitem__, default=None)
    ranks = [cell.scores[label].rank for cell in found]
    finished = [rank for rank in ranks if rank is not None]
    return Standing(
        label,
        entry,
        statistics.fmean(finished) if finished else None,
        len(differences),
        sum(d >= 0 for d in differences.values()),
        worst,
        None if worst is None else differences[worst],
        p,
        p_holm,
        "" if entry.baseline else _verdict(label, found, differences, p_holm),
    )


def _verdict(
    label: str, found: Sequence[Cell], differences: Mapping[str, float], p_holm: float | None
) -> str:
    for cell in found:
        record = cell.scores[label].record
        if record is not None and record.reason is not None:
            return f"{record.outcome} in {cell.label}: {record.reason}"
    if len(differences) < len(found):
        return f"beside ReLU in {len(differences)} of {len(found)} cells only"
    below = {name: d for name, d in differences.items() if d < 0}
    if below:
        worst = min(below, key=below.__getitem__)
        there = next(cell for cell in found if cell.label == worst).scores[label].vs_relu
        sure = "" if there is None or there.p is None else f" (p {there.p:.2g} there)"
        words = f"below ReLU in {len(below)} of {len(found)}, by {100 * -below[worst]:.2f} points in {worst}"
        return f"{words}{sure}"
    words = f"never below ReLU in the mean of {len(found)}"
    if p_holm is None:
        return f"{words}; one seed gives no spread to judge by"
    sure = "above it in each" if p_holm < LEVEL else "that it is above in each is not sure"
    return f"{words}; {sure}, p {p_holm:.2g}"
