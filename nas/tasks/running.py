"""One rule on one task: its path, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from nas.optimizers.library import make, needs
from nas.optimizers.schedules import factor
from nas.seeds import derive
from nas.tasks.objective import WHOLE, Objective, View, Weights

Array = npt.NDArray[np.float64]

_DIVERGED = 1e12  #: times F(start) - F*: nothing comes back from there


@dataclass(frozen=True, eq=False)
class Path:
    """A run, from the start (entry 0) to its last step. Values are those of F itself, whatever a step saw.

    The cost of a step is counted in evaluations of F: 1 for a gradient, each trial of a line search, and for
    a Hessian as many as there are weights.
    """

    rule: str
    lr: float
    loss: Array  #: F(w)
    distance: Array  #: |w - w*|
    evaluations: npt.NDArray[np.int64]  #: before each entry, from 0
    points: Array  #: [entries, weights]
    least: float  #: F*
    tolerance: float  #: of F - F*
    diverged: bool  #: F was not finite, or left the world

    @property
    def steps(self) -> int:
        """Steps done."""
        return len(self.loss) - 1

    @property
    def reached(self) -> int | None:
        """The first step after which F - F* was within tolerance; None: never."""
        within = np.flatnonzero(self.loss - self.least <= self.tolerance)
        return int(within[0]) if within.size else None

    @property
    def cost(self) -> int | None:
        """Evaluations up to there."""
        return None if self.reached is None else int(self.evaluations[self.reached])


def run(
    objective: Objective,
    rule: str,
    hyper: Mapping[str, float] | None = None,
    *,
    lr: float,
    budget: int,
    seed: int = 0,
    view: View = WHOLE,
    weight_decay: float = 0.0,
    decoupled: bool | None = None,
    schedule: str = "constant",
    stop: bool = False,
) -> Path:
    """Run `rule` from the task's start until `budget` evaluations are spent, a last step may go beyond.

    rule      a name, or a formula as `make` reads it
    view      what a step sees of F
    schedule  of lr, over the evaluations
    stop      at the first step within the task's tolerance

    Raises:
        SettingError: as of `nas.optimizers.library.make` and `View.drawn`.
    """
    weights = [tensor.clone().requires_grad_() for tensor in objective.start]
    optimizer = make(rule, weights, (), hyper, weight_decay=weight_decay, decoupled=decoupled, steps=budget)
    takes = needs(rule)
    generator = Generator().manual_seed(derive(seed, "path", objective.task.name))
    track = _Track(objective, weights)
    spent = 0
    while track.goes_on(spent, stop) and spent < budget:
        seen = view.drawn(objective, generator)
        rate = lr * factor(schedule, spent, budget)
        if takes == "gradient":
            optimizer.forget_gradients()
            (track.value if view.whole else seen(weights)).backward()  # type: ignore[no-untyped-call]
            optimizer.step(rate)
            spent += 1
        else:
            counted = _Counted(seen, weights)
            optimizer.step(rate, counted)
            spent += counted.calls + (objective.task.weights if takes == "curvature" else 0)
    return track.path(rule, lr)


class _Counted:
    """A closure that counts its calls."""

    def __init__(self, seen: Callable[[Weights], Tensor], weights: Weights) -> None:
        self._seen, self._weights, self.calls = seen, weights, 0

    def __call__(self) -> Tensor:
        self.calls += 1
        return self._seen(self._weights)


class _Track:
    """Where the weights have been."""

    def __init__(self, objective: Objective, weights: list[Tensor]) -> None:
        self._objective, self._weights = objective, weights
        self._gap = objective.gap()
        self._entries: list[tuple[float, int]] = []
        self._points: list[Tensor] = []
        self._diverged = False
        self.value: Tensor  #: F at the present weights, to be differentiated

    def goes_on(self, spent: int, stop: bool) -> bool:
        """Record the present weights; whether there is reason for another step."""
        self.value = self._objective.value(self._weights)
        value = self.value.item()
        self._entries.append((value, spent))
        self._points.append(_flat(self._weights))
        gap = value - self._objective.least
        self._diverged = not (isfinite(value) and gap <= _DIVERGED * self._gap)
        return not self._diverged and not (stop and gap <= self._objective.task.tolerance * self._gap)

    def path(self, rule: str, lr: float) -> Path:
        loss, evaluations = zip(*self._entries, strict=True)
        points = torch.stack(self._points).numpy()
        return Path(
            rule,
            lr,
            np.array(loss),
            np.linalg.norm(points - _flat(self._objective.optimum).numpy(), axis=1),
            np.array(evaluations, dtype=np.int64),
            points,
            self._objective.least,
            self._objective.task.tolerance * self._gap,
            self._diverged,
        )


def _flat(weights: Weights) -> Tensor:
    """All of them in one vector of their own memory."""
    if len(weights) == 1:
        return weights[0].detach().clone().reshape(-1)
    return torch.cat([w.detach().reshape(-1) for w in weights])
