"""Scores from gradients of a network as it was drawn: synflow, jacobian covariance, gradient norm.

Tanaka et al., NeurIPS 2020; Mellor et al., 2020, version 1; Abdelfattah et al., ICLR 2021.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

_JITTER = 1e-5  #: of the jacobian covariance, as in the paper's code


def synflow(network: nn.Module, shape: tuple[int, int, int]) -> float:
    """log10(1 + sum of theta dR/dtheta), R the sum of the outputs for an image of ones.

    All weights at their absolute values, normalization left out: each path from the input to the output
    counts with the product of its weights. Layers that nothing enters count nothing; what overflows is 308.
    """
    with _absolute(network), _without_norms(network):
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        ones = torch.ones(1, *shape, dtype=torch.float64)
        slopes = torch.autograd.grad(network(ones).sum(), weights, materialize_grads=True)
        flow = sum(
            float((weight * slope).detach().sum())
            for weight, slope in zip(weights, slopes, strict=True)
            if weight.ndim > 1
        )
    return math.log10(1 + (flow if math.isfinite(flow) else sys.float_info.max))


def jacob_cov(network: nn.Module, x: Tensor) -> float:
    """-sum of log(v + k) + 1 / (v + k) over the eigenvalues v of the correlations of the images' jacobians.

    x  [n, c, h, w]; the jacobian of an image is the gradient of the sum of its outputs. The score is highest,
    -n, where all are uncorrelated. Jacobians of 0 count as equal ones, which is the lowest score.
    """
    x = x.clone().requires_grad_()
    (jacobian,) = torch.autograd.grad(network(x).sum(), x, materialize_grads=True)
    rows = jacobian.flatten(1).double()
    rows = rows - rows.mean(1, keepdim=True)
    lengths = rows.norm(dim=1, keepdim=True)
    if bool((lengths > 0).all()) and bool(lengths.isfinite().all()):
        rows = rows / lengths
        correlations = rows @ rows.T
    else:
        correlations = torch.ones(len(x), len(x), dtype=torch.float64)
    v = torch.linalg.eigvalsh(correlations).clamp(min=0) + _JITTER
    return -float((v.log() + 1 / v).sum())


def grad_norm(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """log10(1 + sum over the layers of |dL/dW|), L the cross-entropy of the batch; 0 for an endless slope."""
    weights = [weight for weight in network.parameters() if weight.ndim > 1]
    slopes = torch.autograd.grad(F.cross_entropy(network(x), y), weights, materialize_grads=True)
    total = sum(float(slope.norm()) for slope in slopes)
    return math.log10(1 + total) if math.isfinite(total) else 0.0


@contextmanager
def _absolute(network: nn.Module) -> Iterator[None]:
    """Parameters in double precision at their absolute values; as they were afterwards."""
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    try:
        network.double()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.abs_()
        yield
    finally:
        network.float()
        network.load_state_dict(kept)


@contextmanager
def _without_norms(network: nn.Module) -> Iterator[None]:
    """Every normalization is the identity."""
    norms = [
        module for module in network.modules() if isinstance(module, _NormBase | nn.LayerNorm | nn.GroupNorm)
    ]
    try:
        for norm in norms:
            norm.forward = lambda x: x  # type: ignore[method-assign]
        yield
    finally:
        for norm in norms:
            del norm.__dict__["forward"]
