"""The tree-structured Parzen estimator (Bergstra et al. 2011), Optuna's, seeded by trial number.

For each decision it models where the better trials lie, l, and where the others lie, g, and proposes the
option that maximizes l/g among samples of l. The first ten trials are random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from nas.search.samplers.base import Sampler
from nas.seeds import derive
from nas.spaces.candidate import Draft
from nas.spaces.decisions import Value
from nas.spaces.space import SearchSpace


class TpeSampler(Sampler):
    """Asks Optuna in a study in memory that mirrors the trials that have ended.

    The mirror lets a proposal be thrown away (because it is known already) without leaving a trial in the
    store, and a fresh sampler with a seed of its own for each proposal makes it independent of earlier
    processes.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._seed = space, seed
        self._told: dict[int, FrozenTrial] = {}
        self._mirror: optuna.Study | None = None

    def ask(self, number: int, attempt: int) -> Draft | None:
        """What TPE proposes after the trials told so far."""
        seed = derive(self._seed, "tpe", number, attempt) % 2**32  # NumPy takes no more
        if self._mirror is None:
            self._mirror = optuna.create_study(direction="maximize")
            self._mirror.add_trials([self._told[n] for n in sorted(self._told)])
        self._mirror.sampler = optuna.samplers.TPESampler(seed=seed)
        trial = self._mirror.ask()
        draft = self._space.draft(_Asking(trial))
        self._mirror.tell(trial, state=TrialState.FAIL)  # failed trials are not learned from
        return draft

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Finished trials with their score, pruned ones behind them by rung; the rest is the worst."""
        if trials:
            self._told |= {trial.number: trial for trial in trials}
            self._mirror = None


class _Asking:
    """A `Chooser` whose decisions are Optuna's."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """One of `options`."""
        chosen = self._trial.suggest_categorical(name, list(options))
        return options[options.index(cast(Value, chosen))]

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """A number from `low` to `high`."""
        return self._trial.suggest_float(name, low, high, log=log)
