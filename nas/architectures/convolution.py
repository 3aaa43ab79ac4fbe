"""Convolutions; the common one of few channels in C where that is faster than torch.

128 images, forward and backward on one core of an AMD EPYC with AVX2, milliseconds in torch and here: 8 to 16
channels of 32x32 pixels 17.9 and 11.2, 16 to 32 of 16x16 pixels 15.3 and 10.3, 32 to 32 of 8x8 pixels 7.2
and 4.9. That is 72 to 95 of the core's 98 GFLOP/s, where torch has 43 to 75.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

from nas.native.compiler import library

_SOURCE = """
#include <omp.h>
#include <string.h>
#if !defined __FMA__ || defined __AVX512F__
#error "faster than torch with vectors of 8 floats; with others nobody has measured it"
#endif

/* The registers hold the sums of a tile: of VECTORS vectors of channels of 4 or of WIDE pixels, or of the
   gradients for STEP channels at the three columns of a row. */
enum { LANES = 8, PARTS = 8 };
#if OUT % 16 || IN % 4
enum { VECTORS = 1, WIDE = 8, STEP = IN % 4 ? 3 : 4 };
#else
enum { VECTORS = 2, WIDE = 6, STEP = 2 };
#endif
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4)));

#define EACH(i, n) _Pragma("GCC unroll 8") for (int i = 0; i < n; i++)
/* gcc is not to load `v` from memory for each use of it, */
#define KEEP(v) __asm__("" : "+x"(v))
/* nor to carry what it has read at `p` through the loop, for which it has no registers. */
#define FORGET(p) __asm__("" : "+r"(p))

/* y: pixels of a row, `out` apart; x: the 3x3 pixels around the first of them, rows `row` floats apart;
   k: [3, 3, IN, OUT] */
#define TILE(pixels)                                                                                 \\
  static __attribute__((noinline)) void tile_of_##pixels(                                            \\
      long row, const float *restrict x, const float *restrict k, float *restrict y) {               \\
    vec sum[pixels][VECTORS], weight[VECTORS];                                                       \\
    EACH(p, pixels) EACH(v, VECTORS) sum[p][v] = (vec){0};                                           \\
    for (int r = 0; r < 3; r++, x += row - 3 * IN)                                                   \\
      for (int i = 0; i < 3 * IN; i++, x++, k += OUT) {                                              \\
        FORGET(x);                                                                                   \\
        EACH(v, VECTORS) { weight[v] = *(const vec *)(k + v * LANES); KEEP(weight[v]); }             \\
        EACH(p, pixels) EACH(v, VECTORS) sum[p][v] += weight[v] * x[p * IN];                         \\
      }                                                                                              \\
    EACH(p, pixels) EACH(v, VECTORS) *(vec *)(y + p * OUT + v * LANES) = sum[p][v];                  \\
  }
TILE(4)
TILE(WIDE)

/* to: x [h, w, IN] with a border of zeros */
static void pad(long h, long w, const float *restrict x, float *restrict to) {
  const long row = (w + 2) * IN;
  memset(to, 0, (row + IN) * sizeof(float));
  to += row + IN;
  for (long r = 0; r < h; r++, x += w * IN, to += row) {
    memcpy(to, x, w * IN * sizeof(float));
    memset(to + w * IN, 0, 2 * IN * sizeof(float));
  }
  memset(to, 0, (row - IN) * sizeof(float));
}

/* x: [n, h, w, IN], y: [n, h, w, OUT], 4 divides w; room: [threads, h + 2, w + 2, IN] */
void forward(int threads, long n, long h, long w, const float *restrict x, const float *restrict k,
             float *restrict y, float *restrict room) {
  const long row = (w + 2) * IN;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long b = 0; b < n; b++) {
    float *padded = room + omp_get_thread_num() * (h + 2) * row;
    pad(h, w, x + b * h * w * IN, padded);
    for (long o = 0; o < OUT; o += VECTORS * LANES)
      for (long r = 0; r < h; r++) {
        const float *from = padded + r * row;
        float *to = y + (b * h + r) * w * OUT + o;
        long p = 0;
        for (; (w - p) % WIDE; p += 4) tile_of_4(row, from + p * IN, k + o, to + p * OUT);
        for (; p < w; p += WIDE) tile_of_WIDE(row, from + p * IN, k + o, to + p * OUT);
      }
  }
}

/* d, [3, IN, OUT], grows by the sum over an image x of which row r of the weights meets g: [h, w, OUT] */
static __attribute__((noinline)) void gradient(long h, long w, const float *restrict x,
                                               const float *restrict g, float *restrict d) {
  vec sum[3][STEP][VECTORS], upstream[VECTORS];
  EACH(c, 3) EACH(i, STEP) EACH(v, VECTORS) sum[c][i][v] = (vec){0};
  for (long r = 0; r < h; r++, x += 2 * IN)
    for (long p = 0; p < w; p++, x += IN, g += OUT) {
      FORGET(x);
      EACH(v, VECTORS) { upstream[v] = *(const vec *)(g + v * LANES); KEEP(upstream[v]); }
      EACH(c, 3) EACH(i, STEP) EACH(v, VECTORS) sum[c][i][v] += upstream[v] * x[c * IN + i];
    }
  EACH(c, 3) EACH(i, STEP) EACH(v, VECTORS) *(vec *)(d + (c * IN + i) * OUT + v * LANES) += sum[c][i][v];
}

/* g: [n, h, w, OUT]; d: [PARTS, 3, 3, IN, OUT] of zeros becomes the sums over an eighth of the images each,
   so that the sum of these does not depend on the number of threads */
void gradients(int threads, long n, long h, long w, const float *restrict x, const float *restrict g,
               float *restrict d, float *restrict room) {
  const long row = (w + 2) * IN;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long part = 0; part < PARTS; part++) {
    float *padded = room + omp_get_thread_num() * (h + 2) * row;
    for (long b = part * n / PARTS; b < (part + 1) * n / PARTS; b++) {
      pad(h, w, x + b * h * w * IN, padded);
      for (long r = 0; r < 3; r++)
        for (long o = 0; o < OUT; o += VECTORS * LANES)
          for (long i = 0; i < IN; i += STEP)
            gradient(h, w, padded + r * row + i, g + b * h * w * OUT + o,
                     d + ((part * 9 + r * 3) * IN + i) * OUT + o);
    }
  }
}
"""
_PARTS = 8  # of the source
_MOST_CHANNELS = 64  # measured up to these


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, and the same numbers but for rounding."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: A002
        if bias is None and self._ordinary and _fits(input, weight) and (codes := _codes(*weight.shape[:2])):
            result: Tensor = _Convolution.apply(codes, input, weight)  # type: ignore[no-untyped-call]
            return result
        y: Tensor = super()._conv_forward(input, weight, bias)
        return y

    @property
    def _ordinary(self) -> bool:
        return (
            (self.kernel_size, self.stride, self.padding, self.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
            and self.groups == 1
            and self.padding_mode == "zeros"
        )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, codes: _Codes, x: Tensor, weight: Tensor) -> Tensor:
        ctx.codes = codes
        ctx.save_for_backward(x, weight)
        return _convolved(codes[0], x, weight.permute(2, 3, 1, 0))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor | None, Tensor | None]:
        (x, weight), (code, transposed) = ctx.saved_tensors, ctx.codes
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        dx = dw = None
        if ctx.needs_input_grad[1]:
            if transposed is None:
                dx = conv2d_input(x.shape, weight, gradient, padding=1)  # type: ignore[no-untyped-call]
            else:
                dx = _convolved(transposed, gradient, weight.flip(2, 3).permute(2, 3, 0, 1))
        if ctx.needs_input_grad[2]:
            fan_out, fan_in = weight.shape[:2]
            parts = torch.zeros(_PARTS, 3, 3, fan_in, fan_out)
            _call(code.gradients, x, gradient, parts)
            dw = parts.sum(0).permute(3, 2, 0, 1)
        return None, dx, dw


def _convolved(code: ctypes.CDLL, x: Tensor, weights: Tensor) -> Tensor:
    """[n, a, h, w] with weights [3, 3, a, b] -> [n, b, h, w]."""
    n, _, h, w = x.shape
    y = torch.empty((n, weights.shape[3], h, w), memory_format=torch.channels_last)
    _call(code.forward, x, weights.contiguous(), y)
    return y


def _call(function: Any, x: Tensor, *others: Tensor) -> None:
    n, c, h, w = x.shape
    threads = torch.get_num_threads()
    room = torch.empty(threads * (h + 2) * (w + 2) * c)
    function(threads, n, h, w, *(t.data_ptr() for t in (x, *others, room)))


def _fits(x: Tensor, weight: Tensor) -> bool:
    fan_out, fan_in = weight.shape[:2]
    return (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and x.dim() == 4
        and x.is_contiguous(memory_format=torch.channels_last)
        and x.shape[3] % 4 == 0
        and fan_out % 8 == 0
        and (fan_in == 3 or fan_in % 8 == 0)
        and max(fan_in, fan_out) <= _MOST_CHANNELS
    )


_Codes = tuple[ctypes.CDLL, ctypes.CDLL | None]


@lru_cache(maxsize=256)
def _codes(fan_out: int, fan_in: int) -> _Codes | None:
    """What convolves, and what takes the gradient back if it can; None where it cannot be had in C."""
    code = _code(fan_in, fan_out)
    return None if code is None else (code, None if fan_in % 8 else _code(fan_out, fan_in))


@lru_cache(maxsize=256)
def _code(fan_in: int, fan_out: int) -> ctypes.CDLL | None:
    code = library(f"#define IN {fan_in}\n#define OUT {fan_out}\n{_SOURCE}")
    if code is not None:
        for function in (code.forward, code.gradients):
            function.argtypes = [ctypes.c_int, *[ctypes.c_long] * 3, *[ctypes.c_void_p] * 4]
            function.restype = None
    return code
