"""A candidate's score on a task: its update rule on a function whose least value is known; no images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nas.evaluation.objective import Evaluation
from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.rules.rates import rates
from nas.seeds import derive
from nas.symbolic.expression import Expression
from nas.tasks.running import Path, run
from nas.tasks.text import read
from nas.tasks.tuning import progress

_SECONDS = 0.2  #: about what one run costs; only for the estimate before a search


class TaskEvaluator:
    """Scores update rules on `protocol.task`; the score stands where other searches have an accuracy.

    It is `nas.tasks.tuning.score`, from 0 to 1; `protocol.epochs` is the budget of evaluations of F, which
    stand where others count training images.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._task = read(protocol.task)
        self._objective = self._task.objective()

    def evaluate(
        self,
        expression: Expression,
        settings: Mapping[str, Any] | None = None,
        on_epoch: Callable[[int, Epoch], None] | None = None,
        *,
        seeds: Iterable[int] | None = None,
        **_: Any,
    ) -> Evaluation:
        """The rule of `settings` under each seed; every learning rate of the budget under the first."""
        start = time.perf_counter()
        recipe = self.protocol.under(settings or {}).recipe
        indices = list(range(self.protocol.seeds) if seeds is None else seeds)
        choice = rates(recipe.optimizer, recipe.lr_budget) if recipe.lr_budget > 1 else (recipe.lr,)
        tried = {lr: self._run(recipe.optimizer, recipe.hyper, lr, indices[0]) for lr in choice}
        best = max(choice, key=lambda lr: progress(tried[lr], self.protocol.epochs))
        paths = [tried[best]]
        paths += [self._run(recipe.optimizer, recipe.hyper, best, index) for index in indices[1:]]
        curves = tuple((self._epoch(path),) for path in paths)
        for index, (epoch,) in zip(indices, curves, strict=True):
            if on_epoch is not None:
                on_epoch(index, epoch)
        lost = paths[0].diverged and curves[0][0].val_acc == 0
        return Evaluation(
            Outcome.DIVERGED if lost else Outcome.FINISHED,
            "no learning rate of the budget gets closer to the optimum" if lost else None,
            tuple(epoch.val_acc for (epoch,) in curves),
            curves,
            time.perf_counter() - start,
            sum(int(path.evaluations[-1]) for path in [*tried.values(), *paths[1:]]),
            lr_tried=tuple((lr, progress(path, self.protocol.epochs)) for lr, path in tried.items())
            if len(tried) > 1
            else (),
        )

    def prepare(self, expressions: Iterable[Expression]) -> None:
        """Nothing is compiled."""

    def planned_images(self, rung: int, seeds: int) -> int:
        """Evaluations of a rule under so many seeds."""
        return (seeds + self.protocol.recipe.lr_budget - 1) * self.protocol.epochs

    def estimated_seconds(self, candidates: float) -> float:
        """Roughly; a task takes no time."""
        return candidates * (self.protocol.recipe.lr_budget + self.protocol.seeds - 1) * _SECONDS

    def _run(self, optimizer: str, hyper: Mapping[str, float], lr: float, index: int) -> Path:
        recipe = self.protocol.recipe
        return run(
            self._objective,
            optimizer,
            hyper,
            lr=lr,
            budget=self.protocol.epochs,
            seed=derive(self.protocol.seed, "training", index),
            view=self._task.view,
            weight_decay=recipe.weight_decay,
        )

    def _epoch(self, path: Path) -> Epoch:
        gap = float(path.loss[-1] - path.least)
        return Epoch(
            self.protocol.epochs, float(path.loss[-1]), gap, progress(path, self.protocol.epochs), 0.0
        )
