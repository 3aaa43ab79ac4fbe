"""Stochastic gradient descent with momentum, over lists of tensors at once.

torch.optim.SGD computes the same by the same kernel, but to construct one loads torch's compiler, 0.7 s a
process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

import torch
from torch import Tensor

from nas.optimizers.contract import Closure, State


@final
class SGD:
    """v <- m v + (1 - d) g, w <- w - lr v; Nesterov's: w <- w - lr (g + m v) (Sutskever et al. 2013).

    g is the gradient plus `decay` w for the tensors of `weights`, the bare gradient for those of `spared`;
    d is the dampening. With `decoupled` decay w <- (1 - lr decay) w comes first instead. As in torch, lr
    stands outside of v. v starts at 0, so that without dampening its first value is g, as in torch; with
    dampening it is (1 - d) g, where torch has g. A tensor without a gradient stays.
    """

    def __init__(
        self,
        weights: Iterable[Tensor],
        spared: Iterable[Tensor],
        *,
        momentum: float,
        nesterov: bool,
        decay: float,
        decoupled: bool = False,
        dampening: float = 0.0,
    ) -> None:
        self._groups = [(list(weights), decay), (list(spared), 0.0)]
        self._momentum, self._nesterov, self._dampening = momentum, nesterov, dampening
        self._decoupled = decoupled
        self._velocities: dict[Tensor, Tensor] = {}

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        for tensor in self._tensors():
            tensor.grad = None

    @torch.no_grad()
    def step(self, lr: float, closure: Closure | None = None) -> None:
        """Move every tensor along its gradient."""
        for tensors, decay in self._groups:
            moved = [t for t in tensors if t.grad is not None]
            if moved:
                self._move(moved, [t.grad for t in moved if t.grad is not None], decay, lr)

    def state(self) -> State:
        """The velocity of every tensor, in the order they were given; None where it has not moved yet."""
        velocities = map(self._velocities.get, self._tensors())
        return {"velocities": [v if v is None else v.clone() for v in velocities]}

    def restore(self, state: State) -> None:
        """Go on from what `state` gave, in this process or another."""
        for tensor, velocity in zip(self._tensors(), state["velocities"], strict=True):
            if velocity is not None:
                self._velocity(tensor).copy_(velocity)

    def _tensors(self) -> list[Tensor]:
        return [tensor for group, _ in self._groups for tensor in group]

    def _move(self, tensors: list[Tensor], gradients: list[Tensor], decay: float, lr: float) -> None:
        if decay and self._decoupled:
            torch._foreach_mul_(tensors, 1 - lr * decay)
            decay = 0.0
        velocities = [self._velocity(t) for t in tensors] if self._momentum else []
        torch._fused_sgd_(
            tensors,
            gradients,
            velocities,
            weight_decay=decay,
            momentum=self._momentum,
            lr=lr,
            dampening=self._dampening,
            nesterov=self._nesterov and self._momentum > 0,
            maximize=False,
            is_first_step=False,  # from v = 0 the first step gives v = g all the same
        )

    def _velocity(self, tensor: Tensor) -> Tensor:
        if tensor not in self._velocities:
            self._velocities[tensor] = torch.zeros_like(tensor)
        return self._velocities[tensor]
