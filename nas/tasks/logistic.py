"""Softmax regression on the handwritten digits: convex, smooth, real."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from scipy.special import log_softmax
from torch import Tensor

from nas.datasets import digits
from nas.rows.tasks import TASKS
from nas.tasks.objective import Objective, Weights

Array = npt.NDArray[np.float64]

PENALTY = 0.01  #: times half the squared weights and biases: makes the optimum one point


def logistic() -> Objective:
    """Cross-entropy of the 1,437 digits that are not set aside, from W = 0, b = 0."""
    images = digits.read()
    x = images.x.reshape(len(images.y), -1) / 255.0
    optimum, least = _optimum(x, images.y, len(images.classes))
    pixels, labels = torch.from_numpy(x), torch.from_numpy(images.y)

    def mean(weights: Weights, rows: Tensor | None) -> Tensor:
        of, to = (pixels, labels) if rows is None else (pixels[rows], labels[rows])
        w, b = weights
        return F.cross_entropy(F.linear(of, w, b), to) + 0.5 * PENALTY * ((w * w).sum() + (b * b).sum())

    best = (torch.from_numpy(optimum[:, :-1].copy()), torch.from_numpy(optimum[:, -1].copy()))
    start = (torch.zeros_like(best[0]), torch.zeros_like(best[1]))
    return Objective(TASKS.find("logistic"), start, best, least, mean)


def _optimum(x: Array, y: npt.NDArray[np.int64], classes: int) -> tuple[Array, float]:
    """Weights and, in the last column, biases [classes, pixels + 1] of the least value, and that value."""
    inputs = np.column_stack([x, np.ones(len(x))])
    targets = np.eye(classes)[y]

    def value_and_gradient(flat: Array) -> tuple[float, Array]:
        w = flat.reshape(classes, -1)
        logs = log_softmax(inputs @ w.T, axis=1)
        gradient = (np.exp(logs) - targets).T @ inputs / len(x) + PENALTY * w
        return float(-(targets * logs).sum() / len(x) + 0.5 * PENALTY * (w * w).sum()), gradient.ravel()

    found = minimize(
        value_and_gradient,
        np.zeros(classes * inputs.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 0.0, "gtol": 1e-9, "maxiter": 2000, "maxcor": 30},
    )
    return found.x.reshape(classes, -1), float(found.fun)
