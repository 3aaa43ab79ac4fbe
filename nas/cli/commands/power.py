"""`nas power`: how many paired seeds a difference needs."""

from __future__ import annotations

from pathlib import Path

import click

from nas.analysis.power import DIFFERENCES, plan, to_dict
from nas.cli.options import format_option, note, print_json, runs_dir_option
from nas.errors import SettingError
from nas.runs.store import Run
from nas.terminal import comparison as views
from nas.terminal import console


@click.command("power")
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--difference",
    "differences",
    type=click.FloatRange(0, 100, min_open=True),
    multiple=True,
    metavar="POINTS",
    help="A difference in percentage points; may be repeated.  [default: 0.1, 0.2, 0.5, 1, 2]",
)
@format_option("table", "json")
@runs_dir_option
def command(run_name: str | None, differences: tuple[float, ...], format_: str, runs_dir: Path) -> None:
    """Say how many paired seeds show a difference, from the spread measured in RUN (by default the newest).

    The chance to find the difference is 80 % at the level 5 %, with a paired t test.
    """
    run = Run.open(runs_dir, run_name)
    if run_name is None:
        note(f"the newest run is {run.name}")
    if run.config.kind == "transfer":
        raise SettingError("a transfer mixes networks and data: it has no one spread", got=run.name)
    planned = plan(run.records(), [d / 100 for d in differences] or DIFFERENCES)
    if format_ == "json":
        print_json(to_dict(planned))
    else:
        console.stdout().print(views.plan(planned, title=run.name))
