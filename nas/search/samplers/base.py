"""What a sampler is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from optuna.trial import FrozenTrial

from nas.spaces.candidate import Draft
from nas.spaces.space import SearchSpace


class Sampler(Protocol):
    """Proposes drafts of candidates.

    A proposal depends on the seed, the number of the trial it is for, the attempt and the trials told so far,
    and on nothing else: so a search that was cut off goes on as if it had not been.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None: ...

    def ask(self, number: int, attempt: int) -> Draft | None:
        """A proposal for trial `number`, the `attempt`-th; None where nothing is left to propose."""

    def resume(self, trials: Sequence[FrozenTrial]) -> None:
        """Before anything else: what earlier sessions proposed, in this order, whatever became of it."""

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Learn from trials that have ended, or been scored at a rung and then count as pruned there.

        A trial that was told before replaces what was said of it.
        """
