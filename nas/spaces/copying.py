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
    renamed = _NAME.sub(lambda _: f"name = {json.dumps(path.stem)}", text, count=1)
    try:
        found = read_text(renamed, str(path))
        if found != space.model_copy(update={"name": path.stem}):  # the line was in some longer text
            raise SpaceError(f"the name of {name} is not in a line of its own")
    except SpaceError:
        renamed, found = text, space
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(renamed)
    except FileExistsError:
        raise SettingError("there is a file of this name already", got=path, cure="name another") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise SettingError(f"the file cannot be written: {reason}", got=path, cure="name another") from error
    return found
