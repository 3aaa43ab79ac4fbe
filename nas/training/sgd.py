"""Stochastic gradient descent with momentum, over lists of tensors at once.

torch.optim.SGD computes the same by the same kernel, but to construct one loads torch's compiler, 0.7 s a
process.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


class SGD:
    """v <- m v + g, w <- w - lr v; with Nesterov's momentum w <- w - lr (g + m v) (Sutskever et al. 2013).

    g is the gradient plus `decay` w for the tensors of `weights`, the bare gradient for those of `spared`. As
    in torch, lr stands outside of v, and v starts as the first g. A tensor without a gradient stays.
    """

    def __init__(
        self,
        weights: Iterable[Tensor],
        spared: Iterable[Tensor],
        *,
        momentum: float,
        nesterov: bool,
        decay: float,
    ) -> None:
        self._groups = [(list(weights), decay), (list(spared), 0.0)]
        self._momentum, self._nesterov = momentum, nesterov
        self._velocities: dict[Tensor, Tensor] = {}

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        for tensors, _ in self._groups:
            for tensor in tensors:
                tensor.grad = None

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Move every tensor along its gradient."""
        for tensors, decay in self._groups:
            moved = [t for t in tensors if t.grad is not None]
            if moved:
                self._move(moved, [t.grad for t in moved if t.grad is not None], decay, lr)

    def state(self) -> list[Tensor | None]:
        """The velocity of every tensor, in the order they were given; None where it has not moved yet."""
        return [self._velocities.get(tensor) for tensors, _ in self._groups for tensor in tensors]

    def restore(self, state: list[Tensor | None]) -> None:
        """Go on from what `state` gave, in this process or another."""
        tensors = [tensor for group, _ in self._groups for tensor in group]
        for tensor, velocity in zip(tensors, state, strict=True):
            if velocity is not None:
                self._velocity(tensor).copy_(velocity)

    def _move(self, tensors: list[Tensor], gradients: list[Tensor], decay: float, lr: float) -> None:
        velocities = [self._velocity(t) for t in tensors] if self._momentum else []
        torch._fused_sgd_(
            tensors,
            gradients,
            velocities,
            weight_decay=decay,
            momentum=self._momentum,
            lr=lr,
            dampening=0.0,
            nesterov=self._nesterov and self._momentum > 0,
            maximize=False,
            is_first_step=False,  # from v = 0 the first step gives v = g all the same
        )

    def _velocity(self, tensor: Tensor) -> Tensor:
        if tensor not in self._velocities:
            self._velocities[tensor] = torch.zeros_like(tensor)
        return self._velocities[tensor]
