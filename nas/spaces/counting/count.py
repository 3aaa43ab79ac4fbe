"""How many functions a space writes, and how many of them are different."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nas.spaces.counting.evaluator import Evaluator, TooLarge
from nas.spaces.counting.sampling import Place, estimate
from nas.spaces.counting.signatures import salted
from nas.spaces.counting.sketch import Sketch
from nas.spaces.rules import size
from nas.spaces.space import SearchSpace

LARGEST_COUNT = 5e7  #: evaluations of a function at all points; about a minute
_LARGEST_PART = 1e6  #: of a part of what is sampled

Method = Literal["exact", "sketch", "sampled"]


@dataclass(frozen=True)
class Count:
    """What `count` found; None where the space is too large to tell."""

    expressions: int  #: writings, each once for every scope of its parameters
    distinct: int  #: different real functions of x and parameters, whatever these are called
    distinct_float32: int | None  #: different bits of float32 values
    finite: int | None  #: of the distinct, finite at all points
    seconds: float
    method: Method
    low: int | None = None  #: of a 95 % interval for `distinct`, where it is an estimate
    high: int | None = None


def count(space: SearchSpace, budget: float = LARGEST_COUNT) -> Count:
    """Count by evaluating every function once, or estimate from a sample where that is beyond `budget`."""
    started = time.perf_counter()
    writings = space.writings()
    try:
        exact, bits = distinct(space, True, budget), distinct(space, False, budget)
    except TooLarge:
        found = estimate([Place(e, salt) for e, salt, _ in _places(space, True, _LARGEST_PART)])
        seconds = time.perf_counter() - started
        highest = min(found.high, writings)
        value = min(found.value, highest)
        return Count(writings, value, None, None, seconds, "sampled", min(found.low, value), highest)
    found = exact.distinct()
    method: Method = "exact" if exact.exact else "sketch"
    interval = (None, None) if exact.exact else (found.low, found.high)
    return Count(
        writings,
        found.value,
        bits.distinct().value,
        exact.finite(),
        time.perf_counter() - started,
        method,
        *interval,
    )


def distinct(space: SearchSpace, exact: bool = True, budget: float = LARGEST_COUNT) -> Sketch:
    """Every different function of `space` with the rank of its first writing, as `SearchSpace.ranked` has it.

    Different in `exact` arithmetic, or else in the bits of their float32 values.

    Raises:
        TooLarge: that takes more than `budget` evaluations.
    """
    sketch = Sketch()
    for evaluator, salt, offset in _places(space, exact, budget):
        for hashes, learns, ranks in evaluator.functions():
            sketch.add(np.where(learns, salted(hashes, salt), hashes), ranks + offset)
    sketch.settle()
    return sketch


#: what tells functions whose parameters have another scope apart
_SALTS = {"channel": 1, "scalar": 2, "fixed": 0}


def _places(space: SearchSpace, exact: bool, budget: float) -> Iterator[tuple[Evaluator, int, int]]:
    """(evaluator, salt, rank of the first writing) of all `places` of the space."""
    offset = 0
    for production, way in space.places:
        yield Evaluator(production, way == "fixed", space.limits, exact, budget), _SALTS[way], offset
        offset += size(production.rule)
