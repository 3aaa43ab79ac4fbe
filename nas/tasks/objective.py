"""A task as tensors, and what a step sees of it: all of it, a mini-batch, noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from nas.errors import SettingError
from nas.rows.tasks import Task

Weights = Sequence[Tensor]


@dataclass(frozen=True, eq=False)
class Objective:
    """F(w), the mean of `task.terms` parts, in float64; `least` is F at its optimum, known independently."""

    task: Task
    start: tuple[Tensor, ...]
    optimum: tuple[Tensor, ...]
    least: float
    mean: Callable[[Weights, Tensor | None], Tensor]  #: over the parts with these numbers; None: over all

    def value(self, weights: Weights) -> Tensor:
        """F(w)."""
        return self.mean(weights, None)

    def gap(self) -> float:
        """F(start) - F*."""
        return float(self.value(self.start)) - self.least


@dataclass(frozen=True)
class View:
    """What one evaluation gives in place of F.

    batch  parts drawn anew for each step, without repetition: their mean is F without bias, so is its
           gradient
    total  their sum in place of the mean: batch times the mean, and so is its gradient; gradient descent then
           needs lr / batch, a rule that divides by the gradient's size does not notice
    noise  F + e and grad F + e' with normal e, e' of this deviation, drawn anew at each evaluation
    """

    batch: int | None = None
    total: bool = False
    noise: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether it is F itself."""
        return self == View()

    def drawn(self, objective: Objective, generator: Generator) -> Callable[[Weights], Tensor]:
        """What a step sees: a function of the weights on one mini-batch.

        Raises:
            SettingError: a batch larger than the task.
        """
        terms = objective.task.terms
        if self.batch is not None and not 1 <= self.batch <= terms:
            raise SettingError(
                f"no such mini-batch of {objective.task.name}", got=self.batch, allowed=f"from 1 to {terms}"
            )
        rows = None if self.batch is None else torch.randperm(terms, generator=generator)[: self.batch]
        factor = (self.batch or terms) if self.total else 1

        def seen(weights: Weights) -> Tensor:
            loss = objective.mean(weights, rows) * factor
            if self.noise:
                errors = [_normal(w.shape, generator) for w in weights]
                # e . (w - w) is 0, and its gradient e
                tilt = sum(((w - w.detach()) * e).sum() for w, e in zip(weights, errors, strict=True))
                loss = loss + self.noise * (tilt + _normal((), generator))
            return loss

        return seen


WHOLE = View()


def _normal(shape: Sequence[int], generator: Generator) -> Tensor:
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float64)
