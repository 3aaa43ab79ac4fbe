"""Batch norm and the activation behind it as one: f((x - mean) scale + bias), fewest passes over memory.

Forward: one pass for the moments, one for the values. Backward: one for h = g f'(u) and its sums, one for
dx = scale (h - E[h] - x^ E[h x^]), x^ = (x - mean) / sqrt(var + eps) (Ioffe & Szegedy 2015, section 3). Only
x, three numbers a channel and the parameters are kept between the two.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from nas.activations.compiled import SIZES, gathered, laid_out_as, matching, pointers, sizes
from nas.activations.loops import ROWS, source
from nas.native.compiler import library
from nas.symbolic.expression import Expression
from nas.symbolic.printer import NoCForm

# Squares of float32 are exact in float64, so E[x^2] - E[x]^2 is good to 1e-15 E[x^2].
_SOURCE = f"""{ROWS}
void moments(int threads, long numbers, long channels, const float *restrict xs,
             const float *restrict weights, double eps, double momentum, double *restrict partial,
             float *restrict means, float *restrict scales, float *restrict inverses,
             float *restrict running_means, float *restrict running_vars) {{
  const long row = row_of(channels), four = 4 * row, blocks = numbers / four;
#pragma omp parallel num_threads(threads)
  {{
    double sum[row], square[row];
    for (long j = 0; j < row; j++) sum[j] = square[j] = 0;
#pragma omp for schedule(static)
    for (long b = 0; b <= blocks; b++) {{
      const float *restrict x = xs + (size_t)b * four;
      if (b < blocks) {{
#pragma omp simd
        for (long j = 0; j < row; j++) {{
          const double p = x[j], q = x[j + row], r = x[j + 2 * row], s = x[j + 3 * row];
          sum[j] += (p + q) + (r + s);
          square[j] += (p * p + q * q) + (r * r + s * s);
        }}
      }} else
        for (long at = 0, rest = numbers - blocks * four; at < rest; at += row)
          for (long j = 0; j < row && at + j < rest; j++) {{
            const double p = x[at + j];
            sum[j] += p;
            square[j] += p * p;
          }}
    }}
    double *restrict mine = partial + omp_get_thread_num() * 2 * channels;
    gather(mine, sum, row, channels);
    gather(mine + channels, square, row, channels);
  }}
  const double n = (double)(numbers / channels);
  for (long c = 0; c < channels; c++) {{
    double sum = 0, square = 0;
    for (long t = 0; t < threads; t++) {{
      sum += partial[2 * t * channels + c];
      square += partial[(2 * t + 1) * channels + c];
    }}
    const double mean = sum / n, raw = square / n - mean * mean, var = raw < 0 ? 0 : raw;
    const double inverse = 1 / __builtin_sqrt(var + eps);
    means[c] = (float)mean;
    inverses[c] = (float)inverse;
    scales[c] = (float)(weights[c] * inverse);
    running_means[c] = (float)((1 - momentum) * running_means[c] + momentum * mean);
    running_vars[c] = (float)((1 - momentum) * running_vars[c] + momentum * var * n / (n - 1));
  }}
}}

/* hs become dxs; totals [2, channels] of h and h x^ */
void spread(int threads, long numbers, long channels, const float *restrict xs, float *restrict hs,
            const float *restrict means, const float *restrict scales, const float *restrict inverses,
            const double *restrict totals) {{
  const long row = row_of(channels), rows = numbers / row;
  const double n = (double)(numbers / channels);
  float level[channels], along[channels];
  for (long c = 0; c < channels; c++) {{
    level[c] = (float)(totals[c] / n);
    along[c] = (float)(totals[channels + c] / n * inverses[c]);
  }}
#pragma omp parallel num_threads(threads)
  {{
    float mean[row], scale[row], a[row], b[row];
    repeat(mean, row, means, channels);
    repeat(scale, row, scales, channels);
    repeat(a, row, level, channels);
    repeat(b, row, along, channels);
#pragma omp for schedule(static)
    for (long r = 0; r <= rows; r++) {{
      const float *restrict x = xs + (size_t)r * row;
      float *restrict h = hs + (size_t)r * row;
      const long length = r < rows ? row : numbers - rows * row;
#pragma omp simd
      for (long j = 0; j < length; j++) h[j] = scale[j] * (h[j] - a[j] - (x[j] - mean[j]) * b[j]);
    }}
  }}
}}
"""


class NormalizedCode:
    """The loops of f behind batch norm, called on tensors [n, c, h, w] in channels_last."""

    def __init__(self, expression: Expression, shared: ctypes.CDLL, own: ctypes.CDLL) -> None:
        given: list[Any] = [ctypes.c_void_p] * len(expression.parameters)
        self._moments, self._spread = shared.moments, shared.spread
        self._moments.argtypes = [
            *SIZES,
            *[ctypes.c_void_p] * 2,
            *[ctypes.c_double] * 2,
            *[ctypes.c_void_p] * 6,
        ]
        self._spread.argtypes = [*SIZES, *[ctypes.c_void_p] * 6]
        self._forward, self._backward = own.forward, own.backward
        self._forward.argtypes = [*SIZES, *[ctypes.c_void_p] * 5, *given]
        self._backward.argtypes = [*SIZES, *[ctypes.c_void_p] * 7, *given, ctypes.c_void_p]
        for function in (self._moments, self._spread, self._forward, self._backward):
            function.restype = None

    def moments(self, x: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor, Tensor]:
        """(mean, weight / sqrt(var + eps), 1 / sqrt(var + eps)) of x; `norm`'s running averages move on."""
        mean, scale, inverse = torch.empty(3, x.shape[1]).unbind()
        threads, numbers, channels = sizes(x, x.shape[1])
        partial = torch.zeros(threads, 2, channels, dtype=torch.float64)
        self._moments(
            threads,
            numbers,
            channels,
            *pointers(x, norm.weight),
            norm.eps,
            norm.momentum,
            *pointers(partial, mean, scale, inverse),
            *pointers(norm.get_buffer("running_mean"), norm.get_buffer("running_var")),
        )
        norm.get_buffer("num_batches_tracked").add_(1)
        return mean, scale, inverse

    def forward(self, x: Tensor, mean: Tensor, scale: Tensor, bias: Tensor, *parameters: Tensor) -> Tensor:
        """f((x - mean) scale + bias)."""
        y = torch.empty_like(x)
        self._forward(*sizes(x, x.shape[1]), *pointers(x, y, mean, scale, bias, *parameters))
        return y

    def backward(
        self,
        x: Tensor,
        gradient: Tensor,
        mean: Tensor,
        scale: Tensor,
        inverse: Tensor,
        bias: Tensor,
        *parameters: Tensor,
    ) -> tuple[Tensor, ...]:
        """Gradients of x, of the norm's weight and bias, and of each parameter."""
        gradient = laid_out_as(x, gradient)
        dx = torch.empty_like(x)
        threads, numbers, channels = sizes(x, x.shape[1])
        sums = torch.zeros(threads, 2 + len(parameters), channels, dtype=torch.float64)
        self._backward(
            threads,
            numbers,
            channels,
            *pointers(x, gradient, dx, mean, scale, bias, inverse, *parameters, sums),
        )
        totals = sums.sum(0)
        self._spread(threads, numbers, channels, *pointers(x, dx, mean, scale, inverse, totals))
        d_bias, d_weight = totals[:2].float()
        return dx, d_weight, d_bias, *gathered(totals[2:], parameters)


class _Apply(torch.autograd.Function):
    """y = f(norm(x); p), by the moments of x itself."""

    @staticmethod
    def forward(
        ctx: Any,
        code: NormalizedCode,
        norm: nn.BatchNorm2d,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        *parameters: Tensor,
    ) -> Tensor:
        ctx.code = code
        mean, scale, inverse = code.moments(x, norm)
        ctx.save_for_backward(x, mean, scale, inverse, bias, *parameters)
        return code.forward(x, mean, scale, bias, *parameters)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, *others = ctx.saved_tensors
        return None, None, *ctx.code.backward(x, gradient, *others)


def apply(expression: Expression, norm: nn.BatchNorm2d, x: Tensor, *parameters: Tensor) -> Tensor | None:
    """f(norm(x); parameters) with torch's numbers, gradients and running averages; None where that cannot be.

    In evaluation by the running averages, and then only where no gradient is wanted.
    """
    if (
        not _fits(norm, x)
        or not matching(x.shape[1], parameters)
        or (code := normalized_code(expression)) is None
    ):
        return None
    if norm.training:
        result: Tensor = _Apply.apply(code, norm, x, norm.weight, norm.bias, *parameters)  # type: ignore[no-untyped-call]
        return result
    if torch.is_grad_enabled():
        return None
    scale = norm.weight * torch.rsqrt(norm.get_buffer("running_var") + norm.eps)
    return code.forward(x, norm.get_buffer("running_mean"), scale, norm.bias, *parameters)


def _fits(norm: nn.BatchNorm2d, x: Tensor) -> bool:
    """More than one pixel of float32 on a CPU, channels side by side, and a norm that is not exotic."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.ndim == 4
        and x.shape[1] == norm.num_features
        and x.numel() > norm.num_features
        and x.is_contiguous(memory_format=torch.channels_last)
        and norm.affine
        and norm.weight.dtype == torch.float32
        and norm.track_running_stats
        and norm.momentum is not None
    )


@lru_cache(maxsize=512)
def normalized_code(expression: Expression) -> NormalizedCode | None:
    """The compiled form of `expression` behind batch norm, None where it or this machine has none."""
    try:
        own = library(source(expression, normalized=True))
    except NoCForm:
        return None
    shared = library(_SOURCE)
    return None if own is None or shared is None else NormalizedCode(expression, shared, own)
