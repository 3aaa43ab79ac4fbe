"""Where a paused training waits on the disk, to go on from one rung to the next."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import torch

from nas.evaluation.checkpoint import save_whole
from nas.runs.store import Run
from nas.training.loop import State

_FILE = re.compile(r"trunk-(?P<trial>[0-9]+)-(?P<rung>[0-9]+)\.pt")


class Trunks:
    """The trunks of the trials of `run`, those of the first seed.

    A trunk is worth its training and no more: what is lost or damaged is trained again from the start, to the
    same bits. So nothing is forced to the disk.
    """

    def __init__(self, run: Run) -> None:
        self._folder = run.checkpoints

    def load(self, trial: int, rung: int) -> State | None:
        """The state of trial `trial` before the cooldown of rung `rung`; None where there is none."""
        try:
            state = torch.load(self._path(trial, rung), map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError):
            return None
        return state if isinstance(state, dict) and state.keys() == _KEYS else None

    def save(self, trial: int, rung: int, state: State) -> None:
        """Keep it: whole or not at all. Raises RunError where the disk is full."""
        save_whole(self._path(trial, rung), state, durable=False)

    def keep_only(self, needed: set[tuple[int, int]]) -> None:
        """Delete every trunk but those of the (trial, rung) in `needed`."""
        for path in self._folder.glob("trunk-*"):
            found = _FILE.fullmatch(path.name)
            if found is None or (int(found["trial"]), int(found["rung"])) not in needed:
                path.unlink(missing_ok=True)

    def _path(self, trial: int, rung: int) -> Path:
        return self._folder / f"trunk-{trial}-{rung}.pt"


_KEYS = {"step", "network", "optimizer"}
