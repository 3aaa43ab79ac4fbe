"""The linear model: multinomial logistic regression on pixels."""

from __future__ import annotations

from torch import nn

from nas.architectures.layers import Activations, Size
from nas.architectures.stack import Stack


def linear(
    channels: int, size: Size, classes: int, width: int, activation: Activations, norm: str = "none"
) -> nn.Sequential:
    """Each logit is a weighted sum of all pixels: [n, channels, h, w] -> [n, classes].

    There is no place for an activation or a norm, and `width` means nothing.
    """
    return Stack(nn.Flatten(), nn.Linear(channels * size[0] * size[1], classes))
