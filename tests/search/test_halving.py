"""Who goes on: against a simulation of successive halving, and the bounds of both methods."""

from __future__ import annotations

import random

import pytest

from nas.search.halving import Standing, bracket_shares, hopeless, last_promoted, next_start, promoted


def _asha(scores: list[list[float]], reduction: int) -> list[Standing]:
    """A whole search by hand: promote while somebody may, else begin the next candidate."""
    rungs = len(scores[0])
    reached: dict[int, int] = {}
    begun = 0

    def standings() -> list[Standing]:
        return [Standing(n, {r: scores[n][r] for r in range(top + 1)}) for n, top in sorted(reached.items())]

    while True:
        number = promoted(standings(), rungs, reduction)
        if number is not None:
            reached[number] += 1
        elif begun < len(scores):
            reached[begun] = 0
            begun += 1
        else:
            return standings()


@pytest.mark.parametrize("reduction", [2, 3, 4])
def test_nobody_waits_who_may_go_on_and_nobody_goes_on_who_may_not(reduction: int) -> None:
    """At the end the best n // reduction of every rung have gone on, as in synchronous halving."""
    draw = random.Random(reduction)
    scores = [[draw.random() for _ in range(3)] for _ in range(40)]
    found = _asha(scores, reduction)
    for rung in (0, 1):
        here = sorted((s for s in found if s.top >= rung), key=lambda s: -s.scores[rung])
        on = {s.number for s in here if s.top > rung}
        assert {s.number for s in here[: len(here) // reduction]} <= on
    assert all(s.scores.keys() == set(range(s.top + 1)) for s in found)


def test_with_equal_orders_at_all_rungs_the_best_reaches_the_top() -> None:
    draw = random.Random(5)
    quality = [draw.random() for _ in range(30)]
    found = _asha([[q, q, q] for q in quality], 3)
    best = max(range(30), key=quality.__getitem__)
    assert found[best].top == 2
    assert sum(s.top == 2 for s in found) < 10


def test_a_fallen_candidate_counts_and_never_goes_on() -> None:
    fallen = [Standing(n, {}, fell_at=0, ended=True) for n in range(2)]
    assert promoted([*fallen, Standing(2, {0: 0.1})], 2, 3) == 2
    assert promoted([*fallen[:1], Standing(2, {0: 0.1})], 2, 3) is None
    assert promoted([*fallen, Standing(2, {0: 0.1}, ended=True)], 2, 3) is None


def test_somebody_reaches_the_last_rung_in_the_end() -> None:
    two = [Standing(0, {0: 0.5}), Standing(1, {0: 0.6})]
    assert promoted(two, 3, 3) is None
    assert last_promoted(two, 3) == 1
    assert last_promoted([two[0], Standing(1, {0: 0.6, 1: 0.2})], 3) == 1
    assert last_promoted([two[0], Standing(1, {0: 0.6, 1: 0.2, 2: 0.1})], 3) is None
    assert last_promoted([Standing(0, {}, fell_at=0, ended=True)], 3) is None


def test_the_brackets_of_hyperband() -> None:
    """Table 1 of Li et al. 2018: R = 81, eta = 3 begins 81, 34, 15, 8 and 5 candidates."""
    shares = bracket_shares(5, 3)
    assert shares == [81, 34, 15, 8, 5]
    standings: list[Standing] = []
    for number in range(sum(shares)):
        start = next_start(standings, 5, 3)
        standings.append(Standing(number, {start: 0.5}, start))
    assert [sum(s.start == k for s in standings) for k in range(5)] == shares


def test_hopeless_ones_are_never_promoted_later() -> None:
    draw = random.Random(2)
    scores = [[draw.random(), draw.random()] for _ in range(30)]
    early = [Standing(n, {0: scores[n][0]}) for n in range(15)]
    given_up = hopeless(early, 2, 3, planned=30)
    assert len(given_up) == 5
    everyone = [Standing(n, {0: scores[n][0]}) for n in range(30)]
    best = {s.number for s in sorted(everyone, key=lambda s: -s.scores[0])[:10]}
    assert not given_up & best
