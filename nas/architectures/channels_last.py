"""Images as C of ours walks them: float32 on the CPU, the channels side by side, [n, h, w, c] in memory."""

from __future__ import annotations

import torch
from torch import Tensor


def is_plain(x: Tensor) -> bool:
    """Whether x is such images [n, c, h, w]."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.dim() == 4
        and x.is_contiguous(memory_format=torch.channels_last)
    )


def empty(n: int, c: int, h: int, w: int) -> Tensor:
    """Such images with any numbers."""
    return torch.empty((n, c, h, w), dtype=torch.float32, device="cpu", memory_format=torch.channels_last)
