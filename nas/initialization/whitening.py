"""A first layer that whitens patches of the images: Coates & Ng 2011, with negatives as in Jordan 2024.

With v_i and lambda_i the eigenvectors and eigenvalues of the patches' covariance, largest first,

    w_i = v_i / sqrt(lambda_i + eps),    eps = FLOOR times the mean eigenvalue,

so that the outputs are uncorrelated and their variances lambda_i / (lambda_i + eps). Filters beyond the
number of components get -w_i, those beyond twice as many keep their weights. A bias takes the mean away.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.errors import SettingError
from nas.initialization.layers import Layer
from nas.initialization.visit import visit

FLOOR = 1e-3  #: of the eigenvalues, so that directions without signal do not become noise
_MOST = 100_000  #: patches; a covariance is right to about 1 % then


def whiten(network: nn.Module, chosen: Sequence[Layer], images: Tensor) -> None:
    """Give the layer that the images reach first its whitening weights."""
    visited = False

    def fit(layer: Layer, x: Tensor) -> None:
        nonlocal visited
        if not visited:
            visited = True
            _fit(layer.module, x)

    visit(network, chosen, images, fit)


def _fit(layer: nn.Module, x: Tensor) -> None:
    seen = patches(layer, x)
    mean = seen.mean(0)
    values, vectors = _components(seen - mean)
    weight = layer.get_parameter("weight")
    filters = vectors / torch.sqrt(values + FLOOR * values.sum() / seen.shape[1]).unsqueeze(1)
    filters = torch.cat([filters, -filters])[: len(weight)]
    weight[: len(filters)] = filters.to(weight).view(-1, *weight.shape[1:])
    if layer.bias is not None:
        layer.get_parameter("bias")[: len(filters)] = -(filters @ mean).to(weight)


def patches(layer: nn.Module, x: Tensor) -> Tensor:
    """What a unit of `layer` sees in x, float64 [patches, fan_in]; no patch reaches over the edge."""
    if isinstance(layer, nn.Conv2d) and layer.groups == 1:
        cut = F.unfold(x, layer.kernel_size, dilation=layer.dilation)
        seen = cut.transpose(1, 2).flatten(0, 1)
    elif isinstance(layer, nn.Linear):
        seen = x.flatten(0, -2)
    else:
        raise SettingError("whitening needs a linear layer or a 2-D convolution first", got=repr(layer))
    return seen[:: -(-len(seen) // _MOST)].double()


def _components(centered: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of the covariance, largest first, and eigenvectors as rows; only those with a signal."""
    n, features = centered.shape
    if n > features:
        values, columns = torch.linalg.eigh(centered.T @ centered / (n - 1))
        values, vectors = values.flip(0), columns.flip(1).T
    else:
        _, singular, vectors = torch.linalg.svd(centered, full_matrices=False)
        values = singular**2 / max(n - 1, 1)
    kept = values > 1e-12 * values[0]
    values, vectors = values[kept], vectors[kept]
    strongest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    return values, vectors * strongest.sign()  # an eigenvector's sign is the library's whim
