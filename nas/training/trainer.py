"""One training of one network, from its first step to its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from nas.outcomes import Epoch, Outcome
from nas.protocol import Recipe
from nas.training.loader import Split, steps_per_epoch
from nas.training.loop import GLANCE, Ending, Loop, State
from nas.training.schedule import lr_at, rungs


@dataclass(frozen=True)
class Training:
    """How a training ended and what it cost; `curve` has the epochs that were completed."""

    outcome: Outcome
    reason: str | None
    curve: tuple[Epoch, ...]
    seconds: float
    train_images: int  #: images really trained on, repeats counted


def train(
    network: nn.Module,
    data: Split,
    recipe: Recipe,
    *,
    epochs: int,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Training:
    """Train `network` in place on `data` under the recipe's schedule of the learning rate.

    The same arguments give the same bits on the same machine.

    seed      of the batches and their augmentation; the weights are the caller's
    on_epoch  called after each epoch; what it raises goes through
    A loss that is not finite, or accuracy no better than chance after the first epoch, ends it as diverged;
    an error of torch (out of memory) as failed. SettingError where a batch exceeds the training part.
    """
    start = time.perf_counter()
    loop = Loop(network, data, recipe, seed)
    each = steps_per_epoch(data, recipe)
    curve: list[Epoch] = []
    ending = None
    while ending is None and len(curve) < epochs:
        number = len(curve) + 1
        images = data.n_val if number == epochs else min(GLANCE, data.n_val)
        epoch, ending = loop.epoch(
            number, number * each, lambda step: lr_at(step, epochs * each, recipe), images
        )
        if epoch is not None:
            if ending is None and number < epochs and _worn_out([*curve, epoch], recipe.patience):
                epoch, ending = loop.judged(epoch), Ending(Outcome.FINISHED)
            curve.append(epoch)
            if on_epoch is not None:
                on_epoch(epoch)
    return _training(ending, curve, start, loop)


def _worn_out(curve: list[Epoch], patience: int) -> bool:
    """Early stopping (Prechelt 1998): the lowest validation loss is `patience` epochs old."""
    lowest = min(curve, key=lambda epoch: epoch.val_loss)
    return 0 < patience <= curve[-1].number - lowest.number


@dataclass(frozen=True)
class Way:
    """From where to where a training goes that has rungs."""

    ladder: tuple[int, ...]  #: epochs of each rung, rising
    to: int  #: number of the rung, from 0
    trunk: State | None = (
        None  #: what `keep` was given at a lower rung: nothing is paid twice; None: the start
    )
    keep: Callable[[State], None] | None = None  #: is given the state before the cooldown, for a higher rung


def climb(
    network: nn.Module,
    data: Split,
    recipe: Recipe,
    way: Way,
    *,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Training:
    """Train `network` in place up to a rung, where lr cools down; as `train`, but the curve has one epoch."""
    start = time.perf_counter()
    loop = Loop(network, data, recipe, seed)
    if way.trunk is not None:
        loop.restore(way.trunk)
    each = steps_per_epoch(data, recipe)
    number = way.ladder[way.to]
    rung = rungs(tuple(epochs * each for epochs in way.ladder), recipe)[way.to]
    curve: list[Epoch] = []
    loss = loop.advance(rung.trunk, lambda step: rung.lr(step, recipe), number)
    ending = loss if isinstance(loss, Ending) else None
    if ending is None:
        if way.keep is not None:
            way.keep(loop.state())
        epoch, ending = loop.epoch(number, rung.end, lambda step: rung.lr(step, recipe), data.n_val)
        if epoch is not None:
            curve.append(epoch)
            if on_epoch is not None:
                on_epoch(epoch)
    return _training(ending, curve, start, loop)


def _training(ending: Ending | None, curve: list[Epoch], start: float, loop: Loop) -> Training:
    ending = ending or Ending(Outcome.FINISHED)
    return Training(ending.outcome, ending.reason, tuple(curve), time.perf_counter() - start, loop.images)
