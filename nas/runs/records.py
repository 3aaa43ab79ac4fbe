"""One trial as every view reads it: what was tried, how it ended, what it scored and cost."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal, cast

from nas.outcomes import Epoch, Outcome
from nas.runs.layout import RUNGS

Origin = Literal["baseline", "own", "sampler"]
Curve = tuple[Epoch, ...]


@dataclass(frozen=True)
class RungScore:
    """What one rung of a search with a pruner said of a trial, and what it cost."""

    rung: int  #: number of the rung, from 0
    value: int  #: epochs, training images or width there
    val_accs: tuple[float, ...]  #: one a seed
    curves: tuple[Curve, ...]  #: the epochs trained at this rung, one curve a seed
    seconds: float
    train_images: int
    facts: Mapping[str, Any] = field(default_factory=dict)  #: fields of the record that all rungs share

    @property
    def val_acc(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.val_accs)


def so_far(rungs: Sequence[RungScore]) -> dict[str, Any]:
    """The fields of a TrialRecord after `rungs`: the score is that of the highest, the cost that of all.

    The first seed's curve goes on from rung to rung where its epochs do.
    """
    last = rungs[-1]
    first: Curve = ()
    for rung in rungs:
        goes_on = first and rung.curves[0] and rung.curves[0][0].number > first[-1].number
        first = first + rung.curves[0] if goes_on else rung.curves[0]
    return {
        "val_accs": last.val_accs,
        "curves": (first, *last.curves[1:]),
        "epochs": last.curves[0][-1].number,
        "seconds": sum(rung.seconds for rung in rungs),
        "train_images": sum(rung.train_images for rung in rungs),
        **last.facts,
        "rungs": tuple(rungs),
    }


def waiting_words(rungs: Sequence[RungScore]) -> str:
    """Why a trial has no further score."""
    return f"waits at rung {rungs[-1].rung + 1} ({rungs[-1].value:,})"


@dataclass(frozen=True)
class TrialRecord:
    """A trial that has ended. Per-seed values stand in the order of the seeds."""

    number: int  #: the number of the trial in the study, from 0
    expression: str  #: text that `nas.symbolic.parse` reads back
    name: str | None  #: the known function it is, if any
    complexity: int  #: nodes of the expression tree
    origin: Origin  #: a yardstick, given by the user, or proposed
    outcome: Outcome
    reason: str | None = None  #: why it was screened, diverged, was pruned or failed
    settings: dict[str, object] = field(default_factory=dict)  #: recipe values that this space searches
    val_accs: tuple[float, ...] = ()  #: accuracy after the last epoch, one a seed that got so far
    curves: tuple[Curve, ...] = ()  #: the epochs of each seed, also of one that was cut short
    epochs: int = 0  #: epochs of one training as planned
    seconds: float = 0.0  #: wall-clock of all seeds together
    train_images: int = 0  #: images trained on, all epochs and seeds together
    init_gain: float | None = None  #: sqrt(fan-in Var w) of the weights behind the activations
    code: str | None = None  #: what computed the activation: "compiled" or "eager"
    lr_tried: tuple[tuple[float, float | None], ...] = ()  #: those of a budget, each with its score
    bracket: int = 0  #: the rung that it began at
    rungs: tuple[RungScore, ...] = ()  #: its scores at the rungs of a pruner or a race, lowest first
    parameters: int | None = None  #: numbers that are trained
    macs: int | None = None  #: multiplications and additions for one image
    activation_bytes: int | None = None  #: of all layers' outputs for one image, in float32
    net_score: float | None = None  #: of the network without training (`nas score`), where it was asked for
    equal_proposals: int = 0  #: proposals that were equal to something known before this one was found

    @property
    def baseline(self) -> bool:
        """Whether this is one of the product's yardsticks."""
        return self.origin == "baseline"

    @property
    def waiting(self) -> bool:
        """Whether it has been scored at a rung and may go on yet."""
        return bool(self.rungs) and self.reason == waiting_words(self.rungs)

    @property
    def n_seeds(self) -> int:
        """Trainings that gave a score."""
        return len(self.val_accs)

    @property
    def lr(self) -> float | None:
        """The learning rate that was chosen from a budget; None where there was none."""
        chosen = tuned(self.lr_tried).get("lr")
        return chosen if isinstance(chosen, float) else None

    @property
    def tuned(self) -> dict[str, object]:
        """The settings with the learning rate that served all seeds, where it was chosen from a budget."""
        return {**self.settings, **tuned(self.lr_tried)}

    @property
    def val_acc(self) -> float | None:
        """Mean validation accuracy over the seeds, a fraction; None without a score."""
        return statistics.fmean(self.val_accs) if self.val_accs else None

    @property
    def val_acc_std(self) -> float | None:
        """Sample standard deviation (n - 1) over the seeds; None for fewer than two."""
        return statistics.stdev(self.val_accs) if self.n_seeds > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON; a number that is not finite becomes None."""
        return cast(dict[str, Any], plain(asdict(self)))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrialRecord:
        """The inverse of `to_json`: None in a curve is read as NaN. Other keys in `data` are left aside.

        Raises:
            KeyError, TypeError, ValueError: where `data` is not a record.
        """
        known = {key: value for key, value in data.items() if key in cls.__dataclass_fields__}
        known["outcome"] = Outcome(data["outcome"])
        known["val_accs"] = tuple(map(_number, data.get("val_accs", ())))
        known["curves"] = tuple(tuple(map(_epoch, curve)) for curve in data.get("curves", ()))
        known["lr_tried"] = tuple((float(lr), score) for lr, score in data.get("lr_tried", ()))
        known["rungs"] = tuple(map(_rung, data.get("rungs", ())))
        known["settings"] = dict(data.get("settings", {}))
        return cls(**known)


def tuned(tried: Sequence[tuple[float, float | None]]) -> dict[str, object]:
    """The settings that repeat a choice among learning rates: the best score, the first of equals."""
    scored = [(lr, score) for lr, score in tried if score is not None]
    return {"lr": max(scored, key=lambda one: one[1])[0], "lr_budget": 1} if scored else {}


@dataclass(frozen=True)
class Pending:
    """A trial that was begun and has not ended: it is running now, was cut off, or waits at a rung."""

    number: int
    params: dict[str, Any]  #: decision -> what was chosen
    attrs: dict[str, Any]  #: the fields given to `Run.begin`, as JSON gives them back
    rungs: tuple[RungScore, ...] = ()  #: where it has been scored; empty where it was cut off before that

    def waiting(self) -> TrialRecord:
        """What it has come to at its last rung: pruned, unless it goes on yet."""
        fields = {**self.attrs, **cast(dict[str, Any], plain(so_far(self.rungs)))}
        ending = {"outcome": Outcome.PRUNED, "reason": waiting_words(self.rungs)}
        return TrialRecord.from_json({**fields, "number": self.number, **ending})


def pending(number: int, params: Mapping[str, Any], attrs: Mapping[str, Any]) -> Pending:
    """The trial with these attributes in the store. Raises KeyError, TypeError, ValueError where damaged."""
    fields = {key: value for key, value in attrs.items() if key != RUNGS}
    return Pending(number, dict(params), fields, tuple(map(_rung, attrs.get(RUNGS, ()))))


def plain(value: object) -> object:
    """`value` as JSON can hold it: dataclasses as objects, tuples as lists, non-finite numbers as None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _rung(data: Mapping[str, Any]) -> RungScore:
    return RungScore(
        rung=int(data["rung"]),
        value=int(data["value"]),
        val_accs=tuple(map(_number, data["val_accs"])),
        curves=tuple(tuple(map(_epoch, curve)) for curve in data["curves"]),
        seconds=_number(data["seconds"]),
        train_images=int(data["train_images"]),
        facts=dict(data.get("facts", {})),
    )


def _epoch(data: Mapping[str, Any]) -> Epoch:
    return Epoch(
        number=int(data["number"]),
        train_loss=_number(data["train_loss"]),
        val_loss=_number(data["val_loss"]),
        val_acc=_number(data["val_acc"]),
        seconds=_number(data["seconds"]),
        val_images=data.get("val_images"),
    )
