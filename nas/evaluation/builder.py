"""Names become objects, once: a protocol and an activation become a network."""

from __future__ import annotations

import torch
from torch import nn

from nas.activations.module import activation
from nas.architectures.library import build
from nas.initialization.scaling import scale
from nas.protocol import Protocol
from nas.rows.datasets import DATASETS
from nas.seeds import derive
from nas.symbolic.expression import Expression


def build_network(protocol: Protocol, expression: Expression, seed: int) -> nn.Module:
    """The network of `protocol` with `expression` at every place of an activation.

    Weights depend on `seed` and the recipe's `init_gain` alone: all candidates start from the same random
    numbers. torch's global random state is left as it was.
    """
    row = DATASETS.find(protocol.data)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "init"))
        network = build(
            protocol.net,
            channels=row.channels,
            size=row.size,
            classes=row.classes,
            width=protocol.width,
            activation=activation(expression),
        )
    scale(network, expression, protocol.recipe.init_gain)
    return network
