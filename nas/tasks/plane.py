"""The tasks in two dimensions: quadratic, Rosenbrock's and Beale's functions."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from nas.rows.tasks import TASKS
from nas.seeds import derive
from nas.tasks.objective import Objective, Weights

_ANGLE = 0.5  #: radians by which the quadratic's axes are turned


def hessian(condition: float) -> Tensor:
    """The quadratic's: eigenvalues 1 and 1/condition."""
    angle = torch.tensor(_ANGLE, dtype=torch.float64)
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    return turn @ torch.diag(torch.tensor([1.0, 1.0 / condition], dtype=torch.float64)) @ turn.T


def quadratic(condition: float) -> Objective:
    """w'Hw / 2."""
    h = hessian(condition)
    return _plane("quadratic", (-1.6, 1.1), (0.0, 0.0), lambda w: 0.5 * torch.dot(w, h @ w))


def rosenbrock() -> Objective:
    """(1 - x)^2 + 100 (y - x^2)^2, from the start of Rosenbrock 1960."""

    def f(w: Tensor) -> Tensor:
        x, y = w.unbind(-1)
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    return _plane("rosenbrock", (-1.2, 1.0), (1.0, 1.0), f)


def beale() -> Objective:
    """(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2."""

    def f(w: Tensor) -> Tensor:
        x, y = w.unbind(-1)
        return (1.5 - x * (1 - y)) ** 2 + (2.25 - x * (1 - y**2)) ** 2 + (2.625 - x * (1 - y**3)) ** 2

    return _plane("beale", (1.0, 1.0), (3.0, 0.5), f)


def _plane(
    name: str, start: tuple[float, float], optimum: tuple[float, float], f: Callable[[Tensor], Tensor]
) -> Objective:
    """F as the mean of parts F(w) + c_i w, whose slopes c_i are normal and add up to 0."""
    task = TASKS.find(name)
    generator = Generator().manual_seed(derive(0, "task", name))
    slopes = torch.randn(task.terms, 2, generator=generator, dtype=torch.float64)
    slopes = slopes - slopes.mean(0)

    def mean(weights: Weights, rows: Tensor | None) -> Tensor:
        value = f(weights[0])
        return value if rows is None else value + slopes[rows].mean(0) @ weights[0]

    return Objective(task, (_point(start),), (_point(optimum),), 0.0, mean)


def _point(values: tuple[float, float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
