"""Which decisions of a search its scores depend on: each alone, and each two beyond what both say alone.

Scores become ranks, so that an outlier weighs no more than its place, and ranks become normal scores: plain
ranks end at 1 and n, so that two strong decisions seem to depend on each other where they do not (7 times of
10 with 200 trials in a simulation, normal scores once in 100). A decision that not all trials take is judged
among those that do.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from scipy import stats

from nas.analysis.choices import OTHERS, RARE, Choices, choices
from nas.analysis.correction import holm
from nas.analysis.variance import Explained, Groups, interaction, main_effect
from nas.outcomes import Outcome
from nas.runs.decided import Decided
from nas.runs.records import TrialRecord, plain

_PER_CELL = 3  #: trials, on average, in a cell of a pair
_SEED = 0  #: of permutations and resamples: the same run gives the same figures


@dataclass(frozen=True)
class Option:
    """One option of a decision, or a range of numbers, or two options together, and its trials."""

    option: str
    mean: float  #: score, a fraction of the validation part
    n: int


@dataclass(frozen=True)
class Decision:
    """One decision, over the n finished trials that took it."""

    name: str
    share: float | None  #: of the variance of the normal scores; None where too few trials can tell
    ci_low: float | None
    ci_high: float | None
    p_holm: float | None
    n: int
    best: Option
    worst: Option


@dataclass(frozen=True)
class Pair:
    """Two decisions together, over the n finished trials that took both."""

    a: str
    b: str
    share: float  #: of the variance of the normal scores, beyond the two alone
    p_holm: float | None
    n: int
    best: Option


@dataclass(frozen=True)
class Fall:
    """Where most trials diverged, of a decision: its option with the largest share of them."""

    name: str
    option: str
    diverged: int
    trained: int
    p_holm: float | None  #: of the decision as a whole


@dataclass(frozen=True)
class Importance:
    """What mattered in a search, most important first."""

    decisions: tuple[Decision, ...]
    pairs: tuple[Pair, ...]
    falls: tuple[Fall, ...]
    trials: int  #: finished: those with a score of the full budget
    pruned: int
    diverged: int
    untested: int  #: pairs with too few trials for their cells, or never taken together
    note: str


def importance(
    records: Iterable[TrialRecord], decided: Mapping[int, Mapping[str, Decided]], sampler: str
) -> Importance:
    """Judge every decision in `decided`; Holm corrects decisions, pairs and falls, each family together.

    Only finished trials have a score that counts: one of a lower rung is of another budget, and a trial that
    diverged has none. Divergence is judged by itself, among all that were trained.
    """
    trained = {r.number: r for r in records if r.number in decided and r.outcome in _TRAINED}
    finished = [r for r in trained.values() if r.outcome is Outcome.FINISHED]
    scores = {r.number: r.val_acc for r in finished if r.val_acc is not None}
    fell = {number: float(r.outcome is Outcome.DIVERGED) for number, r in trained.items()}
    pruned = sum(r.outcome is Outcome.PRUNED for r in trained.values())
    taken = choices({number: decided[number] for number in trained})
    pairs = _pairs(taken, scores)
    return Importance(
        _decisions(taken, scores),
        pairs,
        _falls(taken, fell),
        trials=len(scores),
        pruned=pruned,
        diverged=round(sum(fell.values())),
        untested=math.comb(len(taken), 2) - len(pairs),
        note=_note(sampler, pruned),
    )


_TRAINED = (Outcome.FINISHED, Outcome.PRUNED, Outcome.DIVERGED)


def to_dict(of: Importance) -> dict[str, object]:
    """As JSON holds it."""
    data = plain(of)
    assert isinstance(data, dict)
    return data


def _decisions(taken: Sequence[Choices], scores: Mapping[int, float]) -> tuple[Decision, ...]:
    rows = []
    for choice, effect, p_holm, options in _alone(taken, scores):
        known = [option for option in options if option.option != OTHERS] or options
        best, worst = max(known, key=_mean), min(known, key=_mean)
        n = sum(option.n for option in options)
        share, low, high = (effect.share, effect.low, effect.high) if effect else (None, None, None)
        rows.append(Decision(choice.name, share, low, high, p_holm, n, best, worst))
    return tuple(sorted(rows, key=lambda row: -1.0 if row.share is None else row.share, reverse=True))


def _falls(taken: Sequence[Choices], fell: Mapping[int, float]) -> tuple[Fall, ...]:
    rows = []
    for choice, _, p_holm, options in _alone(taken, fell):
        most = max(options, key=_mean)
        if most.mean > 0:
            rows.append(Fall(choice.name, most.option, round(most.mean * most.n), most.n, p_holm))
    return tuple(sorted(rows, key=lambda row: 2.0 if row.p_holm is None else row.p_holm))


def _alone(
    taken: Sequence[Choices], values: Mapping[int, float]
) -> list[tuple[Choices, Explained | None, float | None, list[Option]]]:
    """Every decision by itself: what it explains, its corrected p, its options."""
    judged = []
    for choice in taken:
        trials = [number for number in choice.by_trial if number in values]
        if trials:
            labels, groups = choice.grouped(trials)
            effect = main_effect(_normal_scores(trials, values), groups, _SEED)
            judged.append((choice, effect, _options(labels, groups, [values[n] for n in trials])))
    adjusted = holm([effect.p if effect else None for _, effect, _ in judged])
    return [
        (choice, effect, p, options) for (choice, effect, options), p in zip(judged, adjusted, strict=True)
    ]


def _pairs(taken: Sequence[Choices], scores: Mapping[int, float]) -> tuple[Pair, ...]:
    judged = []
    for a, b in combinations(taken, 2):
        trials = [number for number in a.by_trial if number in b.by_trial and number in scores]
        if not trials:
            continue
        most = max(2, math.isqrt(len(trials) // _PER_CELL))
        (first, at), (second, beside) = a.grouped(trials, most), b.grouped(trials, most)
        effect = interaction(_normal_scores(trials, scores), at, beside, _SEED)
        if effect is not None:
            labels = [f"{one} with {other}" for one in first for other in second]
            cells = _options(labels, at * len(second) + beside, [scores[n] for n in trials])
            best = max([cell for cell in cells if cell.n >= RARE] or cells, key=_mean)
            judged.append((effect, a.name, b.name, len(trials), best))
    adjusted = holm([effect.p for effect, *_ in judged])
    rows = [
        (effect.p, Pair(a, b, effect.share, p, n, best))
        for (effect, a, b, n, best), p in zip(judged, adjusted, strict=True)
    ]
    return tuple(row for _, row in sorted(rows, key=lambda each: (each[0], -each[1].share)))


def _options(labels: Sequence[str], groups: Groups, values: Sequence[float]) -> list[Option]:
    found: dict[int, list[float]] = defaultdict(list)
    for group, value in zip(groups.tolist(), values, strict=True):
        found[group].append(value)
    return [Option(labels[group], fmean(members), len(members)) for group, members in sorted(found.items())]


def _mean(of: Option) -> float:
    return of.mean


def _normal_scores(trials: Sequence[int], values: Mapping[int, float]) -> list[float]:
    """Phi^-1(rank / (n + 1)) (van der Waerden 1952)."""
    ranks = stats.rankdata([values[n] for n in trials])
    found: list[float] = stats.norm.ppf(ranks / (len(trials) + 1)).tolist()
    return found


def _note(sampler: str, pruned: int) -> str:
    if sampler == "random":
        words = (
            "options were drawn at random, so only chance and the conditions of the space put some together "
            "more often than others"
        )
    else:
        words = (
            f"an association is no cause: the sampler {sampler} does not draw options evenly, so one may owe "
            "its score to those that it came with or to when it came, and p is a guide"
        )
    if pruned:
        words += "; pruned trials are left out, so only what did well at lower rungs is judged"
    return f"{words}; nas compare trains candidates under the same seeds"
