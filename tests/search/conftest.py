"""Searches of real spaces with real trainings, as small as they can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nas.evaluation.objective import Evaluator
from nas.runs.config import RunConfig
from nas.runs.progress import Progress
from nas.runs.records import TrialRecord
from nas.runs.store import Run
from nas.search.study import Ending, Search
from nas.spaces.reader import from_data
from nas.spaces.space import SearchSpace
from tests.evaluation.conftest import PROTOCOL, evaluator, images  # noqa: F401

SMALL = {
    "schema": 1,
    "name": "tiny",
    "activation": {
        "core_unit": {
            "unary": ["x", "-x", "max(x, 0)", "tanh(x)", "sqrt(x)"],
            "binary": ["x1 + x2", "max(x1, x2)"],
        }
    },
}


@dataclass
class Watcher:
    """Keeps what it is told."""

    records: list[TrialRecord] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    scores: list[TrialRecord] = field(default_factory=list)
    stop_after: int | None = None  #: begun trials; then Ctrl-C
    stop_at_epoch: int | None = None  #: so many epochs have ended; then Ctrl-C
    epochs: int = 0

    def epoch(self, progress: Progress) -> None:
        if self.stop_after is not None and progress.trial >= self.stop_after and progress.epoch == 1:
            raise KeyboardInterrupt
        self.epochs += progress.epoch > 0
        if self.stop_at_epoch is not None and self.epochs >= self.stop_at_epoch:
            raise KeyboardInterrupt

    def scored(self, record: TrialRecord) -> None:
        self.scores.append(record)

    def ended(self, record: TrialRecord) -> None:
        self.records.append(record)

    def notice(self, text: str) -> None:
        self.notices.append(text)


Searching = Callable[..., tuple[Ending | None, Run, Watcher]]


@pytest.fixture
def searching(tmp_path: Path, evaluator: Evaluator) -> Searching:  # noqa: F811
    """Begin or go on with a run; None as its ending where it was interrupted."""

    def go(  # type: ignore[no-untyped-def]
        name: str = "a",
        stop_after: int | None = None,
        stop_at_epoch: int | None = None,
        data: dict = SMALL,  # type: ignore[type-arg]
        evaluator: Evaluator = evaluator,
        net_score: Callable[[str], float] | None = None,
        **settings: object,
    ):
        path = tmp_path / name
        if path.exists():
            run = Run.open(tmp_path, name)
        else:
            config = RunConfig(
                **{"name": name, "trials": 3, "baselines": (), "protocol": PROTOCOL, **settings}
            )
            run = Run.create(tmp_path, config)
        watcher = Watcher(stop_after=stop_after, stop_at_epoch=stop_at_epoch)
        space = SearchSpace(from_data(data, "test"))
        try:
            ending = Search(run, space, evaluator, watcher, net_score).go()
        except KeyboardInterrupt:
            ending = None
        return ending, run, watcher

    return go
