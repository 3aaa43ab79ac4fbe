"""Walks a finite space once, in the order of its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from nas.search.samplers.base import Sampler
from nas.spaces.candidate import Draft
from nas.spaces.space import SearchSpace


class ExhaustiveSampler(Sampler):
    """Each writing once; a new process goes on behind the last one that was proposed."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._walk = space.enumerate()  # refuses an endless space
        self._last: Mapping[str, Any] | None = None

    def ask(self, number: int, attempt: int) -> Draft | None:
        """The next writing, None after the last."""
        draft = next(self._walk, None)
        while self._last is not None and draft is not None:
            reached, draft = draft.decisions == self._last, next(self._walk, None)
            if reached:
                self._last = None
        return draft

    def resume(self, trials: Sequence[FrozenTrial]) -> None:
        """Only the place of the last one matters."""
        if trials:
            self._last = trials[-1].params
