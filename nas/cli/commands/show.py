"""`nas show`: a run's configuration and provenance, or one of its trials."""

from __future__ import annotations

from pathlib import Path

import click

from nas.cli.options import runs_dir_option
from nas.errors import RunError
from nas.runs.records import TrialRecord
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
        view = views.trial(_find(run, records, trial))
    console.stdout().print(view)


def _find(run: Run, records: list[TrialRecord], number: int) -> TrialRecord:
    for record in records:
        if record.number == number:
            return record
    there = f"trials 0 to {records[-1].number}" if records else "none yet"
    unfinished = any(trial.number == number for trial in run.unfinished())
    raise RunError(
        f"run {run.name} has no trial of this number that has ended",
        got=number,
        allowed=there,
        cure="it is in training, or a crash cut it off: `nas resume` trains it again" if unfinished else None,
    )
