"""How many paired seeds a difference needs, planned from the spread that a run has measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from nas.analysis.paired import pooled_spread, seeds_needed
from nas.errors import SettingError
from nas.outcomes import Outcome
from nas.runs.records import TrialRecord, plain

DIFFERENCES = (0.001, 0.002, 0.005, 0.01, 0.02)  #: planned for by default, fractions


@dataclass(frozen=True)
class Need:
    """Seeds for one difference, None beyond a million; `low`, `high` at the ends of the spread's interval."""

    difference: float
    seeds: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Plan:
    """What follows from the spread of the differences of a run's candidates, fractions."""

    spread: float
    spread_low: float
    spread_high: float
    pairs: int
    degrees: int  #: of freedom
    rows: tuple[Need, ...]


def plan(records: Sequence[TrialRecord], differences: Sequence[float] = DIFFERENCES) -> Plan:
    """From all pairs of finished trials with two seeds or more.

    The m (m - 1)/2 pairs of m candidates are not independent: the spread is their pooled one, the degrees of
    freedom of its interval are those of m - 1 independent pairs.

    Raises:
        SettingError: no two finished trials share two seeds.
    """
    scored = [r for r in records if r.outcome is Outcome.FINISHED and r.n_seeds > 1]
    spreads, degrees = [], []
    for a, b in combinations(scored, 2):
        n = min(a.n_seeds, b.n_seeds)
        spreads.append(statistics.stdev(x - y for x, y in zip(a.val_accs[:n], b.val_accs[:n], strict=True)))
        degrees.append(n - 1)
    if not spreads:
        raise SettingError(
            "the spread between seeds cannot be measured in this run",
            got=f"{len(scored)} finished trials with two seeds or more",
            allowed="at least 2",
            cure="train with more: nas search ... --seeds 3, or nas compare A B --seeds 8",
        )
    independent = round(sum(degrees) / len(degrees) * (len(scored) - 1))
    spread, low, high = pooled_spread(spreads, degrees, independent)
    rows = tuple(
        Need(d, seeds_needed(spread, d), seeds_needed(low, d), seeds_needed(high, d)) for d in differences
    )
    return Plan(spread, low, high, len(spreads), independent, rows)


def to_dict(of: Plan) -> dict[str, object]:
    """Plain data for JSON."""
    data = plain(of)
    assert isinstance(data, dict)
    return data
