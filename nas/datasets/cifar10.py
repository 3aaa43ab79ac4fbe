"""CIFAR-10 in its binary format: records of one label byte and 3,072 bytes of pixels, channel by channel.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.datasets.images import Images
from nas.errors import DataError

FOLDER = "cifar-10-batches-bin"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD_BYTES = 1 + 3 * 32 * 32
FILE_RECORDS = 10_000
FILE_BYTES = FILE_RECORDS * RECORD_BYTES

#: SHA-1 of the official files, as Apache MXNet 1.x checks them after extracting the Toronto archive
#: (python/mxnet/gluon/data/vision/datasets.py). A fact for a notice, not a protection against forgery.
OFFICIAL_SHA1 = {
    "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
    "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
    "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
    "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
    "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
    "test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c",
}
TEST_FILE = "test_batch.bin"
TRAIN_FILES = tuple(name for name in OFFICIAL_SHA1 if name != TEST_FILE)
_CURE = "`nas data fetch cifar10` gets a whole copy; --data-dir names a folder of one's own"


def find(folder: Path) -> Path | None:
    """`folder`, or `cifar-10-batches-bin` in it, whichever holds training files first; else None."""
    for place in (folder, folder / FOLDER):
        if any((place / name).is_file() for name in TRAIN_FILES):
            return place
    return None


def read(folder: Path) -> Images:
    """The training images in `folder` (or in its `cifar-10-batches-bin`); the test file is never opened.

    Some of data_batch_1.bin .. data_batch_5.bin suffice. Bytes other than the official ones are read with a
    notice. Raises DataError, naming the file, where there is none or one is damaged.
    """
    place = find(folder)
    if place is None:
        what = "has no CIFAR-10 training files" if folder.is_dir() else "is not a folder"
        raise DataError(
            f"{folder} {what}", allowed=f"a folder with {', '.join(TRAIN_FILES)}, or some of them", cure=_CURE
        )
    present = [name for name in TRAIN_FILES if (place / name).exists()]
    raws = [_read_file(place / name) for name in present]
    return Images(
        name="cifar10",
        x=np.concatenate([raw[:, 1:] for raw in raws]).reshape(-1, 3, 32, 32),
        y=np.concatenate([raw[:, 0] for raw in raws]).astype(np.int64),
        classes=CLASSES,
        notices=_notices(dict(zip(present, raws, strict=True))),
    )


def read_test(folder: Path) -> Images:
    """The 10,000 test images in `folder` (or in its `cifar-10-batches-bin`), for `nas.datasets.test_part`.

    Raises DataError where the test file is missing or damaged.
    """
    path = (find(folder) or folder) / TEST_FILE
    if not path.exists():
        raise DataError(f"{path} is not there", allowed=f"the official test file, {TEST_FILE}", cure=_CURE)
    raw = _read_file(path)
    return Images(
        name="cifar10",
        x=raw[:, 1:].reshape(-1, 3, 32, 32),
        y=raw[:, 0].astype(np.int64),
        classes=CLASSES,
        notices=_unofficial({TEST_FILE: raw}),
    )


def _read_file(path: Path) -> NDArray[np.uint8]:
    try:
        size = path.stat().st_size
        raw = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", cure=_CURE) from error
    if raw.size != FILE_BYTES:
        what = "truncated" if size < FILE_BYTES else "too long"
        raise DataError(
            f"{path} is {what}", got=f"{size:,} bytes", allowed=f"{FILE_BYTES:,} bytes", cure=_CURE
        )
    records = raw.reshape(FILE_RECORDS, RECORD_BYTES)
    worst = int(records[:, 0].argmax())
    if records[worst, 0] >= len(CLASSES):
        raise DataError(
            f"{path} is damaged: record {worst} (from 0) has an impossible label",
            got=int(records[worst, 0]),
            allowed=f"0..{len(CLASSES) - 1}",
            cure=_CURE,
        )
    return records


def _notices(raws: dict[str, NDArray[np.uint8]]) -> tuple[str, ...]:
    if len(raws) == len(TRAIN_FILES):
        return _unofficial(raws)
    few = f"only {len(raws)} of the {len(TRAIN_FILES)} CIFAR-10 training files are there"
    return (*_unofficial(raws), few)


def _unofficial(raws: dict[str, NDArray[np.uint8]]) -> tuple[str, ...]:
    other = [name for name, raw in raws.items() if _sha1(raw) != OFFICIAL_SHA1[name]]
    return (f"not the official CIFAR-10 bytes: {', '.join(other)}; used as they are",) if other else ()


def _sha1(raw: NDArray[np.uint8]) -> str:
    return hashlib.sha1(raw.data, usedforsecurity=False).hexdigest()
