"""What an error of the study's file means: a full disk, a damaged file, another process, a wrong folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from nas.errors import RunError
from nas.runs import files

MOVE_AWAY = "move the run folder away and begin a new run; `sqlite3 study.db .recover` saves what is left"

#: SQLite knows a full disk by ENOSPC alone; a quota and a limit of the process look like these.
_REFUSED_WRITES = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def explained(path: Path, error: BaseException) -> RunError:
    """The RunError for `error`, raised about `path` by SQLite or the system, perhaps wrapped by a library."""
    cause = _cause(error)
    if isinstance(cause, OSError):
        return files.cannot_write(path, cause)
    code = getattr(cause, "sqlite_errorcode", -1)
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return files.disk_full(path)
    if code in _REFUSED_WRITES:
        return files.disk_full(path, "the disk is full, over its quota or failing")
    if code & 0xFF in _DAMAGED:
        return RunError(f"{path} is damaged: {cause}", cure=MOVE_AWAY)
    if code & 0xFF in _BUSY:
        return RunError(
            f"another process keeps {path} locked",
            cure="close the program that has it open, then go on with `nas resume`",
        )
    return RunError(
        f"{path} cannot be read or written: {cause}",
        cure="check the disk, its free space and quota, and the permissions of the folder",
    )


def _cause(error: BaseException) -> BaseException:
    """The error of SQLite or the system at the bottom of what Optuna and SQLAlchemy made of it."""
    while not isinstance(error, sqlite3.Error | OSError):
        below = getattr(error, "orig", None) or error.__cause__
        if below is None:
            return error
        error = below
    return error
