"""Layer-wise pretraining without labels, as deep networks were trained in 2006 and 2007.

Hinton & Salakhutdinov 2006 stacked restricted Boltzmann machines, Bengio et al. 2007 autoencoders. Here
each layer W in turn, with the activation f behind it, learns to give its input x back through a decoder:

    min over W, b, D, c of  mean (D f(W x + b) + c - x)^2,    STEPS steps of Adam on one batch,

D a linear layer or transposed convolution of W's shape that starts as W, c as the mean of x. Pooling and
normalization, where they stand between W and f, are left out meanwhile; f's own parameters stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.errors import SettingError
from nas.initialization.layers import Layer, activation_after
from nas.initialization.visit import visit

STEPS = 40
IMAGES = 64  #: that convolutions learn from, each at all its places; linear layers learn from the whole batch
RATE = 3e-3  #: of Adam


def pretrain(network: nn.Module, chosen: Sequence[Layer], images: Tensor) -> None:
    """Train the `chosen` layers, each on what the trained ones before it make of `images`."""

    def fit(layer: Layer, x: Tensor) -> None:
        with torch.enable_grad():
            _fit(layer.module, activation_after(network, layer.module) or nn.Identity(), x)

    visit(network, chosen, images, fit)


def _fit(layer: nn.Module, activation: nn.Module, x: Tensor) -> None:
    x = x.detach()[: IMAGES if x.ndim > 2 else None]
    weight = layer.get_parameter("weight")
    before = [parameter.detach().clone() for parameter in layer.parameters()]
    decoder = weight.detach().clone().requires_grad_()
    over = [d for d in range(x.ndim) if d != (1 if x.ndim > 2 else x.ndim - 1)]
    shift = x.mean(over).requires_grad_()
    decode = _decoder(layer, x)
    trained = [*layer.parameters(), decoder, shift]
    optimizer = torch.optim.Adam(trained, lr=RATE)
    loss = math.nan
    for _ in range(STEPS):
        error = F.mse_loss(decode(activation(layer.forward(x)), decoder, shift), x)
        gradients = torch.autograd.grad(error, trained)  # those of the activation's parameters are not wanted
        for parameter, gradient in zip(trained, gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
        loss = error.item()
    with torch.no_grad():
        for parameter, was in zip(layer.parameters(), before, strict=True):
            parameter.grad = None
            if not math.isfinite(loss) or not bool(parameter.isfinite().all()):
                parameter.copy_(was)


def _decoder(layer: nn.Module, x: Tensor) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """(hidden, weights, shift) -> something of the shape of x."""
    if isinstance(layer, nn.Linear):
        return lambda hidden, weight, shift: hidden @ weight + shift
    if not isinstance(layer, nn.Conv2d) or isinstance(layer.padding, str):
        raise SettingError("no decoder is known for this layer", got=repr(layer))
    geometry = list(zip(layer.kernel_size, layer.stride, layer.padding, layer.dilation, strict=True))
    left = [
        (side + 2 * padding - dilation * (kernel - 1) - 1) % stride
        for side, (kernel, stride, padding, dilation) in zip(x.shape[2:], geometry, strict=True)
    ]
    stride, padding, dilation, groups = layer.stride, layer.padding, layer.dilation, layer.groups
    return lambda hidden, weight, shift: F.conv_transpose2d(
        hidden, weight, shift, stride, padding, left, groups, dilation
    )
