"""Meta-ACON: ACON-C whose switching factor beta comes from the input (Ma et al. 2021, channel-wise form).

    y = (p1 - p2) x sigmoid(beta (p1 - p2) x) + p2 x,    beta = sigmoid(BN(W2 BN(W1 mean(x))))

with the mean over all places of a channel, W1 of [h, c], W2 of [c, h], h = max(r, c/r), and nothing between
the two. beta near 0 makes a channel linear, a greater one bends it: each image and channel on its own.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from nas.activations.eager import eager_code
from nas.symbolic.expression import default_start
from nas.symbolic.parse import parse
from nas.symbolic.smooth_max import smooth_maximum

REDUCTION = 16

#: S_beta(p1 x, p2 x), its parameters in the order beta, p1, p2
_ACON_C = smooth_maximum([parse("p1*x"), parse("p2*x")])


class MetaAcon(nn.Module):
    """Meta-ACON over x of shape [batch, channels, ...]; y has the same shape.

    p1 = 1 and p2 = 0 at the start, so that it is x sigmoid(beta x) with beta near 1/2, for every channel. The
    weights W1, W2 are drawn by torch's rule for linear layers from its global random state. Batch norm over
    the images of the batch: training takes at least two of them, and evaluation the running statistics.
    Nothing in it gets weight decay, as in any other activation.
    """

    is_activation = True

    def __init__(self, channels: int, reduction: int = REDUCTION) -> None:
        super().__init__()
        hidden = max(reduction, channels // reduction)
        self.p1 = nn.Parameter(torch.full((channels,), default_start("p1")))
        self.p2 = nn.Parameter(torch.full((channels,), default_start("p2")))
        self.meta = nn.Sequential(
            nn.Linear(channels, hidden, bias=False),  # batch norm would take a bias away again
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, channels, bias=False),
            nn.BatchNorm1d(channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """ACON-C at every element of x, with beta of its image and channel."""
        with torch.autocast(x.device.type, enabled=False):
            wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
            beta = self.beta(wide)
            places = [1] * (x.ndim - 2)
            p1, p2 = (p.view(1, -1, *places) for p in (self.p1, self.p2))
            (y,) = eager_code(_ACON_C).forward(wide, beta.view(*beta.shape, *places), p1, p2)
            return y.to(x.dtype)

    def beta(self, x: Tensor) -> Tensor:
        """The switching factors [batch, channels], between 0 and 1."""
        mean = x.flatten(2).mean(2) if x.ndim > 2 else x
        return cast(Tensor, self.meta(mean))

    def extra_repr(self) -> str:
        """Channels and hidden units."""
        hidden = cast(nn.Linear, self.meta[0]).out_features
        return f"channels={len(self.p1)}, hidden={hidden}"
