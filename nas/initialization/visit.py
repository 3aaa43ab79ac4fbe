"""A batch goes through a network once, and each layer is fitted to what reaches it, the earlier ones done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from nas.initialization.layers import Layer

_DROPOUT = nn.modules.dropout._DropoutNd


def visit(
    network: nn.Module, chosen: Sequence[Layer], images: Tensor, fit: Callable[[Layer, Tensor], None]
) -> None:
    """Call `fit(layer, x)` with the input of each layer, in the order of the signal, before the layer runs.

    Batch norm normalizes by this batch and learns nothing from it; dropout is off.
    """
    done: set[str] = set()

    def before(layer: Layer) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def hook(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            if layer.name not in done:  # shared weights are fitted where the signal meets them first
                done.add(layer.name)
                fit(layer, arguments[0])

        return hook

    hooks = [layer.module.register_forward_pre_hook(before(layer)) for layer in chosen]
    try:
        with undisturbed(network), torch.no_grad():
            device = next(network.parameters()).device
            network(images.to(device))
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def undisturbed(network: nn.Module) -> Iterator[None]:
    """Training mode without dropout; buffers, modes and random numbers are afterwards what they were."""
    modes = [(module, module.training) for module in network.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    network.train()
    for module in network.modules():
        if isinstance(module, _DROPOUT):
            module.eval()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)
        for module, was in modes:
            module.training = was
