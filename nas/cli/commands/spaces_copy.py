"""`nas spaces copy`: a search space as a file of one's own to change."""

from __future__ import annotations

from pathlib import Path

import click

from nas.cli.options import note
from nas.spaces.copying import copy


@click.command("copy")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.toml")
def command(name: str, file: Path) -> None:
    """Write the search space NAME, one that comes with nas or a file, to FILE.toml, comments included.

    The copy can be changed and searched: every list may lose or gain entries, every range may move. A file
    that is there already is left as it is.
    """
    space = copy(name, file)
    quoted = f"'{file}'" if any(c.isspace() for c in str(file)) else str(file)
    note(f"wrote {file}, the space {space.name}; change it, see it with: nas spaces {quoted}")
    note(f"search it with: nas search --space {quoted}")
