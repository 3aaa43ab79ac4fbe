"""One process at work on a run: loads the images, watches the search, says how it ended."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from rich.console import Console, RenderableType

from nas.analysis.leaderboard import rows
from nas.cli.options import note
from nas.datasets.library import Location, load
from nas.errors import DataError, NasError
from nas.evaluation.objective import Evaluator
from nas.native import compiler
from nas.outcomes import Outcome
from nas.runs import provenance
from nas.runs.config import RunConfig
from nas.runs.progress import Progress
from nas.runs.records import TrialRecord
from nas.runs.store import Run
from nas.search.study import BASELINES, Search
from nas.spaces.reader import from_data
from nas.spaces.space import SearchSpace
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from nas.terminal import console
from nas.terminal.leaderboard import leaderboard
from nas.terminal.search import Session, plain_line, search
from nas.terminal.text import duration
from nas.training.precision import choose_device

_GRAPH = np.linspace(-3.0, 3.0, 61)
_SHOWN = 10  # rows of the leaderboard at the end

_ENDINGS = {
    "trials": "the budget of trials is spent",
    "time": "the time is over",
    "exhausted": "the space is exhausted: every function in it has been met",
    "hopeless": "a thousand candidates in a row were screened: this space has little to train",
}


def begin(run: Run, quiet: bool, silent: bool = False) -> None:
    """Fill a new run; where that fails before the first trial, the run's folder goes again.

    silent  not even the result is printed
    """
    try:
        with _how_to_go_on(run):
            _work(run, run.config, run.data_dir, quiet, silent)
    except NasError:
        if not _has_trials(run):
            shutil.rmtree(run.path, ignore_errors=True)
        raise


def go_on(run: Run, config: RunConfig, folder: Path | None, quiet: bool) -> None:
    """Go on with `run` under `config`, its images in `folder`."""
    with _how_to_go_on(run):
        _work(run, config, folder, quiet)


def _has_trials(run: Run) -> bool:
    try:
        return bool(run.records() or run.unfinished())
    except NasError:
        return True  # what cannot be read is not thrown away


@contextlib.contextmanager
def _how_to_go_on(run: Run) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with: nas resume {run.name}") from None


def _work(run: Run, config: RunConfig, folder: Path | None, quiet: bool, silent: bool = False) -> None:
    with run.lock():
        torch.set_num_threads(config.threads)
        device = choose_device(config.device)
        images = load(Location(config.protocol.data, folder))
        recorded = config.protocol.data_fingerprint
        if recorded and recorded != images.fingerprint:
            raise DataError(
                "these are not the images that the run began with",
                got=images.fingerprint[:12],
                allowed=recorded[:12],
                cure="name their folder with --data-dir, or begin a new run",
            )
        evaluator = Evaluator(config.protocol, images, device)
        protocol = config.protocol.model_copy(
            update={"data_fingerprint": images.fingerprint, "train_size": evaluator.data.n_train}
        )
        run.rewrite_config(config.model_copy(update={"protocol": protocol, "device": device.type}))
        evaluator.protocol = protocol
        compiled = device.type == "cpu" and compiler.available()
        here = {**provenance.collect(sys.argv, run.config), "compiled": compiled}
        run.set_provenance(provenance.resumed(run.provenance(), here))
        for notice in images.notices:
            note(notice)
        if device.type == "cpu" and not compiled:
            note("no C compiler that serves was found: training takes about twice as long")
        space = None
        if config.kind == "search":
            space = SearchSpace(from_data(config.space, "config.toml"))
        screen = console.stdout()
        if not quiet:
            _introduce(screen, run, space, evaluator)
        watcher = _watcher(screen, run, quiet)
        with watcher.watching():
            ending = Search(run, space, evaluator, watcher).go()
        run.note("ended", ending)
        run.set_progress(None)
        if not silent:
            _conclude(screen, run, _ENDINGS[ending])


def _introduce(screen: Console, run: Run, space: SearchSpace | None, evaluator: Evaluator) -> None:
    """What will be done, and about how long it takes."""
    config, data = run.config, evaluator.data
    protocol = config.protocol
    if space is not None:
        size = space.size()
        writings = "endless" if size is None else f"{size:,} writings"
        screen.print(f"space    {space.file.name}: {space.file.summary} ({writings})")
    screen.print(
        f"data     {protocol.data}: {data.n_train:,} training and {data.n_val:,} validation images\n"
        f"network  {protocol.net}, width {protocol.width}, {_count(protocol.epochs, 'epoch')}, "
        f"{_count(protocol.seeds, 'seed')} each, {config.device} with {_count(config.threads, 'thread')}"
    )
    done = [r for r in run.records() if r.outcome is not Outcome.SCREENED]
    planned = _planned(config)
    if planned is None:
        screen.print(f"budget   {duration(config.time_seconds or 0)}, sampler {config.sampler}")
    else:
        left = max(planned - len(done), 0)
        seconds = evaluator.estimated_seconds(left)
        own = f"{_count(config.trials or 0, 'candidate')}, sampler {config.sampler}"
        extra = f" and {len(BASELINES)} baselines" if config.baselines else ""
        already = f"; {len(done)} done" if done else ""
        screen.print(f"budget   {own}{extra}{already}; about {duration(seconds)} at the speed of ReLU")
    screen.print(f"run      {run.name}\n")


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _planned(config: RunConfig) -> int | None:
    """Trainings of the whole budget, baselines included."""
    if config.trials is None:
        return None
    return config.trials + (len(BASELINES) if config.baselines else 0)


def _conclude(screen: Console, run: Run, ending: str) -> None:
    records = run.records()
    if run.config.kind == "compare":
        from nas.analysis.comparison import compare, members  # scipy.stats takes a second to import
        from nas.terminal.comparison import comparison

        asked = run.notes()["comparison"]
        pairs = compare(members(asked["candidates"], records), asked["margin"])
        screen.print(comparison(pairs, records, run.config.protocol, title=run.name))
        return
    shown = rows(records, run.config.protocol.val_size, top=_SHOWN)
    screen.print(leaderboard(shown, records, run.config.protocol, title=run.name))
    screen.print(f"\n{ending}. More: nas leaderboard {run.name}, nas show {run.name} TRIAL")


class _Quiet:
    """Watches in silence."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While the search goes on."""
        yield

    def epoch(self, progress: Progress) -> None:
        """Nothing is shown."""

    def ended(self, record: TrialRecord) -> None:
        """Nothing is shown."""

    def notice(self, text: str) -> None:
        """A notice is never held back."""
        note(text)


class _Plain(_Quiet):
    """One line a trial, for pipes, logs and NO_COLOR."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._records = run.records(include_screened=False)

    def ended(self, record: TrialRecord) -> None:
        """A line for what was trained."""
        if record.outcome is Outcome.SCREENED:
            return
        self._records.append(record)
        scores = [r.val_acc for r in self._records if r.outcome is Outcome.FINISHED and r.val_acc is not None]
        best = max(scores, default=None)
        print(plain_line(record, best, len(self._records), _planned(self.run.config)), flush=True)


class _Live(_Quiet):
    """The view that is drawn anew as the search goes on."""

    def __init__(self, run: Run, screen: Console) -> None:
        super().__init__(run)
        self._screen = screen
        self._records = run.records()
        self._progress: Progress | None = None
        config = run.config
        trained = [r for r in self._records if r.outcome is not Outcome.SCREENED]
        facts = (str(config.space.get("name", "")), config.protocol.data, config.protocol.net, config.sampler)
        self._session = Session(
            run.name,
            facts,
            started=time.time(),
            trials=_planned(config),
            seconds=config.time_seconds,
            trials_before=len(trained),
        )

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Draw four times a second."""
        with console.live(self._screen, self._draw):
            yield

    def _draw(self) -> RenderableType:
        records: Sequence[TrialRecord] = list(self._records)
        return search(self._session, records, self._progress, time.time(), shape=_shape)

    def epoch(self, progress: Progress) -> None:
        """Seen with the next drawing."""
        self._progress = progress

    def ended(self, record: TrialRecord) -> None:
        """Seen with the next drawing."""
        self._progress = None
        self._records.append(record)

    def notice(self, text: str) -> None:
        """Above the view."""
        self._screen.print(f"nas: {text}")


def _watcher(screen: Console, run: Run, quiet: bool) -> _Quiet:
    if quiet:
        return _Quiet(run)
    return _Live(run, screen) if console.is_live(screen) else _Plain(run)


@lru_cache(maxsize=512)
def _shape(expression: str) -> tuple[float, ...]:
    """Values for the small graph in the hall of fame."""
    return tuple(evaluate(parse(expression), _GRAPH).tolist())
