"""Least squares, and its closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nas.rows.tasks import TASKS
from nas.seeds import derive
from nas.tasks.objective import Objective, Weights

Array = npt.NDArray[np.float64]

_SCALES = (0.3, 1.0)  #: deviations of the columns of A, the least and the greatest
_ERROR = 0.1  #: deviation of the errors in y


def data() -> tuple[Array, Array]:
    """A [points, weights] and y [points], the same on every machine."""
    task = TASKS.find("linear-regression")
    random = np.random.default_rng(derive(0, "task", task.name))
    a = random.standard_normal((task.terms, task.weights)) * np.geomspace(*_SCALES, task.weights)
    y = a @ random.standard_normal(task.weights) + _ERROR * random.standard_normal(task.terms)
    return a, y


def closed_form(a: Array, y: Array, penalty: float = 0.0) -> Array:
    """(A'A + n penalty)^-1 A'y: the least of |Aw - y|^2 / 2n + penalty/2 |w|^2.

    With a penalty it is the most probable w under the prior N(0, 1/penalty) for each weight and errors of
    deviation sqrt(n) (Bishop 2006, section 3.3).
    """
    n, weights = a.shape
    solution: Array = np.linalg.solve(a.T @ a + n * penalty * np.eye(weights), a.T @ y)
    return solution


def linear_regression() -> Objective:
    """|Aw - y|^2 / 2n, from w = 0."""
    a, y = (torch.from_numpy(array) for array in data())
    optimum = torch.from_numpy(closed_form(*data()))

    def mean(weights: Weights, rows: Tensor | None) -> Tensor:
        of, to = (a, y) if rows is None else (a[rows], y[rows])
        return 0.5 * ((of @ weights[0] - to) ** 2).mean()

    return Objective(
        TASKS.find("linear-regression"),
        (torch.zeros_like(optimum),),
        (optimum,),
        float(mean((optimum,), None)),
        mean,
    )
