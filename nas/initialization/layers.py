"""The layers of a network that have weights, what comes before each and whether normalization follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import nn

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMALIZING = (
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
)


@dataclass(frozen=True)
class Layer:
    """A linear layer or convolution at its place."""

    module: nn.Module
    activated: bool  #: what enters it has been through an activation
    normalized: bool  #: normalization follows before the next activation or weights
    last: bool  #: it gives the network's output


def layers(network: nn.Module) -> list[Layer]:
    """The layers with weights, in the order in which the network names its modules.

    That is the order of the signal in `nn.Sequential`, and by custom elsewhere.
    """
    line = list(_places(network))
    at = [i for i, module in enumerate(line) if isinstance(module, WEIGHTED)]
    return [
        Layer(
            module=line[i],
            activated=any(map(_is_activation, line[:i])),
            normalized=_normalized(line[i + 1 :]),
            last=i == at[-1],
        )
        for i in at
    ]


def _places(module: nn.Module) -> Iterator[nn.Module]:
    """Modules without children; an activation counts as one, whatever it is made of."""
    children = [] if _is_activation(module) else list(module.children())
    if not children:
        yield module
    for child in children:
        yield from _places(child)


def _is_activation(module: nn.Module) -> bool:
    return getattr(module, "is_activation", False) or type(module).__module__ == "torch.nn.modules.activation"


def _normalized(following: Sequence[nn.Module]) -> bool:
    for module in following:
        if isinstance(module, NORMALIZING):
            return True
        if isinstance(module, WEIGHTED) or _is_activation(module):
            return False
    return False
