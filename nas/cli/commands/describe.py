"""`nas describe KIND NAME`: what one row of a table is; a table of kinds, each imported when it is called."""

from __future__ import annotations

import click

from nas.cli.lazy import LazyGroup

#: kind -> what `nas describe --help` says; its command is `command` in nas/cli/commands/describe_<kind>.py
KINDS = {
    "optimizer": "An update rule: formula, hyperparameters, paths on two functions, steps beside the others.",
    "schedule": "How the learning rate goes over a training.",
    "task": "A problem with a known optimum, on which optimizers are compared.",
    "init": "An initialization: variance, fans, signal and gradient through depth.",
    "arch": "A network: shapes, weights, multiplications and memory, layer by layer.",
    "regularization": "Dropout, weight decay, normalization and the like: formula, effect, recipe fields.",
}


@click.group(
    "describe",
    cls=LazyGroup,
    table=KINDS,
    prefix="nas.cli.commands.describe_",
    what="Kinds",
    missing="there is no kind {name} to describe",
    subcommand_metavar="KIND [NAME]",
)
def command() -> None:
    """Explain one row of a table: its formula, its source and what it does; without a name list the rows."""
