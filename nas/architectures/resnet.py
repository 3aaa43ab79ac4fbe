"""Residual networks for small images: He, Zhang, Ren & Sun, CVPR 2016, section 4.2."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from nas.architectures.norm import BatchNorm2d, Stack, normalized


class BasicBlock(nn.Module):
    """act(BN(conv(act(BN(conv(x))))) + shortcut(x)), 3x3 convolutions, the first one of `stride`.

    The shortcut has no parameters (the paper's option A): every `stride`-th pixel, new channels zero.
    """

    def __init__(
        self, fan_in: int, fan_out: int, stride: int, activation: Callable[[int], nn.Module]
    ) -> None:
        super().__init__()
        self.stride, self.new_channels = stride, fan_out - fan_in
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = BatchNorm2d(fan_out)
        self.act1 = activation(fan_out)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, padding=1, bias=False)
        self.bn2 = BatchNorm2d(fan_out)
        self.act2 = activation(fan_out)

    def forward(self, x: Tensor) -> Tensor:
        """[n, fan_in, h, w] -> [n, fan_out, h / stride, w / stride], sides rounded up."""
        residual = self.bn2(self.conv2(normalized(self.conv1(x), self.bn1, self.act1)))
        out: Tensor = self.act2(residual + self.shortcut(x))
        return out

    def shortcut(self, x: Tensor) -> Tensor:
        """Option A of the paper; the identity where the shape stays."""
        if self.stride == 1 and self.new_channels == 0:
            return x
        before = self.new_channels // 2
        return F.pad(
            x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.new_channels - before)
        )


def resnet20(
    channels: int, size: int, classes: int, width: int, activation: Callable[[int], nn.Module]
) -> nn.Sequential:
    """Stem, three stages of three blocks with `width`, 2 and 4 times `width` channels, mean, linear.

    [n, channels, size, size] -> logits [n, classes]; `width` 16 is the paper's.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        BatchNorm2d(width),
        activation(width),
    ]
    fan_in = width
    for stage in range(3):
        for block in range(3):
            fan_out = width * 2**stage
            layers.append(BasicBlock(fan_in, fan_out, 2 if stage > 0 and block == 0 else 1, activation))
            fan_in = fan_out
    return Stack(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(fan_in, classes))
