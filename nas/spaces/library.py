"""The search spaces that come with nas, and those in files of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nas.errors import SpaceError
from nas.registry import did_you_mean
from nas.spaces.reader import contents, read_file, read_text
from nas.spaces.schema import SpaceFile

_PACKAGE = Path(__file__).resolve().parent.parent
#: in the wheel the folder is inside the package, in a checkout beside it
_FOLDERS = (_PACKAGE / "search_spaces", _PACKAGE.parent / "search_spaces")


def names() -> list[str]:
    """The spaces that come with nas, in alphabetical order."""
    return sorted(_built_in())


def read(name: str, overrides: Sequence[str] = ()) -> SpaceFile:
    """The space called `name`, or in the file `name`; `overrides` are the texts of `--set`.

    Raises:
        SpaceError: there is no such space, or its file is wrong.
        SettingError: an override that names no key.
    """
    path = _built_in().get(name)
    if path is not None:
        return read_text(path.read_text(encoding="utf-8"), f"search_spaces/{path.name}", overrides)
    return read_file(_file(name), overrides)


def text(name: str) -> str:
    """The text of the space called `name`, or in the file `name`, as it was written.

    Raises:
        SpaceError: there is no such space, or its file cannot be read.
    """
    path = _built_in().get(name)
    return contents(_file(name)) if path is None else path.read_text(encoding="utf-8")


def _file(name: str) -> Path:
    if _exists(Path(name)):
        return Path(name)
    raise SpaceError(
        "there is no search space and no file of this name",
        got=name,
        allowed=f"{', '.join(names())}, or a TOML file",
        cure=did_you_mean(Path(name).stem, names()),
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or with a NUL; a folder that may not be looked into
        return False


def _built_in() -> dict[str, Path]:
    for folder in _FOLDERS:
        found = {path.stem: path for path in folder.glob("*.toml")}
        if found:
            return found
    return {}
