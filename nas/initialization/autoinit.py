"""AutoInit: means and variances through a network, and weights that bring every layer to the same variance.

Bingham & Miikkulainen, AAAI 2023: a layer with weights whose input has mean m and variance v gets
Var(W) = signal_variance / (fan_in (v + m^2)); what comes out then has mean 0 and variance `signal_variance`.
A Gaussian that enters an activation leaves with known moments; what pooling, dropout and second activations
make of it is sampled, with independent pixels (behind a layer whose input had a mean they are not: an average
over them varies more than is foretold here).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from nas.errors import SettingError
from nas.initialization.known import expression_of
from nas.initialization.layers import NORMALIZING, WEIGHTED
from nas.symbolic.gaussian import moments

_POOLING = (
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
)
_DROPOUT = nn.modules.dropout._DropoutNd
_SAMPLES = 2**20  #: numbers of the signal; the moments are right to about 1 %


@dataclass(frozen=True)
class Signal:
    """Mean and variance of the numbers that leave a layer."""

    mean: float
    variance: float
    layer: str = "input"  #: its name in the network

    @property
    def mean_square(self) -> float:
        """Variance + mean^2."""
        return self.variance + self.mean**2


def autoinit(
    network: nn.Module,
    shape: Sequence[int],
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    signal_variance: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Signal, ...]:
    """Draw the weights of `network` anew, its biases 0; the signal after each layer, the input first.

    network  `nn.Sequential`, nested or not, of linear layers, convolutions, elementwise activations,
             normalization, pooling, dropout and flattening
    shape    of one input without its batch: (features,) or (channels, height, width)
    mean, variance  of the input's numbers

    Raises:
        SettingError: a layer of another kind, or an activation that has no moments for its input.
    """
    draw = torch.Generator().manual_seed(0) if generator is None else generator
    signals = [Signal(mean, variance)]
    walk = _Walk(signals[0], torch.zeros(1, *shape), draw)
    training = [(module, module.training) for module in network.modules()]
    network.eval()  # the shapes are found without touching running means
    try:
        with torch.no_grad():
            for name, module in _line(network, ""):
                signals.append(replace(walk.through(module, name, signal_variance), layer=name))
    finally:
        for module, was in training:
            module.training = was
    return tuple(signals)


def _line(module: nn.Module, name: str) -> Sequence[tuple[str, nn.Module]]:
    if not isinstance(module, nn.Sequential):
        return [(name, module)]
    return [
        found for key, child in module.named_children() for found in _line(child, f"{name}.{key}".strip("."))
    ]


class _Walk:
    """The last signal that is Gaussian, and what it went through since."""

    def __init__(self, signal: Signal, example: Tensor, draw: torch.Generator) -> None:
        self._start(signal, example)
        self._draw = draw

    def _start(self, signal: Signal, example: Tensor) -> None:
        self._gaussian, self._signal, self._example = signal, signal, example
        self._since: list[nn.Module] = []

    def through(self, module: nn.Module, name: str, wanted: float) -> Signal:
        """The signal behind `module`, whose weights are drawn."""
        if isinstance(module, WEIGHTED):
            self._weigh(module, wanted)
            self._start(Signal(0.0, wanted), module(self._passed(self._example)))
        elif isinstance(module, NORMALIZING):
            self._start(Signal(0.0, 1.0), module(self._passed(self._example)))
        elif isinstance(module, nn.Flatten):
            self._since.append(module)
        else:
            self._signal = self._moments(module, name)
            self._since.append(module)
        return self._signal

    def _weigh(self, module: nn.Module, wanted: float) -> None:
        weight = module.get_parameter("weight")
        if self._signal.mean_square == 0:
            raise SettingError(
                "no signal reaches a layer: its input is 0 everywhere", got=type(module).__name__
            )
        variance = wanted / (weight[0].numel() * self._signal.mean_square)
        nn.init.normal_(weight, 0.0, math.sqrt(variance), generator=self._draw)
        if module.bias is not None:
            nn.init.zeros_(module.get_parameter("bias"))

    def _passed(self, x: Tensor) -> Tensor:
        for module in self._since:
            x = self._apply(module, x)
        return x

    def _apply(self, module: nn.Module, x: Tensor) -> Tensor:
        if isinstance(module, _DROPOUT):
            kept = torch.rand(x.shape, generator=self._draw) >= module.p
            return x * kept / (1 - module.p)
        result: Tensor = module(x)
        return result

    def _moments(self, module: nn.Module, name: str) -> Signal:
        """By the activation's own moments where a Gaussian enters it, else by sampling."""
        expression = expression_of(module)
        if expression is None and not isinstance(module, (*_POOLING, _DROPOUT)):
            raise SettingError(
                "AutoInit does not know this layer",
                got=f"{name}: {type(module).__name__}",
                allowed="linear layers, convolutions, activations, normalization, pooling, dropout",
            )
        if expression is None or self._since:
            copies = math.ceil(_SAMPLES / self._example.numel())
            noise = torch.randn(copies, *self._example.shape[1:], generator=self._draw)
            entering = self._gaussian.mean + math.sqrt(self._gaussian.variance) * noise
            left = self._apply(module, self._passed(entering)).double()
            return Signal(float(left.mean()), float(left.var()))
        mean, variance = self._gaussian.mean, self._gaussian.variance
        of = moments(expression, mean, variance)
        if of.mean is None or of.second is None or of.second.value == 0:
            raise SettingError(
                "the activation has no moments for its input",
                got=f"{name}: {expression.short} of mean {mean:.4g}, variance {variance:.4g}",
                cure="put a normalization before it",
            )
        return Signal(of.mean.value, max(of.second.value - of.mean.value**2, 0.0))
