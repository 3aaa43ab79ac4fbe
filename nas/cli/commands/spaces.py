"""`nas spaces`: the search spaces that come with nas, or one of them in full, or its size, or a copy."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from nas.cli.commands.spaces_copy import command as copy
from nas.cli.options import format_option, print_json
from nas.errors import SettingError
from nas.spaces import library
from nas.spaces.counting.count import Count, count
from nas.spaces.listing import describe
from nas.spaces.schema import SpaceFile
from nas.spaces.space import SearchSpace
from nas.terminal import console, tables
from nas.terminal.canvas import Drawing


class _SpacesCommand(click.Command):
    """`nas spaces [NAME]`, and `nas spaces copy NAME FILE.toml`, which is a command of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == [copy.name]:
            return copy.make_context(f"{info_name} {copy.name}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("spaces", cls=_SpacesCommand)
@click.argument("name", required=False)
@click.option("--count", "counted", is_flag=True, help="Count its expressions and its different functions.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the space; may be repeated.",
)
@format_option("text", "json")
def command(name: str | None, counted: bool, settings: tuple[str, ...], format_: str) -> None:
    """List the search spaces, or describe one: NAME is one of them or a file.

    "nas spaces copy NAME FILE.toml" writes one to a file of your own, to change and to search.
    """
    if name is None:
        if counted or settings:
            raise SettingError("--count and --set need the name of a space", cure="see `nas spaces`")
        lines = [_line(library.read(one)) for one in library.names()]
        _print([asdict(line) for line in lines], tables.spaces(lines), format_)
        return
    file = library.read(name, settings)
    if counted:
        found = count(SearchSpace(file))
        _print(asdict(found), tables.facts(_facts(found), title=file.name), format_)
    else:
        sections = _sections(file)
        _print(sections, tables.sheet(sections), format_)


def _print(data: object, view: Drawing, format_: str) -> None:
    if format_ == "json":
        print_json(data)
    else:
        console.stdout().print(view)


def _line(file: SpaceFile) -> tables.SpaceLine:
    return tables.SpaceLine(file.name, file.summary, SearchSpace(file).size(), file.source)


def _facts(found: Count) -> list[tuple[str, object]]:
    """The count as a person reads it: what is estimated says so, with its interval."""
    about = "" if found.method == "exact" else "about "
    interval = f" ({found.low:,} to {found.high:,})" if found.low is not None else ""
    how = {
        "exact": "every function evaluated, layer by layer",
        "sketch": "every function evaluated, the distinct ones estimated from a sketch of their hashes",
        "sampled": "too large to evaluate: Chao's estimate, from below, from a sample of random writings",
    }
    facts: list[tuple[str, object]] = [
        ("expressions", f"{found.expressions:,}"),
        ("distinct functions", f"{about}{found.distinct:,}{interval}"),
    ]
    if found.distinct_float32 is not None and found.finite is not None:
        facts.append(("distinct as float32 bits", f"{about}{found.distinct_float32:,}"))
        facts.append(("finite at all points", f"{about}{found.finite:,}"))
    return [*facts, ("seconds", f"{found.seconds:.2f}"), ("method", how[found.method])]


def _sections(file: SpaceFile) -> dict[str, dict[str, object]]:
    sections: dict[str, dict[str, object]] = {}
    for entry in describe(file):
        values: object = entry.values if len(entry.values) > 1 else entry.values[0]
        sections.setdefault(entry.section or "space", {})[entry.key] = values
    return sections
