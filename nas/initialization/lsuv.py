"""LSUV: layer-sequential unit variance, Mishkin & Matas 2016.

Each layer's weights are divided by the standard deviation of what comes out of it, over all images, channels
and pixels of a batch. The layers are linear and their biases 0, so one division is exact where the paper
repeats it until the variance is within its tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from nas.initialization.layers import Layer
from nas.initialization.visit import visit


def unit_variance(network: nn.Module, chosen: Sequence[Layer], images: Tensor) -> None:
    """Scale the `chosen` layers; one whose output has no finite variance above 0 stays as it is."""

    def fit(layer: Layer, x: Tensor) -> None:
        deviation = float(layer.module.forward(x).double().std())
        if 0 < deviation < float("inf"):
            layer.module.get_parameter("weight").div_(deviation)

    visit(network, chosen, images, fit)
