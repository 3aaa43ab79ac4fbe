"""`nas resume`: go on with a run, to its own budget or a larger one."""

from __future__ import annotations

from pathlib import Path

import click

from nas.cli import results
from nas.cli.options import note, runs_dir_option
from nas.cli.protocol import Duration
from nas.datasets.library import locate
from nas.errors import SettingError
from nas.outcomes import Outcome
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.terminal import console


@click.command("resume")
@click.argument("run_name", metavar="RUN")
@click.option(
    "--trials", type=click.IntRange(min=0), metavar="N", help="Extend the budget to N candidates in all."
)
@click.option(
    "--time", "time_seconds", type=Duration(), metavar="TIME", help="Extend the budget to this time in all."
)
@click.option(
    "--images", type=click.IntRange(min=1), metavar="N", help="Extend the budget of training images."
)
@click.option("--data-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where the images are now.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only the result.")
@runs_dir_option
def command(
    run_name: str,
    trials: int | None,
    time_seconds: float | None,
    images: int | None,
    data_dir: Path | None,
    quiet: bool,
    runs_dir: Path,
) -> None:
    """Go on with RUN; a run that has spent its budget says so.

    A trial that was cut off is trained again from its start, and the run ends as if nothing had happened.
    """
    run = Run.open(runs_dir, run_name)
    if run.config.roster is not None:
        extended = any(budget is not None for budget in (trials, time_seconds, images))
        _go_on_with_winners(run, extended, data_dir, quiet)
        return
    config = _extended(run.config, trials, time_seconds, images)
    folder = run.data_dir if data_dir is None else locate(run.config.protocol.data, data_dir).folder
    if _finished(run, config):
        note(f"run {run.name} is finished; `nas resume {run.name} --trials N` extends it")
        return
    from nas.cli.session import go_on

    go_on(run, config, folder, quiet)


def _go_on_with_winners(run: Run, extended: bool, data_dir: Path | None, quiet: bool) -> None:
    """A confirmation or a transfer, to its end and its table."""
    if extended:
        raise SettingError(
            f"run {run.name} trains winners of a search and has no budget to extend",
            got="--trials, --time or --images",
        )
    if "ended" in run.notes():
        note(f"run {run.name} is finished")
        console.stdout().print(results.table(run))
        return
    from nas.cli.rematch import work
    from nas.cli.session import go_on

    go_on(run, run.config, data_dir or run.data_dir, quiet, work)


def _extended(
    config: RunConfig, trials: int | None, time_seconds: float | None, images: int | None
) -> RunConfig:
    """`config` with the new budget; the old one, where it is of another kind, does not count any more."""
    if trials is None and time_seconds is None and images is None:
        return config
    for word, new, old in (
        ("--trials", trials, config.trials),
        ("--time", time_seconds, config.time_seconds),
        ("--images", images, config.images),
    ):
        if new is not None and old is not None and new < old:
            raise SettingError(
                f"{word} extends a budget and cannot cut it", got=new, allowed=f"at least {old:g}"
            )
    return config.model_copy(update={"trials": trials, "time_seconds": time_seconds, "images": images})


def _finished(run: Run, config: RunConfig) -> bool:
    """Whether nothing is left to do under `config`."""
    ended = run.notes().get("ended")
    if ended is None or run.unfinished():
        return False
    if ended in ("exhausted", "hopeless"):
        return True
    trained = [r for r in run.records() if r.outcome is not Outcome.SCREENED and not r.baseline]
    if config.trials is not None and len(trained) >= config.trials:
        return True
    same = (config.time_seconds, config.images) == (run.config.time_seconds, run.config.images)
    return ended in ("time", "images") and same
