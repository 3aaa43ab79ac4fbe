from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from nas.errors import RunError
from nas.runs.layout import PROGRESS
from nas.runs.progress import Progress, read, remove, write

NOW = Progress(
    trial=4,
    expression="x*sigmoid(beta*x)",
    name=None,
    origin="sampler",
    seed_index=1,
    seeds=3,
    epoch=2,
    epochs=8,
    val_acc=0.61,
    started=1.7e9,
    session_started=1.6e9,
    updated=1.7e9 + 3,
)


def test_it_reads_back_until_removed(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    write(tmp_path, NOW)
    assert read(tmp_path) == NOW
    write(tmp_path, replace(NOW, epoch=3, val_acc=math.nan))
    assert read(tmp_path) == replace(NOW, epoch=3, val_acc=None)
    remove(tmp_path)
    remove(tmp_path)
    assert read(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"trial": 1}', "\udcff"])
def test_a_damaged_file_means_nothing_is_known(tmp_path: Path, text: str) -> None:
    (tmp_path / PROGRESS).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read(tmp_path) is None


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        write(tmp_path / "gone", NOW)
