"""The networks that score a candidate."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Network:
    """A network by name; `smallest` is the least image side it takes."""

    name: str
    summary: str
    source: str
    smallest: int


NETWORKS = Table(
    "network",
    [
        Network("small", "conv-BN-act, three conv-pool-BN-act of widths w, 2w, 4w, 4w, linear", "nas", 8),
        Network("resnet20", "He et al.'s 20-layer residual network for CIFAR; widths w, 2w, 4w", "He2016", 8),
    ],
)
