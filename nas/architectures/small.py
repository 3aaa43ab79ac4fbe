"""The small convolutional network that scores most candidates."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from nas.architectures.norm import BatchNorm2d, Stack
from nas.architectures.pooling import HalvingMaxPool


def small(
    channels: int, size: int, classes: int, width: int, activation: Callable[[int], nn.Module]
) -> nn.Sequential:
    """conv-BN-act, three times conv-pool-BN-act, linear: [n, channels, size, size] -> logits [n, classes].

    The convolutions are 3x3 of `width`, 2, 4 and 4 times `width` channels; each pooling halves the side.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        BatchNorm2d(width),
        activation(width),
    ]
    for fan_in, fan_out in ((width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
        layers += [
            nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False),
            HalvingMaxPool(),
            BatchNorm2d(fan_out),
            activation(fan_out),
        ]
    side = size // 2 // 2 // 2
    return Stack(*layers, nn.Flatten(), nn.Linear(4 * width * side * side, classes))
