"""Space files: TOML text -> checked `SpaceFile`, with `--set` in between."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nas.errors import SpaceError
from nas.spaces.faults import space_error
from nas.spaces.overrides import override
from nas.spaces.schema import SCHEMA, SpaceFile

LARGEST_FILE = 1_000_000  #: bytes; a space of ten thousand formulas is smaller


def read_file(path: Path, overrides: Sequence[str] = ()) -> SpaceFile:
    """The space in the file `path`, with `key=value` texts put in.

    Raises:
        SpaceError: the file cannot be read, is no TOML, or says what no space can be.
        SettingError: an override that names no key.
    """
    return read_text(contents(path), str(path), overrides)


def read_text(text: str, origin: str, overrides: Sequence[str] = ()) -> SpaceFile:
    """The space that `text` writes; `origin` names it in errors."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        problem = "its tables are nested too deep" if isinstance(error, RecursionError) else str(error)
        raise SpaceError(
            f"{origin} is not valid TOML: {problem}", cure="see https://toml.io for the syntax"
        ) from error
    return from_data(data, origin, overrides)


def from_data(data: Mapping[str, Any], origin: str, overrides: Sequence[str] = ()) -> SpaceFile:
    """The space in plain data, such as `SpaceFile.to_data` gives."""
    _check_schema(data, origin)
    if overrides:
        data = override(data, overrides)
        origin = f"{origin} with {' '.join(f'--set {text}' for text in overrides)}"
    try:
        return SpaceFile.model_validate(data)
    except ValidationError as error:
        raise space_error(error, origin) from None


def contents(path: Path) -> str:
    """The text of the file `path`. Raises SpaceError where it cannot be read."""
    try:
        if path.is_dir():
            raise SpaceError(f"{path} is a folder, not a space file")
        with path.open("rb") as file:
            contents = file.read(LARGEST_FILE + 1)
        if len(contents) > LARGEST_FILE:
            raise SpaceError(f"{path} is too large", allowed=f"at most {LARGEST_FILE:,} bytes")
        return contents.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpaceError(f"{path} is not valid TOML: it is not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpaceError(f"cannot read the space file {path}: {reason}") from error


def _check_schema(data: Mapping[str, Any], origin: str) -> None:
    """A newer file is newer before it is wrong."""
    schema = data.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise SpaceError(
            f"{origin}: its schema is newer than this nas", allowed=f"schema = {SCHEMA}", cure="upgrade nas"
        )
