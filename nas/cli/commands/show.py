"""`nas show`: a run's configuration and provenance, or one of its trials."""

from __future__ import annotations

from pathlib import Path

import click

from nas.cli import results
from nas.cli.options import runs_dir_option
from nas.runs.openings import shown
from nas.runs.store import Run
from nas.terminal import console
from nas.terminal import runs as views


@click.command("show")
@click.argument("run_name", metavar="RUN")
@click.argument("trial", required=False, type=click.IntRange(min=0))
@runs_dir_option
def command(run_name: str, trial: int | None, runs_dir: Path) -> None:
    """Show the configuration and provenance of RUN, or its trial number TRIAL with its curve."""
    run = Run.open(runs_dir, run_name)
    records = run.records()
    screen = console.stdout()
    if trial is not None:
        screen.print(views.trial(run.record(trial)))
        return
    if run.config.roster is not None:
        screen.print(results.table(run), "")
    config = run.config.model_dump(exclude={"roster": {"candidates", "protocols"}})  # the table has them
    screen.print(views.run(run.name, config, run.provenance(), records, shown(run)))
