"""Stochastic gradient descent with momentum, over lists of tensors at once.

torch.optim.SGD computes the same; to construct it loads torch's compiler, which takes 0.7 s a process, and a
step of a small network costs it three times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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

    def _move(self, tensors: list[Tensor], gradients: Sequence[Tensor], decay: float, lr: float) -> None:
        if decay:
            gradients = torch._foreach_add(gradients, tensors, alpha=decay)
        if self._momentum:
            velocities = [self._velocities.setdefault(t, torch.zeros_like(t)) for t in tensors]
            torch._foreach_mul_(velocities, self._momentum)
            torch._foreach_add_(velocities, gradients)
            if self._nesterov:
                gradients = torch._foreach_add(gradients, velocities, alpha=self._momentum)
            else:
                gradients = velocities
        torch._foreach_add_(tensors, gradients, alpha=-lr)
