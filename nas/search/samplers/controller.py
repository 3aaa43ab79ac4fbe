"""A controller: an LSTM writes candidates decision by decision and learns from scores (Zoph & Le 2017).

With the decisions a_1 ... a_T of a candidate and its advantage A, the reward beyond a moving average b of the
rewards, in units of their moving spread, each ended trial is one step of Adam up the gradient of

    A sum_t log p(a_t | a_1 ... a_(t-1)) + w sum_t H_t,

that of REINFORCE (Williams 1992) and of the entropy H of each decision. The paper's LSTM has two layers of 35
and 12,800 trials to learn from; this one has one layer, a larger step, and begins with every option equally
likely.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import torch
from optuna.trial import FrozenTrial, TrialState
from torch import Tensor, nn

from nas.errors import SpaceError
from nas.search.samplers.base import Sampler
from nas.seeds import derive
from nas.spaces.candidate import Draft
from nas.spaces.decisions import Replay, Value
from nas.spaces.space import SearchSpace

HIDDEN = 35  #: as in the paper
BINS = 8  #: parts of a range that are told apart; inside one, numbers are equally likely
LEARNING_RATE, ENTROPY, MEMORY = 0.01, 0.1, 0.9  #: set on a toy before any training of a network
_START = 0.08  #: weights begin uniformly in +-0.08, as in the paper
_LEAST_SPREAD = 1e-3


class ControllerSampler(Sampler):
    """Knows the trials told so far; a new process learns from them again, in the order of their numbers."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space, self._seed = space, seed
        self._told: dict[int, FrozenTrial] = {}
        self._learned: list[int] = []
        self._policy = _Policy(seed)

    def ask(self, number: int, attempt: int) -> Draft | None:
        """What the controller writes after the trials told so far."""
        self._learn()
        draw = random.Random(derive(self._seed, "controller", number, attempt))
        with torch.no_grad():
            return self._space.draft(_Writing(self._policy, draw))

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Finished trials reward with their score, pruned ones with that at their last rung, others 0."""
        for trial in trials:
            self._told[trial.number] = trial
            if self._learned and trial.number <= self._learned[-1]:  # it has to be learned in its place
                self._policy, self._learned = _Policy(self._seed), []

    def _learn(self) -> None:
        for number in sorted(self._told)[len(self._learned) :]:
            trial = self._told[number]
            writing = _Writing(self._policy, Replay(trial.params))
            try:
                self._space.draft(writing)
            except SpaceError:  # decided in a space that has changed since
                pass
            else:
                self._policy.learn(writing, _reward(trial))
            self._learned.append(number)


def _reward(trial: FrozenTrial) -> float:
    if trial.state is TrialState.COMPLETE and trial.value is not None:
        return trial.value
    scores = trial.intermediate_values
    return scores[max(scores)] if scores else 0.0


class _Policy:
    """The LSTM, and for each decision a head that weighs its options and a vector for each option taken."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cell = nn.LSTMCell(HIDDEN, HIDDEN, device="meta").to_empty(device="cpu")
        for name, parameter in self._cell.named_parameters():
            self._draw(parameter, name)
        self._heads: dict[str, tuple[Tensor, Tensor]] = {}
        self._optimizer = torch.optim.Adam(self._cell.parameters(), lr=LEARNING_RATE)
        self._mean: float | None = None
        self._square = 0.0

    def begin(self) -> tuple[Tensor, Tensor, Tensor]:
        """What stands before the first decision: input, state, memory."""
        zeros = torch.zeros(1, HIDDEN)
        return zeros, zeros, zeros

    def step(
        self, name: str, options: int, before: tuple[Tensor, Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Log-probabilities of the options of decision `name`, and the state after it."""
        inputs, state, memory = before
        state, memory = self._cell(inputs, (state, memory))
        weight, _ = self._head(name, options)
        return torch.log_softmax((state @ weight.T)[0], 0), (state, memory)

    def taken(self, name: str, options: int, option: int) -> Tensor:
        """What the next step is told of this one."""
        return self._head(name, options)[1][option : option + 1]

    def learn(self, writing: _Writing, reward: float) -> None:
        """One step up the gradient; the first reward is only remembered."""
        if self._mean is None:
            self._mean = reward
            return
        if not writing.logs:
            return
        difference = reward - self._mean
        self._square = MEMORY * self._square + (1 - MEMORY) * difference**2
        self._mean += (1 - MEMORY) * difference
        advantage = difference / max(math.sqrt(self._square), _LEAST_SPREAD)
        gain = advantage * torch.stack(writing.logs).sum() + ENTROPY * torch.stack(writing.entropies).sum()
        self._optimizer.zero_grad()
        (-gain).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    def _head(self, name: str, options: int) -> tuple[Tensor, Tensor]:
        if name not in self._heads:
            weight, taken = (nn.Parameter(torch.zeros(options, HIDDEN)) for _ in range(2))
            self._draw(taken, name)
            self._heads[name] = weight, taken
            self._optimizer.add_param_group({"params": [weight, taken]})
        return self._heads[name]

    def _draw(self, parameter: Tensor, name: str) -> None:
        """By its name, so that it does not matter which decision is met first."""
        generator = torch.Generator().manual_seed(derive(self._seed, "controller", name))
        nn.init.uniform_(parameter, -_START, _START, generator=generator)


class _Writing:
    """A `Chooser` that walks through the LSTM, at random by its probabilities or as it was decided before."""

    def __init__(self, policy: _Policy, who: random.Random | Replay) -> None:
        self._policy, self._who = policy, who
        self._before = policy.begin()
        self.logs: list[Tensor] = []  #: log-probability of each decision
        self.entropies: list[Tensor] = []

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """One of `options`."""
        logs = self._weigh(name, len(options))
        if isinstance(self._who, Replay):
            option = list(options).index(self._who.choose(name, options))
        else:
            option = self._drawn(logs, self._who)
        self._take(name, logs, option)
        return options[option]

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """A number from `low` to `high`."""
        a, b = (math.log(low), math.log(high)) if log else (low, high)
        logs = self._weigh(name, BINS)
        if isinstance(self._who, Replay):
            value = self._who.uniform(name, low, high, log)
            place = ((math.log(value) if log else value) - a) / (b - a) * BINS
            self._take(name, logs, min(int(place), BINS - 1))
            return value
        part = self._drawn(logs, self._who)
        self._take(name, logs, part)
        value = a + (b - a) * (part + self._who.random()) / BINS
        return min(max(math.exp(value) if log else value, low), high)

    def _weigh(self, name: str, options: int) -> Tensor:
        logs, self._state = self._policy.step(name, options, self._before)
        return logs

    def _take(self, name: str, logs: Tensor, option: int) -> None:
        self.logs.append(logs[option])
        self.entropies.append(-(logs.exp() * logs).sum())
        self._before = (self._policy.taken(name, len(logs), option), *self._state)

    @staticmethod
    def _drawn(logs: Tensor, draw: random.Random) -> int:
        return draw.choices(range(len(logs)), weights=logs.exp().tolist())[0]
