"""scikit-learn's handwritten digits: 1,797 real images of 8x8 pixels that need no download.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from nas.datasets.images import Images
from nas.datasets.splits import shuffled
from nas.seeds import derive

TEST_IMAGES = 360  #: a fifth, set aside for a single reading at the very end
_TEST_SEED = derive(0, "digits", "test")


def read() -> Images:
    """The 1,437 images for training and validation; the 360 test images are left out."""
    return _part(slice(TEST_IMAGES, None))


def read_test() -> Images:
    """The 360 test images, for `nas.datasets.test_part`."""
    return _part(slice(TEST_IMAGES))


def _part(of: slice) -> Images:
    """The images at these places of an order that is always the same."""
    table = _table()
    kept = np.sort(shuffled(len(table), _TEST_SEED)[of])
    pixels = np.rint(table[kept, :-1] * (255 / 16)).astype(np.uint8)  # 0..16 -> 0..255
    return Images(
        name="digits",
        x=pixels.reshape(-1, 1, 8, 8),
        y=table[kept, -1].astype(np.int64),
        classes=tuple(map(str, range(10))),
    )


def _table() -> np.ndarray[tuple[int, int], np.dtype[Any]]:
    """[image, 64 pixels and the label]: from the file inside scikit-learn, whose import takes two seconds."""
    spec = find_spec("sklearn")
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits  # a release that keeps them elsewhere

    digits = load_digits()
    return np.column_stack([digits.data, digits.target])
