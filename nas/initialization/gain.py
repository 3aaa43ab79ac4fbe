"""The gain of an activation and the weights it asks for.

Forward, weights of variance g^2 / fan-in with g = 1/sqrt(E f(z)^2) keep the mean square of the signal from
layer to layer; backward, g^2 / fan-out with g = 1/sqrt(E f'(z)^2) keep that of the gradient (Glorot & Bengio
2010, He et al. 2015). For ReLU both gains are sqrt(2), for the identity 1.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from nas.errors import ExpressionError
from nas.symbolic.expression import Expression
from nas.symbolic.gaussian import gain, moments

HE = math.sqrt(2)  #: of ReLU; what every candidate gets where normalization follows

Fan = Literal["fan_in", "fan_out"]


def gain_for(expression: Expression, fan: Fan = "fan_in") -> float | None:
    """The gain that keeps the signal (fan_in) or the gradient (fan_out); None where there is none.

    None for a function whose moment diverges, cannot be decided or is 0.
    """
    if fan == "fan_in":
        return gain(expression)
    slopes = moments(expression).derivative_second
    return math.sqrt(1 / slopes.value) if slopes is not None and slopes.value > 0 else None


def gain_normal_(
    weight: Tensor, expression: Expression, fan: Fan = "fan_in", generator: torch.Generator | None = None
) -> Tensor:
    """Fill `weight` [out, in, ...] from N(0, gain^2 / fan): what comes before it is f(z), z ~ N(0, 1).

    `nn.init.kaiming_normal_` for any function.

    Raises:
        ExpressionError: the function has no such gain.
    """
    factor = gain_for(expression, fan)
    if factor is None:
        raise ExpressionError(
            "the function has no gain: its second moment is infinite, 0 or unknown",
            got=expression.short,
            cure="normalize the layers, or give the weights a variance of your own",
        )
    fans = nn.init._calculate_fan_in_and_fan_out(weight)
    return nn.init.normal_(weight, 0.0, factor / math.sqrt(fans[fan == "fan_out"]), generator=generator)
