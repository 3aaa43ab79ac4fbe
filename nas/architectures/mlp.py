"""A plain feed-forward network: no convolution knows that its input is an image."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from nas.architectures.norm import normalization

DEEP = 20  #: hidden layers of `deep_mlp`


def mlp(
    channels: int,
    size: tuple[int, int],
    classes: int,
    width: int,
    activation: Callable[[int], nn.Module],
    norm: str = "batch",
    depth: int = 3,
) -> nn.Sequential:
    """`depth` times linear-norm-act of 16 times `width` units, linear: [n, channels, h, w] -> logits.

    norm  a row of NORMS; without one the hidden layers have biases
    With the default width of 8 a hidden layer has 128 units.
    """
    units, entering = 16 * width, channels * size[0] * size[1]
    layers: list[nn.Module] = [nn.Flatten()]
    for _ in range(depth):
        layers += [nn.Linear(entering, units, bias=norm == "none"), *normalization(norm, units, flat=True)]
        layers.append(activation(units))
        entering = units
    return nn.Sequential(*layers, nn.Linear(entering, classes))


def deep_mlp(
    channels: int,
    size: tuple[int, int],
    classes: int,
    width: int,
    activation: Callable[[int], nn.Module],
    norm: str = "batch",
) -> nn.Sequential:
    """`mlp` with 20 hidden layers."""
    return mlp(channels, size, classes, width, activation, norm, DEEP)
