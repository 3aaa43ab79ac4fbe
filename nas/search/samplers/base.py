"""What a sampler is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from optuna.trial import FrozenTrial

from nas.spaces.candidate import Draft
from nas.spaces.space import SearchSpace


class Sampler(ABC):
    """Proposes drafts of candidates.

    A proposal depends on the seed, the number of the trial it is for, the attempt and the trials told so far,
    and on nothing else: so a search that was cut off goes on as if it had not been.
    """

    @abstractmethod
    def __init__(self, space: SearchSpace, seed: int) -> None: ...

    @abstractmethod
    def ask(self, number: int, attempt: int) -> Draft | None:
        """A proposal for trial `number`, the `attempt`-th; None where nothing is left to propose."""

    def resume(self, trials: Sequence[FrozenTrial]) -> None:  # noqa: B027
        """Before anything else: what earlier sessions proposed, in this order, whatever became of it.

        Most have no use for it.
        """

    def tell(self, trials: Sequence[FrozenTrial]) -> None:  # noqa: B027
        """Learn from trials that have ended, or been scored at a rung and then count as pruned there.

        A trial that was told before replaces what was said of it.
        """
