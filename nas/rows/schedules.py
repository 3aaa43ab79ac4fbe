"""The learning rate schedules: the factor of lr at step t of T, t from 0 to T - 1."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table
from nas.rows.optimizers import Hyper


@dataclass(frozen=True)
class Schedule:
    """How the learning rate goes over a training."""

    name: str
    summary: str
    formula: str
    source: str
    hyper: tuple[Hyper, ...]


_WARMUP = Hyper("warmup", 0.1, 0.01, 0.5, False, "share of the steps in which lr rises")
_END = Hyper("end_div", 1e4, 1.0, 1e6, True, "last lr is lr / end_div")

SCHEDULES = Table(
    "schedule",
    [
        Schedule("constant", "the same lr throughout", "1", "RobbinsMonro1951", ()),
        Schedule(
            "one_cycle",
            "up along half a cosine, down along another",
            "from 1/start_div to 1 in warmup T steps, then to 1/end_div",
            "SmithTopin2018",
            (
                Hyper("warmup", 0.3, 0.01, 0.9, False, "share of the steps in which lr rises"),
                Hyper("start_div", 25.0, 1.0, 1e3, True, "first lr is lr / start_div"),
                _END,
            ),
        ),
        Schedule(
            "wsd",
            "warm-up, stable, decay: what comes before the decay knows nothing of the end, so a training can "
            "go on",
            "from 1/start_div to 1 in warmup T steps, 1, to 1/end_div along a line in the last cooldown T",
            "Hagele2024",
            (
                Hyper("warmup", 0.3, 0.01, 0.9, False, "share of the lowest rung in which lr rises"),
                Hyper("start_div", 25.0, 1.0, 1e3, True, "first lr is lr / start_div"),
                Hyper("cooldown", 0.3, 0.01, 0.9, False, "share of a rung in which lr falls"),
                _END,
            ),
        ),
        Schedule(
            "cosine",
            "down along half a cosine",
            "1/end_div + (1 - 1/end_div) (1 + cos(pi t / (T - 1))) / 2",
            "LoshchilovHutter2016",
            (_END,),
        ),
        Schedule(
            "step",
            "divided by a constant at equal intervals",
            "1 / drop^floor(t stages / T)",
            "He2016",
            (
                Hyper("drop", 10.0, 1.5, 100.0, True, "divisor from stage to stage"),
                Hyper("stages", 3, 2, 10, False, "stretches of equal lr", whole=True),
            ),
        ),
        Schedule(
            "linear_warmup",
            "up along a line, then down along a line to 0 after the last step",
            "(t + 1)/(warmup T) up to 1, then (T - t)/(T - warmup T)",
            "Goyal2017",
            (_WARMUP,),
        ),
        Schedule(
            "inverse_sqrt",
            "up along a line, then down with the root of the steps",
            "min((t + 1)/k, sqrt(k/(t + 1))), k = warmup T",
            "Vaswani2017",
            (_WARMUP,),
        ),
    ],
)
