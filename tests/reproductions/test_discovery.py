"""What a search met, on trials made by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

from nas.outcomes import Outcome
from nas.reproductions.discovery import Trained, chance, standing
from nas.runs.records import RungScore, TrialRecord


def trial(
    number: int, text: str, *scores: float, outcome: Outcome = Outcome.FINISHED, origin: str = "sampler"
) -> TrialRecord:
    rungs = tuple(
        RungScore(i, i + 1, (score,), curves=(), seconds=1.0, train_images=100)
        for i, score in enumerate(scores)
    )
    accs = scores[-1:] if scores else ()
    return TrialRecord(number, text, None, 3, origin, outcome, val_accs=accs, rungs=rungs)


PRUNED, DIVERGED, SCREENED = Outcome.PRUNED, Outcome.DIVERGED, Outcome.SCREENED

TRAINED = Trained.of(
    [
        trial(9, "max(x, sigmoid(x))", 0.50, 0.61),
        trial(0, "max(x, 0)", 0.5, 0.9, origin="baseline"),
        trial(1, "1/x", outcome=SCREENED),
        trial(2, "tanh(x)", 0.52, 0.60),
        trial(3, "exp(x)", outcome=DIVERGED),
        trial(5, "-x*sigmoid(x)", 0.70, outcome=PRUNED),
        trial(7, "x*sigmoid(beta[channel]*x)", 0.51, 0.63),
        trial(8, "abs(x)", 0.40, outcome=PRUNED),
    ]
)


def test_what_counts_as_trained() -> None:
    assert [r.number for r in TRAINED.records] == [2, 3, 5, 7, 8, 9]


def test_the_order_from_best_to_worst() -> None:
    assert [r.number for r in TRAINED.ranked] == [7, 9, 2, 5, 8, 3]
    assert [r.number for r in TRAINED.finished] == [7, 9, 2]
    assert [TRAINED.rank(r) for r in TRAINED.ranked] == [1, 2, 3, 4, 5, 6]
    tie = trial(10, "x^2", 0.3, 0.61)
    assert standing(tie) == standing(TRAINED.ranked[1])


def test_the_family_is_met_with_its_first_and_ranked_by_its_best() -> None:
    met = TRAINED.met_swish("Swish")
    assert (met.trainings, met.rank, met.score) == (3, 1, 0.63)
    assert met.expression == "x*sigmoid(beta[channel]*x)"


def test_a_function_met_or_not() -> None:
    maxsig = TRAINED.met_function("maxsig", "max(x, sigmoid(x))")
    assert (maxsig.found, maxsig.trainings, maxsig.rank) == (True, 6, 2)
    minsin = TRAINED.met_function("minsin", "min(x, sin(x))")
    assert (minsin.found, minsin.trainings, minsin.rank, minsin.score) == (False, None, None, None)


def test_a_pruned_one_has_no_score_in_full() -> None:
    assert TRAINED.met_function("|x|", "abs(x)").score is None


def test_the_curve_rises() -> None:
    assert TRAINED.curve() == [(1, 0.60), (4, 0.63)]


@pytest.mark.parametrize(("members", "functions", "draws"), [(2, 7, 3), (1, 9, 4), (3, 8, 5), (3, 8, 6)])
def test_chance_against_all_draws(members: int, functions: int, draws: int) -> None:
    every = list(combinations(range(functions), draws))
    hits = sum(min(drawn) < members for drawn in every)
    assert chance(members, functions, draws) == pytest.approx(hits / len(every))
