"""The recipe's `init_gain`: the weights that all candidates share, scaled to the candidate."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from nas.initialization.gain import HE, gain_for
from nas.initialization.layers import Layer, layers
from nas.symbolic.expression import Expression

Mode = Literal["auto", "own", "he"]


def scale(network: nn.Module, expression: Expression, mode: Mode) -> None:
    """Scale weights that were drawn with He's gain to the one that `mode` asks for.

    he    leaves all as it is.
    own   gives each layer the gain of what comes before it: 1/sqrt(E f^2) behind the activation, 1 where the
          images come in, whose mean square is about 1 already.
    auto  does so where no normalization follows a layer. Where it follows, the scale of the weights changes
          nothing but the effective learning rate, so He's stays and candidates train alike.

    The last layer keeps its init. A function without a gain keeps He's everywhere.
    """
    chosen = _with_own(network, mode)
    own = gain_for(expression) if chosen else None
    if own is None:
        return
    with torch.no_grad():
        for layer in chosen:
            layer.module.get_parameter("weight").mul_((own if layer.activated else 1.0) / HE)


def applied_gain(network: nn.Module, expression: Expression, mode: Mode) -> float:
    """The gain that `scale` leaves behind the activations of `network`: the function's own, or He's."""
    scaled = any(layer.activated for layer in _with_own(network, mode))
    own = gain_for(expression) if scaled else None
    return HE if own is None else own


def _with_own(network: nn.Module, mode: Mode) -> list[Layer]:
    return [
        layer
        for layer in layers(network)
        if not layer.last and (mode == "own" or (mode == "auto" and not layer.normalized))
    ]
