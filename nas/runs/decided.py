"""A decision of a trial as the study holds it: what was chosen, and out of what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Decided:
    """One of `options`, or a number from `low` to `high`."""

    value: str | int | float | bool
    options: tuple[str | int | float | bool, ...] = ()  #: empty for a number of a range
    low: float = 0.0
    high: float = 0.0
    log: bool = False  #: the range is even in the logarithm


def decided(stored: float, distribution: str) -> Decided:
    """What Optuna stores of a decision: a number, or the place of the option in `distribution`, a JSON text.

    Raises:
        KeyError, TypeError, ValueError, IndexError: where it is no distribution that a search of nas writes.
    """
    data: dict[str, Any] = json.loads(distribution)
    attributes = data["attributes"]
    if data["name"] == "CategoricalDistribution":
        options = tuple(attributes["choices"])
        return Decided(options[int(stored)], options)
    if data["name"] == "FloatDistribution":
        return Decided(stored, (), attributes["low"], attributes["high"], attributes["log"])
    raise ValueError(data["name"])
