from __future__ import annotations

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nas.errors import RunError
from nas.runs.files import cannot_write, write_atomically


def test_a_write_replaces_the_whole_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_atomically(path, "größe = 1\n" * 50)
    write_atomically(path, "size = 2\n")
    assert path.read_bytes() == b"size = 2\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    texts = ["a" * 300_000, "b" * 100_000]
    write_atomically(path, texts[0])
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        write_atomically(path, texts[number % 2], durable=False)
    done.set()
    reader.join()
    assert set(seen) <= set(texts)
    assert len(seen) > 5


def test_a_failed_write_leaves_the_old_text_and_nothing_else(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    program = (
        "import resource, sys, pathlib\n"
        "from nas.errors import RunError\n"
        "from nas.runs.files import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_atomically(pathlib.Path(sys.argv[1]), 'x' * 100_000)\n"
        "except RunError as error: print(error)\n"
    )
    if sys.platform == "win32":
        pytest.skip("Windows has no limit on the size of files")
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "the disk is full" in done.stdout, done.stderr
    assert "free some space" in done.stdout
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("I am a file")
    with pytest.raises(RunError, match="cannot be written"):
        write_atomically(tmp_path / "runs" / "config.toml", "text")


@pytest.mark.parametrize(
    ("number", "word"), [(errno.ENOSPC, "full"), (errno.EDQUOT, "full"), (errno.EACCES, "writable")]
)
def test_the_message_fits_the_reason(number: int, word: str) -> None:
    assert word in str(cannot_write(Path("study.db"), OSError(number, "reason")))
