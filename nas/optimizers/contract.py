"""What every update rule offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

Closure = Callable[
    [], Tensor
]  #: the loss at the present weights, on the same data within a step; no backward
State = dict[str, Any]  #: tensors, numbers, lists and dicts of them: torch.load(weights_only=True) reads it


class Optimizer(Protocol):
    """Moves tensors along their gradients.

    A rule that needs no more than the gradient reads `.grad`, which the caller has filled by
    `forget_gradients` and a backward pass. One that needs the loss or the curvature calls the closure and
    fills `.grad` itself.
    """

    def forget_gradients(self) -> None:
        """Before a backward pass."""

    def step(self, lr: float, closure: Closure | None = None) -> None:
        """Move every tensor once; one without a gradient stays."""

    def state(self) -> State:
        """A copy of all that the next step depends on, besides weights, gradients and lr."""

    def restore(self, state: State) -> None:
        """Go on from what `state` gave, in this process or another: the same numbers as without a break."""


def demand(closure: Closure | None, rule: str) -> Closure:
    """The closure; a rule that calls it has nothing to do without."""
    if closure is None:
        raise TypeError(f"a step of {rule} needs a closure that returns the loss")
    return closure
