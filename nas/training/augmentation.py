"""Random shifts and mirror images of a whole batch at once, on uint8 pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def shift(x: Tensor, dy: Tensor, dx: Tensor, reach: int) -> Tensor:
    """Each image cut at its own place out of itself with a black frame `reach` pixels wide.

    x uint8 [n, c, h, w]; dy, dx int64 [n] in 0..2 reach: image i of the result is image i moved up by
    dy[i] - reach and left by dx[i] - reach pixels.
    """
    height, width = x.shape[2:]
    framed = F.pad(x, (reach, reach, reach, reach))
    windows = framed.unfold(2, height, 1).unfold(3, width, 1)  # a view [n, c, dy, dx, h, w]
    return windows[torch.arange(len(x), device=x.device), :, dy, dx]


def mirror(x: Tensor, chosen: Tensor) -> Tensor:
    """The images [n, c, h, w] with those of `chosen` (bool [n]) mirrored left to right."""
    return torch.where(chosen[:, None, None, None], x.flip(3), x)
