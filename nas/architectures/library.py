"""A network by name, with the one initialization every candidate starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn

from nas.architectures.resnet import resnet20
from nas.architectures.small import small
from nas.errors import SettingError
from nas.rows.networks import NETWORKS

_CODE = {"small": small, "resnet20": resnet20}


def build(
    name: str, *, channels: int, size: int, classes: int, width: int, activation: Callable[[int], nn.Module]
) -> nn.Module:
    """The network called `name` for images [n, channels, size, size], giving logits [n, classes].

    activation  makes the module for one place from its number of channels; called once for each place
    The weights depend on torch's global random state alone, never on the activation, even one that draws
    random numbers of its own. Raises SettingError for an unknown name or images that are too small.
    """
    row = NETWORKS.find(name)
    if size < row.smallest:
        raise SettingError(
            f"the images are too small for the network {name}",
            got=f"{size}x{size} pixels",
            allowed=f"at least {row.smallest}x{row.smallest}",
        )
    generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
    network = _CODE[name](channels, size, classes, width, activation)
    initialize(network, generator)
    return network


def initialize(network: nn.Module, generator: torch.Generator) -> None:
    """He's normal initialization of the convolutions, Var(w) = 2 / fan_in (He et al. 2015, equation 10).

    Linear layers: weights and biases uniform in +-1/sqrt(fan_in), as torch does by itself. Batch norm stays
    at scale 1 and shift 0. What lies inside an activation is its own business.
    """
    for module in _outside_activations(network):
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)


def _outside_activations(module: nn.Module) -> Iterator[nn.Module]:
    if not getattr(module, "is_activation", False):
        yield module
        for child in module.children():
            yield from _outside_activations(child)
