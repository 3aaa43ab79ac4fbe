"""The test part of a data set, which `nas confirm` alone reads.

Searching, training and comparing see the training images only (`nas.datasets.library.load`). Whoever scores a
network on what is read here writes it down first: see `nas.runs.openings`.
"""

from __future__ import annotations

from nas.datasets import cifar10, digits
from nas.datasets.images import Images
from nas.datasets.library import Location
from nas.errors import DataError


def load(location: Location) -> Images:
    """The test images at `location`; DataError where there are none, or their file is missing or damaged."""
    if location.name == "digits":
        return digits.read_test()
    if location.name == "cifar10" and location.folder is not None:
        return cifar10.read_test(location.folder)
    raise DataError("this data set has no test part that nas can open", got=location.name)
