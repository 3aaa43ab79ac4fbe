"""`nas spaces`: the search spaces that come with nas, or one of them in full."""

from __future__ import annotations

import click

from nas.spaces import library
from nas.spaces.listing import describe
from nas.spaces.schema import SpaceFile
from nas.spaces.space import SearchSpace
from nas.terminal import console, tables


@click.command("spaces")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the search spaces, or describe one: NAME is one of them or a file."""
    if name is None:
        view = tables.spaces([_line(library.read(one)) for one in library.names()])
    else:
        view = tables.sheet(_sections(library.read(name)))
    console.stdout().print(view)


def _line(file: SpaceFile) -> tables.SpaceLine:
    return tables.SpaceLine(file.name, file.summary, SearchSpace(file).size(), file.source)


def _sections(file: SpaceFile) -> dict[str, dict[str, object]]:
    sections: dict[str, dict[str, object]] = {}
    for entry in describe(file):
        values: object = entry.values if len(entry.values) > 1 else entry.values[0]
        sections.setdefault(entry.section or "space", {})[entry.key] = values
    return sections
