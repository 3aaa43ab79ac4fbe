"""Where value and gradient stay finite in each number type: measured in torch, in the eager form.

16-bit numbers are computed in float32 and rounded, as `nas.activations.module` does it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nas.activations.eager import eager_code
from nas.health.card import Range
from nas.symbolic.expression import Expression

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

_BITS = {torch.float32: torch.int32, torch.bfloat16: torch.int16, torch.float16: torch.int16}
_COARSE = 1 << 16  #: every so-many-th number of float32 is tried, 128 in each doubling


def finite_range(expression: Expression, dtype: torch.dtype) -> Range | None:
    """The widest interval around 0 with finite f and f', parameters at their start; None: not even 0.

    The numbers of a type are ordered as the integers that their bits write. All of a 16-bit type are tried;
    of float32 every 2^16-th, and then those at the edge.
    """
    if not bool(_finite(expression, torch.zeros(1, dtype=dtype))):
        return None
    low, high = (_edge(expression, dtype, side) for side in (-1, 1))
    return Range(-low + 0.0, high, low == high == torch.finfo(dtype).max)


def _edge(expression: Expression, dtype: torch.dtype, side: int) -> float:
    """The size of the last number before the first that is not finite, going out from 0."""
    largest = torch.finfo(dtype).max
    bits = torch.arange(0, _bits(largest, dtype) + 1, _COARSE if dtype == torch.float32 else 1)
    bits = torch.cat([bits, torch.tensor([_bits(largest, dtype)])])
    failed = torch.nonzero(~_finite(expression, side * _numbers(bits, dtype)))
    if not len(failed):
        return largest
    good, bad = int(bits[int(failed[0]) - 1]), int(bits[int(failed[0])])
    while bad - good > 1:
        tried = torch.linspace(good, bad, min(bad - good + 1, 257), dtype=torch.float64).long()
        first = int(torch.nonzero(~_finite(expression, side * _numbers(tried, dtype)))[0])
        good, bad = int(tried[first - 1]), int(tried[first])
    return float(_numbers(torch.tensor([good]), dtype))


def _bits(x: float, dtype: torch.dtype) -> int:
    return int(torch.tensor(x, dtype=dtype).view(_BITS[dtype]))


def _numbers(bits: Tensor, dtype: torch.dtype) -> Tensor:
    return bits.to(_BITS[dtype]).view(dtype)


def _finite(expression: Expression, x: Tensor) -> Tensor:
    """Whether f and f' are finite at each x."""
    code, wide = eager_code(expression), x.float()
    parameters = [torch.tensor(p.start) for p in expression.parameters]
    (value,), (slope, *_) = code.forward(wide, *parameters), code.backward(wide, *parameters)
    both = [(torch.zeros_like(wide) + y).to(x.dtype) for y in (value, slope)]
    return torch.isfinite(both[0]) & torch.isfinite(both[1])
