"""A candidate's score: K trainings under the seeds, batches and augmentation that every candidate gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from nas.activations.compiled import compile_ahead
from nas.activations.meta_acon import has_beta
from nas.activations.module import form_of
from nas.datasets.images import Images
from nas.evaluation.builder import build_network
from nas.initialization.scaling import applied_gain
from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.seeds import derive
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse
from nas.training.loader import Split, load_split, steps_per_epoch
from nas.training.loop import State
from nas.training.trainer import Way, climb, train

_WARM_UP_IMAGES, _PROBE_IMAGES = 128, 1024  # enough for a rate within some 20 %, in a quarter of a second


@dataclass(frozen=True)
class Evaluation:
    """How a candidate did; the fields but `weights` are those of a trial's record."""

    outcome: Outcome
    reason: str | None = None
    val_accs: tuple[float, ...] = ()
    curves: tuple[tuple[Epoch, ...], ...] = ()
    seconds: float = 0.0
    train_images: int = 0
    init_gain: float | None = None
    code: str | None = None
    weights: Mapping[str, Tensor] = field(default_factory=dict, repr=False)  #: of the first seed, on the CPU

    def fields(self) -> dict[str, Any]:
        """What the store keeps."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "weights"}


class Evaluator:
    """Scores candidates under one protocol on one device; the images are moved there once."""

    def __init__(self, protocol: Protocol, images: Images, device: torch.device) -> None:
        self.protocol = protocol
        self.data = load_split(
            images,
            train_size=protocol.train_size,
            val_size=protocol.val_size,
            split_seed=protocol.split_seed,
            device=device,
        )
        steps_per_epoch(self.data, protocol.recipe)  # refuses a batch larger than the training part

    def evaluate(
        self,
        expression: Expression,
        settings: Mapping[str, Any] | None = None,
        on_epoch: Callable[[int, Epoch], None] | None = None,
        *,
        rung: int | None = None,
        seeds: Iterable[int] | None = None,
        trunk: State | None = None,
        keep: Callable[[State], None] | None = None,
    ) -> Evaluation:
        """Train `expression` once for each seed, with `settings` in place of the recipe's own values.

        The first training that does not finish ends the candidate: a mean over the seeds that survived would
        flatter it. `on_epoch(seed_index, epoch)` is told of every epoch.

        rung         up to which; None: the highest
        seeds        which of the protocol's, by index from 0; None: all
        trunk, keep  where the training begins and what a higher rung begins with, as in `climb`
        """
        rung = len(self.protocol.ladder) - 1 if rung is None else rung
        protocol = self._under(settings, rung)
        recipe, data = protocol.recipe, self._data(protocol)
        curves: list[tuple[Epoch, ...]] = []
        weights: Mapping[str, Tensor] = {}
        seconds, images, outcome, reason = 0.0, 0, Outcome.FINISHED, None
        init_gain = None
        for index in range(protocol.seeds) if seeds is None else seeds:
            start = time.perf_counter()
            seed = training_seed(self.protocol, index)
            network = build_network(protocol, expression, seed)
            init_gain = applied_gain(network, expression, recipe.init_gain)
            watch = None if on_epoch is None else _with_seed(on_epoch, index)
            if recipe.schedule == "one_cycle":
                training = train(network, data, recipe, epochs=protocol.epochs, seed=seed, on_epoch=watch)
            else:
                ladder, to = (protocol.rungs, rung) if protocol.rungs else ((protocol.epochs,), 0)
                way = Way(ladder, to, trunk, keep)
                training = climb(network, data, recipe, way, seed=seed, on_epoch=watch)
            curves.append(training.curve)
            seconds += time.perf_counter() - start
            images += training.train_images
            weights = weights or {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
            outcome, reason = training.outcome, training.reason
            if outcome is not Outcome.FINISHED:
                break
        accuracies = tuple(curve[-1].val_acc for curve in curves if curve)
        return Evaluation(
            outcome,
            reason,
            accuracies,
            tuple(curves),
            seconds,
            images,
            init_gain=init_gain,
            weights=weights,
            code="eager" if recipe.meta and has_beta(expression) else form_of(expression, self.data.device),
        )

    def network(self, expression: Expression, settings: Mapping[str, Any] | None = None) -> nn.Module:
        """The network that `evaluate` trains in full, for weights that a training has left."""
        return build_network(self._under(settings, len(self.protocol.ladder) - 1), expression, 0)

    def _under(self, settings: Mapping[str, Any] | None, rung: int) -> Protocol:
        recipe = self.protocol.recipe.model_copy(update=dict(settings or {}))
        return self.protocol.at(rung).model_copy(update={"recipe": recipe})

    def _data(self, protocol: Protocol) -> Split:
        """The images of a training under `protocol`: the first ones, where a rung takes fewer."""
        n = protocol.train_size
        if n is None or n >= self.data.n_train:
            return self.data
        return replace(self.data, x_train=self.data.x_train[:n], y_train=self.data.y_train[:n])

    def prepare(self, expressions: Iterable[Expression]) -> None:
        """Have the code of what will be trained made in the background; each trial waits for its own."""
        if self.data.device.type == "cpu":
            for expression in expressions:
                compile_ahead(expression)

    def images_per_second(self) -> float:
        """Training images a second with ReLU, measured now on a few thousand, validation in proportion."""
        network = build_network(self.protocol, parse("max(x, 0)"), 0)
        rate = 0.0
        for wanted in (_WARM_UP_IMAGES, _PROBE_IMAGES):
            n = min(max(wanted, self.protocol.recipe.batch_size), self.data.n_train)
            n_val = max(1, self.data.n_val * n // self.data.n_train)
            few = replace(
                self.data,
                x_train=self.data.x_train[:n],
                y_train=self.data.y_train[:n],
                x_val=self.data.x_val[:n_val],
                y_val=self.data.y_val[:n_val],
            )
            done = train(network, few, self.protocol.recipe, epochs=1, seed=0)
            rate = done.train_images / done.seconds
        return rate

    def estimated_seconds(self, candidates: float) -> float:
        """Wall-clock for training `candidates` candidates at the speed of ReLU."""
        images = steps_per_epoch(self.data, self.protocol.recipe) * self.protocol.recipe.batch_size
        return candidates * self.protocol.seeds * self.protocol.epochs * images / self.images_per_second()


def training_seed(protocol: Protocol, index: int) -> int:
    """The seed of training number `index` of every candidate."""
    return derive(protocol.seed, "training", index)


def _with_seed(on_epoch: Callable[[int, Epoch], None], index: int) -> Callable[[Epoch], None]:
    return lambda epoch: on_epoch(index, epoch)
