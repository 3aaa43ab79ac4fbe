"""Writing what is exported: whole or not at all, and never over something else unasked."""

from __future__ import annotations

from pathlib import Path

from nas.errors import RunError, SettingError
from nas.runs.files import write_atomically


def write(path: Path, text: str, *, force: bool = False) -> None:
    """Write `text` to `path`. Raises SettingError where there is a file already, or none can be written."""
    if path.exists() and (path.is_dir() or not force):
        raise SettingError(
            "there is a folder of this name" if path.is_dir() else "there is a file of this name already",
            got=path,
            cure="name another file with -o" + ("" if path.is_dir() else ", or overwrite it with --force"),
        )
    try:
        write_atomically(path, text)
    except RunError as error:
        reason = getattr(error.__cause__, "strerror", None) or error.what
        raise SettingError(
            f"the file cannot be written: {reason}", got=path, cure="name another with -o"
        ) from error
