"""All scores of one architecture, from the same images, weights and random numbers for all."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from nas.architectures.accounting import account
from nas.architectures.cells import cell_network
from nas.architectures.library import build, initialize
from nas.datasets.images import Images
from nas.datasets.splits import split
from nas.rows.cells import is_cell, parse_cell
from nas.rows.networks import network as row_of
from nas.rows.scores import SCORES
from nas.scores.blocks import blocks
from nas.scores.gradients import grad_norm, jacob_cov, synflow
from nas.scores.patterns import patterns
from nas.scores.short import BATCH, STEPS, short_training
from nas.seeds import derive

_JUDGED = 32  #: images whose jacobians and open activations are compared
_NOISE = 16  #: images of noise that go through the blocks
_VALIDATED = 1000
_CELLS = 1  #: a stage of the network that is trained shortly


@dataclass(frozen=True, eq=False)
class Sample:
    """The images that every architecture is scored on: float32, centered and scaled by channel."""

    x: Tensor  #: [n, c, h, w]
    y: Tensor
    x_small: Tensor  #: for the very short training: a quarter of the side
    y_small: Tensor
    x_val: Tensor
    y_val: Tensor
    classes: int

    @staticmethod
    def of(images: Images) -> Sample:
        """Drawn from `images`, always the same ones."""
        n_val = min(_VALIDATED, len(images) // 4)
        n_train = min(STEPS * BATCH, len(images) - n_val)
        train, val = split(len(images), train_size=n_train, val_size=n_val, split_seed=0)
        x, y = _tensors(images, train)
        x_val, y_val = _tensors(images, val)
        std, mean = torch.std_mean(x, dim=(0, 2, 3), keepdim=True)
        std = std.clamp(min=1)  # one gray level: a constant channel stays finite
        x, x_val = (x - mean) / std, (x_val - mean) / std
        return Sample(x[:_JUDGED], y[:_JUDGED], _small(x), y, _small(x_val), y_val, len(images.classes))


@dataclass(frozen=True)
class Measured:
    """An architecture and what is known of it before training."""

    arch: str
    parameters: int
    macs: int
    scores: dict[str, float]  #: in the order of SCORES
    seconds: float


def measure(arch: str, sample: Sample) -> Measured:
    """The scores of the network called, or written as, `arch`, at its own width, with ReLU.

    Of a cell only the edges that lie on a way from the input to the output are scored; `parameters` and
    `macs` are those of all edges. The very short training is one of a single cell a stage.
    """
    start = time.perf_counter()
    row = row_of(arch)
    shape = (int(sample.x.shape[1]), int(sample.x.shape[2]), int(sample.x.shape[3]))
    whole = account(_network(row.name, shape, sample.classes, row.width), shape)
    scored = str(parse_cell(row.name).pruned()) if is_cell(row.name) else row.name
    found = _scores(scored, row.width, shape, sample)
    scores = {name: found[name] for name in SCORES}
    return Measured(row.name, whole.parameters, whole.macs, scores, time.perf_counter() - start)


def _scores(arch: str, width: int, shape: tuple[int, int, int], sample: Sample) -> dict[str, float]:
    network = _network(arch, shape, sample.classes, width)
    macs = account(network, shape).macs if not is_cell(arch) or parse_cell(arch).connected else 0
    found = {"complexity": math.log10(1 + macs), "synflow": synflow(network, shape)}
    network.train()
    found["jacob_cov"] = jacob_cov(network, sample.x)
    found["grad_norm"] = grad_norm(network, sample.x, sample.y)
    found["naswot"], found["swap"] = patterns(network, sample.x, _is_activation)
    draw = torch.Generator().manual_seed(derive(0, "scores", "noise"))
    noise = torch.randn(_NOISE, *shape, generator=draw)
    found["expressivity"], found["progressivity"], found["trainability"] = blocks(
        network, noise.contiguous(memory_format=torch.channels_last), _is_activation, draw
    )
    small = _network(arch, tuple(sample.x_small.shape[1:]), sample.classes, min(width, 16), _CELLS)
    found["short_training"] = short_training(
        small, sample.x_small, sample.y_small, sample.x_val, sample.y_val
    )
    return found


def _network(
    arch: str, shape: tuple[int, ...], classes: int, width: int, cells: int | None = None
) -> nn.Sequential:
    """The network with weights that depend on nothing but its own layers: several threads may ask at once."""
    if cells is not None and is_cell(arch):
        network = cell_network(parse_cell(arch), shape[0], classes, width, _relu, cells=cells)
    else:
        size = shape[1], shape[2]
        network = build(arch, channels=shape[0], size=size, classes=classes, width=width, activation=_relu)
    initialize(network, torch.Generator().manual_seed(derive(0, "scores", "init")))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _relu(channels: int) -> nn.Module:
    return nn.ReLU()


def _is_activation(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU)


def _tensors(images: Images, which: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(images.x[which]).float(), torch.from_numpy(images.y[which])


def _small(x: Tensor) -> Tensor:
    """Means of 4x4 pixels, of images of 32 and more pixels a side; smaller ones as they are."""
    small = F.avg_pool2d(x, 4) if min(x.shape[2:]) >= 32 else x
    return small.contiguous(memory_format=torch.channels_last)
