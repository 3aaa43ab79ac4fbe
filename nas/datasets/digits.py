"""scikit-learn's handwritten digits: 1,797 real images of 8x8 pixels that need no download.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part).
"""

from __future__ import annotations

import numpy as np

from nas.datasets.images import Images
from nas.datasets.splits import shuffled
from nas.seeds import derive

TEST_IMAGES = 360  #: a fifth, set aside for a single reading at the very end
_TEST_SEED = derive(0, "digits", "test")


def read() -> Images:
    """The 1,437 images for training and validation; the 360 test images are left out."""
    from sklearn.datasets import load_digits  # 1 s to import, wasted on whoever trains on other images

    digits = load_digits()
    kept = np.sort(shuffled(len(digits.target), _TEST_SEED)[TEST_IMAGES:])
    pixels = np.rint(digits.images[kept] * (255 / 16)).astype(np.uint8)  # 0..16 -> 0..255
    return Images(
        name="digits",
        x=pixels[:, None],
        y=digits.target[kept].astype(np.int64),
        classes=tuple(str(name) for name in digits.target_names),
    )
