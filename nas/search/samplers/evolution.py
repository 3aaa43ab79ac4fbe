"""Regularized evolution (Real et al. 2019): a mutation of the best of a few young trials.

Of the latest POPULATION trials SAMPLE are drawn; the best of them, with one decision taken anew, is proposed.
Old trials die whatever their score, so luck does not stay. The first POPULATION trials are random.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from nas.search.samplers.base import Sampler
from nas.search.samplers.random import RandomSampler
from nas.seeds import derive
from nas.spaces.candidate import Draft
from nas.spaces.decisions import RandomChooser, Value
from nas.spaces.space import SearchSpace

POPULATION, SAMPLE = 20, 5  #: the paper's 100 and 25, for searches of a hundred trials and not of 20,000


class EvolutionSampler(Sampler):
    """Knows the trials told so far, and nothing of what their decisions mean."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._seed = space, seed
        self._random = RandomSampler(space, seed)
        self._told: dict[int, FrozenTrial] = {}

    def ask(self, number: int, attempt: int) -> Draft | None:
        """A child, or a random draft while the population is small."""
        young = [self._told[n] for n in sorted(self._told)[-POPULATION:]]
        if len(young) < POPULATION:
            return self._random.ask(number, attempt)
        seed = derive(self._seed, "evolution", number, attempt)
        draw = random.Random(seed)
        parent = max(draw.sample(young, SAMPLE), key=_fitness)
        return self._space.draft(_Mutation(parent.params, draw.choice(sorted(parent.params)), seed))

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Finished and pruned trials join the population in the order of their numbers."""
        self._told |= {trial.number: trial for trial in trials}


def _fitness(trial: FrozenTrial) -> tuple[float, float]:
    """A finished trial is above a pruned one, and that above one that never had a score."""
    if trial.state is TrialState.COMPLETE and trial.value is not None:
        return float("inf"), trial.value
    if trial.intermediate_values:
        step = max(trial.intermediate_values)
        return float(step), trial.intermediate_values[step]
    return -1.0, 0.0


class _Mutation:
    """Decides as the parent did, but for one decision; what that opens up is decided at random."""

    def __init__(self, parent: Mapping[str, Any], changed: str, seed: int) -> None:
        self._parent, self._changed, self._random = parent, changed, RandomChooser(seed)

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """The parent's option; for the changed decision any other."""
        old = self._parent.get(name)
        if name == self._changed and len(options) > 1:
            return self._random.choose(name, [option for option in options if option != old])
        return options[options.index(old)] if old in options else self._random.choose(name, options)

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """The parent's number; a new one for the changed decision."""
        old = self._parent.get(name)
        if name == self._changed or not isinstance(old, int | float) or not low <= old <= high:
            return self._random.uniform(name, low, high, log)
        return float(old)
