"""Meta-ACON: ACON-C whose switching factor beta comes from the input (Ma et al. 2021, channel-wise form);
and the same for any other function that has a beta.

    y = (p1 - p2) x sigmoid(beta (p1 - p2) x) + p2 x,    beta = sigmoid(BN(W2 BN(W1 mean(x))))

with the mean over all places of a channel, W1 of [h, c], W2 of [c, h], h = max(r, c/r), and nothing between
the two. beta near 0 makes a channel linear, a greater one bends it: each image and channel on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from nas.activations.eager import eager_code
from nas.activations.module import activation
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse
from nas.symbolic.smooth_max import smooth_maximum

REDUCTION = 16
BETA = "beta"  #: the parameter that the input decides

#: S_beta(p1 x, p2 x), its parameters in the order beta, p1, p2
_ACON_C = smooth_maximum([parse("p1*x"), parse("p2*x")])


class MetaAcon(nn.Module):
    """Meta-ACON over x of shape [batch, channels, ...]; y has the same shape.

    p1 = 1 and p2 = 0 at the start, so that it is x sigmoid(beta x) with beta near 1/2, for every channel. In
    place of ACON-C there may be any `expression` with a parameter beta; the others start as it says. The
    weights W1, W2 are drawn by torch's rule for linear layers from its global random state. Batch norm over
    the images of the batch: training takes at least two of them, and evaluation the running statistics.
    Nothing in it gets weight decay, as in any other activation.
    """

    is_activation = True

    def __init__(self, channels: int, reduction: int = REDUCTION, expression: Expression = _ACON_C) -> None:
        super().__init__()
        self.channels, self.expression = channels, expression
        hidden = max(reduction, channels // reduction)
        for parameter in expression.parameters:
            if parameter.name != BETA:
                shape = (channels,) if parameter.scope == "channel" else ()
                self.register_parameter(parameter.name, nn.Parameter(torch.full(shape, parameter.start)))
        self.meta = nn.Sequential(
            nn.Linear(channels, hidden, bias=False),  # batch norm would take a bias away again
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, channels, bias=False),
            nn.BatchNorm1d(channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The function at every element of x, with beta of its image and channel."""
        with torch.autocast(x.device.type, enabled=False):
            wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
            beta = self.beta(wide)
            names = [p.name for p in self.expression.parameters]
            values = [beta if name == BETA else self.get_parameter(name)[None] for name in names]
            places = [1] * (x.ndim - 2)
            (y,) = eager_code(self.expression).forward(wide, *(v.view(*v.shape, *places) for v in values))
            return y.to(x.dtype)

    def beta(self, x: Tensor) -> Tensor:
        """The switching factors [batch, channels], between 0 and 1."""
        mean = x.flatten(2).mean(2) if x.ndim > 2 else x
        return cast(Tensor, self.meta(mean))

    def extra_repr(self) -> str:
        """Channels and hidden units."""
        hidden = cast(nn.Linear, self.meta[0]).out_features
        return f"{self.expression.text}, channels={self.channels}, hidden={hidden}"


def has_beta(expression: Expression) -> bool:
    """Whether there is anything for the input to decide."""
    return any(parameter.name == BETA for parameter in expression.parameters)


def meta_activation(expression: Expression) -> Callable[[int], nn.Module]:
    """What a network asks for, channels -> module; a function without a beta stays as it is."""
    if not has_beta(expression):
        return activation(expression)
    return lambda channels: MetaAcon(channels, expression=expression)
