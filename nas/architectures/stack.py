"""Layers one after the other, some taken together: what lies between those need not be in memory."""

from __future__ import annotations

from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.architectures.pooling import HalvingMaxPool


def normalized(x: Tensor, norm: nn.Module, activation: nn.Module) -> Tensor:
    """activation(norm(x)); as one, if the activation offers it as `after_norm` and nobody watches the two."""
    fused = getattr(activation, "after_norm", None) if isinstance(norm, nn.BatchNorm2d) else None
    if fused is not None and not _watched(norm) and not _watched(activation):
        y: Tensor | None = fused(x, norm)
        if y is not None:
            return y
    result: Tensor = activation(norm(x))
    return result


def pooled(x: Tensor, convolution: Conv2d, pooling: nn.Module) -> Tensor:
    """pooling(convolution(x)), the largest of 2x2 pixels; as one, if it can be and nobody watches the two."""
    if not _watched(convolution) and not _watched(pooling):
        y = convolution.pooled(x)
        if y is not None:
            return y
    result: Tensor = pooling(convolution(x))
    return result


def _watched(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )


class Stack(nn.Sequential):
    """`nn.Sequential`, in which a batch norm and the activation behind it are taken together.

    So are a convolution and the pooling behind it.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # torch's name
        """One layer after the other."""
        x, layers = input, list(self)
        while layers:
            layer = layers.pop(0)
            if isinstance(layer, nn.BatchNorm2d) and layers:
                x = normalized(x, layer, layers.pop(0))
            elif isinstance(layer, Conv2d) and layers and type(layers[0]) is HalvingMaxPool:
                x = pooled(x, layer, layers.pop(0))
            else:
                x = layer(x)
        return x
