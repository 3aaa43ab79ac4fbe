"""The state of one training between its steps, and how good it is by now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.architectures.dropout import reseed
from nas.optimizers.contract import Optimizer
from nas.optimizers.library import make, needs
from nas.outcomes import Epoch, Outcome
from nas.protocol import Recipe
from nas.seeds import derive
from nas.training.loader import Split, batches, steps_per_epoch, validation_batches
from nas.training.memory import keep_freed_memory
from nas.training.precision import autocast

GLANCE = 1000  #: validation images after all epochs but the last: a point of the curve within 1.6 %

_CHECK_EVERY = 10  #: steps between two looks at the loss: on a GPU each look waits for the device
_CHANCE_STEPS = 10  #: a network of fewer steps has hardly begun
_JUDGED = 2000  #: validation images by which a network is given up: of ten classes, 3 sigma are 2 %

State = Mapping[str, Any]  #: tensors, numbers, lists and dicts of them: what torch.load reads as weights only
Rate = Callable[[int], float]  #: the learning rate of a step


@dataclass(frozen=True)
class Ending:
    """Why a training is over."""

    outcome: Outcome
    reason: str | None = None


class Loop:
    """A network in training; `seed` is that of the batches and their augmentation."""

    def __init__(self, network: nn.Module, data: Split, recipe: Recipe, seed: int) -> None:
        keep_freed_memory()
        self.data, self.recipe, self.seed = data, recipe, seed
        self.steps_per_epoch = steps_per_epoch(data, recipe)
        self.network = network.to(data.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = _optimizer(network, recipe)
        self._closed = needs(recipe.optimizer) == "gradient"
        self.step = 0
        self.images = 0  #: trained on since this object was made
        self._judged = False  # whether accuracy has been held against chance

    def state(self) -> State:
        """All that `restore` needs to go on, with the same bits, as a copy."""
        network = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}
        return {"step": self.step, "network": network, "optimizer": self.optimizer.state()}

    def restore(self, state: State) -> bool:
        """Go on from `state`; False, and nothing is changed, where it is another network's."""
        own = self.state()
        if _shapes(state.get("network")) != _shapes(own["network"]) or not isinstance(state.get("step"), int):
            return False
        try:
            self.optimizer.restore(state["optimizer"])
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError):
            self.optimizer = _optimizer(self.network, self.recipe)
            return False
        self.network.load_state_dict(state["network"])
        self.step = state["step"]
        return True

    def epoch(self, number: int, until: int, rate: Rate, images: int) -> tuple[Epoch | None, Ending | None]:
        """Train to step `until` and evaluate on the first `images` of the validation part.

        The epoch if it was completed, the ending if this was the last one.
        """
        start = time.perf_counter()
        train_loss = self.advance(until, rate, number)
        if isinstance(train_loss, Ending):
            return None, train_loss
        try:
            val_loss, val_acc = evaluate(self.network, self.data, images)
            if not isfinite(val_loss):
                return None, Ending(Outcome.DIVERGED, f"validation loss is not finite in epoch {number}")
            epoch = Epoch(number, train_loss, val_loss, val_acc, time.perf_counter() - start, images)
            return epoch, self._at_chance(val_acc, images)
        except (RuntimeError, MemoryError) as error:
            return None, _failed(error)

    def judged(self, epoch: Epoch) -> Epoch:
        """The same epoch, evaluated on the whole validation part."""
        val_loss, val_acc = evaluate(self.network, self.data)
        return replace(epoch, val_loss=val_loss, val_acc=val_acc, val_images=self.data.n_val)

    def advance(self, until: int, rate: Rate, number: int) -> float | Ending:
        """Train to step `until`, in epoch `number`; the mean loss over the images."""
        try:
            return self._advance(until, rate, number)
        except (RuntimeError, MemoryError) as error:
            return _failed(error)

    def _at_chance(self, val_acc: float, images: int) -> Ending | None:
        """Judged once, after the first epoch that ends `_CHANCE_STEPS` or later: within 3 sigma of guessing.

        Guessing the most frequent class, of share p, is right in p +- sqrt(p (1 - p) / n) of n images.
        What looks so at a glance is looked at again on `_JUDGED`. Early on, batch norm's running averages may
        lag so far behind the weights that a network which learns looks like chance: one that does better
        under each batch's own statistics is let go on.
        """
        if self._judged or self.step < _CHANCE_STEPS:
            return None
        self._judged = True
        if val_acc > self._noise(images):
            return None
        n = max(images, min(_JUDGED, self.data.n_val))
        noise = self._noise(n)
        if images < n:
            val_acc = evaluate(self.network, self.data, n)[1]
        if noise > 0.5 or val_acc > noise:  # above a half: too few images to tell
            return None
        with _batch_statistics(self.network):
            if _score(self.network, self.data, n)[1] > noise:
                return None
        return Ending(Outcome.DIVERGED, f"validation accuracy {val_acc:.3f} is no better than chance")

    def _noise(self, n: int) -> float:
        """The accuracy on n images that guessing hardly exceeds."""
        p = self.data.chance
        return p + 3 * sqrt(p * (1 - p) / n)

    def _advance(self, until: int, rate: Rate, number: int) -> float | Ending:
        self.network.train()
        total = torch.zeros((), device=self.data.device)
        before = self.images
        reseed(self.network, derive(self.seed, "dropout", self.step))
        for x, y in self._batches(until):
            total += self._step(x, y, rate(self.step)) * len(y)
            self.images += len(y)
            if self.step % _CHECK_EVERY == 0 and not isfinite(total.item()):
                break
        mean = total.item() / max(self.images - before, 1)
        return mean if isfinite(mean) else Ending(Outcome.DIVERGED, f"loss is not finite in epoch {number}")

    def _batches(self, until: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Those of the steps from this one to `until`, epoch by epoch."""
        while self.step < until:
            done, first = divmod(self.step, self.steps_per_epoch)
            last = min(until, (done + 1) * self.steps_per_epoch)
            coming = batches(self.data, self.recipe, seed=self.seed, epoch=done + 1, first=first)
            while self.step < last:
                yield next(coming)

    def _step(self, x: Tensor, y: Tensor, lr: float) -> Tensor:
        if self._closed:
            self.optimizer.forget_gradients()
            loss = self._loss(x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step(lr)
        else:
            loss = self._loss(x, y)
            self.optimizer.step(lr, lambda: self._loss(x, y))
        self.step += 1
        return loss.detach()

    def _loss(self, x: Tensor, y: Tensor) -> Tensor:
        with autocast(self.data.device):
            return F.cross_entropy(self.network(x), y, label_smoothing=self.recipe.label_smoothing)


def _shapes(tensors: object) -> object:
    if not isinstance(tensors, Mapping):
        return None
    return {name: getattr(tensor, "shape", None) for name, tensor in tensors.items()}


def _failed(error: Exception) -> Ending:
    lines = str(error).splitlines() or [""]
    return Ending(Outcome.FAILED, f"{type(error).__name__}: {lines[0]}"[:300])


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


def _optimizer(network: nn.Module, recipe: Recipe) -> Optimizer:
    """The recipe's rule; weight decay spares the parameters inside activations."""
    spared = list(_activation_parameters(network))
    known = {id(parameter) for parameter in spared}
    weights = [parameter for parameter in network.parameters() if id(parameter) not in known]
    decoupled = None if recipe.decay == "own" else recipe.decay == "decoupled"
    return make(
        recipe.optimizer,
        weights,
        spared,
        recipe.hyper,
        weight_decay=recipe.weight_decay,
        decoupled=decoupled,
    )


def _activation_parameters(network: nn.Module) -> Iterator[nn.Parameter]:
    seen: set[int] = set()
    for module in network.modules():
        if getattr(module, "is_activation", False):
            for parameter in module.parameters():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter
