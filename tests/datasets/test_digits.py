"""scikit-learn's digits as a data set."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from nas.datasets import digits
from nas.rows.datasets import DATASETS


def test_shapes_agree_with_the_row() -> None:
    images, row = digits.read(), DATASETS["digits"]
    assert images.x.dtype == np.uint8
    assert images.x.shape == (row.train_images, row.channels, row.size, row.size)
    assert len(images) == row.train_images
    assert len(images.classes) == row.classes
    assert np.bincount(images.y).min() > 100


def test_images_are_scikit_learns_without_the_360_of_the_test_part() -> None:
    """Every image is found again, with its label; those that are not found are exactly 360."""
    images, original = digits.read(), load_digits()
    left = [
        (image.tobytes(), int(label)) for image, label in zip(original.images, original.target, strict=True)
    ]
    for pixels, label in zip(images.x[:, 0], images.y, strict=True):
        left.remove(((pixels / 255 * 16).round().astype(np.float64).tobytes(), int(label)))
    assert len(left) == 360
    assert images.x.max() == 255


def test_the_fingerprint_is_of_the_content() -> None:
    first, second = digits.read(), digits.read()
    assert first.fingerprint == second.fingerprint
    assert len(first.fingerprint) == 64
    second.y[7] = (second.y[7] + 1) % 10
    third = digits.read()
    third.x[11, 0, 3, 3] ^= 1
    assert len({first.fingerprint, type(second)(**_fields(second)).fingerprint, third.fingerprint}) == 3


def _fields(images: object) -> dict[str, object]:
    return {name: getattr(images, name) for name in ("name", "x", "y", "classes", "notices")}
