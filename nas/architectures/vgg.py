"""VGG: Simonyan & Zisserman, ICLR 2015, configuration A, at the size of CIFAR."""

from __future__ import annotations

from torch import nn

from nas.architectures.layers import Activations, Size, convolved, dense
from nas.architectures.pooling import HalvingMaxPool
from nas.architectures.stack import Stack

_A = (
    (1,),
    (2,),
    (4, 4),
    (8, 8),
    (8, 8),
)  #: channels of each convolution in units of the first; then a pooling


def vgg11(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "batch"
) -> nn.Sequential:
    """Eight 3x3 convolutions of w, 2w, 4w, 4w, 8w, 8w, 8w, 8w channels, five poolings, two dense, linear.

    64 is the paper's `width`; its dense layers of 4096 are 8w here.
    """
    layers: list[nn.Module] = []
    fan_in = channels
    for stage in _A:
        for factor in stage:
            layers += convolved(fan_in, factor * width, 3, activation, norm)
            fan_in = factor * width
        layers.append(HalvingMaxPool())
    pixels = (size[0] // 32) * (size[1] // 32)
    return Stack(
        *layers,
        nn.Flatten(),
        *dense(8 * width * pixels, 8 * width, activation, norm),
        *dense(8 * width, 8 * width, activation, norm),
        nn.Linear(8 * width, classes),
    )
