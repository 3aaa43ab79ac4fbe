"""The update rules that torch lacks, as functions of a step over lists of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

Begins = Mapping[str, Callable[[Tensor], Tensor]]  #: name -> from a weight to the first value
Kept = Mapping[str, list[Tensor]]


class Update(Protocol):
    """Moves `weights` in place by their `gradients`, at step number `step` from 1.

    `slots` names the tensors that are kept for each weight, and says how each begins.
    """

    @property
    def slots(self) -> Begins: ...

    def __call__(
        self, weights: list[Tensor], gradients: list[Tensor], kept: Kept, lr: float, step: int
    ) -> None: ...


@dataclass(frozen=True)
class Normalized:
    """w <- w - lr g / sqrt(g^2 + 1); with `by_tensor` |g|^2 over a tensor in place of g^2."""

    by_tensor: bool
    slots: ClassVar[Begins] = {}

    def __call__(
        self, weights: list[Tensor], gradients: list[Tensor], kept: Kept, lr: float, step: int
    ) -> None:
        squares = _squares(gradients, self.by_tensor)
        torch._foreach_add_(squares, 1.0)
        torch._foreach_sqrt_(squares)
        torch._foreach_addcdiv_(weights, gradients, _like(squares, weights), value=-lr)


@dataclass(frozen=True)
class Lion:
    """w <- w - lr sign(beta1 m + (1 - beta1) g), m <- beta2 m + (1 - beta2) g (Chen et al. 2023)."""

    beta1: float
    beta2: float
    slots: ClassVar[Begins] = {"m": torch.zeros_like}

    def __call__(
        self, weights: list[Tensor], gradients: list[Tensor], kept: Kept, lr: float, step: int
    ) -> None:
        signs = torch._foreach_lerp(kept["m"], gradients, 1 - self.beta1)
        torch._foreach_sign_(signs)
        torch._foreach_add_(weights, signs, alpha=-lr)
        torch._foreach_lerp_(kept["m"], gradients, 1 - self.beta2)


@dataclass(frozen=True)
class AdamScalar:
    """Adam with v an average of |g|^2, one number a tensor (after Kingma & Ba 2014).

    m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) |g|^2,
    w <- w - lr m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + eps).
    """

    beta1: float
    beta2: float
    eps: float
    slots: ClassVar[Begins] = {"m": torch.zeros_like, "v": lambda w: w.new_zeros(())}

    def __call__(
        self, weights: list[Tensor], gradients: list[Tensor], kept: Kept, lr: float, step: int
    ) -> None:
        m, v = kept["m"], kept["v"]
        torch._foreach_lerp_(m, gradients, 1 - self.beta1)
        torch._foreach_lerp_(v, _squares(gradients, by_tensor=True), 1 - self.beta2)
        norms = torch._foreach_div(v, 1 - self.beta2**step)
        torch._foreach_sqrt_(norms)
        torch._foreach_add_(norms, self.eps)
        rate = -lr / (1 - self.beta1**step)
        torch._foreach_addcdiv_(weights, m, _like(norms, weights), value=rate)


def _squares(gradients: list[Tensor], by_tensor: bool) -> list[Tensor]:
    """g^2, or |g|^2 as one number a tensor."""
    factors = torch._foreach_norm(gradients) if by_tensor else gradients
    return list(torch._foreach_mul(factors, factors))


def _like(numbers: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Each number seen as a tensor of the shape beside it, without a copy."""
    return [number.expand_as(tensor) for number, tensor in zip(numbers, tensors, strict=True)]
