"""`nas describe KIND NAME`: what one row of a table is; a table of kinds, each imported when it is called."""

from __future__ import annotations

import importlib

import click

from nas.registry import did_you_mean

#: kind -> what `nas describe --help` says; its command is `command` in nas/cli/commands/describe_<kind>.py
KINDS = {
    "optimizer": "An update rule: formula, hyperparameters, paths on two functions, steps beside the others.",
    "schedule": "How the learning rate goes over a training.",
    "task": "A problem with a known optimum, on which optimizers are compared.",
    "init": "An initialization: variance, fans, signal and gradient through depth.",
    "arch": "A network: shapes, weights, multiplications and memory, layer by layer.",
    "regularization": "Dropout, weight decay, normalization and the like: formula, effect, recipe fields.",
}


class KindTable(click.Group):
    """A group that knows its kinds by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in KINDS:
            return None
        command = importlib.import_module(f"nas.cli.commands.describe_{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in KINDS and not name.startswith("-"):
            hint = did_you_mean(name, KINDS) or f"there are {', '.join(KINDS)}"
            raise click.UsageError(f"there is no kind {name!r} to describe; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl(list(KINDS.items()))


@click.group("describe", cls=KindTable, subcommand_metavar="KIND [NAME]")
def command() -> None:
    """Explain one row of a table: its formula, its source and what it does; without a name list the rows."""
