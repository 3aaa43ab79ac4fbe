"""Bottlenecks and their split-transform-merge form: He et al., CVPR 2016; Xie et al., CVPR 2017 (ResNeXt)."""

from __future__ import annotations

from torch import Tensor, nn

from nas.architectures.layers import Activations, Size, convolved
from nas.architectures.norm import normalization
from nas.architectures.stack import Stack

EXPANSION = 4  #: channels that go out for one of the inner ones of a plain bottleneck
CARDINALITY = 8  #: groups of a ResNeXt's 3x3 convolution, as in the paper's 8x64d for CIFAR
_BLOCKS = 3  #: a stage: 3 stages of 3 blocks of 3 layers, one before and one behind


class Bottleneck(nn.Module):
    """act(norm(1x1(act(norm(3x3(act(norm(1x1(x)))))))) + shortcut(x)): few channels where it is costly.

    `groups` splits the 3x3 convolution into as many of their own channels each, which the last 1x1 merges
    (aggregated transformations, figure 3c of Xie et al.). Where the shape changes, the shortcut is a 1x1
    convolution with a norm (option B of He et al.).
    """

    residual_branch = ("residual",)

    def __init__(
        self,
        fan_in: int,
        inner: int,
        fan_out: int,
        stride: int,
        activation: Activations,
        norm: str,
        groups: int = 1,
    ) -> None:
        super().__init__()
        bias = norm == "none"
        self.residual = Stack(
            *convolved(fan_in, inner, 1, activation, norm),
            *convolved(inner, inner, 3, activation, norm, stride=stride, groups=groups),
            nn.Conv2d(inner, fan_out, 1, bias=bias),
            *normalization(norm, fan_out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or fan_in != fan_out:
            projection = nn.Conv2d(fan_in, fan_out, 1, stride, bias=bias)
            self.shortcut = nn.Sequential(projection, *normalization(norm, fan_out))
        self.act = activation(fan_out)

    def forward(self, x: Tensor) -> Tensor:
        """[n, fan_in, h, w] -> [n, fan_out, h / stride, w / stride], sides rounded up."""
        out: Tensor = self.act(self.residual(x) + self.shortcut(x))
        return out


def bottleneck29(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "batch"
) -> nn.Sequential:
    """3x3 convolution, three stages of three bottlenecks of w, 2w, 4w inner channels, 4 times as many out.

    [n, channels, h, w] -> logits [n, classes].
    """
    return _residual(channels, classes, width, width, 1, activation, norm)


def resnext29(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "batch"
) -> nn.Sequential:
    """Like `bottleneck29`, with inner channels in 8 groups of w, 2w, 4w each (8x`width`d).

    64 is the paper's `width`: 34.4 M parameters.
    """
    return _residual(channels, classes, width, CARDINALITY * width, CARDINALITY, activation, norm)


def _residual(
    channels: int, classes: int, width: int, inner: int, groups: int, activation: Activations, norm: str
) -> nn.Sequential:
    layers = convolved(channels, width, 3, activation, norm)
    fan_in = width
    for stage in range(3):
        for block in range(_BLOCKS):
            fan_out = EXPANSION * width * 2**stage
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(
                Bottleneck(fan_in, inner * 2**stage, fan_out, stride, activation, norm, groups=groups)
            )
            fan_in = fan_out
    return Stack(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(fan_in, classes))
