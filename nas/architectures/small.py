"""The small convolutional network that scores most candidates."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from nas.architectures.convolution import Conv2d
from nas.architectures.norm import normalization
from nas.architectures.pooling import HalvingMaxPool
from nas.architectures.stack import Stack


def small(
    channels: int,
    size: tuple[int, int],
    classes: int,
    width: int,
    activation: Callable[[int], nn.Module],
    norm: str = "batch",
) -> nn.Sequential:
    """conv-BN-act, three times conv-pool-BN-act, linear: [n, channels, h, w] -> logits [n, classes].

    The convolutions are 3x3 of `width`, 2, 4 and 4 times `width` channels; each pooling halves the side.
    norm  a row of NORMS in the place of BN; without one the convolutions have biases
    """
    bias = norm == "none"
    layers: list[nn.Module] = [
        Conv2d(channels, width, 3, padding=1, bias=bias),
        *normalization(norm, width),
        activation(width),
    ]
    for fan_in, fan_out in ((width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
        layers += [
            Conv2d(fan_in, fan_out, 3, padding=1, bias=bias),
            HalvingMaxPool(),
            *normalization(norm, fan_out),
            activation(fan_out),
        ]
    pixels = (size[0] // 8) * (size[1] // 8)
    return Stack(*layers, nn.Flatten(), nn.Linear(4 * width * pixels, classes))
