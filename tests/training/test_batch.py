"""Batches made in C against torch's operations, bit by bit."""

from __future__ import annotations

import pytest
import torch

from nas.native import compiler
from nas.training.augmentation import mirror, shift
from nas.training.batch import prepared


@pytest.mark.skipif(not compiler.available(), reason="no C compiler that does it here")
@pytest.mark.parametrize(("c", "h", "w", "reach"), [(3, 8, 8, 2), (1, 9, 7, 3), (2, 5, 4, 0), (3, 4, 6, 9)])
def test_every_bit_is_torchs(c: int, h: int, w: int, reach: int) -> None:
    draw = torch.Generator().manual_seed(3)
    images = torch.randint(256, (20, c, h, w), dtype=torch.uint8, generator=draw)
    which = torch.randint(20, (50,), generator=draw)
    dy, dx = torch.randint(2 * reach + 1, (2, 50), generator=draw)
    mirrored = torch.randint(2, (50,), generator=draw).bool()
    mean, std = 100 + 9 * torch.rand(1, c, 1, 1), 50 + 9 * torch.rand(1, c, 1, 1)
    table = ((torch.arange(256.0).view(1, 1, 256, 1) - mean) / std).view(c, 256)
    expected = (mirror(shift(images[which], dy, dx, reach), mirrored) - mean) / std
    got = prepared(images, which, dy, dx, mirrored, reach, table)
    assert got is not None
    assert torch.equal(got, expected)
    assert got.is_contiguous(memory_format=torch.channels_last)


def test_without_a_compiler_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.training.batch._code", lambda: None)
    images, one = torch.zeros(1, 3, 4, 4, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)
    assert prepared(images, one, one, one, one.bool(), 0, torch.zeros(3, 256)) is None
