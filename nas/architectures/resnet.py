"""Residual networks for small images: He, Zhang, Ren & Sun, CVPR 2016, section 4.2."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.architectures.norm import normalization
from nas.architectures.stack import Stack, through


class BasicBlock(nn.Module):
    """act(BN(conv(act(BN(conv(x))))) + shortcut(x)), 3x3 convolutions, the first one of `stride`.

    The shortcut has no parameters (the paper's option A): every `stride`-th pixel, new channels zero.
    norm  a row of NORMS in the place of BN; without one the convolutions have biases
    """

    residual_branch = ("conv1", "conv2")

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        stride: int,
        activation: Callable[[int], nn.Module],
        norm: str = "batch",
    ) -> None:
        super().__init__()
        bias = norm == "none"
        self.stride, self.new_channels = stride, fan_out - fan_in
        self.conv1 = Conv2d(fan_in, fan_out, 3, stride=stride, padding=1, bias=bias)
        (self.bn1,) = normalization(norm, fan_out) or [nn.Identity()]
        self.act1 = activation(fan_out)
        self.conv2 = Conv2d(fan_out, fan_out, 3, padding=1, bias=bias)
        (self.bn2,) = normalization(norm, fan_out) or [nn.Identity()]
        self.act2 = activation(fan_out)

    def forward(self, x: Tensor) -> Tensor:
        """[n, fan_in, h, w] -> [n, fan_out, h / stride, w / stride], sides rounded up."""
        residual = self.bn2(self.conv2(through(x, self.conv1, self.bn1, self.act1)))
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


def resnet(
    channels: int,
    size: tuple[int, int],
    classes: int,
    width: int,
    activation: Callable[[int], nn.Module],
    norm: str = "batch",
    depth: int = 20,
) -> nn.Sequential:
    """Stem, three stages of (depth - 2) / 6 blocks of w, 2w, 4w channels, mean, linear.

    [n, channels, h, w] -> logits [n, classes]; `width` 16 is the paper's.
    """
    layers: list[nn.Module] = [
        Conv2d(channels, width, 3, padding=1, bias=norm == "none"),
        *normalization(norm, width),
        activation(width),
    ]
    fan_in = width
    for stage in range(3):
        for block in range((depth - 2) // 6):
            fan_out = width * 2**stage
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(BasicBlock(fan_in, fan_out, stride, activation, norm))
            fan_in = fan_out
    return Stack(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(fan_in, classes))
