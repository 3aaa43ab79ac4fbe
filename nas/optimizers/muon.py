"""Muon for everything that can be seen as a matrix, AdamW for the rest."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from nas.optimizers.contract import Closure, State
from nas.optimizers.parameters import Parameters
from nas.optimizers.torch_rules import ARGUMENTS, TorchRule

_ADAMW = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


@final
class Muon:
    """torch's Muon with steps matched to AdamW's (Jordan et al. 2024; Liu et al. 2025), so one lr serves
    both.

    A convolution's weight [out, in, height, width] is the matrix [out, in x height x width]. Its columns may
    come in another order, as the memory format has them: that orders the columns of the orthogonal step
    alike.
    """

    def __init__(self, parameters: Parameters, momentum: float) -> None:
        self._parameters = parameters
        self._tensors = [t for t in parameters.all if t.ndim >= 2]
        self._matrices = [_matrix(t.detach(), t) for t in self._tensors]
        vectors = [t for t in parameters.all if t.ndim < 2]
        arguments = {"momentum": momentum, "weight_decay": 0.0, "adjust_lr_fn": "match_rms_adamw"}
        self._rules = [
            TorchRule(name, Parameters(tensors, [], decay=0.0, decoupled=True), chosen)
            for name, tensors, chosen in (
                ("Muon", self._matrices, arguments),
                ("AdamW", vectors, ARGUMENTS["adamw"](_ADAMW)),
            )
            if tensors
        ]

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        self._parameters.forget_gradients()

    @torch.no_grad()
    def step(self, lr: float, closure: Closure | None = None) -> None:
        """Move every tensor that has a gradient."""
        with self._parameters.decayed(lr):
            for matrix, tensor in zip(self._matrices, self._tensors, strict=True):
                matrix.grad = None if tensor.grad is None else _matrix(tensor.grad, tensor)
            for rule in self._rules:
                rule.step(lr)

    def state(self) -> State:
        """Of both parts."""
        return {"parts": [rule.state() for rule in self._rules]}

    def restore(self, state: State) -> None:
        """Go on from what `state` gave, in this process or another."""
        for rule, part in zip(self._rules, state["parts"], strict=True):
            rule.restore(part)


def _matrix(values: Tensor, like: Tensor) -> Tensor:
    """`values` as [out, rest], the dimensions of the rest in the order that `like` has them in memory."""
    rest = sorted(range(1, like.ndim), key=like.stride, reverse=True)
    return values.permute(0, *rest).flatten(1)
