"""The tensors of one optimizer and how weight decay acts on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor

from nas.optimizers.contract import Closure


@final
class Parameters:
    """`weights`, which decay, and `spared` tensors, which do not, in one order for checkpoints.

    coupled    g + decay w, the gradient of F + decay/2 |w|^2. That L2 penalty is, up to a constant, the
               negative logarithm of the Gaussian prior N(0, 1/decay) for each weight, so its minimum is the
               MAP estimate
    decoupled  w <- (1 - lr decay) w before the step (Loshchilov & Hutter 2017)
    For gradient descent both are the same step; a rule that divides by the gradient's size tells them apart.
    """

    def __init__(
        self, weights: Iterable[Tensor], spared: Iterable[Tensor], *, decay: float, decoupled: bool
    ) -> None:
        self.weights = list(weights)
        self.all = [*self.weights, *spared]
        self._decay, self._decoupled = decay, decoupled

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        for tensor in self.all:
            tensor.grad = None

    @contextmanager
    def decayed(self, lr: float) -> Iterator[None]:
        """Within, the weights have shrunk or `.grad` holds the penalty; afterwards it is as before."""
        moved = [w for w in self.weights if w.grad is not None] if self._decay else []
        gradients = [w.grad for w in moved if w.grad is not None]
        if self._decoupled:
            self._shrink(moved, lr)
        elif moved:
            with torch.no_grad():
                penalized = torch._foreach_add(gradients, moved, alpha=self._decay)
            for weight, gradient in zip(moved, penalized, strict=True):
                weight.grad = gradient
        try:
            yield
        finally:
            for weight, gradient in zip(moved, gradients, strict=True):
                weight.grad = gradient

    def penalized(self, closure: Closure, lr: float) -> Closure:
        """For a rule that evaluates the loss: the weights shrink now, or the loss has the penalty in it."""
        if not self._decay:
            return closure
        if self._decoupled:
            self._shrink(self.weights, lr)
            return closure
        return lambda: closure() + 0.5 * self._decay * sum((w * w).sum() for w in self.weights)

    @torch.no_grad()
    def _shrink(self, tensors: list[Tensor], lr: float) -> None:
        if tensors:
            torch._foreach_mul_(tensors, 1 - lr * self._decay)
