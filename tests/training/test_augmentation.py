"""Shifts and mirrors of a batch against one image at a time."""

from __future__ import annotations

import numpy as np
import torch

from nas.training.augmentation import mirror, shift


def test_shift_equals_moving_every_image_by_itself() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(1, 256, (50, 3, 9, 7), dtype=np.uint8)
    dy, dx = rng.integers(0, 2 * 3 + 1, (2, 50))
    expected = np.zeros_like(x)
    for i in range(50):
        for row in range(9):
            for column in range(7):
                source = row + dy[i] - 3, column + dx[i] - 3
                if 0 <= source[0] < 9 and 0 <= source[1] < 7:
                    expected[i, :, row, column] = x[i, :, source[0], source[1]]
    shifted = shift(torch.from_numpy(x), torch.from_numpy(dy), torch.from_numpy(dx), 3)
    assert shifted.dtype == torch.uint8
    np.testing.assert_array_equal(shifted.numpy(), expected)


def test_mirror_turns_the_chosen_ones_only() -> None:
    x = torch.arange(2 * 2 * 3 * 4, dtype=torch.uint8).view(2, 2, 3, 4)
    turned = mirror(x, torch.tensor([False, True])).numpy()
    np.testing.assert_array_equal(turned[0], x[0].numpy())
    np.testing.assert_array_equal(turned[1], x[1].numpy()[:, :, ::-1])
