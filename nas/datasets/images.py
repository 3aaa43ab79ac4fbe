"""Labeled images in memory, with a fingerprint of what was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Images:
    """`n` images of one data set; only those a search may train and validate on.

    x       uint8 [n, channels, size, size], pixels 0..255
    y       int64 [n], labels 0..len(classes)-1
    notices what the reader of a score should know about these bytes
    """

    name: str
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    @property
    def channels(self) -> int:
        return int(self.x.shape[1])

    @property
    def size(self) -> int:
        """Pixels a side."""
        return int(self.x.shape[2])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the shape, the pixels and the labels, in order."""
        digest = hashlib.sha256(repr(self.x.shape).encode())
        digest.update(np.ascontiguousarray(self.x).data)
        digest.update(self.y.astype(np.uint8).data)
        return digest.hexdigest()
