"""Normalization by name, and a batch normalization that is fast for few channels on a CPU.

torch walks a channels_last tensor of 8 channels in steps too short for the processor's vectors: forward and
backward of 1 M numbers cost 3 ms on two cores where 16 channels cost 0.7. Here several pixels are folded into
one row of about 256 numbers, over which every step is a long vector operation.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nas.architectures import channels_last
from nas.rows.norms import NORMS

_ROW = 256  # numbers a row: long enough for vectors, short enough to stay in a cache
_ENOUGH_CHANNELS = 16  # from here on torch's own is as fast


class BatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` with the same numbers, parameters and buffers (Ioffe & Szegedy 2015, algorithm 1).

    y = weight (x - mean) / sqrt(var + eps) + bias, per channel over batch and pixels of x [n, c, h, w]; the
    running variance is the unbiased one. Where nothing is gained, torch's own code does the work.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[n, c, h, w] -> [n, c, h, w]."""
        if not self._pays(x):
            return super().forward(x)
        folds = _ROW // self.num_features
        running_mean, running_var = self.get_buffer("running_mean"), self.get_buffer("running_var")
        if not self.training:
            scale = self.weight * torch.rsqrt(running_var + self.eps)
            shift = self.bias - running_mean * scale
            return _unfolded(torch.addcmul(shift.repeat(folds), _folded(x, folds), scale.repeat(folds)), x)
        y, mean, var = _Normalize.apply(x, self.weight, self.bias, self.eps, folds)  # type: ignore[no-untyped-call]
        n = x.numel() // self.num_features
        momentum = self.momentum or 0.0
        self.get_buffer("num_batches_tracked").add_(1)
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(var * (n / (n - 1)), momentum)
        result: Tensor = y
        return result

    def _pays(self, x: Tensor) -> bool:
        if self.num_features >= _ENOUGH_CHANNELS or not channels_last.is_plain(x):
            return False
        pixels = x.shape[0] * x.shape[2] * x.shape[3]
        return pixels > 1 and pixels % (_ROW // self.num_features) == 0


def normalization(norm: str, channels: int, *, flat: bool = False) -> list[nn.Module]:
    """The module for the row `norm` of NORMS; [] for "none", whose layers need biases.

    flat  for vectors [n, channels]; else for images [n, channels, h, w]
    Layer norm over images takes mean and variance over channels and pixels (`nn.GroupNorm` of one group).
    """
    kind = NORMS.find(norm).name
    if kind == "none":
        return []
    if kind == "layer":
        return [nn.LayerNorm(channels) if flat else nn.GroupNorm(1, channels)]
    return [nn.BatchNorm1d(channels) if flat else BatchNorm2d(channels)]


class _Normalize(torch.autograd.Function):
    """Normalize by the batch's own moments; gives them too."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, folds: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        n = x.numel() // len(weight)
        rows = _folded(x, folds)
        mean = _per_channel(rows.sum(0), folds) / n
        centered = rows - mean.repeat(folds)  # before squaring: E[x^2] - mean^2 would cancel
        var = _per_channel(torch.square(centered).sum(0), folds) / n
        inverse = torch.rsqrt(var + eps)
        ctx.save_for_backward(centered, inverse, weight)
        ctx.folds = folds
        ctx.mark_non_differentiable(mean, var)
        y = torch.addcmul(bias.repeat(folds), centered, (inverse * weight).repeat(folds))
        return _unfolded(y, x), mean, var

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """dx = scale (g - mean(g) - c mean(g c) / (var + eps)), where c = x - mean."""
        centered, inverse, weight = ctx.saved_tensors
        folds = ctx.folds
        rows = _folded(gradient.contiguous(memory_format=torch.channels_last), folds)
        n = rows.numel() // len(weight)
        total = _per_channel(rows.sum(0), folds)
        along = _per_channel((rows * centered).sum(0), folds)
        scale = inverse * weight
        dx = torch.addcmul((-scale * total / n).repeat(folds), rows, scale.repeat(folds))
        dx.addcmul_(centered, (-scale * inverse**2 * along / n).repeat(folds))
        return _unfolded(dx, gradient), along * inverse, total, None, None


def _folded(x: Tensor, folds: int) -> Tensor:
    """[n, c, h, w], channels_last, as a view of [n h w / folds, folds c]."""
    return x.permute(0, 2, 3, 1).reshape(-1, folds * x.shape[1])


def _unfolded(rows: Tensor, like: Tensor) -> Tensor:
    n, c, h, w = like.shape
    return rows.view(n, h, w, c).permute(0, 3, 1, 2)


def _per_channel(sums: Tensor, folds: int) -> Tensor:
    """[folds c] -> [c]."""
    return sums.view(folds, -1).sum(0)
