"""Pooling in C against torch's own, ties and NaN included."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nas.architectures.pooling import HalvingMaxPool
from nas.native import compiler


@pytest.mark.parametrize("shape", [(3, 16, 8, 8), (2, 5, 4, 10), (1, 1, 2, 2), (2, 3, 7, 6), (2, 4, 6, 9)])
def test_numbers_and_gradients_are_torchs(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    x = torch.randint(-3, 4, shape).float().contiguous(memory_format=torch.channels_last)  # full of ties
    x = (x + (torch.rand(shape) > 0.5) * torch.randn(shape)).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    ours, theirs = HalvingMaxPool()(x), nn.MaxPool2d(2)(x)
    assert torch.equal(ours, theirs)
    upstream = torch.randn(ours.shape)
    got, expected = (torch.autograd.grad(y, x, upstream)[0] for y in (ours, theirs))
    assert torch.equal(got, expected)


def test_nan_goes_through() -> None:
    x = torch.zeros(1, 8, 4, 4).contiguous(memory_format=torch.channels_last)
    x[0, 3, 1, 1] = torch.nan
    assert torch.isnan(HalvingMaxPool()(x)).sum() == 1


@pytest.mark.skipif(not compiler.available(), reason="no C compiler that does it here")
def test_the_c_code_is_used() -> None:
    x = torch.randn(2, 4, 4, 4).contiguous(memory_format=torch.channels_last).requires_grad_()
    assert "_Pool" in type(HalvingMaxPool()(x).grad_fn).__name__
