"""The one score that ranks: where the scores of an architecture lie among those of random cells.

The mean of the logarithms of the places counts a weakness in one respect more than a strength in another
(Lee & Ham, CVPR 2024, whose places are ranks in the list at hand). Here the places are those among a fixed
sample of random cells, so that no score depends on what else is scored. No accuracy entered anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nas.rows.scores import SCORES
from nas.scores.reference import QUANTILES

_LOWEST = 0.01  #: place of what is not above the lowest of the sample


def place(name: str, value: float) -> float:
    """The share of random cells whose score `name`, one that weighs, is below `value`: 0.01 to 1."""
    levels = QUANTILES[name]
    shares = np.linspace(_LOWEST, 1, len(levels))
    return float(np.interp(value, levels, shares))


def score(scores: Mapping[str, float]) -> float:
    """The mean of log(place) by the weights of SCORES: 0 for the best in all, log(0.01) at the least."""
    weights = {name: row.weight for name, row in SCORES.items() if row.weight > 0}
    places = {name: place(name, scores[name]) for name in weights}
    return sum(weight * math.log(places[name]) for name, weight in weights.items()) / sum(weights.values())
