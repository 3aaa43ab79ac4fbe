"""`nas data`: the data sets and where they are; `nas data fetch cifar10` gets one."""

from __future__ import annotations

import sys

import click

from nas.datasets import download, library
from nas.datasets.library import Availability
from nas.errors import SettingError
from nas.rows.datasets import DATASETS
from nas.terminal import console, tables


@click.group("data", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the data sets and where they are; `fetch` downloads one."""
    if ctx.invoked_subcommand is None:
        console.stdout().print(tables.data_sets([_line(one) for one in library.status()]))


@command.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Download the data set NAME to the cache folder, unless it is there already; print where it is."""
    if DATASETS.find(name).name != "cifar10":
        raise SettingError(f"{name} need no fetching: they are part of scikit-learn", allowed="cifar10")
    click.echo(download.fetch(progress=sys.stderr.isatty()))


def _line(one: Availability) -> tables.DataLine:
    where = "part of scikit-learn" if one.ready else f"get it with `nas data fetch {one.row.name}`"
    return tables.DataLine(one.row.name, one.row.summary, one.ready, str(one.folder or where))
