"""Rules against each other: every rule gets the same number of learning rates; and one number for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nas.rules.rates import rates
from nas.tasks.objective import WHOLE, Objective, View
from nas.tasks.running import Path, run

LEARNING_RATES = 9  #: that every rule may try, even in the logarithm over the range of its row
DECADES = 12  #: of F - F* that count: what is beyond is rounding


@dataclass(frozen=True, eq=False)
class Tuned:
    """A rule at the best of its learning rates on one task."""

    rule: str
    lr: float
    path: Path  #: at that lr
    tried: tuple[float, ...]  #: all learning rates, in order
    budget: int  #: evaluations that each of them had


def tune(
    objective: Objective,
    rule: str,
    hyper: Mapping[str, float] | None = None,
    *,
    budget: int,
    count: int = LEARNING_RATES,
    seed: int = 0,
    view: View = WHOLE,
) -> Tuned:
    """The learning rate that reaches the tolerance at the least cost; where none does, the least final F.

    Every rule gets `count` rates of `budget` evaluations each. A rate is given up as soon as it has cost as
    much as the best so far, which changes nothing in what is found.
    """
    tried = rates(rule, count)
    best: Path | None = None
    for lr in sorted(tried, key=lambda lr: abs(np.log(lr / tried[count // 2]))):
        left = budget if best is None or best.cost is None else best.cost
        path = run(objective, rule, hyper, lr=lr, budget=left, seed=seed, view=view, stop=True)
        if best is None or _key(path) < _key(best):
            best = path
    assert best is not None
    return Tuned(rule, best.lr, best, tried, budget)


def _key(path: Path) -> tuple[float, float]:
    """Less is better: the cost of reaching the tolerance, then the last F."""
    last = float("inf") if path.diverged else float(path.loss[-1])
    return (float("inf") if path.cost is None else path.cost, last)


def score(
    objective: Objective,
    rule: str,
    hyper: Mapping[str, float] | None = None,
    *,
    lr: float,
    budget: int = 300,
    seed: int = 0,
    view: View = WHOLE,
) -> float:
    """How far and how fast a rule comes, from 0 to 1, higher is better.

    The decades of F - F* that are closed, log10((F(start) - F*) / (F - F*)) kept within 0 to 12, averaged
    over all `budget` evaluations of F and divided by 12. 1 is at the optimum from the first evaluation on;
    0.5 closes six decades on average; a run that diverges has 0 from there on.
    """
    return progress(run(objective, rule, hyper, lr=lr, budget=budget, seed=seed, view=view), budget)


def progress(path: Path, budget: int) -> float:
    """The score of a path."""
    gap = path.loss - path.least
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        closed = np.log10(gap[0] / np.maximum(gap, gap[0] * 10.0**-DECADES))
    closed = np.clip(np.nan_to_num(closed, nan=0.0), 0, DECADES)
    if path.diverged:
        closed[-1] = 0.0
    times = np.minimum(np.append(path.evaluations, budget), budget)
    return float((closed * np.diff(times)).sum() / (budget * DECADES))
