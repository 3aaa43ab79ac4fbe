"""A group whose commands are a table: known by name, each imported only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from nas.registry import did_you_mean


class LazyGroup(click.Group):
    """`table` says what the help says of each; the command NAME is `command` in the module `prefix` + NAME.

    what     one of them, for the heading of the help
    missing  what an unknown name is told, with {name} in it
    """

    def __init__(
        self, *args: Any, table: Mapping[str, str], prefix: str, what: str, missing: str, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._table, self._prefix, self._what, self._missing = table, prefix, what, missing

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return None
        command = importlib.import_module(f"{self._prefix}{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self._table and not name.startswith("-"):
            hint = did_you_mean(name, self._table) or f"there are {', '.join(self._table)}"
            raise click.UsageError(f"{self._missing.format(name=repr(name))}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(self._what):
            formatter.write_dl(list(self._table.items()))
