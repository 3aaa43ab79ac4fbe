"""A run as the rest of the product sees it: its configuration, its trials, its provenance, its lock."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.errors import RunError
from nas.outcomes import Outcome
from nas.runs import folders, layout, lock, progress
from nas.runs.config import RunConfig
from nas.runs.decided import Decided
from nas.runs.files import write_atomically
from nas.runs.progress import Progress
from nas.runs.reader import Reader
from nas.runs.records import Pending, RungScore, TrialRecord

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

    from nas.runs.study import StudyFile


class Run:
    """The run in the folder `path`. Reading needs no lock; whoever writes holds `lock()`.

    What writes raises RunError where the disk is full or the folder cannot be written; what was stored before
    is then as it was. What reads raises RunError where a file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, runs_dir: Path, config: RunConfig, data_dir: Path | None = None) -> Run:
        """Make a run of `config` in `runs_dir`; it appears whole or not at all.

        An empty `config.name` becomes the space's name, the time and, where that is taken, a counter.
        `data_dir` is stored as `config.data_dir`, relative to the run folder.

        Raises:
            RunError: the name is impossible or taken, or `runs_dir` cannot be written.
        """
        return cls(folders.make(runs_dir, config, data_dir))

    @classmethod
    def open(cls, runs_dir: Path, name: str | None = None) -> Run:
        """The run called `name` in `runs_dir`, or in the folder `name`; the newest one for None.

        Raises:
            RunError: there is no such run, or its configuration is damaged.
        """
        run = cls(folders.find(runs_dir, name))
        if run.damage:
            raise run.damage
        return run

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.resolve().name

    @cached_property
    def config(self) -> RunConfig:
        """The resolved configuration."""
        file = self.path / layout.CONFIG
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{file} cannot be read: {error}", cure="restore it from a copy") from error
        return RunConfig.from_toml(text, str(file))

    @property
    def damage(self) -> RunError | None:
        """What keeps this run from being opened, if anything."""
        try:
            _ = self.config
        except RunError as error:
            return error
        return None

    def rewrite_config(self, config: RunConfig) -> None:
        """Replace the configuration, as a resume with a larger budget does."""
        write_atomically(self.path / layout.CONFIG, config.to_toml())
        self.config = config

    @property
    def data_dir(self) -> Path | None:
        """The folder with the images, as `create` was given it."""
        relative = self.config.data_dir
        return None if relative is None else Path(os.path.normpath(self.path.resolve() / relative))

    @property
    def checkpoints(self) -> Path:
        """The folder for weights; it may not be there yet."""
        return self.path / layout.CHECKPOINTS

    def set_provenance(self, provenance: Mapping[str, Any]) -> None:
        """Store where the figures of this run come from."""
        text = json.dumps(provenance, indent=2, allow_nan=False)
        write_atomically(self.path / layout.PROVENANCE, f"{text}\n")

    def provenance(self) -> dict[str, Any]:
        """What `set_provenance` has stored; empty before that."""
        file = self.path / layout.PROVENANCE
        try:
            return dict(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{file} cannot be read: {error}", cure="delete it: no trial needs it") from error

    def lock(self) -> AbstractContextManager[None]:
        """Be the one process that writes this run; RunError, naming the other, where there is one."""
        return lock.hold(self.path)

    @property
    def running(self) -> bool:
        """Whether a process is writing this run now."""
        return lock.is_held(self.path)

    def set_progress(self, state: Progress | None) -> None:
        """Say what is running now; None: nothing."""
        if state is None:
            progress.remove(self.path)
        else:
            progress.write(self.path, state)

    def progress(self) -> Progress | None:
        """What was last said to be running. It outlives a kill, so ask `running` too."""
        return progress.read(self.path)

    @cached_property
    def _file(self) -> StudyFile:
        from nas.runs.study import StudyFile  # Optuna takes 0.4 s: a run is made first, and read without it

        return StudyFile(self._study_path)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._study_path)

    @property
    def _study_path(self) -> Path:
        return self.path / layout.STUDY

    def study(self) -> optuna.Study:
        """Optuna's study, made on the first call; maximizes the mean validation accuracy."""
        return self._file.study

    def begin(
        self,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        fields: Mapping[str, Any],
    ) -> int:
        """Store a trial as running, in one transaction; its number.

        `fields` become user attributes. Those of TrialRecord that are known now (expression, name,
        complexity, origin, settings, ...) belong among them; others are kept for `unfinished`.
        """
        return self._file.begin(params, distributions, fields)

    def finish(self, number: int, result: Mapping[str, Any]) -> None:
        """Store how the running trial `number` ended; `result` has the other fields of TrialRecord."""
        self._file.finish(number, result)

    def score(self, number: int, rungs: Sequence[RungScore]) -> TrialRecord:
        """Store what the rungs of the running trial `number` say by now; the trial as `waiting` gives it."""
        return self._file.score(number, rungs).waiting()

    def add_screened(
        self,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        fields: Mapping[str, Any],
        reason: str,
    ) -> int:
        """Store a candidate that is not worth training, in one transaction; its number."""
        return self._file.add_screened(params, distributions, fields, reason)

    def unfinished(self) -> list[Pending]:
        """The trials that were begun and have not ended, by number: a crash leaves one."""
        return self._file.unfinished() if self._study_path.exists() else []

    def records(self, include_screened: bool = True) -> list[TrialRecord]:
        """The trials that have ended, by number; none before the study has been made."""
        found = self._reader.records() if self._study_path.exists() else []
        return [record for record in found if include_screened or record.outcome is not Outcome.SCREENED]

    def decisions(self) -> dict[int, dict[str, Decided]]:
        """What each trial decided, by number and name; trials that decided nothing are left out."""
        return self._reader.decisions() if self._study_path.exists() else {}

    def waiting(self) -> list[TrialRecord]:
        """The trials that have been scored at a rung and have not ended: pruned, unless they go on yet."""
        found = self._reader.waiting() if self._study_path.exists() else []
        return [trial.waiting() for trial in found]

    def record(self, number: int) -> TrialRecord:
        """The trial `number`, which has ended. Raises RunError, saying what there is instead."""
        records = self.records()
        for record in records:
            if record.number == number:
                return record
        unfinished = any(trial.number == number for trial in self.unfinished())
        raise RunError(
            f"run {self.name} has no trial of this number that has ended",
            got=number,
            allowed=f"trials 0 to {records[-1].number}" if records else "none yet",
            cure="it is in training, or a crash cut it off: `nas resume` trains it again"
            if unfinished
            else None,
        )

    def note(self, key: str, value: object) -> None:
        """Store a fact about the run as a whole, such as why it ended."""
        self._file.note(key, value)

    def notes(self) -> dict[str, Any]:
        """What `note` has stored."""
        return self._reader.notes() if self._study_path.exists() else {}


def list_runs(runs_dir: Path) -> list[Run]:
    """The runs in `runs_dir`, oldest first, damaged ones (see `Run.damage`) among them.

    Raises:
        RunError: `runs_dir` is there and cannot be read.
    """
    return [Run(path) for path in folders.by_age(runs_dir)]
