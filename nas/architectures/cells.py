"""Networks of NAS-Bench-201's cells (Dong & Yang, ICLR 2020, section 2.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nas.architectures.convolution import Conv2d
from nas.architectures.layers import Activations
from nas.architectures.norm import normalization
from nas.architectures.stack import Stack
from nas.rows.cells import EDGES, Cell

CELLS = 5  #: cells a stage


def cell_network(
    cell: Cell,
    channels: int,
    classes: int,
    width: int,
    activation: Activations,
    norm: str = "batch",
    cells: int = CELLS,
) -> nn.Sequential:
    """conv-BN, three stages of `cells` cells with `width`, 2 and 4 times `width` channels, linear.

    Between the stages a residual block halves the sides; before the mean over all pixels stand a batch norm
    and an activation. [n, channels, h, w] -> logits [n, classes]; 16 and 5 are the paper's.
    """
    layers: list[nn.Module] = [
        Conv2d(channels, width, 3, padding=1, bias=norm == "none"),
        *normalization(norm, width),
    ]
    for stage in range(3):
        if stage > 0:
            layers.append(Reduction(width, activation, norm))
            width *= 2
        layers += [CellBlock(cell, width, activation, norm) for _ in range(cells)]
    layers += [*normalization(norm, width), activation(width)]
    return Stack(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


class CellBlock(nn.Module):
    """One cell: [n, c, h, w] -> [n, c, h, w]; a node is the sum of what its edges bring."""

    def __init__(self, cell: Cell, channels: int, activation: Activations, norm: str) -> None:
        super().__init__()
        self.edges = nn.ModuleDict(
            {
                f"{start}_{end}": _operation(name, channels, activation, norm)
                for (start, end), name in cell.edges()
                if name != "none"
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """The last node; 0 where nothing leads to it."""
        nodes: list[Tensor | None] = [x, None, None, None]
        for start, end in EDGES:
            key, source = f"{start}_{end}", nodes[start]
            if key in self.edges and source is not None:
                brought, before = self.edges[key](source), nodes[end]
                nodes[end] = brought if before is None else before + brought
        return torch.zeros_like(x) if nodes[3] is None else nodes[3]


class Reduction(nn.Module):
    """Two act-conv-BN, the first of stride 2 and twice the channels, plus a 1x1 convolution of 2x2 means."""

    residual_branch = ("conv_a", "conv_b")

    def __init__(self, channels: int, activation: Activations, norm: str) -> None:
        super().__init__()
        self.conv_a = _convolution(channels, 2 * channels, 3, activation, norm, stride=2)
        self.conv_b = _convolution(2 * channels, 2 * channels, 3, activation, norm)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> [n, 2c, h / 2, w / 2], sides rounded up."""
        out: Tensor = self.shortcut(x) + self.conv_b(self.conv_a(x))
        return out


def _operation(name: str, channels: int, activation: Activations, norm: str) -> nn.Module:
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return _convolution(channels, channels, 1 if name == "nor_conv_1x1" else 3, activation, norm)


def _convolution(
    fan_in: int, fan_out: int, kernel: int, activation: Activations, norm: str, stride: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        activation(fan_in),
        Conv2d(fan_in, fan_out, kernel, stride, padding=kernel // 2, bias=norm == "none"),
        *normalization(norm, fan_out),
    )
