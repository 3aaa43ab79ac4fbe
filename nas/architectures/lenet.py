"""LeNet-5 and the smaller one that is counted on the blackboard: LeCun, Bottou, Bengio & Haffner 1998."""

from __future__ import annotations

from torch import nn

from nas.architectures.layers import Activations, Size, convolved, dense, scaled
from nas.architectures.norm import normalization
from nas.architectures.stack import Stack


def lenet5(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "none"
) -> nn.Sequential:
    """5x5 convolutions of 6 and 16 maps, each halved by means, dense layers of 120 and 84, linear.

    For 32x32 pixels: C1 28x28x6, S2 14x14x6, C3 10x10x16, S4 5x5x16. `width` stands for the 6 and all else in
    proportion. Unlike the paper C3 sees all maps of S2, means have no weights of their own and the output is
    linear: 61,706 parameters for one channel and ten classes.
    """
    second = scaled(width, 16, 6)
    height, breadth = (_after(side) for side in size)
    return Stack(
        *convolved(channels, width, 5, activation, norm, padding=0),
        nn.AvgPool2d(2),
        *convolved(width, second, 5, activation, norm, padding=0),
        nn.AvgPool2d(2),
        nn.Flatten(),
        *dense(second * height * breadth, 20 * width, activation, norm),
        *dense(20 * width, 14 * width, activation, norm),
        nn.Linear(14 * width, classes),
    )


def lenet_blackboard(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "none"
) -> nn.Sequential:
    """5x5 convolutions of 4 and 12 maps without biases, each halved by means, linear without biases.

    32x32x1 -> 28x28x4 -> 14x14x4 -> 10x10x12 -> 5x5x12 -> 300: 1 5 5 4 = 100 and 4 5 5 12 = 1200 weights.
    `width` stands for the 4.
    """
    height, breadth = (_after(side) for side in size)
    layers: list[nn.Module] = []
    for fan_in, fan_out in ((channels, width), (width, 3 * width)):
        convolution = nn.Conv2d(fan_in, fan_out, 5, bias=False)
        layers += [convolution, *normalization(norm, fan_out), activation(fan_out), nn.AvgPool2d(2)]
    return Stack(*layers, nn.Flatten(), nn.Linear(3 * width * height * breadth, classes, bias=False))


def _after(side: int) -> int:
    """What is left of a side after two 5x5 convolutions without a margin and two halvings."""
    return ((side - 4) // 2 - 4) // 2
