"""An optimizer from an update rule of this project: gradients, weight decay, state and checkpoints."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from nas.optimizers.contract import Closure, State
from nas.optimizers.parameters import Parameters
from nas.optimizers.updates import Update


@final
class Own:
    """Applies `update` to all tensors that have a gradient, at once.

    Each tensor counts its own steps, as in torch: one that joins late has its bias corrected from there.
    """

    def __init__(self, update: Update, parameters: Parameters) -> None:
        self._update, self._parameters = update, parameters
        self._kept: dict[int, dict[str, Tensor]] = {}  # by the tensor's place, as in a checkpoint
        self._steps: dict[int, int] = {}

    def forget_gradients(self) -> None:
        """Before a backward pass."""
        self._parameters.forget_gradients()

    @torch.no_grad()
    def step(self, lr: float, closure: Closure | None = None) -> None:
        """Move every tensor that has a gradient."""
        with self._parameters.decayed(lr):
            for number, places in self._by_age().items():
                weights = [self._parameters.all[place] for place in places]
                gradients = [w.grad for w in weights if w.grad is not None]
                kept = {name: [self._kept[place][name] for place in places] for name in self._update.slots}
                self._update(weights, gradients, kept, lr, number)

    def state(self) -> State:
        """For each tensor that has moved: its number of steps and what the rule keeps."""
        kept = {
            place: {name: tensor.clone() for name, tensor in slots.items()}
            for place, slots in self._kept.items()
        }
        return {"steps": dict(self._steps), "kept": kept}

    def restore(self, state: State) -> None:
        """Go on from what `state` gave, in this process or another."""
        self._steps = dict(state["steps"])
        self._kept = {}
        for place, slots in state["kept"].items():
            device = self._parameters.all[place].device
            self._kept[place] = {name: tensor.to(device, copy=True) for name, tensor in slots.items()}

    def _by_age(self) -> dict[int, list[int]]:
        """Places of the tensors to be moved, under the number of their step, which is counted here."""
        ages: dict[int, list[int]] = {}
        for place, tensor in enumerate(self._parameters.all):
            if tensor.grad is None:
                continue
            if place not in self._kept:
                self._kept[place] = {name: begin(tensor) for name, begin in self._update.slots.items()}
            self._steps[place] = self._steps.get(place, 0) + 1
            ages.setdefault(self._steps[place], []).append(place)
        return ages
