"""A small AlexNet: Krizhevsky, Sutskever & Hinton, NIPS 2012, with the channels of Krizhevsky 2014."""

from __future__ import annotations

from torch import nn

from nas.architectures.layers import Activations, Size, convolved, dense
from nas.architectures.pooling import HalvingMaxPool
from nas.architectures.stack import Stack


def alexnet(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "batch"
) -> nn.Sequential:
    """Five 3x3 convolutions of w, 3w, 6w, 4w, 4w channels with three poolings, two dense layers, linear.

    64 is the source's `width`. Its first convolution, 11x11 of stride 4, is for images of 224x224; its dense
    layers of 4096 are 16w here.
    """
    w, pixels = width, (size[0] // 8) * (size[1] // 8)
    return Stack(
        *convolved(channels, w, 3, activation, norm),
        HalvingMaxPool(),
        *convolved(w, 3 * w, 3, activation, norm),
        HalvingMaxPool(),
        *convolved(3 * w, 6 * w, 3, activation, norm),
        *convolved(6 * w, 4 * w, 3, activation, norm),
        *convolved(4 * w, 4 * w, 3, activation, norm),
        HalvingMaxPool(),
        nn.Flatten(),
        *dense(4 * w * pixels, 16 * w, activation, norm),
        *dense(16 * w, 16 * w, activation, norm),
        nn.Linear(16 * w, classes),
    )
