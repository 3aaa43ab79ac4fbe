"""The cut of the images into a training and a validation part, the same for every `--seed`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nas.errors import DataError
from nas.seeds import derive


def split(
    n: int, *, train_size: int | None, val_size: int, split_seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (train, validation) out of `n` images; `train_size=None` takes all that validation leaves.

    The validation part depends on `n`, `val_size` and `split_seed` alone; a smaller training part is
    contained in a larger one. Raises DataError where there are too few images.
    """
    wanted = val_size + (2 if train_size is None else train_size)
    if wanted > n:
        training = "some" if train_size is None else f"{train_size:,}"
        raise DataError(
            f"there are only {n:,} images",
            got=f"{val_size:,} for validation and {training} for training",
            allowed=f"{n:,} in all",
            cure="lower --train-size or --val-size",
        )
    order = shuffled(n, derive(split_seed, "split"))
    end = None if train_size is None else val_size + train_size
    return order[val_size:end], order[:val_size]


def shuffled(n: int, seed: int) -> NDArray[np.int64]:
    """A permutation of 0..n-1 from `seed`, the same in every version of NumPy.

    NumPy promises the raw stream of a bit generator for good, but not what `permutation` makes of it.
    """
    return np.argsort(np.random.PCG64(seed).random_raw(n), kind="stable").astype(np.int64)
