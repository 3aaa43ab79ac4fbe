"""The names inside a run folder, and which names a run may have."""

from __future__ import annotations

import re

from nas.errors import RunError

STUDY = "study.db"  #: Optuna's SQLite study: the one truth of what was tried
CONFIG = "config.toml"  #: the resolved configuration, every default written out
PROVENANCE = "provenance.json"  #: versions, hardware, command, data fingerprint
PROGRESS = "progress.json"  #: what is running now; may be deleted
CHECKPOINTS = "checkpoints"  #: weights of the best network
LOCK = ".lock"  #: held by the one process that writes
HOLDER = ".lock.json"  #: who holds the lock, for the message to a second process

STUDY_NAME = "nas"  #: the name of the only study in `study.db`
RESULT = "result"  #: the one user attribute of a trial that holds how it ended

RUNGS = "rungs"  #: the user attribute of a trial that holds its scores at the rungs so far

#: What a folder under way is called until it is renamed into place; never the name of a run.
UNFINISHED = ".new-"

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def check_name(name: str) -> str:
    """`name` when a run may have it on every system; otherwise RunError."""
    if not _NAME.fullmatch(name) or name.endswith(".") or _DEVICES.fullmatch(name):
        raise RunError(
            "a run cannot have this name",
            got=name or "an empty name",
            allowed="1 to 100 of the letters a-z and A-Z, digits, '.', '_' and '-', no '.' at either end",
        )
    return name
