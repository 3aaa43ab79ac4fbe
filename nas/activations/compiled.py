"""An expression as one C loop, forward and backward: one pass over memory, vectorized, on all threads.

The machine's C compiler makes it in about a tenth of a second; glibc's vector mathematics (libmvec,
errors of a few ulp) evaluates eight or sixteen numbers at a time. Where there is no such compiler or library,
`compiled_code` gives None and the eager form serves. Float32 on a CPU only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nas.activations.loops import source
from nas.native.compiler import library, prepare
from nas.symbolic.expression import Expression
from nas.symbolic.printer import NoCForm

#: threads, numbers, channels
_MOST_CHANNELS = 4096  # each thread keeps a row of them for each parameter on its stack
SIZES: list[Any] = [ctypes.c_int, ctypes.c_long, ctypes.c_long]


class CompiledCode:
    """The two loops, called on tensors."""

    def __init__(self, expression: Expression, library: ctypes.CDLL) -> None:
        self._scopes = [p.scope for p in expression.parameters]
        pointers: list[Any] = [ctypes.c_void_p] * len(self._scopes)
        self._forward, self._backward = library.forward, library.backward
        self._forward.argtypes = [*SIZES, *[ctypes.c_void_p] * 2, *pointers]
        self._backward.argtypes = [*SIZES, *[ctypes.c_void_p] * 3, *pointers, ctypes.c_void_p]
        self._forward.restype = self._backward.restype = None

    def fits(self, x: Tensor, parameters: Sequence[Tensor]) -> bool:
        """Whether one pass over memory will do: x is dense, the channels of each pixel side by side."""
        if x.device.type != "cpu" or x.dtype != torch.float32 or x.numel() == 0:
            return False
        if not matching(self._channels(x), parameters):
            return False
        if x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last):
            return True
        return x.is_contiguous() and (x.ndim <= 2 or "channel" not in self._scopes)

    def forward(self, x: Tensor, *parameters: Tensor) -> Tensor:
        """f(x), laid out as x."""
        y = torch.empty_like(x)
        self._forward(*sizes(x, self._channels(x)), *pointers(x, y, *parameters))
        return y

    def backward(self, x: Tensor, gradient: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
        """Gradients of x and of each parameter; `gradient` is brought to the layout of x."""
        gradient = laid_out_as(x, gradient)
        dx = torch.empty_like(x)
        threads, numbers, channels = sizes(x, self._channels(x))
        sums = torch.zeros(threads, len(parameters), channels, dtype=torch.float64)
        self._backward(threads, numbers, channels, *pointers(x, gradient, dx, *parameters, sums))
        return dx, *gathered(sums.sum(0), parameters)

    def _channels(self, x: Tensor) -> int:
        return x.shape[1] if x.ndim > 1 and "channel" in self._scopes else 1


def sizes(x: Tensor, channels: int) -> tuple[int, int, int]:
    """What every loop is told first."""
    return torch.get_num_threads(), x.numel(), channels


def matching(channels: int, parameters: Sequence[Tensor]) -> bool:
    """Whether the loops may read `parameters` from memory as they are: one number, or one a channel."""
    return channels <= _MOST_CHANNELS and all(
        p.dtype == torch.float32
        and p.device.type == "cpu"
        and p.is_contiguous()
        and (p.ndim == 0 or len(p) == channels)
        for p in parameters
    )


def pointers(*tensors: Tensor) -> list[int]:
    """Where the numbers lie."""
    return [t.data_ptr() for t in tensors]


def laid_out_as(x: Tensor, gradient: Tensor) -> Tensor:
    """`gradient`, copied where its layout is not that of `x`."""
    return gradient if gradient.stride() == x.stride() else torch.empty_like(x).copy_(gradient)


def gathered(totals: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """[parameters, channels] -> the shape of each parameter."""
    return [
        (total if parameter.ndim else total.sum()).to(parameter.dtype)
        for total, parameter in zip(totals, parameters, strict=True)
    ]


@lru_cache(maxsize=512)
def compiled_code(expression: Expression) -> CompiledCode | None:
    """The compiled form of `expression`, None where it or this machine has none."""
    try:
        code = library(source(expression))
    except NoCForm:
        return None
    return None if code is None else CompiledCode(expression, code)


def compile_ahead(expression: Expression) -> None:
    """Begin to compile what a network of `expression` will ask for, in the background."""
    with suppress(NoCForm):
        prepare(source(expression, normalized=True))
