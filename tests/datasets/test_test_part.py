"""The test parts: right, checked, and read by nobody but the one who writes it down."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import nas
from nas.datasets import cifar10, digits, test_part
from nas.datasets.library import Location
from nas.errors import DataError

SOURCE = Path(nas.__file__).parent


def records(seed: int) -> np.ndarray:
    """10,000 records of noise; label (i + seed) % 10 first."""
    raw = np.random.default_rng(seed).integers(0, 256, (10_000, 3073), dtype=np.uint8)
    raw[:, 0] = (np.arange(10_000) + seed) % 10
    return raw


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test file and one of training."""
    place = tmp_path_factory.mktemp("data") / "cifar-10-batches-bin"
    place.mkdir()
    records(3).tofile(place / "test_batch.bin")
    records(4).tofile(place / "data_batch_1.bin")
    return place


def test_the_digits_of_both_parts_are_scikit_learns_each_once() -> None:
    test, train = test_part.load(Location("digits")), digits.read()
    original = load_digits()
    whole = [
        (image.tobytes(), int(label)) for image, label in zip(original.images, original.target, strict=True)
    ]
    for part in (test, train):
        for pixels, label in zip(part.x[:, 0], part.y, strict=True):
            whole.remove(((pixels / 255 * 16).round().astype(np.float64).tobytes(), int(label)))
    assert whole == []
    assert len(test) == 360
    assert test.fingerprint != train.fingerprint


@pytest.mark.parametrize("parent", [False, True])
def test_the_official_test_file_in_order(folder: Path, parent: bool) -> None:
    images = test_part.load(Location("cifar10", folder.parent if parent else folder))
    raw = records(3)
    assert images.x.shape == (10_000, 3, 32, 32)
    assert images.y[4321] == (4321 + 3) % 10
    # blue (channel 2), row 11, column 29
    assert images.x[4321, 2, 11, 29] == raw[4321, 1 + 2 * 1024 + 11 * 32 + 29]
    assert "not the official CIFAR-10 bytes: test_batch.bin" in images.notices[0]


def test_a_missing_or_damaged_test_file_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data_batch_1.bin").symlink_to(folder / "data_batch_1.bin")
    with pytest.raises(DataError, match=r"test_batch\.bin is not there") as caught:
        test_part.load(Location("cifar10", tmp_path))
    assert "nas data fetch cifar10" in str(caught.value)
    (tmp_path / "test_batch.bin").write_bytes(b"\x00" * 3073)
    with pytest.raises(DataError, match=r"test_batch\.bin is truncated"):
        test_part.load(Location("cifar10", tmp_path))
    assert len(cifar10.read(tmp_path)) == 10_000, "training images do without"


def test_a_data_set_without_a_test_part_says_so() -> None:
    with pytest.raises(DataError, match="no test part"):
        test_part.load(Location("photographs"))


def test_only_the_test_set_of_a_confirmation_reads_it() -> None:
    """Whoever else reads test images would do so without the ledger."""

    def sources(pattern: str) -> set[str]:
        return {
            path.relative_to(SOURCE).as_posix()
            for path in SOURCE.rglob("*.py")
            if re.search(pattern, path.read_text(encoding="utf-8"))
        }

    assert sources(r"import.*\btest_part\b|test_part import") == {"evaluation/test_set.py"}
    assert sources(r"\bread_test\(") == {"datasets/cifar10.py", "datasets/digits.py", "datasets/test_part.py"}
    assert sources(r"import.*\bopen_test_set\b") == {"cli/rematch.py"}
