"""Names become objects, once: a protocol and an activation become a network."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nas.activations.meta_acon import meta_activation
from nas.activations.module import activation
from nas.architectures.library import build
from nas.initialization.apply import apply
from nas.initialization.scaling import scale
from nas.protocol import Protocol
from nas.rows.datasets import DATASETS
from nas.seeds import derive
from nas.symbolic.expression import Expression


def build_network(
    protocol: Protocol, expression: Expression, seed: int, batch: Callable[[], Tensor] | None = None
) -> nn.Module:
    """The network of `protocol` with `expression` at every place of an activation.

    Weights depend on `seed` and the recipe's `init_gain` alone: all candidates start from the same random
    numbers. torch's global random state is left as it was.
    """
    row, recipe = DATASETS.find(protocol.data), protocol.recipe
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "init"))
        network = build(
            protocol.net,
            channels=row.channels,
            size=row.size,
            classes=row.classes,
            width=protocol.width,
            activation=(meta_activation if recipe.meta else activation)(expression),
            norm=None if recipe.norm == "own" else recipe.norm,
            pooling=None if recipe.pooling == "own" else recipe.pooling,
            dropout=recipe.dropout,
        )
    if recipe.init == "auto":
        scale(network, expression, recipe.init_gain)
    else:
        apply(network, recipe.init, expression, seed=derive(seed, "init"), batch=batch)
    return network
