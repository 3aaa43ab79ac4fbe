"""Who shows a search while it goes on: nobody, a line a trial, or a view that is drawn anew."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from rich.console import Console, RenderableType

from nas.cli import interrupts
from nas.cli.introduction import expected_images, planned
from nas.cli.options import note
from nas.outcomes import Outcome
from nas.runs.progress import Progress
from nas.runs.records import TrialRecord
from nas.runs.store import Run
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from nas.terminal import console
from nas.terminal.search import Session, plain_line, rung_line, search

_GRAPH = np.linspace(-3.0, 3.0, 61)


class _Quiet:
    """Watches in silence."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While the search goes on."""
        yield

    def epoch(self, progress: Progress) -> None:
        """Nothing is shown; but a Ctrl-C that got lost ends the search here."""
        interrupts.check()

    def scored(self, record: TrialRecord) -> None:
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

    def scored(self, record: TrialRecord) -> None:
        """A line for what waits at a rung."""
        if record.origin != "baseline":
            print(rung_line(record, len(self.run.config.protocol.ladder)), flush=True)

    def ended(self, record: TrialRecord) -> None:
        """A line for what was trained."""
        if record.outcome is Outcome.SCREENED:
            return
        self._records.append(record)
        scores = [r.val_acc for r in self._records if r.outcome is Outcome.FINISHED and r.val_acc is not None]
        best = max(scores, default=None)
        print(plain_line(record, best, len(self._records), planned(self.run.config)), flush=True)


class _Live(_Quiet):
    """The view that is drawn anew as the search goes on."""

    def __init__(self, run: Run, screen: Console) -> None:
        super().__init__(run)
        self._screen = screen
        self._records = run.records()
        self._waiting = {record.number: record for record in run.waiting()}
        self._training: dict[int, Progress] = {}  # by trial, the one last heard of at the end
        config = run.config
        trained = [r for r in self._records if r.outcome is not Outcome.SCREENED]
        facts = (str(config.space.get("name", "")), config.protocol.data, config.protocol.net, config.sampler)
        self._session = Session(
            run.name,
            facts,
            started=time.time(),
            trials=planned(config),
            seconds=config.time_seconds,
            trials_before=len(trained) + len(self._waiting),
            images=expected_images(config),
            images_before=sum(r.train_images for r in [*trained, *self._waiting.values()]),
        )

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Draw four times a second."""
        with console.live(self._screen, self._draw):
            yield

    def _draw(self) -> RenderableType:
        records: Sequence[TrialRecord] = [*self._records, *self._waiting.values()]
        return search(self._session, records, list(self._training.values()), time.time(), shape=_shape)

    def epoch(self, progress: Progress) -> None:
        """Seen with the next drawing."""
        super().epoch(progress)
        self._training.pop(progress.trial, None)
        self._training[progress.trial] = progress

    def scored(self, record: TrialRecord) -> None:
        """Seen with the next drawing."""
        self._training.pop(record.number, None)
        self._waiting[record.number] = record

    def ended(self, record: TrialRecord) -> None:
        """Seen with the next drawing."""
        self._training.pop(record.number, None)
        self._waiting.pop(record.number, None)
        self._records.append(record)

    def notice(self, text: str) -> None:
        """Above the view."""
        self._screen.print(f"nas: {text}")


def watcher(screen: Console, run: Run, quiet: bool) -> _Quiet:
    """Who shows what happens: drawn anew in a terminal, a line a trial elsewhere, nothing where quiet."""
    if quiet:
        return _Quiet(run)
    return _Live(run, screen) if console.is_live(screen) else _Plain(run)


@lru_cache(maxsize=512)
def _shape(expression: str) -> tuple[float, ...]:
    """Values for the small graph in the hall of fame."""
    return tuple(evaluate(parse(expression), _GRAPH).tolist())
