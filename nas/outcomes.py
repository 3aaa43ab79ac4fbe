"""How a trial can end, and what one epoch leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The end of a trial. A training that fails is a result, not an exception."""

    FINISHED = "finished"  #: trained for its whole budget
    DIVERGED = "diverged"  #: loss not finite, or no better than chance after the first epoch
    PRUNED = "pruned"  #: stopped early because others were better
    FAILED = "failed"  #: could not be trained (out of memory, a numerical error of the library)
    SCREENED = "screened"  #: never trained: hopeless before training (not finite, constant, ...)


@dataclass(frozen=True)
class Epoch:
    """One epoch of one training; accuracies and losses are means over images."""

    number: int  #: from 1
    train_loss: float
    val_loss: float
    val_acc: float  #: fraction of the validation part
    seconds: float  #: wall-clock of this epoch, evaluation included
    val_images: int | None = None  #: the first so many of the validation part were looked at; None: all
