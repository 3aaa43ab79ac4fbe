"""Weights drawn by a law: the same random numbers for every gain."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from nas.rows.init_law import Fans, Law
from nas.rows.init_law import law as law_of
from nas.rows.init_parts import HEADS, TRUNCATED_VARIANCE


def fans_of(layer: nn.Module) -> Fans:
    """The size of the weights of a linear layer or convolution."""
    weight, groups = layer.get_parameter("weight"), _groups(layer)
    return Fans(weight.shape[1], weight.shape[0] // groups, math.prod(weight.shape[2:]))


@torch.no_grad()
def draw(layer: nn.Module, law: Law, gain: float, generator: torch.Generator) -> None:
    """Fill the weights of `layer` with w = gain / sqrt(divisor) S.

    A depth scaling of `law` is left to the caller's `gain`. Groups of channels are drawn as matrices of their
    own where the whole would not be orthogonal.
    """
    fans, weight = fans_of(layer), layer.get_parameter("weight")
    deviation = gain / math.sqrt(law.divisor(fans))
    if law.head == "normal":
        nn.init.normal_(weight, 0.0, deviation, generator=generator)
    elif law.head == "uniform":
        bound = math.sqrt(3.0) * deviation
        nn.init.uniform_(weight, -bound, bound, generator=generator)
    elif law.head == "truncated":
        # drawn at 1: what is refused and drawn anew must not depend on the rounding of a deviation
        nn.init.trunc_normal_(weight, 0.0, 1.0, -2.0, 2.0, generator=generator)
        weight.mul_(deviation / math.sqrt(TRUNCATED_VARIANCE))
    elif law.head == "constant":
        nn.init.constant_(weight, deviation)
    else:
        structured = law_of(law.head, HEADS[law.head].fan, 1.0).divisor(fans)
        _STRUCTURED[law.head](weight, _groups(layer), generator)
        weight.mul_(deviation * math.sqrt(structured))


def _orthogonal(weight: Tensor, groups: int, generator: torch.Generator) -> None:
    for part in weight.chunk(groups):
        part.copy_(nn.init.orthogonal_(torch.empty_like(part), generator=generator))


def _delta(weight: Tensor, groups: int, generator: torch.Generator) -> None:
    weight.zero_()
    for part in weight.chunk(groups):
        matrix = nn.init.orthogonal_(torch.empty(part.shape[:2]), generator=generator)
        _center(part).copy_(matrix)


def _dirac(weight: Tensor, groups: int, _: torch.Generator) -> None:
    """`nn.init.dirac_`, but that channels beyond those coming in repeat them.

    torch leaves them 0, and batch norm behind a channel that is always 0 multiplies gradients by 316.
    """
    weight.zero_()
    for part in weight.chunk(groups):
        into = part.shape[1]
        _center(part).copy_(torch.eye(into).repeat(-(-len(part) // into), 1)[: len(part)])


def _center(weight: Tensor) -> Tensor:
    """[out, in] of the middle of each kernel, as a view."""
    for side in weight.shape[2:]:
        weight = weight[:, :, side // 2]
    return weight


_STRUCTURED = {"orthogonal": _orthogonal, "delta": _delta, "dirac": _dirac}


def _groups(layer: nn.Module) -> int:
    groups = getattr(layer, "groups", 1)
    assert isinstance(groups, int)
    return groups
