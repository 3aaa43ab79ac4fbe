"""Compiled libraries kept between processes: one file each, named by all that it depends on.

They lie in `kernels` under NAS_CACHE_DIR, or `nas` under XDG_CACHE_HOME or ~/.cache (XDG Base Directory
Specification 0.8). What is loaded from there runs: a folder that another user could write to is not used, and
every file ends with the SHA-256 of what stands before it. Nothing here raises; without a usable folder each
process compiles for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import tempfile
import time
from functools import lru_cache
from pathlib import Path

_MOST_FILES = 2000  # of some 20 kB
_MOST_DAYS = 60  # without being used
_DIGEST = hashlib.sha256().digest_size


def key(*parts: str) -> str:
    """The name of what was made from `parts` on a processor and a C library like these."""
    digest = hashlib.sha256()
    for part in (*parts, _machine()):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def find(name: str) -> Path | None:
    """The file kept under `name`, None where there is none or it is damaged."""
    folder = _folder()
    if folder is None:
        return None
    path = folder / f"{name}.so"
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[:-_DIGEST]).digest() != content[-_DIGEST:]:
            return None
        os.utime(path)  # used now
    except OSError:
        return None
    return path


def keep(name: str, made: Path) -> Path | None:
    """Put the library `made` under `name`, whole or not at all; where it lies now, None where it cannot."""
    folder = _folder()
    if folder is None:
        return None
    path = folder / f"{name}.so"
    unfinished = None
    try:
        content = made.read_bytes()
        handle, unfinished = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(
                content + hashlib.sha256(content).digest()
            )  # a loader looks at nothing behind its sections
        Path(unfinished).replace(path)
        _tidy(folder)
    except OSError:
        if unfinished is not None:
            with contextlib.suppress(OSError):
                Path(unfinished).unlink(missing_ok=True)
        return None
    return path


def _tidy(folder: Path) -> None:
    """Drop what was not used for long, and the least recently used of too many.

    A process that has a file loaded keeps it; one that finds it gone compiles it anew.
    """
    used = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            used.append((path.stat().st_mtime, path))
    used.sort(reverse=True)
    oldest = time.time() - 86400 * _MOST_DAYS
    for at, (when, path) in enumerate(used):
        if at >= _MOST_FILES or when < oldest:
            with contextlib.suppress(OSError):
                path.unlink()


def _folder() -> Path | None:
    """The private folder of the kernels, made where it is missing."""
    given = os.environ.get("NAS_CACHE_DIR")
    try:
        parent = (Path(given) if given else _users() / "nas").resolve()
        parent.parent.mkdir(parents=True, exist_ok=True)
        for folder in (parent, parent / "kernels"):
            folder.mkdir(mode=0o700, exist_ok=True)
            if not _private(folder):
                return None
    except (OSError, RuntimeError):  # no home
        return None
    return folder


def _users() -> Path:
    """Where this user's caches lie; a relative XDG_CACHE_HOME is to be ignored."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given) if Path(given).is_absolute() else Path.home() / ".cache"


def _private(folder: Path) -> bool:
    """Whether this user owns `folder` itself, no link, and nobody else may write to it."""
    found = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & others


@lru_cache(maxsize=1)
def _machine() -> str:
    """What -march=native and the link depend on: the processor's model and abilities, the C library."""
    wanted = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
    lines: set[str] = set()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.partition(":")[0].strip() in wanted:
                lines.add(line)
    return "\n".join([*platform.uname()[::4], *platform.libc_ver(), *sorted(lines)])
