"""Every decision uniformly at random (Bergstra & Bengio 2012)."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.trial import FrozenTrial

from nas.seeds import derive
from nas.spaces.candidate import Draft
from nas.spaces.decisions import RandomChooser
from nas.spaces.space import SearchSpace


class RandomSampler:
    """Knows nothing and learns nothing."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._seed = space, seed

    def ask(self, number: int, attempt: int) -> Draft | None:
        """Independent draws for every trial and attempt."""
        return self._space.draft(RandomChooser(derive(self._seed, "random", number, attempt)))

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Nothing to learn."""
