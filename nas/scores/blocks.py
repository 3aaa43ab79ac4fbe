"""Scores from what each block of a network, as it was drawn, does to noise: AZ-NAS (Lee & Ham, CVPR 2024)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FADED = 1e-3  #: least largest singular value: a block that lets nothing through scores -998
_HOPELESS = -1e3  #: trainability of a block that does nothing, or whose gradients have no end


def blocks(
    network: nn.Sequential, x: Tensor, is_activation: Callable[[nn.Module], bool], generator: torch.Generator
) -> tuple[float, float, float]:
    """(expressivity, progressivity, trainability) for noise x [n, c, h, w].

    expressivity   the sum over the blocks of the entropy of the normalized eigenvalues of the covariance of
                   their channels: how many directions the features fill
    progressivity  the least growth of that entropy from a block to the next
    trainability   the mean over the blocks of 2 - s - 1/s, s the largest singular value of a block's jacobian
                   between channels, estimated with random signs: highest, 0, where gradients keep their size;
                   a block that is the identity counts as one that cannot be trained
    """
    given = _outputs(network, x, is_activation)
    entropies = [_entropy(features.detach()) for features in given]
    growth = [after - before for before, after in pairwise(entropies)]
    trained = [_trainability(before, after, generator) for before, after in pairwise(given)]
    return (
        sum(entropies),
        min(growth, default=0.0),
        sum(trained) / len(trained) if trained else 0.0,
    )


def _outputs(network: nn.Sequential, x: Tensor, is_activation: Callable[[nn.Module], bool]) -> list[Tensor]:
    """What the blocks give, and what enters the first; of a network without blocks what activations give."""
    composite = [i for i, layer in enumerate(network) if _is_block(layer, is_activation)]
    chosen = composite or [i for i, layer in enumerate(network) if is_activation(layer)]
    wanted = {chosen[0] - 1, *chosen} if composite else set(chosen)
    given: list[Tensor] = []
    for i, layer in enumerate(network):
        x = layer(x)
        if i in wanted and x.ndim == 4:
            if not x.requires_grad:
                x = x.requires_grad_()
            given.append(x)
    return given


def _is_block(layer: nn.Module, is_activation: Callable[[nn.Module], bool]) -> bool:
    return not is_activation(layer) and next(layer.children(), None) is not None


def _entropy(features: Tensor) -> float:
    """Of the eigenvalues of the channels' covariance as shares of their sum; 0 for features without any."""
    rows = features.permute(0, 2, 3, 1).flatten(0, 2).double()
    rows = rows - rows.mean(0)
    covariance = rows.T @ rows
    if not torch.isfinite(covariance).all() or not covariance.any():
        return 0.0
    shares = torch.linalg.eigvalsh(covariance).clamp(min=0)
    total = float(shares.sum())
    shares = shares / total
    return -float((shares * (shares + 1e-8).log()).sum())


def _trainability(before: Tensor, after: Tensor, generator: torch.Generator) -> float:
    signs = torch.randint(2, after.shape, generator=generator).to(after.dtype) * 2 - 1
    (slope,) = torch.autograd.grad(after, before, signs, retain_graph=True, materialize_grads=True)
    if slope.shape == signs.shape and torch.equal(slope, signs):
        return _HOPELESS
    pixels = signs.shape[0] * signs.shape[2] * signs.shape[3]
    mixing = _rows(_of_size(slope, signs.shape[2:])).T @ _rows(signs) / pixels
    if not torch.isfinite(mixing).all():
        return _HOPELESS
    largest = float(torch.linalg.matrix_norm(mixing, 2))
    return max(2 - largest - 1 / max(largest, _FADED), _HOPELESS)


def _of_size(slope: Tensor, size: Sequence[int]) -> Tensor:
    """Where a block has halved the sides, the pixels that became one stand as channels of their own."""
    step = -(-slope.shape[2] // size[0])
    if step == 1:
        return slope
    margin = (0, step * size[1] - slope.shape[3], 0, step * size[0] - slope.shape[2])
    return F.pixel_unshuffle(F.pad(slope, margin), step)


def _rows(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(0, 2)
