"""One batch in C: images of uint8 gathered, shifted, mirrored and normalized in one pass.

The normalized value of each pixel value is looked up in a table that torch has computed, so the numbers are
torch's to the last bit.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache

import torch
from torch import Tensor

from nas.native.compiler import library

_SOURCE = """
#include <stdint.h>
/* images [n, c, h, w]; which, dy, dx [count]; table [c, 256]; out [count, h, w, c] */
void gather(int threads, long count, long c, long h, long w, long reach, const uint8_t *restrict images,
            const int64_t *restrict which, const int64_t *restrict dys, const int64_t *restrict dxs,
            const uint8_t *restrict mirrored, const float *restrict table, float *restrict out) {
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long i = 0; i < count; i++) {
    const uint8_t *restrict image = images + which[i] * c * h * w;
    float *restrict to = out + i * h * w * c;
    const long dy = dys[i] - reach, dx = dxs[i] - reach;
    for (long y = 0; y < h; y++)
      for (long x = 0; x < w; x++) {
        const long row = y + dy, column = (mirrored[i] ? w - 1 - x : x) + dx;
        const int inside = row >= 0 && row < h && column >= 0 && column < w;
        const uint8_t *restrict pixel = image + row * w + column;
        for (long k = 0; k < c; k++) *to++ = table[256 * k + (inside ? pixel[k * h * w] : 0)];
      }
  }
}
"""


def prepared(
    images: Tensor, which: Tensor, dy: Tensor, dx: Tensor, mirrored: Tensor, reach: int, table: Tensor
) -> Tensor | None:
    """The images `which`, moved up by dy - reach and left by dx - reach, then mirrored where so marked.

    images    uint8 [n, c, h, w], contiguous, on the CPU
    which, dy, dx  int64 [b]; mirrored  bool [b]
    table     float32 [c, 256]: what each value of a pixel becomes; pixels from outside have the value 0
    Gives float32 [b, c, h, w] in channels_last, None where this cannot be had in C.
    """
    if images.device.type != "cpu" or (code := _code()) is None:
        return None
    _, c, h, w = images.shape
    out = torch.empty((len(which), c, h, w), memory_format=torch.channels_last)
    given = [t.contiguous() for t in (images, which, dy, dx, mirrored, table)]
    code.gather(torch.get_num_threads(), len(which), c, h, w, reach, *(t.data_ptr() for t in (*given, out)))
    return out


@lru_cache(maxsize=1)
def _code() -> ctypes.CDLL | None:
    code = library(_SOURCE)
    if code is not None:
        code.gather.argtypes = [ctypes.c_int, *[ctypes.c_long] * 5, *[ctypes.c_void_p] * 7]
        code.gather.restype = None
    return code
