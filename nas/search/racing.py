"""Racing over seeds: the next training goes to whoever may still be best.

A candidate is out when its differences to the leader, seed by seed, speak against it at a level that holds
however often one looks. The evidence is the Bayes factor of the one-sample t test with the right Haar prior
on the spread and N(0, g) on the effect in units of the spread, with n differences of mean square V / n and
sum S:

    E_n = (1 + n g)^(-1/2) (V / (V - S^2 g / (1 + n g)))^(n/2).

Where the true mean is 0 it is a martingale of mean 1 whatever the spread, so that it ever exceeds 1/a with
probability a at most (Ville 1939; Lai 1976; Wang & Ramdas 2025, "Anytime-valid t-tests").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

LEVEL = 0.05  #: probability that the best candidate of a race is ever sent out
_SPREAD_OF_EFFECT = 1.0  # g: differences about as large as their spread are looked for
_LARGEST_LOG = 700.0


def evidence(differences: Sequence[float]) -> float:
    """E_n of the module's text; 1 for no evidence, and for differences that are all 0."""
    n, g = len(differences), _SPREAD_OF_EFFECT
    square = math.fsum(d * d for d in differences)
    if n < 2 or square == 0:
        return 1.0
    rest = square - math.fsum(differences) ** 2 * g / (1 + n * g)
    return math.exp(min(n / 2 * math.log(square / rest) - math.log1p(n * g) / 2, _LARGEST_LOG))


def contenders(scores: Mapping[int, Sequence[float]]) -> list[int]:
    """Who may still be best, the best mean first; `scores` has each candidate's accuracies, seed by seed.

    The leader is the best mean among those with the most seeds. Whoever is truly best is compared with K - 1
    others at most, so each comparison is held to LEVEL / (K - 1) (Bonferroni).
    """
    most = max(map(len, scores.values()))
    means = {number: math.fsum(own) / len(own) for number, own in scores.items()}
    leader = max((n for n in scores if len(scores[n]) == most), key=lambda n: (means[n], -n))
    bound = max(len(scores) - 1, 1) / LEVEL
    kept = [n for n in scores if n == leader or not _out(scores[leader], scores[n], bound)]
    return sorted(kept, key=lambda n: (-means[n], n))


def next_in_race(scores: Mapping[int, Sequence[float]], seeds: int) -> int | None:
    """Who is to be trained with one seed more, of `seeds` at most; None where the race is over.

    Among those who may still be best the one with the fewest seeds, of these the best so far.
    """
    still = contenders(scores) if scores else []
    if len(still) < 2:
        return None
    waiting = [number for number in still if len(scores[number]) < seeds]
    return min(waiting, key=lambda n: (len(scores[n]), still.index(n)), default=None)


def _out(leader: Sequence[float], other: Sequence[float], bound: float) -> bool:
    differences = [a - b for a, b in zip(leader, other, strict=False)]
    return math.fsum(differences) > 0 and evidence(differences) >= bound
