"""`nas leaderboard`: the candidates of one run, best first."""

from __future__ import annotations

from pathlib import Path

import click

from nas.analysis.leaderboard import SORTS, rows, to_csv, to_dict
from nas.cli.options import format_option, note, print_json, runs_dir_option
from nas.errors import RunError
from nas.runs import openings
from nas.runs.store import Run
from nas.terminal import console
from nas.terminal.leaderboard import leaderboard
from nas.terminal.openings import opening_line


@click.command("leaderboard")
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Show the first N rows only.")
@click.option("--sort", type=click.Choice(list(SORTS)), default="val_acc", show_default=True, help="Order.")
@click.option("--all", "screened", is_flag=True, help="Also what was screened before training.")
@format_option("table", "json", "csv")
@runs_dir_option
def command(
    run_name: str | None, top: int | None, sort: str, screened: bool, format_: str, runs_dir: Path
) -> None:
    """Rank the candidates of RUN, by default the newest run.

    Only trials of one run are ranked together: they share data, network, budget, recipe and seeds.
    """
    run = Run.open(runs_dir, run_name)
    if run_name is None:
        note(f"the newest run is {run.name}")
    if run.config.kind == "transfer":
        raise RunError(
            f"the trials of {run.name} are of several networks and data: they have no order in common",
            cure=f"nas show {run.name}",
        )
    records = [*run.records(), *run.waiting()]
    shown = rows(records, run.config.protocol.sample, sort=sort, top=top, include_screened=screened)
    if format_ == "json":
        print_json([to_dict(row) for row in shown])
    elif format_ == "csv":
        click.echo(to_csv(shown), nl=False)
    else:
        screen = console.stdout()
        screen.print(leaderboard(shown, records, run.config.protocol, title=run.name))
        if known := openings.shown(run):
            screen.print(opening_line(known))
