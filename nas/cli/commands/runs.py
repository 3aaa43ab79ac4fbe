"""`nas runs`: the runs, newest last."""

from __future__ import annotations

from pathlib import Path

import click

from nas.analysis.leaderboard import rows
from nas.cli.options import runs_dir_option
from nas.outcomes import Outcome
from nas.runs.store import Run, list_runs
from nas.terminal import console, tables


@click.command("runs")
@runs_dir_option
def command(runs_dir: Path) -> None:
    """List the runs, newest last."""
    console.stdout().print(tables.runs([_line(run) for run in list_runs(runs_dir)]))


def _line(run: Run) -> tables.RunLine:
    if run.damage is not None:
        return tables.RunLine(run.name, "", "", "", "", 0, "damaged")
    records, config = run.records(), run.config
    ranked = [] if config.kind == "transfer" else rows(records, config.protocol.sample, top=1)
    best = next((row for row in ranked if row.rank is not None), None)
    return tables.RunLine(
        name=run.name,
        created=config.created,
        space=str(config.space.get("name", config.kind)),
        data=config.protocol.data,
        net=config.protocol.net,
        trials=sum(record.outcome is not Outcome.SCREENED for record in records),
        state=_state(run),
        best=best.val_acc if best else None,
    )


def _state(run: Run) -> str:
    if run.running:
        return "running"
    return "finished" if run.notes().get("ended") else "stopped"
