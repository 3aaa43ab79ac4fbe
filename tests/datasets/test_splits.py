"""The cut into training and validation."""

from __future__ import annotations

import numpy as np
import pytest

from nas.datasets.splits import shuffled, split
from nas.errors import DataError


def test_parts_are_disjoint_and_whole() -> None:
    train, val = split(1437, train_size=None, val_size=287, split_seed=3)
    assert len(val) == 287
    assert sorted([*train, *val]) == list(range(1437))


def test_a_smaller_training_part_lies_in_a_larger_one_and_leaves_validation_alone() -> None:
    small, val = split(900, train_size=123, val_size=77, split_seed=5)
    large, same = split(900, train_size=650, val_size=77, split_seed=5)
    np.testing.assert_array_equal(val, same)
    np.testing.assert_array_equal(small, large[:123])


def test_another_split_seed_cuts_elsewhere() -> None:
    _, first = split(900, train_size=None, val_size=77, split_seed=5)
    _, second = split(900, train_size=None, val_size=77, split_seed=6)
    assert set(first) != set(second)


def test_the_cut_is_the_same_for_ever() -> None:
    """The raw stream of PCG64 is a promise of NumPy's; these figures came from NumPy 2.4."""
    assert shuffled(10, 20261).tolist() == [9, 0, 2, 8, 6, 3, 4, 1, 5, 7]


@pytest.mark.parametrize(("train_size", "val_size"), [(90, 11), (None, 99), (None, 101), (101, 2)])
def test_too_few_images_are_an_error_with_their_number(train_size: int | None, val_size: int) -> None:
    with pytest.raises(DataError, match="only 100 images"):
        split(100, train_size=train_size, val_size=val_size, split_seed=0)
