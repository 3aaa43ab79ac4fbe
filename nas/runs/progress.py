"""What a search is doing right now, in a small file beside the study, so that any process can show it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from nas.runs.files import write_atomically
from nas.runs.layout import PROGRESS
from nas.runs.records import plain


@dataclass(frozen=True)
class Progress:
    """The candidate in training and how far it has come; times are seconds since 1970 (`time.time()`)."""

    trial: int  #: number of the trial in the study
    expression: str
    name: str | None
    origin: str  #: "baseline", "own" or "sampler"
    seed_index: int  #: which training of this candidate, from 0
    seeds: int  #: trainings of each candidate
    epoch: int  #: epochs of this training that have ended
    epochs: int  #: epochs of one training
    val_acc: float | None  #: after the last epoch, a fraction
    started: float  #: when this trial began
    session_started: float  #: when this process began to search
    updated: float  #: when this was written


def write(folder: Path, progress: Progress) -> None:
    """Replace the progress in the run folder `folder`; not forced to the disk, as it may be lost.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    write_atomically(folder / PROGRESS, json.dumps(plain(asdict(progress))), durable=False)


def read(folder: Path) -> Progress | None:
    """The progress in the run folder `folder`; None where there is none or it is damaged."""
    try:
        data = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        return Progress(**{field.name: data[field.name] for field in fields(Progress)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove(folder: Path) -> None:
    """Take the progress away: nothing runs any more."""
    (folder / PROGRESS).unlink(missing_ok=True)
