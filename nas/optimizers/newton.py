"""Damped Newton: the step to the lowest point of the local parabola."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from nas.optimizers.contract import Closure, State, demand
from nas.optimizers.parameters import Parameters


@final
class Newton:
    """w <- w - lr (H + damping)^-1 g over all weights together; for one weight w <- w - lr F'/F''.

    H is dense, n^2 numbers from n backward passes: for a few thousand weights at most. Where it has no
    inverse the pseudo-inverse stands in, which moves only along directions of curvature. No safeguard: it
    goes to saddles and maxima as readily as to minima (Nocedal & Wright 2006, section 3.3).
    """

    def __init__(self, parameters: Parameters, damping: float) -> None:
        self._parameters, self._damping = parameters, damping

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        self._parameters.forget_gradients()

    def step(self, lr: float, closure: Closure | None = None) -> None:
        """One step; stay where gradient or curvature is not finite."""
        loss = self._parameters.penalized(demand(closure, "newton"), lr)()
        gradient, hessian = _derivatives(loss, self._parameters.all)
        hessian.diagonal().add_(self._damping)
        if not (gradient.isfinite().all() and hessian.isfinite().all()):
            return
        direction, fault = torch.linalg.solve_ex(hessian, gradient)
        if fault or not direction.isfinite().all():
            direction = torch.linalg.pinv(hessian, hermitian=True) @ gradient
        with torch.no_grad():
            pieces = direction.split([tensor.numel() for tensor in self._parameters.all])
            for tensor, piece in zip(self._parameters.all, pieces, strict=True):
                tensor.sub_(piece.view_as(tensor), alpha=lr)

    def state(self) -> State:
        """Nothing."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing is kept."""


def _derivatives(loss: Tensor, tensors: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Gradient [n] and Hessian [n, n] of the loss over all tensors, flattened one after the other."""

    def flat(of: Tensor, keep: bool) -> Tensor:
        parts = torch.autograd.grad(
            of, tensors, create_graph=keep, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return torch.cat([part.reshape(-1) for part in parts])

    gradient = flat(loss, keep=True)
    if not gradient.requires_grad:  # linear in the weights
        return gradient, gradient.new_zeros(len(gradient), len(gradient))
    hessian = torch.stack([flat(entry, keep=False) for entry in gradient])
    return gradient.detach(), hessian
