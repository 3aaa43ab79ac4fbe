"""`nas importance`: which decisions of a search mattered, alone and in pairs."""

from __future__ import annotations

from pathlib import Path

import click

from nas.analysis.importance import importance, to_dict
from nas.cli.options import format_option, print_json, runs_dir_option
from nas.errors import RunError
from nas.runs.store import Run
from nas.terminal import console
from nas.terminal import importance as views


@click.command("importance")
@click.argument("run_name", metavar="RUN")
@format_option("table", "json")
@runs_dir_option
def command(run_name: str, format_: str, runs_dir: Path) -> None:
    """Show which decisions of the search RUN its scores depend on: each alone, and each two together.

    A decision's share is how much of the variance of the ranked scores it explains, with a bootstrap interval
    and a permutation p that is corrected for all decisions. A search tries more of what did well, so a share
    is an association: `nas compare` tells more.
    """
    run = Run.open(runs_dir, run_name)
    decided = run.decisions()
    if not decided:
        raise RunError(
            f"run {run.name} has no trial that decided anything",
            cure="only searches propose candidates, and only after the baselines: see `nas runs`",
        )
    found = importance(run.records(), decided, run.config.sampler)
    if format_ == "json":
        print_json(to_dict(found))
    else:
        console.stdout().print(views.importance(found, title=run.name))
