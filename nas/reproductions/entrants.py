"""Candidates that differ in their settings: each is tuned under one seed, then trained under fresh ones.

Every candidate gets the same number of learning rates. The seed that chooses among them is not among those
that are compared, so that luck in the choice favors nobody.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from nas.analysis.correction import LEVEL
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.reproductions.compared import Scores
from nas.reproductions.verdicts import MARGIN, Claim
from nas.rows.datasets import DATASETS
from nas.runs.records import TrialRecord
from nas.runs.roster import Entry, Roster
from nas.seeds import derive
from nas.symbolic.naming import name_of
from nas.symbolic.parse import parse

RATES = 5  #: learning rates tried for each candidate

_SIGMAS = 3  #: above guessing, from which a network has learned

#: what `compared.contrasted` and `verdicts.settle` do with the scores of this module, in words
DIFFERENCE = (
    f"each at the best of {RATES} learning rates, even in log over its rule's range, by a seed of its own; a "
    f"training has learned that ends more than {_SIGMAS} standard errors above guessing; one that has not "
    "counts as guessing, and so does what learned at no rate under every seed; supported: the mean "
    f"difference has the claim's sign and p < {LEVEL:g} (paired t test, Holm over the claims of the same "
    f"source); not supported: the other sign so, or within {100 * MARGIN:g} points with probability above "
    f"{1 - LEVEL:g}; else cannot tell, also where neither ever learned"
)


def above(better: str, worse: str, paper: str, where: str, source: str, says: str = "") -> Claim:
    """The claim that the candidate `better` scores above `worse`, both tuned."""
    name = says or f"{better} > {worse}"
    return Claim(name, name, paper, where, DIFFERENCE, source, better, worse)


@dataclass(frozen=True)
class Entrant:
    """A candidate: an activation and what else of the recipe is its own."""

    label: str
    expression: str
    settings: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Guessing:
    """The accuracy of a network that has learned nothing, and the most it may reach by luck."""

    share: float
    limit: float  #: p + 3 sqrt(p (1 - p) / n) for n validation images

    @classmethod
    def under(cls, protocol: Protocol) -> Guessing:
        """Among the classes of the protocol's data set."""
        p = 1 / DATASETS.find(protocol.data).classes
        return cls(p, p + _SIGMAS * math.sqrt(p * (1 - p) / protocol.val_size))

    def learned(self, val_acc: float | None) -> bool:
        """Whether this accuracy is above; None: the training did not finish."""
        return val_acc is not None and val_acc > self.limit

    def score(self, val_acc: float | None) -> float:
        """The accuracy, or that of guessing."""
        return val_acc if val_acc is not None and self.learned(val_acc) else self.share


@dataclass(frozen=True)
class Tuned:
    """An entrant after its tuning. `lr` is None where it has learned at no rate."""

    entrant: Entrant
    tried: tuple[tuple[float, float | None], ...]  #: rate, accuracy; None: not finished
    lr: float | None


@dataclass(frozen=True)
class Trained:
    """A tuned entrant after its trainings, in the order of the seeds; None: it has not learned."""

    tuned: Tuned
    val_accs: tuple[float | None, ...]
    guessing: Guessing
    records: tuple[TrialRecord, ...] = ()  #: none where it has learned at no rate

    @property
    def label(self) -> str:
        """As claims name it."""
        return self.tuned.entrant.label

    @property
    def learned(self) -> int:
        """Under how many seeds it has."""
        return sum(acc is not None for acc in self.val_accs)

    @property
    def scores(self) -> Scores:
        """What is compared."""
        accs = tuple(map(self.guessing.score, self.val_accs))
        return Scores(Outcome.FINISHED.value, accs, self.learned)


def tuning(entrants: Sequence[Entrant], protocol: Protocol) -> Roster:
    """One training of each for every learning rate of the budget."""
    recipe = protocol.recipe.model_copy(update={"lr_budget": RATES})
    candidates = {one.label: _entry(one, {}) for one in entrants}
    return Roster(candidates=candidates, protocols={"tuning": protocol.model_copy(update={"recipe": recipe})})


def tuned(entrants: Sequence[Entrant], records: Sequence[TrialRecord], guessing: Guessing) -> list[Tuned]:
    """Each with the best of its rates, of equal ones the lowest; `records` are those of `tuning`."""
    found = []
    for entrant, record in zip(entrants, sorted(records, key=lambda r: r.number), strict=True):
        lr, acc = max(record.lr_tried, key=lambda pair: guessing.score(pair[1]))
        found.append(Tuned(entrant, record.lr_tried, lr if guessing.learned(acc) else None))
    return found


def comparison(found: Sequence[Tuned], protocol: Protocol, seeds: int) -> Roster:
    """What has learned, at its best rate, under `seeds` fresh seeds: a protocol for each.

    So every training is a trial, and one that fails ends no other.
    """
    fresh = {str(n): derive(protocol.seed, "comparison", n) for n in range(seeds)}
    return Roster(
        candidates={t.entrant.label: _entry(t.entrant, {"lr": t.lr}) for t in found if t.lr is not None},
        protocols={label: protocol.model_copy(update={"seed": seed}) for label, seed in fresh.items()},
    )


def trained(found: Sequence[Tuned], roster: Roster, records: Sequence[TrialRecord]) -> list[Trained]:
    """Every tuned entrant with its trainings in the run of `comparison`."""
    by_number = {record.number: record for record in records}
    own: dict[str, list[TrialRecord]] = {t.entrant.label: [] for t in found}
    for number, _, label in roster.trials():
        own[label].append(by_number[number])
    guessing = Guessing.under(next(iter(roster.protocols.values())))
    none = (None,) * len(roster.protocols)
    return [
        Trained(
            one,
            tuple(_accuracy(record, guessing) for record in own[one.entrant.label]) or none,
            guessing,
            tuple(own[one.entrant.label]),
        )
        for one in found
    ]


def row(one: Trained) -> dict[str, object]:
    """As JSON has it; in `val_accs` a training that has not learned counts as guessing."""
    entrant, accs = one.tuned.entrant, one.scores.val_accs or ()
    first = one.records[0] if one.records else None
    return {
        "label": one.label,
        "expression": entrant.expression,
        "name": name_of(parse(entrant.expression)),
        "settings": dict(entrant.settings),
        "outcome": Outcome.FINISHED.value if one.learned else Outcome.DIVERGED.value,
        "lr": one.tuned.lr,
        "lr_tried": one.tuned.tried,
        "learned": one.learned,
        "outcomes": [record.outcome.value for record in one.records],
        "val_acc": statistics.fmean(accs),
        "val_acc_std": statistics.stdev(accs) if len(accs) > 1 else None,
        "val_accs": accs,
        "parameters": first and first.parameters,
        "train_images": sum(record.train_images for record in one.records),
        "seconds": round(sum(record.seconds for record in one.records), 2),
    }


def _accuracy(record: TrialRecord, guessing: Guessing) -> float | None:
    finished = record.outcome is Outcome.FINISHED
    return record.val_acc if finished and guessing.learned(record.val_acc) else None


def _entry(entrant: Entrant, more: Mapping[str, JsonValue]) -> Entry:
    expression = parse(entrant.expression)
    return Entry(
        expression=expression.text,
        name=name_of(expression),
        complexity=expression.complexity,
        origin="own",
        settings={**entrant.settings, **more},
    )
