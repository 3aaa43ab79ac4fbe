"""A network by name or text, with the one initialization every candidate starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import nn

from nas.architectures.alexnet import alexnet
from nas.architectures.bottleneck import bottleneck29, resnext29
from nas.architectures.cells import cell_network
from nas.architectures.dropout import Dropout
from nas.architectures.inception import inception
from nas.architectures.layers import Activations, Size
from nas.architectures.lenet import lenet5, lenet_blackboard
from nas.architectures.linear import linear
from nas.architectures.macros import macro_network
from nas.architectures.mlp import deep_mlp, mlp
from nas.architectures.nin import nin
from nas.architectures.pooling import replace_halving
from nas.architectures.resnet import resnet
from nas.architectures.small import small
from nas.architectures.vgg import vgg11
from nas.errors import SettingError
from nas.rows.cells import is_cell, parse_cell
from nas.rows.macros import is_macro, parse_macro
from nas.rows.networks import network as row_of
from nas.rows.networks import residual_depth

Builder = Callable[[int, Size, int, int, Activations, str], nn.Sequential]
"""(channels, size, classes, width, activation, norm) -> the network; its last layer gives the logits."""

_CODE: dict[str, Builder] = {
    "small": small,
    "resnet20": resnet,
    "mlp": mlp,
    "deep_mlp": deep_mlp,
    "linear": linear,
    "lenet5": lenet5,
    "lenet_blackboard": lenet_blackboard,
    "alexnet": alexnet,
    "vgg11": vgg11,
    "nin": nin,
    "inception": inception,
    "bottleneck29": bottleneck29,
    "resnext29": resnext29,
}


def build(
    name: str,
    *,
    channels: int,
    size: int | Size,
    classes: int,
    width: int,
    activation: Activations,
    norm: str | None = None,
    pooling: str | None = None,
    dropout: float = 0.0,
) -> nn.Sequential:
    """The network called, or written as, `name` for images [n, channels, h, w], giving logits [n, classes].

    size        pixels a side, or (h, w)
    activation  makes the module for one place from its number of channels; called once for each place
    norm        a row of NORMS; None: the network's own
    pooling     a row of POOLINGS in the place of each layer that halves the sides; None: the network's own
    dropout     the share of numbers dropped before each linear layer but one that images enter

    The weights depend on torch's global random state alone, never on the activation, even one that draws
    random numbers of its own. Raises SettingError for an unknown name or images that are too small.
    """
    row = row_of(name)
    height, breadth = (size, size) if isinstance(size, int) else size
    if min(height, breadth) < row.smallest:
        raise SettingError(
            f"the images are too small for the network {row.name}",
            got=f"{height}x{breadth} pixels",
            allowed=f"at least {row.smallest}x{row.smallest}",
        )
    generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
    own = row.norm if norm is None else norm
    network = _builder(row.name)(channels, (height, breadth), classes, width, activation, own)
    if pooling is not None:
        replace_halving(network, pooling)
    if dropout > 0:
        _drop(network, dropout)
    initialize(network, generator)
    return network


def _builder(name: str) -> Builder:
    if is_cell(name):
        cell = parse_cell(name)
        return lambda channels, _, *rest: cell_network(cell, channels, *rest)
    if is_macro(name):
        macro = parse_macro(name)
        return lambda channels, _, *rest: macro_network(macro, channels, *rest)
    depth = residual_depth(name)
    return _CODE[name] if depth is None else partial(resnet, depth=depth)


def _drop(network: nn.Sequential, share: float) -> None:
    """Insert dropout before the linear layers, from the second layer with weights on."""
    layers = list(network)
    weighted = [i for i, layer in enumerate(layers) if next(layer.parameters(), None) is not None]
    for i in reversed(weighted[1:]):
        if isinstance(layers[i], nn.Linear):
            network.insert(i, Dropout(share))


def initialize(network: nn.Module, generator: torch.Generator) -> None:
    """He's normal initialization of the convolutions, Var(w) = 2 / fan_in (He et al. 2015, equation 10).

    Their biases are 0. Linear layers: weights and biases uniform in +-1/sqrt(fan_in), as torch does.
    Batch norm stays at scale 1 and shift 0. What lies inside an activation is its own business.
    """
    for module in _outside_activations(network):
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            if module.bias is not None:
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)


def _outside_activations(module: nn.Module) -> Iterator[nn.Module]:
    if not getattr(module, "is_activation", False):
        yield module
        for child in module.children():
            yield from _outside_activations(child)
