"""Libraries: made once, taken from the cache by the next process, made anew where that is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nas.native import compiler

pytestmark = pytest.mark.skipif(not compiler.available(), reason="no C compiler that does it here")

SOURCE = "int answer(void) { return 42; }\n"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An empty cache, a forgetful process, and the sources that the compiler was called for."""
    monkeypatch.setenv("NAS_CACHE_DIR", str(tmp_path / "cache"))
    compiler.forget()
    seen: list[str] = []
    compiled = compiler._compiled
    monkeypatch.setattr(compiler, "_compiled", lambda c, s, f: seen.append(s) or compiled(c, s, f))
    yield seen
    compiler.forget()


def _answer(source: str = SOURCE) -> int:
    library = compiler.library(source)
    assert library is not None
    return int(library.answer())


def test_the_next_process_takes_it_from_the_cache(calls: list[str], tmp_path: Path) -> None:
    assert _answer() == _answer() == 42
    compiler.forget()
    assert _answer() == 42
    assert calls == [SOURCE]
    assert len(list((tmp_path / "cache" / "kernels").iterdir())) == 1


def test_a_damaged_one_is_made_anew(calls: list[str], tmp_path: Path) -> None:
    _answer()
    (kept,) = (tmp_path / "cache" / "kernels").iterdir()
    right = kept.read_bytes()
    kept.unlink()  # and not overwritten in place: this process has it loaded
    kept.write_bytes(right[:4000] + b"\0" * 100 + right[4100:])
    compiler.forget()
    assert _answer() == 42
    assert calls == [SOURCE, SOURCE]
    assert kept.read_bytes() == right


def test_another_compiler_or_flag_is_another_library(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer()
    compiler.forget()
    monkeypatch.setattr(compiler, "_version", lambda _: "cc 99")
    monkeypatch.setattr(compiler._version, "cache_clear", lambda: None, raising=False)
    _answer()
    compiler._libraries.clear()
    monkeypatch.setattr(compiler, "_FLAGS", [*compiler._FLAGS, "-O1"])
    _answer()
    assert len(calls) == 3


def test_an_unusable_cache_costs_only_time(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_CACHE_DIR", "/dev/null/nowhere")
    assert _answer() == 42
    assert calls == [SOURCE]


def test_wrong_source_gives_none_and_is_not_tried_again(calls: list[str]) -> None:
    assert compiler.library("int answer(void) { return") is None
    assert compiler.library("int answer(void) { return") is None
    assert len(calls) == 1


def test_a_trial_waits_for_what_is_being_prepared(calls: list[str]) -> None:
    sources = [f"int answer(void) {{ return {n}; }}\n" for n in range(4)]
    for source in sources:
        compiler.prepare(source)
    assert [_answer(source) for source in reversed(sources)] == [3, 2, 1, 0]
    assert sorted(calls) == sources, "each once, whoever came first"


def test_threads_that_ask_at_once_share_one(calls: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: id(compiler.library(SOURCE)), range(8))) == {
            id(compiler.library(SOURCE))
        }
    assert calls == [SOURCE]


def test_processes_that_ask_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    code = f"from nas.native.compiler import library; print(library({SOURCE!r}).answer())"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"NAS_CACHE_DIR": str(tmp_path / "cache")},
            cwd=Path(__file__).parents[2],
        )
        for _ in range(4)
    ]
    assert [process.communicate()[0] for process in running] == ["42\n"] * 4
    assert len(list((tmp_path / "cache" / "kernels").iterdir())) == 1


def test_no_room_for_temporary_files_is_no_compiler(
    calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert compiler.library(SOURCE) is None
