"""Dropout whose random numbers are its own: trainings on several threads share torch's global ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nas.seeds import derive


class Dropout(nn.Dropout):
    """In training each number is 0 with probability p, else divided by 1 - p (Srivastava et al. 2014)."""

    def __init__(self, p: float) -> None:
        super().__init__(p)
        self._seed, self._generator = 0, torch.Generator()

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as `x`."""
        if not self.training:
            return x
        if self._generator.device != x.device:
            self._generator = torch.Generator(x.device)
            self._generator.manual_seed(self._seed)
        kept = torch.empty_like(x).bernoulli_(1 - self.p, generator=self._generator)
        return x * kept.div_(1 - self.p)

    def reseed(self, seed: int) -> None:
        """Begin its random numbers anew."""
        self._seed = seed
        self._generator.manual_seed(seed)


def reseed(network: nn.Module, seed: int) -> None:
    """Begin the random numbers of every dropout in `network` anew, each with its own."""
    places = [module for module in network.modules() if isinstance(module, Dropout)]
    for place, module in enumerate(places):
        module.reseed(derive(seed, "dropout", place))
