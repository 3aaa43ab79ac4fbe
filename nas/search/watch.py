"""Who watches a search, and what is told while a trial trains."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nas import protocol as protocols
from nas.outcomes import Epoch
from nas.runs.progress import Progress
from nas.runs.records import Origin, TrialRecord
from nas.runs.store import Run
from nas.symbolic.expression import Expression
from nas.symbolic.naming import name_of


class Observer(Protocol):
    """Who watches a search."""

    def epoch(self, progress: Progress) -> None:
        """A trial began or one of its epochs ended; called often."""

    def scored(self, record: TrialRecord) -> None:
        """A trial was scored at a rung, and waits there or goes on."""

    def ended(self, record: TrialRecord) -> None:
        """A trial ended and is stored."""

    def notice(self, text: str) -> None:
        """Something a person should know."""


@dataclass(frozen=True)
class Task:
    """A trial that has a number and is to be trained."""

    number: int
    expression: Expression
    origin: Origin
    settings: Mapping[str, Any]


class Watch:
    """Turns the epochs of one trial into progress, in the run folder and for the observer."""

    def __init__(
        self,
        run: Run,
        observer: Observer,
        task: Task,
        protocol: protocols.Protocol,
        epochs: int,
        session_started: float,
    ) -> None:
        self._run, self._observer, self._task = run, observer, task
        self._seeds, self._epochs, self._session_started = protocol.seeds, epochs, session_started
        self._started = time.time()
        self._say(0, 0, None)

    def on_epoch(self, index: int, epoch: Epoch) -> None:
        """An epoch of training number `index` ended."""
        self._say(index, epoch.number, epoch)

    def _say(self, index: int, number: int, epoch: Epoch | None) -> None:
        task, now = self._task, time.time()
        progress = Progress(
            trial=task.number,
            expression=task.expression.text,
            name=name_of(task.expression),
            origin=task.origin,
            seed_index=index,
            seeds=self._seeds,
            epoch=number,
            epochs=self._epochs,
            val_acc=None if epoch is None else epoch.val_acc,
            started=self._started,
            session_started=self._session_started,
            updated=now,
        )
        self._run.set_progress(progress)
        self._observer.epoch(progress)
