"""At random (Bergstra & Bengio 2012): every function of a space equally likely, or at least every writing."""

from __future__ import annotations

from functools import cached_property

from nas.search.samplers.base import Sampler
from nas.seeds import derive
from nas.spaces.candidate import Draft
from nas.spaces.counting.count import distinct
from nas.spaces.counting.sketch import Ranks
from nas.spaces.decisions import RandomChooser
from nas.spaces.listing import uniform_over_functions
from nas.spaces.space import SearchSpace


class RandomSampler(Sampler):
    """Knows nothing and learns nothing; settings are drawn decision by decision."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._seed = space, seed

    def ask(self, number: int, attempt: int) -> Draft | None:
        """Independent draws for every trial and attempt."""
        chooser = RandomChooser(derive(self._seed, "random", number, attempt))
        if self._functions is None:
            return self._space.drawn(chooser)
        return self._space.ranked(int(self._functions[chooser.below(len(self._functions))]), chooser)

    @cached_property
    def _functions(self) -> Ranks | None:
        """The rank of the first writing of each different function; None in a space too large for that."""
        return distinct(self._space).ranks if uniform_over_functions(self._space) else None
