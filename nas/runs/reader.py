"""Reading a study without Optuna: one query on its tables, a tenth of the time and no import.

`nas leaderboard` and `nas runs` open every run they are asked about. Opening one with Optuna takes 0.6 s, and
0.2 s for each more, for checks that a reader has no need of. The tables (`studies`, `trials`, their params
and user attributes) have been the same since Optuna 1; a test holds this reading against Optuna's own.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from nas.errors import RunError
from nas.runs.damage import MOVE_AWAY, explained
from nas.runs.decided import Decided, decided
from nas.runs.layout import RESULT, RUNGS, STUDY_NAME
from nas.runs.records import Pending, TrialRecord, pending

_BUSY_SECONDS = 10.0  #: a reader waits only while a WAL is made or taken away
_ATTRIBUTES = """
    SELECT trials.number, attribute.key, attribute.value_json
    FROM trials
    JOIN studies ON studies.study_id = trials.study_id
    JOIN trial_user_attributes AS attribute ON attribute.trial_id = trials.trial_id
    WHERE studies.study_name = ?
"""
_ENDED = f"""{_ATTRIBUTES}
    AND trials.number >= ? AND trials.state IN ('COMPLETE', 'PRUNED', 'FAIL') ORDER BY trials.number
"""
_RUNNING = f"{_ATTRIBUTES} AND trials.state = 'RUNNING' ORDER BY trials.number"
_DECISIONS = """
    SELECT trials.number, param.param_name, param.param_value, param.distribution_json
    FROM trials
    JOIN studies ON studies.study_id = trials.study_id
    JOIN trial_params AS param ON param.trial_id = trials.trial_id
    WHERE studies.study_name = ? ORDER BY trials.number, param.param_id
"""
_NOTES = """
    SELECT attribute.key, attribute.value_json
    FROM study_user_attributes AS attribute
    JOIN studies ON studies.study_id = attribute.study_id
    WHERE studies.study_name = ?
"""


class Reader:
    """The study at `path` as a view reads it, again and again while it grows: what has ended is parsed once.

    Raises:
        RunError: the file is damaged or holds no study of nas.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[int, TrialRecord] = {}

    def records(self) -> list[TrialRecord]:
        """The trials that have ended, by number; those that another program put in are left aside."""
        first = next(number for number in count() if number not in self._known)
        attrs: dict[int, dict[str, str]] = defaultdict(dict)
        for number, key, text in _query(self._path, _ENDED, first):
            attrs[number][key] = text
        for number, texts in attrs.items():
            if RESULT in texts:
                self._known[number] = _record(self._path, number, texts)
        return [self._known[number] for number in sorted(self._known)]

    def waiting(self) -> list[Pending]:
        """The trials that have a score at a rung and have not ended, by number; without their decisions."""
        attrs: dict[int, dict[str, str]] = defaultdict(dict)
        for number, key, text in _query(self._path, _RUNNING):
            attrs[number][key] = text
        return [_pending(self._path, n, texts) for n, texts in attrs.items() if RUNGS in texts]

    def decisions(self) -> dict[int, dict[str, Decided]]:
        """What every trial decided, by number and name; a trial without decisions is left out."""
        found: dict[int, dict[str, Decided]] = defaultdict(dict)
        for number, name, stored, distribution in _query(self._path, _DECISIONS):
            try:
                found[number][name] = decided(stored, distribution)
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise _unreadable(self._path, number, error) from error
        return dict(found)

    def notes(self) -> dict[str, Any]:
        """The user attributes of the study as a whole."""
        return {key: json.loads(text) for key, text in _query(self._path, _NOTES)}


def _record(path: Path, number: int, texts: dict[str, str]) -> TrialRecord:
    try:
        attrs = {key: json.loads(text) for key, text in texts.items()}
        return TrialRecord.from_json({**attrs, **attrs[RESULT], "number": number})
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, number, error) from error


def _pending(path: Path, number: int, texts: dict[str, str]) -> Pending:
    try:
        return pending(number, {}, {key: json.loads(text) for key, text in texts.items()})
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, number, error) from error


def _unreadable(path: Path, number: int, error: Exception) -> RunError:
    return RunError(f"trial {number} of {path} cannot be read: {error!r}", cure=MOVE_AWAY)


def _query(path: Path, query: str, *values: int) -> list[tuple[Any, ...]]:
    try:
        with closing(sqlite3.connect(_address(path), timeout=_BUSY_SECONDS, uri=True)) as connection:
            known = connection.execute("SELECT 1 FROM studies WHERE study_name = ?", [STUDY_NAME]).fetchone()
            if known is None:
                raise RunError(f"{path} holds no study of nas", cure=MOVE_AWAY)
            return connection.execute(query, [STUDY_NAME, *values]).fetchall()
    except (sqlite3.Error, OSError) as error:
        raise explained(path, error) from error


def _address(path: Path) -> str:
    """A URI that lets SQLite write nothing.

    A folder that cannot be written has no room for the files that go with a WAL. Where there is no WAL nobody
    is writing, and the file may be read as it stands.
    """
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?{'immutable=1' if still else 'mode=ro'}"
