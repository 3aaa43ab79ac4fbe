"""`nas show`: a run's configuration and provenance, or one of its trials."""

from __future__ import annotations

from pathlib import Path

import click

from nas.cli.options import runs_dir_option
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
    if trial is None:
        view = views.run(run.name, run.config.model_dump(), run.provenance(), records)
    else:
        view = views.trial(run.record(trial))
    console.stdout().print(view)
