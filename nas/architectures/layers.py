"""What the networks are made of: a convolution with its normalization and activation, dense layers."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from nas.architectures.convolution import Conv2d
from nas.architectures.norm import normalization

Activations = Callable[[int], nn.Module]  #: the module for one place from its number of channels
Size = tuple[int, int]  #: height and width in pixels


def convolved(
    fan_in: int,
    fan_out: int,
    kernel: int,
    activation: Activations,
    norm: str,
    *,
    padding: int | None = None,
    stride: int = 1,
    groups: int = 1,
) -> list[nn.Module]:
    """Convolution, normalization, activation; the size stays where `padding` and `stride` are left.

    The convolution has biases where no normalization follows.
    """
    around = kernel // 2 if padding is None else padding
    return [
        Conv2d(fan_in, fan_out, kernel, stride, around, groups=groups, bias=norm == "none"),
        *normalization(norm, fan_out),
        activation(fan_out),
    ]


def dense(fan_in: int, fan_out: int, activation: Activations, norm: str) -> list[nn.Module]:
    """Linear layer, normalization, activation; biases where no normalization follows."""
    return [
        nn.Linear(fan_in, fan_out, bias=norm == "none"),
        *normalization(norm, fan_out, flat=True),
        activation(fan_out),
    ]


def scaled(width: int, over: int, of: int) -> int:
    """The channels of a layer that has `over` where the source's first layer has `of`; at least one."""
    return max(1, round(width * over / of))
