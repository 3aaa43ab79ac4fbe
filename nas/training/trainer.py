"""One training of one network, from its first step to its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.outcomes import Epoch, Outcome
from nas.protocol import Recipe
from nas.training.loader import Split, batches, steps_per_epoch, validation_batches
from nas.training.memory import keep_freed_memory
from nas.training.precision import autocast
from nas.training.schedule import one_cycle
from nas.training.sgd import SGD

_CHECK_EVERY = 10  #: steps between two looks at the loss: on a GPU each look waits for the device
_GLANCE = 1000  #: validation images after all epochs but the last: a point of the curve within 1.6 %
_CHANCE_STEPS = 10  #: a network of fewer steps has hardly begun


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
    """Train `network` in place on `data`; the same arguments give the same bits on the same machine.

    seed      of the batches and their augmentation; the weights are the caller's
    on_epoch  called after each epoch; what it raises goes through
    A loss that is not finite, or accuracy no better than chance after the first epoch, ends it as diverged;
    an error of torch (out of memory) as failed. SettingError where a batch exceeds the training part.
    """
    start = time.perf_counter()
    keep_freed_memory()
    loop = _Loop(network, data, recipe, epochs, seed)
    curve: list[Epoch] = []
    ending = None
    while ending is None and len(curve) < epochs:
        epoch, ending = loop.epoch(len(curve) + 1)
        if epoch is not None:
            curve.append(epoch)
            if on_epoch is not None:
                on_epoch(epoch)
    ending = ending or _Ending(Outcome.FINISHED)
    return Training(ending.outcome, ending.reason, tuple(curve), time.perf_counter() - start, loop.images)


@dataclass(frozen=True)
class _Ending:
    outcome: Outcome
    reason: str | None = None


class _Loop:
    """The state of one training between its epochs."""

    def __init__(self, network: nn.Module, data: Split, recipe: Recipe, epochs: int, seed: int) -> None:
        self.data, self.recipe, self.seed = data, recipe, seed
        self.epochs = epochs
        self.steps = epochs * steps_per_epoch(data, recipe)
        self.network = network.to(data.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = _sgd(network, recipe)
        self.step = 0
        self.images = 0
        self.judged = False  # whether accuracy has been held against chance

    def epoch(self, number: int) -> tuple[Epoch | None, _Ending | None]:
        """Train and evaluate once: the epoch if it was completed, the ending if this was the last one."""
        start = time.perf_counter()
        try:
            train_loss = self._train(number)
            if isinstance(train_loss, _Ending):
                return None, train_loss
            images = self.data.n_val if number == self.epochs else min(_GLANCE, self.data.n_val)
            val_loss, val_acc = evaluate(self.network, self.data, images)
            if not isfinite(val_loss):
                return None, _Ending(Outcome.DIVERGED, f"validation loss is not finite in epoch {number}")
            epoch = Epoch(number, train_loss, val_loss, val_acc, time.perf_counter() - start, images)
            return epoch, self._at_chance(val_acc, images)
        except (RuntimeError, MemoryError) as error:
            lines = str(error).splitlines() or [""]
            return None, _Ending(Outcome.FAILED, f"{type(error).__name__}: {lines[0]}"[:300])

    def _at_chance(self, val_acc: float, images: int) -> _Ending | None:
        """Judged once, after the first epoch that ends `_CHANCE_STEPS` or later: within 3 sigma of guessing.

        Guessing the most frequent class, of share p, is right in p +- sqrt(p (1 - p) / n) of n images.
        What looks so at a glance is looked at on all images. Early on, batch norm's running averages may lag
        so far behind the weights that a network which learns looks like chance: one that does better under
        each batch's own statistics is let go on.
        """
        if self.judged or self.step < _CHANCE_STEPS:
            return None
        self.judged = True
        if val_acc > self._noise(images):
            return None
        noise = self._noise(self.data.n_val)
        if images < self.data.n_val:
            val_acc = evaluate(self.network, self.data)[1]
        if noise > 0.5 or val_acc > noise:  # above a half: too few images to tell
            return None
        with _batch_statistics(self.network):
            if _score(self.network, self.data, self.data.n_val)[1] > noise:
                return None
        return _Ending(Outcome.DIVERGED, f"validation accuracy {val_acc:.3f} is no better than chance")

    def _noise(self, n: int) -> float:
        """The accuracy on n images that guessing hardly exceeds."""
        p = self.data.chance
        return p + 3 * sqrt(p * (1 - p) / n)

    def _train(self, number: int) -> float | _Ending:
        """One epoch of SGD; the mean loss over its images."""
        self.network.train()
        total = torch.zeros((), device=self.data.device)
        before = self.images
        for x, y in batches(self.data, self.recipe, seed=self.seed, epoch=number):
            total += self._step(x, y) * len(y)
            self.images += len(y)
            if self.step % _CHECK_EVERY == 0 and not isfinite(total.item()):
                break
        mean = total.item() / (self.images - before)
        return mean if isfinite(mean) else _Ending(Outcome.DIVERGED, f"loss is not finite in epoch {number}")

    def _step(self, x: Tensor, y: Tensor) -> Tensor:
        self.optimizer.forget_gradients()
        with autocast(self.data.device):
            loss = F.cross_entropy(self.network(x), y, label_smoothing=self.recipe.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(one_cycle(self.step, self.steps, self.recipe))
        self.step += 1
        return loss.detach()


def evaluate(network: nn.Module, data: Split, images: int | None = None) -> tuple[float, float]:
    """Mean cross-entropy (without label smoothing) and accuracy on the validation part, batch norm fixed.

    images  only the first so many; None: all
    """
    network.eval()
    return _score(network, data, data.n_val if images is None else images)


@torch.no_grad()
def _score(network: nn.Module, data: Split, images: int) -> tuple[float, float]:
    loss = torch.zeros((), dtype=torch.float64, device=data.device)
    hits = torch.zeros((), dtype=torch.int64, device=data.device)
    for x, y in validation_batches(data, images):
        with autocast(data.device):
            logits = network(x)
        loss += F.cross_entropy(logits.float(), y, reduction="sum")
        hits += (logits.argmax(1) == y).sum()
    return loss.item() / images, hits.item() / images


@contextmanager
def _batch_statistics(network: nn.Module) -> Iterator[None]:
    """Batch norm normalizes by each batch itself and learns nothing from it."""
    norms = [module for module in network.modules() if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))]
    momenta = [norm.momentum for norm in norms]
    network.train()
    try:
        for norm in norms:
            norm.momentum = 0.0
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def _sgd(network: nn.Module, recipe: Recipe) -> SGD:
    """SGD whose weight decay spares the parameters inside activations."""
    spared = list(_activation_parameters(network))
    known = {id(parameter) for parameter in spared}
    weights = [parameter for parameter in network.parameters() if id(parameter) not in known]
    return SGD(weights, spared, momentum=recipe.momentum, nesterov=recipe.nesterov, decay=recipe.weight_decay)


def _activation_parameters(network: nn.Module) -> Iterator[nn.Parameter]:
    seen: set[int] = set()
    for module in network.modules():
        if getattr(module, "is_activation", False):
            for parameter in module.parameters():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter
