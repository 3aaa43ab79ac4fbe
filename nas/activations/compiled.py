"""An expression as one C loop, forward and backward: one pass over memory, vectorized, on all threads.

The machine's C compiler makes it in about a tenth of a second; glibc's vector mathematics (libmvec,
errors of a few ulp) evaluates eight or sixteen numbers at a time. Where there is no such compiler or library,
`compiled_code` gives None and the eager form serves. Float32 on a CPU only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nas.activations.printer import C, slope_trees, straight_line, value_tree
from nas.native import library
from nas.symbolic.expression import Expression

_ROW = 256  # numbers an inner loop runs over; parameters are repeated to this length
#: what libmvec has
_VECTOR = ["exp", "expm1", "log", "log1p", "sin", "cos", "sinh", "cosh", "tanh", "asinh", "atan", "erf"]
_VECTOR += ["erfc"]

# A branch around a call stops the vectorizer, so choices are made in the bits.
_PRELUDE = """
#include <stddef.h>
#include <stdint.h>
#define fabsf __builtin_fabsf
#define sqrtf __builtin_sqrtf
typedef union {{ float f; int32_t i; }} word;
int omp_get_thread_num(void);
{declarations}
static inline float pick(int32_t first, float t, float e) {{
  const word T = {{.f = t}}, E = {{.f = e}}, picked = {{.i = E.i ^ ((E.i ^ T.i) & -first)}};
  return picked.f;
}}
static inline float choose_(float a, float b, float t, float e) {{ return pick(a > b, t, e); }}
static inline float max_(float a, float b) {{ return pick((a > b) | (a != a), a, b); }}
static inline float min_(float a, float b) {{ return pick((a < b) | (a != a), a, b); }}
static inline float sign_(float u) {{ return pick(u > 0, 1.0f, pick(u < 0, -1.0f, u)); }}
static inline float sigmoid_(float u) {{ return 1.0f / (1.0f + expf(-u)); }}
static inline float softplus_(float u) {{ return max_(u, 0.0f) + log1pf(expf(-fabsf(u))); }}
static inline float sinc_(float u) {{
  const float v = pick(u == 0, 1e-20f, u);
  return sinf(v) / v;
}}
static inline float sinc_slope_(float u) {{ /* Taylor series below 1, where the quotient cancels */
  const float v = u * u;
  const float s = (((v / -3991680.0f + 1.0f / 45360) * v - 1.0f / 840) * v + 1.0f / 30) * v - 1.0f / 3;
  return pick(fabsf(u) < 1, s * u, (cosf(u) - sinf(u) / u) / u);
}}
""".format(
    declarations="\n".join(
        f'__attribute__((simd("notinbranch"), const)) float {name}f(float);' for name in _VECTOR
    )
)

_LOOP = """
void {name}(int threads, long rows, long row, const float *restrict xs{arguments}) {{
#pragma omp parallel num_threads(threads)
  {{
    {private}
#pragma omp for schedule(static)
    for (long r = 0; r < rows; r++) {{
      const size_t at = (size_t)r * row;
#pragma omp simd
      for (long j = 0; j < row; j++) {{
        const float x = xs[at + j];
        {body}
      }}
    }}
  }}
}}
"""


def source(expression: Expression) -> str:
    """C source of `forward` and `backward` over rows of numbers.

    forward(…, xs, ys, p…)            ys = f(xs)
    backward(…, xs, gs, dxs, p…, dp…)  dxs = gs f'(xs); dp[thread, j] += gs df/dp
    """
    names = [p.name for p in expression.parameters]
    given = "".join(f", const float *restrict {n}s" for n in names)
    read = [f"const float {n} = {n}s[j];" for n in names]
    lines, (value,) = straight_line(value_tree(expression), C())
    forward = _LOOP.format(
        name="forward",
        arguments=f", float *restrict ys{given}",
        private="",
        body="\n        ".join([*read, *lines, f"ys[at + j] = {value};"]),
    )
    lines, (slope, *others) = straight_line(slope_trees(expression), C())
    sums = [f"sum_{n}[j] += g * {other};" for n, other in zip(names, others, strict=True)]
    backward = _LOOP.format(
        name="backward",
        arguments=", const float *restrict gs, float *restrict dxs"
        + given
        + "".join(f", float *restrict d{n}s" for n in names),
        private="\n    ".join(
            f"float *restrict sum_{n} = d{n}s + row * omp_get_thread_num();" for n in names
        ),
        body="\n        ".join(
            [*read, "const float g = gs[at + j];", *lines, f"dxs[at + j] = g * {slope};", *sums]
        ),
    )
    return f"{_PRELUDE}{forward}{backward}"


class CompiledCode:
    """The two loops, called on tensors."""

    def __init__(self, expression: Expression, library: ctypes.CDLL) -> None:
        self._scopes = [p.scope for p in expression.parameters]
        pointers: list[Any] = [ctypes.c_void_p] * len(self._scopes)
        head: list[Any] = [ctypes.c_int, ctypes.c_long, ctypes.c_long, ctypes.c_void_p]
        self._forward, self._backward = library.forward, library.backward
        self._forward.argtypes = [*head, ctypes.c_void_p, *pointers]
        self._backward.argtypes = [*head, ctypes.c_void_p, ctypes.c_void_p, *pointers, *pointers]
        self._forward.restype = self._backward.restype = None

    def fits(self, x: Tensor) -> bool:
        """Whether one pass over memory will do: x is dense, the channels of each pixel side by side."""
        if x.device.type != "cpu" or x.dtype != torch.float32 or x.numel() == 0:
            return False
        if x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last):
            return True
        return x.is_contiguous() and (x.ndim <= 2 or not self._scopes)

    def forward(self, x: Tensor, *parameters: Tensor) -> Tensor:
        """f(x), laid out as x."""
        y = torch.empty_like(x)
        rows, row = self._rows(x)
        repeated = [_repeated(p, row) for p in parameters]
        for at, count, length in _blocks(x.numel(), rows, row):
            self._forward(
                torch.get_num_threads(),
                count,
                length,
                x.data_ptr() + at,
                y.data_ptr() + at,
                *_pointers(repeated),
            )
        return y

    def backward(self, x: Tensor, gradient: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
        """Gradients of x and of each parameter; `gradient` is brought to the layout of x."""
        if gradient.stride() != x.stride():
            gradient = torch.empty_like(x).copy_(gradient)
        dx = torch.empty_like(x)
        rows, row = self._rows(x)
        threads = torch.get_num_threads()
        repeated = [_repeated(p, row) for p in parameters]
        sums = [torch.zeros(threads, row) for _ in parameters]
        for at, count, length in _blocks(x.numel(), rows, row):
            self._backward(
                threads,
                count,
                length,
                *(t.data_ptr() + at for t in (x, gradient, dx)),
                *_pointers(repeated),
                *_pointers(sums),
            )
        return dx, *(_gathered(s, p) for s, p in zip(sums, parameters, strict=True))

    def _rows(self, x: Tensor) -> tuple[int, int]:
        """(rows, numbers a row); with channels a row is whole pixels, and the rows cover x exactly."""
        if "channel" not in self._scopes:
            return x.numel() // _ROW, _ROW
        channels = x.shape[1] if x.ndim > 1 else 1
        pixels, folds = x.numel() // channels, 1
        while folds * channels < _ROW and pixels % (2 * folds) == 0:
            folds *= 2
        return pixels // folds, folds * channels


def _blocks(numbers: int, rows: int, row: int) -> list[tuple[int, int, int]]:
    """(offset in bytes, rows, numbers a row): the whole rows, then what is left over as one shorter row."""
    whole = [(0, rows, row)] if rows else []
    rest = numbers - rows * row
    return [*whole, (4 * rows * row, 1, rest)] if rest else whole


def _repeated(parameter: Tensor, row: int) -> Tensor:
    """[channels] or [] -> [row]."""
    flat = parameter.detach().reshape(-1)
    return flat.repeat(row // len(flat))


def _gathered(sums: Tensor, parameter: Tensor) -> Tensor:
    """[threads, row] -> the shape of the parameter."""
    return sums.sum(0).view(-1, max(parameter.numel(), 1)).sum(0).view(parameter.shape)


def _pointers(tensors: Sequence[Tensor]) -> list[int]:
    return [t.data_ptr() for t in tensors]


@lru_cache(maxsize=512)
def compiled_code(expression: Expression) -> CompiledCode | None:
    """The compiled form of `expression`, None where this machine cannot make one."""
    code = library(source(expression))
    return None if code is None else CompiledCode(expression, code)
