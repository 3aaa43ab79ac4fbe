"""Reading CIFAR-10's binary files, whole and damaged."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nas.datasets import cifar10
from nas.errors import DataError


def write(path: Path, seed: int) -> None:
    """10,000 records of noise in the documented layout, written field by field."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (10_000, 3072), dtype=np.uint8)
    with path.open("wb") as file:
        for i in range(10_000):
            file.write(struct.pack("B", (i + seed) % 10) + pixels[i].tobytes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the five training files, and a test file that nobody may read."""
    place = tmp_path_factory.mktemp("data") / "cifar-10-batches-bin"
    place.mkdir()
    write(place / "data_batch_2.bin", 2)
    write(place / "data_batch_4.bin", 4)
    (place / "test_batch.bin").write_bytes(b"\xff" * 17)
    return place


def test_records_land_in_order_with_their_labels(folder: Path) -> None:
    images = cifar10.read(folder)
    assert images.x.shape == (20_000, 3, 32, 32)
    raw = (folder / "data_batch_4.bin").read_bytes()
    record = raw[3073 * 123 : 3073 * 124]
    assert images.y[10_123] == record[0] == (123 + 4) % 10
    # green (channel 1), row 7, column 30
    assert images.x[10_123, 1, 7, 30] == record[1 + 1024 + 7 * 32 + 30]


def test_parent_folder_serves_as_well(folder: Path) -> None:
    assert cifar10.read(folder.parent).fingerprint == cifar10.read(folder).fingerprint


def test_bytes_of_ones_own_are_used_with_a_notice(folder: Path) -> None:
    unofficial, partial = cifar10.read(folder).notices
    assert "not the official" in unofficial
    assert "data_batch_2.bin, data_batch_4.bin" in unofficial
    assert "2 of the 5" in partial


def test_official_bytes_need_no_notice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the SHA-1 of these files in the table (sha1sum's figures), only the missing ones are noticed."""
    lines = subprocess.run(["sha1sum", *folder.glob("data*")], capture_output=True, text=True, check=True)
    for line in lines.stdout.splitlines():
        digest, path = line.split()
        monkeypatch.setitem(cifar10.OFFICIAL_SHA1, Path(path).name, digest)
    assert len(cifar10.read(folder).notices) == 1


@pytest.mark.parametrize("size", [0, 5, 3073 * 9_999, 3073 * 10_000 - 1, 3073 * 10_000 + 1, 3073 * 10_001])
def test_a_file_of_another_length_is_named(tmp_path: Path, size: int) -> None:
    path = tmp_path / "data_batch_3.bin"
    path.write_bytes(b"")
    os.truncate(path, size)
    with pytest.raises(DataError, match=r"data_batch_3\.bin is (truncated|too long)") as caught:
        cifar10.read(tmp_path)
    assert "nas data fetch cifar10" in str(caught.value)


def test_an_impossible_label_is_named(tmp_path: Path, folder: Path) -> None:
    raw = bytearray((folder / "data_batch_2.bin").read_bytes())
    raw[3073 * 4567] = 10
    (tmp_path / "data_batch_2.bin").write_bytes(raw)
    with pytest.raises(DataError, match=r"data_batch_2\.bin is damaged: record 4567"):
        cifar10.read(tmp_path)


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "data_batch_1.bin").symlink_to(folder / "data_batch_2.bin")
    (tmp_path / "data_batch_5.bin").mkdir()
    with pytest.raises(DataError, match=r"data_batch_5\.bin cannot be read"):
        cifar10.read(tmp_path)


def test_empty_and_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no CIFAR-10 training files"):
        cifar10.read(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        cifar10.read(tmp_path / "nowhere")


def test_the_test_file_alone_is_not_enough(tmp_path: Path) -> None:
    write(tmp_path / "test_batch.bin", 1)
    with pytest.raises(DataError, match="has no CIFAR-10 training files"):
        cifar10.read(tmp_path)


@pytest.mark.skipif("NAS_DATA_DIR" not in os.environ, reason="NAS_DATA_DIR names no folder with CIFAR-10")
def test_real_images() -> None:
    images = cifar10.read(Path(os.environ["NAS_DATA_DIR"]))
    assert len(images) % 10_000 == 0
    # The first image of data_batch_1 is a frog: label 6 (shown on the data set's own page).
    if len(images) == 50_000:
        assert images.classes[images.y[0]] == "frog"
        np.testing.assert_array_equal(np.bincount(images.y), 5000)
        # The channel means that everyone normalizes with.
        np.testing.assert_allclose(images.x.mean((0, 2, 3)) / 255, [0.4914, 0.4822, 0.4465], atol=5e-4)
