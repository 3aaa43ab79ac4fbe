"""Mean squares of the signal and of the gradient through a deep network: whether they explode or vanish.

Stacks of `depth` linear layers of one width, z_l = W_l f(z_(l-1)), with inputs of N(0, 1); for inits that
scale with depth residual ones, z_l = f(z_(l-1)) + V_l f(W_l f(z_(l-1))), two layers a block. At every z_l:

    signal      mean z_l^2 over mean x^2
    gradient    mean of the squared gradient at z_l over that at the last one, where it is drawn from N(0, 1)

Delta-orthogonal weights are orthogonal here, Dirac's the identity: linear layers are kernels of one pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nas.activations.module import Activation
from nas.initialization.apply import apply
from nas.rows.init_law import Init
from nas.seeds import derive
from nas.symbolic.expression import Expression

Figures = npt.NDArray[np.float64]
_INPUTS = 64  #: a draw
_CLASSES = 10  #: of the last layer, which is not measured


@dataclass(frozen=True, eq=False)
class ThroughDepth:
    """Mean squares, [draws, places]; not finite where float32 does not hold them."""

    layers: tuple[int, ...]  #: the number of layers up to each place
    signal: Figures
    gradient: Figures
    residual: bool


def through_depth(
    init: Init, expression: Expression, *, depth: int, width: int, draws: int, seed: int = 0
) -> ThroughDepth:
    """Measure `draws` networks, each with weights and inputs of its own."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small matrices: two threads take three times as long
    try:
        return _measured(init, expression, depth, width, draws, seed)
    finally:
        torch.set_num_threads(threads)


def _measured(
    init: Init, expression: Expression, depth: int, width: int, draws: int, seed: int
) -> ThroughDepth:
    residual = init.law.depth != "none"
    kind = _Residual if residual else _Plain
    signals, gradients = [], []
    for number in range(draws):
        stack = kind(depth, width, lambda: Activation(expression, width))
        generator = torch.Generator().manual_seed(derive(seed, "depth", number))
        x = torch.randn(_INPUTS, width, generator=generator)
        apply(stack, init, expression, seed=derive(seed, "weights", number), batch=partial(torch.clone, x))
        places = stack.places(x)
        last = torch.randn(places[-1].shape, generator=generator)
        # a place that nothing reaches backward has a gradient of 0
        slopes = torch.autograd.grad(places[-1], places, last, allow_unused=True, materialize_grads=True)
        signals.append([_mean_square(z) / _mean_square(x) for z in places])
        gradients.append([_mean_square(slope) / _mean_square(last) for slope in slopes])
    step = 2 if residual else 1
    layers = tuple(range(step, depth + 1, step))
    return ThroughDepth(layers, np.array(signals), np.array(gradients), residual)


def _mean_square(values: Tensor) -> float:
    return float(values.detach().double().square().mean())


class _Stack(nn.Module):
    """A network that tells what stands at each place of measurement."""

    last: nn.Linear

    def places(self, x: Tensor) -> list[Tensor]:
        """z_l for every place, the first first."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """[n, width] -> [n, classes]."""
        logits: Tensor = self.last(self.places(x)[-1])
        return logits


class _Plain(_Stack):
    def __init__(self, depth: int, width: int, activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.body = nn.ModuleList()
        for _ in range(depth):
            self.body.append(nn.Linear(width, width, bias=False))
            self.body.append(activation())
        self.last = nn.Linear(width, _CLASSES)

    def places(self, x: Tensor) -> list[Tensor]:
        found = []
        for layer in self.body:
            x = layer(x)
            if isinstance(layer, nn.Linear):
                found.append(x)
        return found


class _Residual(_Stack):
    def __init__(self, depth: int, width: int, activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.body = nn.ModuleList(_Block(width, activation) for _ in range(depth // 2))
        self.last = nn.Linear(width, _CLASSES)

    def places(self, x: Tensor) -> list[Tensor]:
        found: list[Tensor] = []
        for block in self.body:
            found.append(block(found[-1] if found else x))
        return found


class _Block(nn.Module):
    residual_branch = ("first", "second")

    def __init__(self, width: int, activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.before, self.between = activation(), activation()
        self.first = nn.Linear(width, width, bias=False)
        self.second = nn.Linear(width, width, bias=False)

    def forward(self, z: Tensor) -> Tensor:
        x = self.before(z)
        out: Tensor = x + self.second(self.between(self.first(x)))
        return out
