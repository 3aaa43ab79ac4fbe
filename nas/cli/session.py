"""One process at work on a run: loads the images, watches the search, says how it ended."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from rich.console import Console

from nas.analysis.leaderboard import rows
from nas.cli import interrupts
from nas.cli.introduction import introduce
from nas.cli.options import note
from nas.cli.watchers import watcher
from nas.datasets.images import Images
from nas.datasets.library import Location, load
from nas.errors import DataError, NasError
from nas.evaluation.objective import Evaluator
from nas.evaluation.tasks import TaskEvaluator
from nas.native import compiler
from nas.protocol import Protocol
from nas.runs import provenance
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.search.study import Search
from nas.spaces.reader import from_data
from nas.spaces.space import SearchSpace
from nas.terminal import console
from nas.terminal.leaderboard import leaderboard
from nas.training.precision import choose_device

_SHOWN = 10  # rows of the leaderboard at the end

_ENDINGS = {
    "trials": "the budget of trials is spent",
    "time": "the time is over",
    "images": "the budget of training images is spent",
    "exhausted": "the space is exhausted: every function in it has been met",
    "hopeless": "a thousand candidates in a row were screened: this space has little to train",
}


Work = Callable[[Run, RunConfig, Path | None, bool, bool], None]  #: run, config, images, quiet, silent


def begin(run: Run, quiet: bool, silent: bool = False, work: Work | None = None) -> None:
    """Fill a new run; where that fails before the first trial, the run's folder goes again.

    silent  not even the result is printed
    work    what fills it; None: a search
    """
    try:
        with _how_to_go_on(run):
            (work or _work)(run, run.config, run.data_dir, quiet, silent)
    except NasError:
        if not _has_trials(run):
            shutil.rmtree(run.path, ignore_errors=True)
        raise


def go_on(
    run: Run,
    config: RunConfig,
    folder: Path | None,
    quiet: bool,
    work: Work | None = None,
    silent: bool = False,
) -> None:
    """Go on with `run` under `config`, its images in `folder`."""
    with _how_to_go_on(run):
        (work or _work)(run, config, folder, quiet, silent)


def _has_trials(run: Run) -> bool:
    try:
        return bool(run.records() or run.unfinished())
    except NasError:
        return True  # what cannot be read is not thrown away


@contextlib.contextmanager
def _how_to_go_on(run: Run) -> Iterator[None]:
    try:
        with interrupts.remembered():
            yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with: nas resume {run.name}") from None


def _work(run: Run, config: RunConfig, folder: Path | None, quiet: bool, silent: bool) -> None:
    with run.lock():
        config, device = on_this_machine(config)
        space = None
        if config.kind == "search":
            space = SearchSpace(from_data(config.space, "config.toml"))
        evaluator, net_score = _scoring(config, space, folder, device)
        run.rewrite_config(config.model_copy(update={"protocol": evaluator.protocol}))
        record_provenance(run, device)
        screen = console.stdout()
        if not quiet:
            introduce(screen, run, space, evaluator)
        observer = watcher(screen, run, quiet)
        with observer.watching():
            ending = Search(run, space, evaluator, observer, net_score).go()
        run.note("ended", ending)
        run.set_progress(None)
        if not silent:
            _conclude(screen, run, _ENDINGS[ending])


def on_this_machine(config: RunConfig) -> tuple[RunConfig, torch.device]:
    """`config` with the device and the workers that it gets here; torch takes the threads of one of them.

    A GPU trains one network at a time, and a task is over before others could begin.
    """
    device = choose_device(config.device)
    alone = device.type == "cuda" or config.protocol.task
    config = config.model_copy(update={"device": device.type, "workers": 1 if alone else config.workers})
    torch.set_num_threads(config.threads_each)
    return config, device


def _scoring(
    config: RunConfig, space: SearchSpace | None, folder: Path | None, device: torch.device
) -> tuple[Evaluator | TaskEvaluator, Callable[[str], float] | None]:
    """What scores candidates, and networks before training where the space asks for it."""
    if config.protocol.task:
        return TaskEvaluator(config.protocol), None
    images = images_of(config.protocol, folder)
    evaluator = Evaluator(config.protocol, images, device)
    if space is None or space.least_score is None:
        return evaluator, None
    from nas.evaluation.net_scores import NetScores  # which few searches need

    return evaluator, NetScores(images)


def images_of(protocol: Protocol, folder: Path | None) -> Images:
    """The images of `protocol`, which have to be those it was recorded with (DataError)."""
    images = load(Location(protocol.data, folder))
    recorded = protocol.data_fingerprint
    if recorded and recorded != images.fingerprint:
        raise DataError(
            "these are not the images that the run began with",
            got=images.fingerprint[:12],
            allowed=recorded[:12],
            cure="name their folder with --data-dir, or begin a new run",
        )
    for notice in images.notices:
        note(notice)
    return images


def record_provenance(run: Run, device: torch.device) -> None:
    """Store on what the run works now; say where it is slower than it could be."""
    compiled = device.type == "cpu" and compiler.available()
    here = {**provenance.collect(sys.argv, run.config), "compiled": compiled}
    run.set_provenance(provenance.resumed(run.provenance(), here))
    if device.type == "cpu" and not compiled:
        note("no C compiler that serves was found: training takes about twice as long")


def _conclude(screen: Console, run: Run, ending: str) -> None:
    records = run.records()
    if run.config.kind == "compare":
        from nas.analysis.comparison import compare, members  # scipy.stats takes a second to import
        from nas.terminal.comparison import comparison

        asked = run.notes()["comparison"]
        pairs = compare(members(asked["candidates"], records), asked["margin"])
        screen.print(comparison(pairs, records, run.config.protocol, title=run.name))
        return
    shown = rows(records, run.config.protocol.sample, top=_SHOWN)
    screen.print(leaderboard(shown, records, run.config.protocol, title=run.name))
    screen.print(f"\n{ending}. More: nas leaderboard {run.name}, nas show {run.name} TRIAL")
