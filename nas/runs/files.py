"""Writing a file so that every reader finds the old text or the new one, never a part."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from nas.errors import RunError

#: A full disk, a full quota, a limit on the size of files.
_FULL = {getattr(errno, name, errno.ENOSPC) for name in ("ENOSPC", "EDQUOT", "EFBIG")}


def write_atomically(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace `path` by `text` in UTF-8. With `durable` the text is on the disk when this returns.

    Raises:
        RunError: the disk is full or the folder cannot be written; `path` is then as it was.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        new.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            new.unlink()
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in `folder` on the disk: after a power cut a renamed file is there under its new name.

    Windows cannot open a folder, and has no need to.
    """
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def cannot_write(path: Path, error: OSError) -> RunError:
    """The RunError for a write to `path` that failed with `error`."""
    if error.errno in _FULL:
        return disk_full(path)
    return RunError(
        f"{path} cannot be written: {error.strerror or error}",
        cure="make the folder writable, or name another with --runs-dir",
    )


def disk_full(path: Path, what: str = "the disk is full") -> RunError:
    """The RunError for a disk that has no room left for `path`."""
    return RunError(
        f"{what}: {path} cannot be written",
        cure="free some space and go on with `nas resume`; nothing that was finished is lost",
    )
