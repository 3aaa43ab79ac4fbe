"""A small Inception network: Szegedy et al., CVPR 2015, table 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nas.architectures.layers import Activations, Size, convolved
from nas.architectures.pooling import HalvingMaxPool
from nas.architectures.stack import Stack


class Inception(nn.Module):
    """Four ways side by side: 1x1, 1x1 then 3x3, 1x1 then 5x5, 3x3 maximum then 1x1; 8 `width` channels.

    The ways give 2, 4, 1 and 1 times `width`, the 1x1 convolutions before 3x3 and 5x5 reduce to 3 and 1/2:
    the paper's inception (3a) for a `width` of 32.
    """

    def __init__(self, fan_in: int, width: int, activation: Activations, norm: str) -> None:
        super().__init__()
        before_3x3, before_5x5 = 3 * width, max(1, width // 2)
        self.ways = nn.ModuleList(
            [
                Stack(*convolved(fan_in, 2 * width, 1, activation, norm)),
                Stack(
                    *convolved(fan_in, before_3x3, 1, activation, norm),
                    *convolved(before_3x3, 4 * width, 3, activation, norm),
                ),
                Stack(
                    *convolved(fan_in, before_5x5, 1, activation, norm),
                    *convolved(before_5x5, width, 5, activation, norm),
                ),
                Stack(nn.MaxPool2d(3, stride=1, padding=1), *convolved(fan_in, width, 1, activation, norm)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """[n, fan_in, h, w] -> [n, 8 width, h, w]."""
        return torch.cat([way(x) for way in self.ways], dim=1)


def inception(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "batch"
) -> nn.Sequential:
    """3x3 convolution of 2w, two Inception blocks of w, pooling, two of 2w, pooling, one of 4w, mean.

    [n, channels, h, w] -> logits [n, classes].
    """
    layers = convolved(channels, 2 * width, 3, activation, norm)
    fan_in = 2 * width
    for block in (width, width, 0, 2 * width, 2 * width, 0, 4 * width):
        if block == 0:
            layers.append(HalvingMaxPool())
        else:
            layers.append(Inception(fan_in, block, activation, norm))
            fan_in = 8 * block
    return Stack(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(fan_in, classes))
