"""Convolutions; the common one of few channels in C where that is faster than torch.

Networks like `small` spend most of a step in convolutions of few channels and many pixels, and a part of
that on bringing numbers to memory and back: what is pooled at once need not go there. What this gains is
measured by `python -m tests.benchmarks.layers` (record: `runs/records/layers.json`).
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from nas.architectures import channels_last
from nas.architectures.pooling import FOUR_PIXELS
from nas.native.compiler import library

_SOURCE = """
#include <omp.h>
#include <string.h>
#if !defined __FMA__ || defined __AVX512F__
#error "faster than torch with vectors of 8 floats; with others nobody has measured it"
#endif

/* The registers hold the sums of a tile: of VECTORS vectors of channels of 4 or of WIDE pixels, or of the
   gradients for STEP channels at the three columns of a row. */
enum { LANES = 8 };
#if OUT % 16 || IN % 4
enum { VECTORS = 1, WIDE = 8, STEP = IN % 4 ? 3 : 4 };
#else
enum { VECTORS = 2, WIDE = 6, STEP = 2 };
#endif
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define EACH(i, n) _Pragma("GCC unroll 8") for (int i = 0; i < n; i++)
/* gcc is not to load `v` from memory for each use of it, */
#define KEEP(v) __asm__("" : "+x"(v))
/* nor to carry what it has read at `p` through the loop, for which it has no registers. */
#define FORGET(p) __asm__("" : "+r"(p))

/* y: pixels of a row, OUT floats apart; x: the 3x3 pixels around the first of them, rows `row` floats apart;
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

/* to: an image x [h, w, c], rows `row` apart; with `which`, that says where in 2x2 pixels each number
   lies, x is [h / 2, w / 2, c] */
static void place(long h, long w, long c, long row, const float *x, const int *which, float *to) {
  if (!which)
    for (long r = 0; r < h; r++) memcpy(to + r * row, x + r * w * c, w * c * sizeof(float));
  else
    for (long r = 0; r < h; r += 2)
      for (long p = 0; p < w; p += 2, x += c, which += c) {
        bits *top = (bits *)(to + r * row + p * c), *low = top + row;
        spread(c, (const bits *)x, which, top, top + c, low, low + c);
      }
}

/* to: an image of IN channels with a border of zeros */
static void pad(long h, long w, const float *x, const int *which, float *to) {
  const long row = (w + 2) * IN;
  memset(to, 0, (row + IN) * sizeof(float));
  for (long r = 1; r < h + 1; r++) memset(to + r * row + (w + 1) * IN, 0, 2 * IN * sizeof(float));
  memset(to + (h + 1) * row + IN, 0, (row - IN) * sizeof(float));
  place(h, w, IN, row, x, which, to + row + IN);
}

/* What one thread needs for itself, in floats: a padded image, and two rows or an image of channels out */
long room_of(long h, long w) { return (h + 2) * (w + 2) * IN + (h > 2 ? h : 2) * w * OUT; }

/* x: [n, h, w, IN], or of half the sides with `from`: which of 2x2 pixels each belongs to.
   y: [n, h, w, OUT], or of half the sides with `which`: the largest of 2x2 pixels, and which it is.
   4 divides w. */
void forward(int threads, long n, long h, long w, const float *x, const int *from, const float *k, float *y,
             int *which, float *room) {
  const long row = (w + 2) * IN, in = from ? h * w * IN / 4 : h * w * IN;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long b = 0; b < n; b++) {
    float *padded = room + omp_get_thread_num() * room_of(h, w), *lines = padded + (h + 2) * row;
    pad(h, w, x + b * in, from ? from + b * in : 0, padded);
    for (long o = 0; o < OUT; o += VECTORS * LANES)
      for (long r = 0; r < h; r++) {
        const float *at = padded + r * row;
        float *to = which ? lines + r % 2 * w * OUT : y + (b * h + r) * w * OUT + o;
        long p = 0;
        for (; (w - p) % WIDE; p += 4) tile_of_4(row, at + p * IN, k + o, to + p * OUT);
        for (; p < w; p += WIDE) tile_of_WIDE(row, at + p * IN, k + o, to + p * OUT);
        if (which && r % 2)
          for (p = 0; p < w / 2; p++) {
            const float *top = lines + 2 * p * OUT, *low = top + w * OUT;
            const long of = ((b * h / 2 + r / 2) * w / 2 + p) * OUT + o;
            largest(VECTORS * LANES, top, top + OUT, low, low + OUT, y + of, which + of);
          }
      }
  }
}

/* d, of [3, IN, OUT], grows, for the STEP channels at x and the VECTORS vectors at g, by their sum over an
   image. x: the padded image from that row on which a row of the weights meets; g: [h, w, OUT] */
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

/* x: [n, h, w, IN]; g: [n, h, w, OUT], or of half the sides with `from`. d: [PARTS, 3, 3, IN, OUT] of zeros
   becomes the sums over a part of the images each: the sum of these does not depend on the threads. */
void gradients(int threads, long n, long h, long w, const float *x, const float *g, const int *from, float *d,
               float *room) {
  const long row = (w + 2) * IN, out = from ? h * w * OUT / 4 : h * w * OUT;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long part = 0; part < PARTS; part++) {
    float *padded = room + omp_get_thread_num() * room_of(h, w), *whole = padded + (h + 2) * row;
    for (long b = part * n / PARTS; b < (part + 1) * n / PARTS; b++) {
      const float *upstream = from ? whole : g + b * out;
      pad(h, w, x + b * h * w * IN, 0, padded);
      if (from) place(h, w, OUT, w * OUT, g + b * out, from + b * out, whole);
      for (long r = 0; r < 3; r++)
        for (long o = 0; o < OUT; o += VECTORS * LANES)
          for (long i = 0; i < IN; i += STEP)
            gradient(h, w, padded + r * row + i, upstream + o, d + ((part * 9 + r * 3) * IN + i) * OUT + o);
    }
  }
}
"""
_PARTS = 8  # of a batch, each with sums of its own
_MOST_CHANNELS = 64  # measured up to these
_LEAST_WIDTH = 16  # images of 8x8 pixels take torch 0.9 times as long


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, and the same numbers but for rounding; where C does it, without second derivatives."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: A002
        codes = self._codes(input)
        if codes is not None:
            result: Tensor = _Convolution.apply(codes, input, weight, False)  # type: ignore[no-untyped-call]
            return result
        y: Tensor = super()._conv_forward(input, weight, bias)
        return y

    def pooled(self, x: Tensor) -> Tensor | None:
        """The largest of each 2x2 pixels of what it gives: [n, c, h, w] -> [n, out, h // 2, w // 2].

        What it gives is never in memory as a whole. None where that cannot be had.
        """
        codes = self._codes(x)
        if codes is None or x.shape[2] % 2:
            return None
        result: Tensor = _Convolution.apply(codes, x, self.weight, True)  # type: ignore[no-untyped-call]
        return result

    def _codes(self, x: Tensor) -> _Codes | None:
        fits = (
            (self.kernel_size, self.stride, self.padding, self.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
            and self.padding_mode == "zeros"
            and self.groups == 1
            and self.bias is None
            and self.out_channels % 8 == 0
            and (self.in_channels % 8 == 0 or (self.in_channels == 3 and not x.requires_grad))
            and max(self.in_channels, self.out_channels) <= _MOST_CHANNELS
            and self.weight.shape == (self.out_channels, self.in_channels, 3, 3)
            and self.weight.device.type == "cpu"
            and self.weight.dtype == torch.float32
            and not torch.is_autocast_enabled("cpu")
            and channels_last.is_plain(x)
            and x.shape[1] == self.in_channels
            and x.shape[2] > 0
            and x.shape[3] >= _LEAST_WIDTH
            and x.shape[3] % 4 == 0
        )
        return _codes(self.in_channels, self.out_channels) if fits else None


class _Convolution(torch.autograd.Function):
    """Of x [n, in, h, w]; `pooled`: the largest of each 2x2 pixels."""

    @staticmethod
    def forward(ctx: Any, codes: _Codes, x: Tensor, weight: Tensor, pooled: bool) -> Tensor:
        n, _, h, w = x.shape
        step = 2 if pooled else 1
        y = channels_last.empty(n, weight.shape[0], h // step, w // step)
        which = torch.empty_like(y, dtype=torch.int32) if pooled else None
        ctx.codes = codes
        ctx.save_for_backward(x, weight, which)
        codes[0].forward(x.shape, x, None, weight.permute(2, 3, 1, 0).contiguous(), y, which)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor | None, Tensor | None, None]:
        (x, weight, which), (code, transposed) = ctx.saved_tensors, ctx.codes
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        dx = dw = None
        if ctx.needs_input_grad[1]:
            dx = torch.empty_like(x)
            turned = weight.flip(2, 3).permute(2, 3, 0, 1).contiguous()
            transposed.forward(x.shape, gradient, which, turned, dx, None)
        if ctx.needs_input_grad[2]:
            fan_out, fan_in = weight.shape[:2]
            parts = x.new_zeros(_PARTS, 3, 3, fan_in, fan_out)
            code.gradients(x.shape, x, gradient, which, parts)
            dw = parts.sum(0).permute(3, 2, 0, 1)
        return None, dx, dw, None


class _Code:
    """The compiled source for some numbers of channels."""

    def __init__(self, loaded: ctypes.CDLL) -> None:
        self._forward, self._gradients, self._room_of = loaded.forward, loaded.gradients, loaded.room_of
        self._room_of.argtypes, self._room_of.restype = [ctypes.c_long] * 2, ctypes.c_long
        for function, tensors in ((self._forward, 6), (self._gradients, 5)):
            function.argtypes = [ctypes.c_int, *[ctypes.c_long] * 3, *[ctypes.c_void_p] * tensors]
            function.restype = None

    def forward(self, shape: torch.Size, *tensors: Tensor | None) -> None:
        """As in the source: x, from, k, y, which; `shape` [n, c, h, w] of the images before any pooling."""
        self._call(self._forward, shape, *tensors)

    def gradients(self, shape: torch.Size, *tensors: Tensor | None) -> None:
        """As in the source: x, g, from, d."""
        self._call(self._gradients, shape, *tensors)

    def _call(self, function: Any, shape: torch.Size, *tensors: Tensor | None) -> None:
        n, _, h, w = shape
        threads = torch.get_num_threads()
        room = torch.empty(threads * self._room_of(h, w), dtype=torch.float32, device="cpu")
        function(threads, n, h, w, *(None if t is None else t.data_ptr() for t in (*tensors, room)))


_Codes = tuple[_Code, _Code | None]


@lru_cache(maxsize=256)
def _codes(fan_in: int, fan_out: int) -> _Codes | None:
    """What convolves, and what takes the gradient back; images need no such. None: no C for it."""
    code = _code(fan_in, fan_out)
    back = None if code is None or fan_in % 8 else _code(fan_out, fan_in)
    return None if code is None or (back is None and fan_in % 8 == 0) else (code, back)


@lru_cache(maxsize=256)
def _code(fan_in: int, fan_out: int) -> _Code | None:
    found = library(
        f"enum {{ PARTS = {_PARTS} }};\n#define IN {fan_in}\n#define OUT {fan_out}\n{FOUR_PIXELS}{_SOURCE}"
    )
    return None if found is None else _Code(found)
