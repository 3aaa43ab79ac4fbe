"""Kept libraries: found again, private, checked, bounded; nothing about the cache stops a process."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nas.native import cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kernels"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "code.so").write_bytes(b"a library")
    return tmp_path / "code.so"


def test_what_is_kept_is_found_in_a_private_folder(folder: Path, made: Path) -> None:
    assert cache.find("k") is None
    kept = cache.keep("k", made)
    assert kept == folder / "k.so" == cache.find("k")
    assert kept.read_bytes().startswith(b"a library")
    assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["k.so"], "nothing unfinished is left"


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 41, b"A library" + b"\0" * 32])
def test_a_damaged_file_is_not_used_and_is_replaced(folder: Path, made: Path, damage: bytes) -> None:
    cache.keep("k", made)
    (folder / "k.so").write_bytes(damage)
    assert cache.find("k") is None
    cache.keep("k", made)
    assert cache.find("k") is not None


@pytest.mark.parametrize("place", ["kernels", "."])
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_to_is_not_used(
    folder: Path, made: Path, place: str, mode: int
) -> None:
    cache.keep("k", made)
    (folder.parent / place).chmod(mode)
    assert cache.find("k") is None
    assert cache.keep("other", made) is None
    assert not (folder / "other.so").exists()


def test_a_folder_of_somebody_else_is_not_used(
    folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.keep("k", made)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert cache.find("k") is None


def test_a_link_in_the_place_of_the_folder_is_not_followed(folder: Path, made: Path, tmp_path: Path) -> None:
    cache.keep("k", made)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert cache.find("k") is None


def test_without_a_place_nothing_is_kept_and_nothing_raised(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAS_CACHE_DIR", str(made / "below a file"))
    assert cache.keep("k", made) is None
    assert cache.find("k") is None


def test_the_users_cache_folder(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAS_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.keep("k", made) == tmp_path / "xdg" / "nas" / "kernels" / "k.so"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says the standard
    assert cache.keep("k", made) == tmp_path / ".cache" / "nas" / "kernels" / "k.so"


def test_the_least_recently_used_go(folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_FILES", 3)
    for age, name in enumerate("abcd"):
        path = cache.keep(name, made)
        assert path is not None
        os.utime(path, (time.time() - 1000 + age,) * 2)
    cache.find("b")  # used again
    cache.keep("e", made)
    assert {path.stem for path in folder.iterdir()} == {"b", "d", "e"}
    os.utime(folder / "d.so", (time.time() - 61 * 86400,) * 2)
    cache.keep("e", made)
    assert {path.stem for path in folder.iterdir()} == {"b", "e"}


def test_a_key_has_all_its_parts_and_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {cache.key("ab", "c"), cache.key("a", "bc"), cache.key("abc"), cache.key("ab", "d")}
    assert len(keys) == 4
    monkeypatch.setattr(cache, "_machine", lambda: "another processor")
    assert cache.key("ab", "c") not in keys
