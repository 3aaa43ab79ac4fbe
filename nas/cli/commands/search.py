"""`nas search`: propose, train and rank candidates of a space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nas.cli.options import ExpressionCommand
from nas.cli.protocol import (
    MOST_WORKERS,
    Duration,
    Rungs,
    protocol_options,
    resolve,
    resolve_task,
    share,
    with_rungs,
)
from nas.errors import SettingError
from nas.rows.pruners import FIDELITIES, PRUNERS
from nas.rows.samplers import SAMPLERS
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.spaces import library
from nas.spaces.space import SearchSpace
from nas.symbolic.parse import parse

DEFAULT_TRIALS = 40


@click.command("search", cls=ExpressionCommand)
@click.option(
    "--space", "space_name", required=True, metavar="NAME|FILE", help="What to search; see `nas spaces`."
)
@click.option(
    "--trials", type=click.IntRange(min=0), help="Candidates to train, baselines not counted.  [default: 40]"
)
@click.option(
    "--time", "time_seconds", type=Duration(), metavar="TIME", help="Stop after this time, such as 20m."
)
@click.option(
    "--images",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop after so many training images, those of baselines and pruned trials among them.",
)
@click.option(
    "--sampler", type=click.Choice(list(SAMPLERS)), default="tpe", show_default=True, help="Who proposes."
)
@click.option(
    "--try", "own", multiple=True, metavar="EXPR", help="A function of your own, first; may be repeated."
)
@click.option(
    "--task",
    metavar="TASK",
    help="Score update rules on a function, such as quadratic(noise=0.1): no images.",
)
@click.option(
    "--pruner", type=click.Choice(list(PRUNERS)), default="none", show_default=True, help="Who goes on."
)
@click.option(
    "--fidelity",
    type=click.Choice(list(FIDELITIES)),
    default="epochs",
    show_default=True,
    help="What grows from rung to rung of a pruner.",
)
@click.option(
    "--rungs",
    type=Rungs(),
    metavar="N,N,...",
    help="Its values below the full one.  [default: full/reduction^k]",
)
@click.option(
    "--reduction", type=click.IntRange(2, 100), default=3, show_default=True, help="One of so many goes on."
)
@click.option("--race", is_flag=True, help="Further --seeds only for those that may still be best.")
@click.option("--no-baselines", is_flag=True, help="Do not train ReLU and its kind for comparison.")
@click.option(
    "--workers",
    type=click.IntRange(1, 4096),
    help=f"Trainings side by side, which share the threads.  [default: one a thread, at most {MOST_WORKERS}]",
)
@protocol_options
def command(
    space_name: str,
    trials: int | None,
    time_seconds: float | None,
    sampler: str,
    own: tuple[str, ...],
    no_baselines: bool,
    images: int | None,
    task: str | None,
    pruner: str,
    fidelity: str,
    rungs: tuple[int, ...] | None,
    reduction: int,
    race: bool,
    runs_dir: Path,
    name: str,
    device: str,
    threads: int | None,
    workers: int | None,
    quiet: bool,
    settings: tuple[str, ...],
    **protocol: Any,
) -> None:
    """Search activation functions, inits, update rules or networks by training on real images.

    Everything is stored in the run's folder as it happens; Ctrl-C or a crash loses nothing that has finished,
    and `nas resume` goes on.
    """
    space = library.read(space_name, settings)
    if space.network is not None and protocol["width"] is not None:  # meant for every network of the space
        space = library.read(space_name, (*settings, f"network.width={protocol['width']}"))
    if sampler == "exhaustive":
        SearchSpace(space).enumerate()  # refuses an endless space before a run is made
    own = tuple(parse(text).text for text in own)
    drawn = resolve(space, **protocol) if task is None else resolve_task(space, task, **protocol)
    if pruner != "none":
        drawn = with_rungs(drawn, fidelity, rungs, reduction)
    elif rungs is not None:
        raise SettingError("--rungs are those of a pruner", got="--pruner none", cure="--pruner halving")
    config = RunConfig(
        name=name,
        sampler=sampler,
        trials=DEFAULT_TRIALS if trials is None and time_seconds is None and images is None else trials,
        time_seconds=time_seconds,
        images=images,
        pruner=pruner,
        reduction=reduction,
        race=race,
        own=own,
        baselines=() if no_baselines else SearchSpace(space).baselines,
        device=device,
        **share(threads, workers),
        space=space.to_data(),
        protocol=drawn.protocol,
    )
    run = Run.create(runs_dir, config, drawn.location.folder)
    from nas.cli.session import begin  # torch and Optuna take seconds: the run is there before them

    begin(run, quiet)
