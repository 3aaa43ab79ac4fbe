"""The decisions that a proposal takes, and who takes them.

A space asks a `Chooser` for every decision by a name that always has the same options, so that the names
serve as Optuna's parameter names. What has one option only is fixed: it is no decision and is not asked.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from nas.errors import SpaceError
from nas.registry import did_you_mean

Value = str | int | float | bool


@dataclass(frozen=True)
class Choice:
    """A decision among `options`."""

    options: tuple[Value, ...]


@dataclass(frozen=True)
class Interval:
    """A decision for a number from `low` to `high`, uniform in its logarithm if `log`."""

    low: float
    high: float
    log: bool


Dimension = Choice | Interval


class Chooser(Protocol):
    """Takes the decisions: a sampler, a random generator, a record of earlier ones."""

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """One of `options`."""

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """A number from `low` to `high`."""


class RandomChooser:
    """Every decision uniformly at random."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """One of `options`, all equally likely."""
        return self._random.choice(options)

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        return self._random.randrange(count)

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """A number from `low` to `high`, uniform in its logarithm if `log`."""
        if not log:
            return self._random.uniform(low, high)
        drawn = math.exp(self._random.uniform(math.log(low), math.log(high)))
        return min(max(drawn, low), high)


class Replay:
    """Takes the decisions that were taken before; a missing or impossible one is a SpaceError."""

    def __init__(self, decisions: Mapping[str, Value]) -> None:
        self._decisions = decisions

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """The option chosen before, as this space writes it."""
        value = self._recall(name)
        if value not in options:
            allowed = ", ".join(map(str, options))
            raise SpaceError(f"{name} is not an option of this space", got=value, allowed=allowed)
        return options[options.index(value)]

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """The number drawn before."""
        value = self._recall(name)
        if isinstance(value, str) or not low <= value <= high:
            raise SpaceError(f"{name} lies outside this space", got=value, allowed=f"{low} to {high}")
        return float(value)

    def _recall(self, name: str) -> Value:
        if name not in self._decisions:
            raise SpaceError(
                f"the decision {name} is missing",
                got=", ".join(self._decisions) or "no decisions",
                cure=did_you_mean(name, self._decisions),
            )
        return self._decisions[name]


class Recall:
    """Decides as it was decided before, and asks `other` about the rest."""

    def __init__(self, decisions: Mapping[str, Value], other: Chooser) -> None:
        self._decisions, self._other = decisions, other

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """The option chosen before, else the other's."""
        return self._decisions[name] if name in self._decisions else self._other.choose(name, options)

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """A number of the other's."""
        return self._other.uniform(name, low, high, log)


class Recorder:
    """Passes every decision on to `chooser` and keeps it, with what could have been chosen."""

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser
        self.decisions: dict[str, Value] = {}
        self.dimensions: dict[str, Dimension] = {}

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """The only option, or the one that the chooser takes."""
        if len(options) == 1:
            return options[0]
        self.dimensions[name] = Choice(tuple(options))
        self.decisions[name] = self._chooser.choose(name, options)
        return self.decisions[name]

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """The number that the chooser draws."""
        self.dimensions[name] = Interval(low, high, log)
        drawn = self._chooser.uniform(name, low, high, log)
        self.decisions[name] = drawn
        return drawn


class Odometer:
    """Takes, drive by drive, every sequence of options once; the last decision turns fastest."""

    def __init__(self) -> None:
        self._positions: list[int] = []
        self._sizes: list[int] = []

    def choose(self, name: str, options: Sequence[Value]) -> Value:
        """The option at this decision's position."""
        place = len(self._sizes)
        if place == len(self._positions):
            self._positions.append(0)
        self._sizes.append(len(options))
        return options[self._positions[place]]

    def uniform(self, name: str, low: float, high: float, log: bool) -> float:
        """A range has no end to its walk."""
        raise SpaceError(
            f"an endless space cannot be walked: {name} is a range",
            got=f"{low} to {high}",
            cure=f"give {name} a list of values, or search with the sampler tpe or random",
        )

    def advance(self) -> bool:
        """Turn to the next sequence; False after the last."""
        while self._sizes and self._positions[-1] + 1 == self._sizes[-1]:
            self._positions.pop()
            self._sizes.pop()
        if not self._positions:
            return False
        self._positions[-1] += 1
        self._sizes.clear()
        return True
