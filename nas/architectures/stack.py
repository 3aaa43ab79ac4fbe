"""Layers one after the other, some taken together: what lies between those need not be in memory."""

from __future__ import annotations

from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.architectures.pooling import HalvingMaxPool


def through(x: Tensor, *layers: nn.Module) -> Tensor:
    """x through one layer after the other.

    A batch norm and the activation behind it are taken together, if that offers it as `after_norm`; so are a
    convolution and the pooling behind it. Not where somebody watches one of the two.
    """
    rest = list(layers)
    while rest:
        layer = rest.pop(0)
        both = _together(x, layer, rest[0]) if rest else None
        if both is None:
            x = layer(x)
        else:
            x = both
            rest.pop(0)
    return x


def _together(x: Tensor, first: nn.Module, second: nn.Module) -> Tensor | None:
    """second(first(x)) as one; None where that cannot be had."""
    if _watched(first) or _watched(second):
        return None
    if isinstance(first, Conv2d) and type(second) is HalvingMaxPool:
        return first.pooled(x)
    after_norm = getattr(second, "after_norm", None) if isinstance(first, nn.BatchNorm2d) else None
    y: Tensor | None = None if after_norm is None else after_norm(x, first)
    return y


def _watched(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )


class Stack(nn.Sequential):
    """`nn.Sequential`, some of whose layers are taken together."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # torch's name
        """One layer after the other."""
        return through(input, *self)
