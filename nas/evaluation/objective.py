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
from nas.architectures.accounting import Account, account
from nas.datasets.images import Images
from nas.evaluation.builder import build_network, initialized, network_for_weights
from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.rules.rates import rates
from nas.seeds import derive
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse
from nas.training.loader import Split, first_batch, load_split, steps_per_epoch
from nas.training.loop import State
from nas.training.trainer import Training, Way, climb, train

OnEpoch = Callable[[int, Epoch], None]  #: index of the seed, epoch

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
    parameters: int | None = None
    macs: int | None = None
    activation_bytes: int | None = None
    lr_tried: tuple[tuple[float, float | None], ...] = ()
    weights: Mapping[str, Tensor] = field(default_factory=dict, repr=False)  #: of the first seed, on the CPU

    def fields(self) -> dict[str, Any]:
        """What the store keeps."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "weights"}


#: what does not depend on how far a training went
SHARED = ("init_gain", "code", "parameters", "macs", "activation_bytes", "lr_tried")


@dataclass(frozen=True)
class _Trained:
    """One training with what it was trained under."""

    training: Training
    protocol: Protocol
    init_gain: float | None
    account: Account
    seconds: float
    weights: Mapping[str, Tensor] = field(repr=False)

    @property
    def val_acc(self) -> float | None:
        """None where the training did not finish."""
        finished = self.training.outcome is Outcome.FINISHED
        return self.training.curve[-1].val_acc if finished else None

    def score(self) -> float:
        """For the choice of a learning rate: a training that did not finish is worse than any other."""
        return -1.0 if self.val_acc is None else self.val_acc


class Evaluator:
    """Scores candidates under one protocol on one device; the images are moved there once.

    `protocol` is the one given, with what the images say of it.
    """

    def __init__(self, protocol: Protocol, images: Images, device: torch.device) -> None:
        self.data = load_split(
            images,
            train_size=protocol.train_size,
            val_size=protocol.val_size,
            split_seed=protocol.split_seed,
            device=device,
        )
        read = {"data_fingerprint": images.fingerprint, "train_size": self.data.n_train}
        self.protocol = protocol.model_copy(update=read)
        steps_per_epoch(self.data, protocol.recipe)  # refuses a batch larger than the training part

    def evaluate(
        self,
        expression: Expression,
        settings: Mapping[str, Any] | None = None,
        on_epoch: OnEpoch | None = None,
        *,
        rung: int | None = None,
        seeds: Iterable[int] | None = None,
        trunk: State | None = None,
        keep: Callable[[State], None] | None = None,
    ) -> Evaluation:
        """Train `expression` once for each seed, with `settings` in place of the recipe's own values.

        The first training that does not finish ends the candidate: a mean over the seeds that survived would
        flatter it. `on_epoch(seed_index, epoch)` is told of every epoch.

        Where the recipe has a budget of learning rates, the first seed is trained with each, and the best
        serves all seeds: every rule gets the same budget.

        rung         up to which; None: the highest
        seeds        which of the protocol's, by index from 0; None: all
        trunk, keep  where the training begins and what a higher rung begins with, as in `climb`
        """
        rung = len(self.protocol.ladder) - 1 if rung is None else rung
        protocol = self._under(settings, rung)
        indices = list(range(protocol.seeds) if seeds is None else seeds)
        done: list[_Trained] = []
        tried: tuple[_Trained, ...] = ()
        if protocol.recipe.lr_budget > 1:
            tried = self._tuned(expression, protocol, indices[0], rung, on_epoch)
            done.append(max(tried, key=_Trained.score))
            protocol = done[0].protocol
        for index in indices[len(done) :]:
            if done and done[-1].training.outcome is not Outcome.FINISHED:
                break
            done.append(self._train(expression, protocol, index, rung, Way((), 0, trunk, keep), on_epoch))
        last, paid = done[-1], tried + tuple(done[1:] if tried else done)
        meta = protocol.recipe.meta and has_beta(expression)
        return Evaluation(
            last.training.outcome,
            last.training.reason,
            tuple(one.training.curve[-1].val_acc for one in done if one.training.curve),
            tuple(one.training.curve for one in done),
            sum(one.seconds for one in paid),
            sum(one.training.train_images for one in paid),
            init_gain=last.init_gain,
            parameters=last.account.parameters,
            macs=last.account.macs,
            activation_bytes=last.account.activation_bytes,
            code="eager" if meta else form_of(expression, self.data.device),
            lr_tried=tuple((one.protocol.recipe.lr, one.val_acc) for one in tried),
            weights=done[0].weights,
        )

    def _tuned(
        self, expression: Expression, protocol: Protocol, index: int, rung: int, on_epoch: OnEpoch | None
    ) -> tuple[_Trained, ...]:
        """One training under one seed for each learning rate of the budget."""
        recipe = protocol.recipe
        found = []
        for lr in rates(recipe.optimizer, recipe.lr_budget):
            at = protocol.model_copy(update={"recipe": recipe.model_copy(update={"lr": lr})})
            found.append(self._train(expression, at, index, rung, Way((), 0), on_epoch))
        return tuple(found)

    def _train(
        self,
        expression: Expression,
        protocol: Protocol,
        index: int,
        rung: int,
        way: Way,
        on_epoch: OnEpoch | None,
    ) -> _Trained:
        """One training, under seed number `index`."""
        start = time.perf_counter()
        recipe, data = protocol.recipe, self._data(protocol)
        seed = training_seed(self.protocol, index)
        network, gain = initialized(protocol, expression, seed, lambda: first_batch(data, recipe, seed))
        shape = data.x_train.shape[1:]
        cost = account(network, (shape[0], shape[1], shape[2]))
        watch = None if on_epoch is None else _with_seed(on_epoch, index)
        if protocol.rungs:
            way = replace(way, ladder=protocol.rungs, to=rung)
            training = climb(network, data, recipe, way, seed=seed, on_epoch=watch)
        else:
            training = train(network, data, recipe, epochs=protocol.epochs, seed=seed, on_epoch=watch)
        weights = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
        return _Trained(training, protocol, gain, cost, time.perf_counter() - start, weights)

    def network(self, expression: Expression, settings: Mapping[str, Any] | None = None) -> nn.Module:
        """The network that `evaluate` trains in full, for weights that a training has left."""
        return network_for_weights(self._under(settings, len(self.protocol.ladder) - 1), expression)

    def _under(self, settings: Mapping[str, Any] | None, rung: int) -> Protocol:
        return self.protocol.at(rung).under(settings or {})

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

    def planned_images(self, rung: int, seeds: int) -> int:
        """Training images of a candidate from the start to the end of this rung, under so many seeds."""
        protocol = self.protocol.at(rung)
        epochs = self.protocol.epochs_at(rung)
        steps = steps_per_epoch(self._data(protocol), protocol.recipe)
        return (seeds + protocol.recipe.lr_budget - 1) * epochs * steps * protocol.recipe.batch_size

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
        images = self.planned_images(len(self.protocol.ladder) - 1, self.protocol.seeds)
        return candidates * images / self.images_per_second()


def training_seed(protocol: Protocol, index: int) -> int:
    """The seed of training number `index` of every candidate."""
    return derive(protocol.seed, "training", index)


def _with_seed(on_epoch: Callable[[int, Epoch], None], index: int) -> Callable[[Epoch], None]:
    return lambda epoch: on_epoch(index, epoch)
