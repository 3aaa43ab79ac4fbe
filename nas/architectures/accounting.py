"""What a network costs, layer by layer, for one image: shapes, parameters, multiplications, memory.

A MAC is one multiplication of a weight with a number and its addition; biases, norms, activations and pooling
are not counted. Bytes are those of what a layer gives, at 4 a number. The dense equivalent is the number of
weights of a linear layer between the same shapes: numbers in times numbers out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_BYTES = 4  #: of a number


@dataclass(frozen=True)
class LayerCost:
    """One layer for one image."""

    name: str  #: its place in the network
    kind: str  #: such as Conv2d 3x3
    shape: tuple[int, ...]  #: of what it gives, without the batch
    parameters: int
    macs: int
    activation_bytes: int
    dense: int | None  #: weights of a dense layer between the same shapes; None for a layer without weights


@dataclass(frozen=True)
class Account:
    """A network for one image; sums over all layers."""

    shape: tuple[int, ...]  #: of the image
    layers: tuple[LayerCost, ...]
    parameters: int

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Of all layers' outputs, as training keeps them."""
        return sum(layer.activation_bytes for layer in self.layers)


def account(network: nn.Module, shape: tuple[int, int, int]) -> Account:
    """The costs of `network` for one image of `shape` (channels, height, width), layers as they run.

    The image is 0; weights, running averages and hooks are left as they are. An activation is one layer.
    """
    layers: list[LayerCost] = []
    hooks = []

    def measure(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            layers.append(_cost(name, module, inputs[0], output))

        return hook

    for name, module in _places(network, ""):
        hooks.append(module.register_forward_hook(measure(name)))  # type: ignore[arg-type]
    parameter = next(network.parameters(), torch.empty(0))
    try:
        with torch.no_grad(), _evaluating(network):
            network(torch.zeros(1, *shape, device=parameter.device, dtype=parameter.dtype))
    finally:
        for hook in hooks:
            hook.remove()
    return Account(shape, tuple(layers), sum(p.numel() for p in network.parameters()))


def _cost(name: str, module: nn.Module, x: Tensor, y: Tensor) -> LayerCost:
    shape, given = tuple(y.shape[1:]), math.prod(y.shape[1:])
    weighs = isinstance(module, nn.Conv2d | nn.Linear)
    return LayerCost(
        name=name,
        kind=_kind(module),
        shape=shape,
        parameters=sum(p.numel() for p in module.parameters()),
        # each number that a layer gives is a sum over the weights of its channel
        macs=given * math.prod(module.get_parameter("weight").shape[1:]) if weighs else 0,
        activation_bytes=_BYTES * given,
        dense=math.prod(x.shape[1:]) * given if weighs else None,
    )


def _kind(module: nn.Module) -> str:
    if getattr(module, "is_activation", False):
        return "activation"
    name = type(module).__name__
    if isinstance(module, nn.Conv2d):
        height, width = module.kernel_size
        stride = f" /{module.stride[0]}" if module.stride[0] > 1 else ""
        groups = f", {module.groups} groups" if module.groups > 1 else ""
        return f"{name} {height}x{width}{stride}{groups}"
    return name


def _places(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """Modules without children; an activation counts as one, whatever it is made of."""
    children = [] if getattr(module, "is_activation", False) else list(module.named_children())
    if not children:
        yield name, module
    for key, child in children:
        yield from _places(child, f"{name}.{key}".strip("."))


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    training = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, was in training:
            module.training = was
