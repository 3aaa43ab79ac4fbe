"""The study of a run as the search writes it: Optuna's own SQLite file, one writer, readable by any process.

This module imports Optuna; `nas.runs.store` loads it with the first trial that is written.
"""

from __future__ import annotations

import contextlib
import sqlite3
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import OptunaError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial
from sqlalchemy.exc import SQLAlchemyError

from nas.errors import RunError
from nas.outcomes import Outcome
from nas.runs import files
from nas.runs.damage import MOVE_AWAY, explained
from nas.runs.layout import RESULT, RUNGS, STUDY_NAME
from nas.runs.records import Pending, RungScore, TrialRecord, pending, plain

BUSY_SECONDS = 60.0  #: how long a write waits for another process that is writing

_STATES = {
    Outcome.FINISHED: TrialState.COMPLETE,
    Outcome.DIVERGED: TrialState.PRUNED,
    Outcome.PRUNED: TrialState.PRUNED,
    Outcome.SCREENED: TrialState.PRUNED,
    Outcome.FAILED: TrialState.FAIL,
}


class StudyFile:
    """`study.db`. Each change is one transaction that is on the disk when the call returns.

    Every method raises RunError: the disk is full, the file is damaged, read-only or not a study.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        if not path.exists():
            self._create()
        with self._told():
            _check_header(path)
            storage = _storage(path)
            weakref.finalize(self, storage.engine.dispose)
            self.study = optuna.load_study(study_name=STUDY_NAME, storage=storage)

    def _create(self) -> None:
        """Make an empty study and rename it into place: a `study.db` is whole from its first moment."""
        new = self.path.with_name(f".{self.path.name}.new")
        with self._told():
            for part in (new, Path(f"{new}-wal"), Path(f"{new}-shm")):
                part.unlink(missing_ok=True)
            storage = _storage(new)
            try:
                optuna.create_study(study_name=STUDY_NAME, storage=storage, direction="maximize")
                storage.remove_session()
            finally:
                storage.engine.dispose()
            with contextlib.closing(sqlite3.connect(new)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            new.replace(self.path)
        files.sync_folder(self.path.parent)

    def begin(
        self,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        fields: Mapping[str, Any],
    ) -> int:
        """Store a trial as running; its number."""
        return self._add(TrialState.RUNNING, params, distributions, fields)

    def add_screened(
        self,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        fields: Mapping[str, Any],
        reason: str,
    ) -> int:
        """Store a trial that is not worth training; its number."""
        result = {"outcome": Outcome.SCREENED, "reason": reason}
        return self._add(TrialState.PRUNED, params, distributions, {**fields, RESULT: result})

    def _add(
        self,
        state: TrialState,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        fields: Mapping[str, Any],
    ) -> int:
        attrs = {key: plain(value) for key, value in fields.items()}
        trial = create_trial(
            state=state, params=dict(params), distributions=dict(distributions), user_attrs=attrs
        )
        with self._told():
            self.study.add_trial(trial)
            return self._trials()[-1].number  # the lock of the run makes this process the only one that adds

    def finish(self, number: int, result: Mapping[str, Any]) -> None:
        """Store how the running trial `number` ended; `result` has the fields of a TrialRecord that are new.

        The attribute comes first and the state second. Between them the trial counts as unfinished.
        """
        with self._told():
            frozen = self._trials()[number]
        known = {key: plain(value) for key, value in result.items()}
        record = TrialRecord.from_json({**frozen.user_attrs, **known, "number": number})
        if record.outcome is Outcome.FINISHED and record.val_acc is None:
            raise ValueError(f"trial {number} is finished but has no val_accs")
        with self._told():
            Trial(self.study, frozen._trial_id).set_user_attr(RESULT, known)
            value = record.val_acc if record.outcome is Outcome.FINISHED else None
            self.study.tell(number, value, state=_STATES[record.outcome])

    def score(self, number: int, rungs: Sequence[RungScore]) -> Pending:
        """Store what the rungs of the running trial `number` say; to Optuna they are intermediate values."""
        with self._told():
            frozen = self._trials()[number]
            trial = Trial(self.study, frozen._trial_id)
            if rungs[-1].rung not in frozen.intermediate_values:  # Optuna keeps the first value of a step
                trial.report(rungs[-1].val_acc, step=rungs[-1].rung)
            trial.set_user_attr(RUNGS, plain(rungs))
        return pending(number, frozen.params, {**frozen.user_attrs, RUNGS: plain(rungs)})

    def unfinished(self) -> list[Pending]:
        """The trials that were begun and have not ended, by number."""
        with self._told():
            return [
                pending(trial.number, trial.params, trial.user_attrs)
                for trial in self._trials(TrialState.RUNNING)
            ]

    def note(self, key: str, value: object) -> None:
        """Store `value` under `key` for the study as a whole."""
        with self._told():
            self.study.set_user_attr(key, plain(value))

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=states or None)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what Optuna, SQLAlchemy and SQLite raise about the file into RunError."""
        try:
            yield
        except (OptunaError, SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise explained(self.path, error) from error
        except KeyError as error:  # Optuna's word for a study or a table row that is not there
            raise RunError(f"{self.path} holds no study of nas", cure=MOVE_AWAY) from error
        except RuntimeError as error:  # Optuna's word for a schema it does not know
            raise RunError(
                f"{self.path} was written by another version of Optuna", cure=str(error)
            ) from error


def _check_header(path: Path) -> None:
    """RunError where the file at `path` is no SQLite database. (To SQLite an empty file is a new one.)"""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise RunError(f"{path} is damaged: it is not an SQLite database", cure=MOVE_AWAY)


def _storage(path: Path) -> RDBStorage:
    """Optuna's storage on the file at `path`, whatever characters are in the path (a URL would read some)."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut
        return connection

    return RDBStorage("sqlite:///study.db", engine_kwargs={"creator": connect})
