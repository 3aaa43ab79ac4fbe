"""Who writes a run: one process at a time, held by a lock of the system that ends with the process."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from nas.errors import RunError
from nas.runs.config import now
from nas.runs.files import cannot_write, write_atomically
from nas.runs.layout import HOLDER, LOCK

_PATIENCE_SECONDS = 0.5  #: outlasts the moment for which `is_held` has the lock


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Be the one process that writes the run in `folder`; `kill -9` frees the lock as well.

    Raises:
        RunError: another process has it; the message says which and since when.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=0.02)
    except Timeout:
        raise _in_use(folder) from None
    except OSError as error:
        raise cannot_write(folder / LOCK, error) from error
    try:
        who = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
        write_atomically(folder / HOLDER, json.dumps(who), durable=False)
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def is_held(folder: Path) -> bool:
    """Whether a process is writing the run in `folder` now."""
    if not (folder / LOCK).exists():
        return False
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a run of another person, which may be read only
        return (folder / HOLDER).exists()
    lock.release()
    return False


def _in_use(folder: Path) -> RunError:
    try:
        who = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        writer = f"process {who['pid']} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        writer = "another process"
    return RunError(
        f"run {folder.name} is being written by {writer}",
        cure="wait until it ends, or end it with Ctrl-C; `nas leaderboard` may be used meanwhile",
    )
