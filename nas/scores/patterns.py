"""Scores from which activations a network opens for which images, as it was drawn.

Mellor, Turner, Storkey & Crowley, ICML 2021 (naswot); Peng et al., ICLR 2024 (SWAP).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

_SIGNS = 62  #: images whose signs fit into a whole number of 64 bits


@torch.no_grad()
def patterns(
    network: nn.Module, x: Tensor, is_activation: Callable[[nn.Module], bool]
) -> tuple[float, float]:
    """(naswot, swap) of the images x [n, c, h, w].

    An activation is open where its input is above 0. With K[i, j] the number of activations that are
    both open or both shut for the images i and j, naswot is log det(K + 1).
    swap is log10(1 + the number of different patterns that activations show over the first 62 images,
    counted layer by layer).
    """
    n = len(x)
    agreements = torch.eye(n, dtype=torch.float64)
    shown = 0

    def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        nonlocal shown
        open_ = (inputs[0] > 0).flatten(1).float()
        both = open_ @ open_.T
        alone = open_.sum(1)
        agreements.add_((open_.shape[1] + 2 * both - alone[:, None] - alone[None, :]).double())
        bits = 2 ** torch.arange(min(n, _SIGNS))
        shown += len(torch.unique((open_[:_SIGNS].long() * bits[:, None]).sum(0)))

    hooks = [m.register_forward_pre_hook(look) for m in network.modules() if is_activation(m)]
    try:
        network(x)
    finally:
        for hook in hooks:
            hook.remove()
    return float(torch.linalg.slogdet(agreements)[1]), math.log10(1 + shown)
