"""Networks from a description: three stages of blocks, pooling between them."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from nas.architectures.bottleneck import CARDINALITY, EXPANSION, Bottleneck
from nas.architectures.inception import Inception
from nas.architectures.layers import Activations, convolved
from nas.architectures.pooling import halving
from nas.architectures.resnet import BasicBlock
from nas.architectures.stack import Stack
from nas.rows.macros import Macro

Maker = Callable[[int, int, Activations, str], tuple[list[nn.Module], int]]
"""(channels in, channels of the stage, activation, norm) -> the layers of a block, channels out."""


def macro_network(
    macro: Macro, channels: int, classes: int, width: int, activation: Activations, norm: str
) -> nn.Sequential:
    """3x3 convolution, three stages of blocks, mean over all pixels, linear.

    [n, channels, h, w] -> logits [n, classes]. The description's own width and norm go first.
    """
    width = macro.width or width
    norm = macro.norm or norm
    layers = convolved(channels, width, 3, activation, norm)
    fan_in = width
    for stage in range(3):
        if stage > 0:
            layers.append(halving(macro.pooling))
        for _ in range(macro.depth):
            block, fan_in = _BLOCKS[macro.block](fan_in, width * 2**stage, activation, norm)
            layers += block
    return Stack(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(fan_in, classes))


def _plain(fan_in: int, w: int, activation: Activations, norm: str) -> tuple[list[nn.Module], int]:
    return convolved(fan_in, w, 3, activation, norm), w


def _basic(fan_in: int, w: int, activation: Activations, norm: str) -> tuple[list[nn.Module], int]:
    return [BasicBlock(fan_in, w, 1, activation, norm)], w


def _bottleneck(fan_in: int, w: int, activation: Activations, norm: str) -> tuple[list[nn.Module], int]:
    return [Bottleneck(fan_in, w, EXPANSION * w, 1, activation, norm)], EXPANSION * w


def _resnext(fan_in: int, w: int, activation: Activations, norm: str) -> tuple[list[nn.Module], int]:
    block = Bottleneck(fan_in, CARDINALITY * w, EXPANSION * w, 1, activation, norm, groups=CARDINALITY)
    return [block], EXPANSION * w


def _inception(fan_in: int, w: int, activation: Activations, norm: str) -> tuple[list[nn.Module], int]:
    return [Inception(fan_in, w, activation, norm)], 8 * w


def _nin(fan_in: int, w: int, activation: Activations, norm: str) -> tuple[list[nn.Module], int]:
    layers = convolved(fan_in, w, 3, activation, norm)
    return [*layers, *(m for _ in range(2) for m in convolved(w, w, 1, activation, norm))], w


_BLOCKS: dict[str, Maker] = {
    "plain": _plain,
    "basic": _basic,
    "bottleneck": _bottleneck,
    "resnext": _resnext,
    "inception": _inception,
    "nin": _nin,
}
