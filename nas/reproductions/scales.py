"""How large a reproduction is: its data, network and budget, one row a scale. Fixed before any result.

A search of `hour` trains 300 x 1 and about 75 x 2.3 epochs of 10,000 images, its comparison 19 functions x 6
seeds x 3 epochs: 8.1 million images, 54 minutes at 2,500 a second. Where candidates are tuned it is at most
8 x (5 rates + 6 seeds) x 3 epochs for update rules, 2.6 million, and 27 x (5 + 4) x 3 for inits, 7.3 million,
less what diverges before its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nas.registry import Table


@dataclass(frozen=True)
class Scale:
    """One size of a reproduction; `train_size` None: all images."""

    name: str
    summary: str
    data: str
    net: str
    width: int
    epochs: int
    train_size: int | None
    val_size: int
    rungs: tuple[int, ...]  #: epochs after which a search screens; empty: every candidate is trained in full
    reduction: int  #: one of so many goes on to the next rung
    trials: int  #: functions that a search trains
    seeds: int  #: paired ones, of the comparison

    @property
    def pruner(self) -> Literal["none", "halving"]:
        """Who screens."""
        return "halving" if self.rungs else "none"


SCALES = Table(
    "scale",
    [
        Scale(
            name="minutes",
            summary="digits, at most 15 minutes on 2 cores",
            data="digits",
            net="small",
            width=8,
            epochs=9,
            train_size=None,
            val_size=360,
            rungs=(1, 3, 9),
            reduction=3,
            trials=300,
            seeds=4,
        ),
        Scale(
            name="hour",
            summary="10,000 images of CIFAR-10, screened after one epoch of three; about an hour on 2 cores",
            data="cifar10",
            net="small",
            width=8,
            epochs=3,
            train_size=10_000,
            val_size=5_000,
            rungs=(1, 3),
            reduction=4,
            trials=300,
            seeds=6,
        ),
        Scale(
            name="paper",
            summary="CIFAR-10, ResNet-20, 10,000 steps of 128 images for every function; for a CUDA machine",
            data="cifar10",
            net="resnet20",
            width=16,
            epochs=29,
            train_size=45_000,
            val_size=5_000,
            rungs=(),
            reduction=2,
            trials=300,
            seeds=5,
        ),
    ],
)
