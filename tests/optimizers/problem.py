"""A smooth function of four tensors of different shapes, off every special point, and steps on it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nas.optimizers.contract import Optimizer
from nas.rows.optimizers import Rule

SHAPES = ((3, 2), (4,), (), (2, 3, 2))
LEARNING_RATES = (0.03, 0.01, 0.025, 0.001, 0.02, 0.02, 0.013, 0.03)


def tensors(dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """The same every time."""
    generator = torch.Generator().manual_seed(3)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for shape in SHAPES
    ]


def loss(of: Sequence[Tensor]) -> Tensor:
    """A coupled sum, so that the Hessian is no diagonal."""
    single = sum((w**4 / 4 + torch.sin(2 * w)).sum() for w in of)
    return single + 0.1 * sum(w.mean() for w in of) ** 2


def used(of: list[Tensor], step: int) -> list[Tensor]:
    """The third tensor takes part in one step alone: it joins late and leaves again."""
    return of if step == 2 else [of[0], of[1], of[3]]


def advance(optimizer: Optimizer, rule: Rule, of: list[Tensor], lr: float, step: int = 2) -> None:
    """One step of any rule."""
    if rule.needs == "gradient":
        optimizer.forget_gradients()
        loss(used(of, step)).backward()
        optimizer.step(lr)
    else:
        optimizer.step(lr, lambda: loss(of))
