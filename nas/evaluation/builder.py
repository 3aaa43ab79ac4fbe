"""Names become objects, once: a protocol and an activation become a network."""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor, nn

from nas.activations.meta_acon import meta_activation
from nas.activations.module import activation
from nas.architectures.library import build
from nas.initialization.apply import apply, forward_gain
from nas.protocol import Protocol
from nas.rows.datasets import DATASETS
from nas.seeds import derive
from nas.symbolic.expression import Expression

#: what init `auto` is, by the recipe's `init_gain`
_AUTO = {"auto": "auto", "own": "own", "he": "he_normal"}

#: held by whoever uses torch's global random state, as trainings go on side by side
global_random_state = threading.Lock()


def build_network(
    protocol: Protocol, expression: Expression, seed: int, batch: Callable[[], Tensor] | None = None
) -> nn.Module:
    """The network of `protocol` with `expression` at every place of an activation; see `initialized`."""
    return initialized(protocol, expression, seed, batch)[0]


def network_for_weights(protocol: Protocol, expression: Expression) -> nn.Module:
    """The network for weights that a training has left: its own count for nothing, and no init needs data."""
    return build_network(protocol.under({"init": "auto"}), expression, 0)


def initialized(
    protocol: Protocol, expression: Expression, seed: int, batch: Callable[[], Tensor] | None = None
) -> tuple[nn.Module, float | None]:
    """The network, and sqrt(fan-in Var w) of its weights behind the activations (None without any).

    All candidates under one init start from the same random numbers, those of `seed`. torch's global random
    state is left as it was.
    batch  gives training images, for inits that look at data
    """
    row, recipe = DATASETS.find(protocol.data), protocol.recipe
    start = derive(seed, "init")
    init = _AUTO[recipe.init_gain] if recipe.init == "auto" else recipe.init
    with global_random_state:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(start)
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
        return network, forward_gain(apply(network, init, expression, seed=start, batch=batch))
