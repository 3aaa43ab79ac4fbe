"""Network in Network: Lin, Chen & Yan, ICLR 2014."""

from __future__ import annotations

from torch import nn

from nas.architectures.layers import Activations, Size, convolved, scaled
from nas.architectures.stack import Stack


def nin(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "none"
) -> nn.Sequential:
    """Three blocks of a convolution and two 1x1 convolutions, a small dense network at every pixel.

    192, 160, 96; pooling; 192, 192, 192; pooling; 192, 192 and the classes' 1x1 convolution, whose mean over
    all pixels is taken first here: the same numbers for less work, without the activation that the paper has
    behind it. 192 is the paper's `width`: 966,986 parameters for CIFAR-10.
    """
    w = width
    return Stack(
        *convolved(channels, w, 5, activation, norm),
        *convolved(w, scaled(w, 160, 192), 1, activation, norm),
        *convolved(scaled(w, 160, 192), scaled(w, 96, 192), 1, activation, norm),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        *convolved(scaled(w, 96, 192), w, 5, activation, norm),
        *convolved(w, w, 1, activation, norm),
        *convolved(w, w, 1, activation, norm),
        nn.AvgPool2d(3, stride=2, ceil_mode=True),
        *convolved(w, w, 3, activation, norm),
        *convolved(w, w, 1, activation, norm),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(w, classes),
    )
