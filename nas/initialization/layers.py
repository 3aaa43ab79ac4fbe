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

    name: str  #: in the network
    module: nn.Module
    activated: bool  #: what enters it has been through an activation
    normalized: bool  #: normalization follows before the next activation or weights
    last: bool  #: it gives the network's output


def layers(network: nn.Module) -> list[Layer]:
    """The layers with weights, in the order in which the network names its modules.

    That is the order of the signal in `nn.Sequential`, and by custom elsewhere.
    """
    named = list(_places(network, ""))
    line = [module for _, module in named]
    at = [i for i, module in enumerate(line) if isinstance(module, WEIGHTED)]
    return [
        Layer(
            name=named[i][0],
            module=line[i],
            activated=any(map(is_activation, line[:i])),
            normalized=_normalized(line[i + 1 :]),
            last=i == at[-1],
        )
        for i in at
    ]


def branches(network: nn.Module) -> list[list[nn.Module]]:
    """The layers with weights of each residual branch, in the order of the signal.

    A block says which of its modules make the branch: `residual_branch`, their names in order.
    """
    found = []
    for block in network.modules():
        parts = [block.get_submodule(name) for name in getattr(block, "residual_branch", ())]
        weighted: list[nn.Module] = [
            m for part in parts for _, m in _places(part, "") if isinstance(m, WEIGHTED)
        ]
        if weighted:
            found.append(weighted)
    return found


def activation_after(network: nn.Module, module: nn.Module) -> nn.Module | None:
    """The next activation behind a layer with weights, before the next such layer; None without one."""
    line = [place for _, place in _places(network, "")]
    for following in line[line.index(module) + 1 :]:
        if is_activation(following):
            return following
        if isinstance(following, WEIGHTED):
            return None
    return None


def _places(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """Modules without children; an activation counts as one, whatever it is made of."""
    children = [] if is_activation(module) else list(module.named_children())
    if not children:
        yield name, module
    for key, child in children:
        yield from _places(child, f"{name}.{key}".lstrip("."))


def is_activation(module: nn.Module) -> bool:
    """Ours say so; of torch's, those of its module of activations."""
    return getattr(module, "is_activation", False) or type(module).__module__ == "torch.nn.modules.activation"


def _normalized(following: Sequence[nn.Module]) -> bool:
    for module in following:
        if isinstance(module, NORMALIZING):
            return True
        if isinstance(module, WEIGHTED) or is_activation(module):
            return False
    return False
