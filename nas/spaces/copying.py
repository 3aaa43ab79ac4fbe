"""A space file of one's own, begun as a copy of another with its comments."""

from __future__ import annotations

import json
import re
from pathlib import Path

from nas.errors import SettingError, SpaceError
from nas.spaces import library
from nas.spaces.reader import read_text
from nas.spaces.schema import SpaceFile

SUFFIX = ".toml"
_NAME = re.compile(r"^name\s*=.*$", re.MULTILINE)


def copy(name: str, path: Path) -> SpaceFile:
    """Write the text of the space called `name` to the new file `path`; the space that is in it.

    Its name becomes that of the file where a space can have it.

    Raises:
        SpaceError: there is no such space, or its file is wrong.
        SettingError: the file is there already, cannot be written, or would be no TOML by its name.
    """
    text = library.text(name)
    space = read_text(text, name)
    if path.suffix != SUFFIX:
        raise SettingError(
            "a space file ends in .toml, so that no name of a space is taken for it",
            got=path,
            cure=f"write {path.name or 'my'}{SUFFIX}",
        )
    own = _renamed(text, space, path)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(own)
    except FileExistsError:
        raise SettingError("there is a file of this name already", got=path, cure="name another") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise SettingError(f"the file cannot be written: {reason}", got=path, cure="name another") from error
    return read_text(own, str(path))


def _renamed(text: str, space: SpaceFile, path: Path) -> str:
    """`text` with the name of the file in place of the space's; as it is where that would not do."""
    renamed = _NAME.sub(lambda _: f"name = {json.dumps(path.stem)}", text, count=1)
    try:
        fits = read_text(renamed, str(path)) == space.model_copy(update={"name": path.stem})
    except SpaceError:  # no space can have such a name
        return text
    return renamed if fits else text
