"""Candidates with settings: what is trained, what counts as learned, and the rules case by case."""

from __future__ import annotations

import math

import pytest

from nas.analysis.paired import paired
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.reproductions import entrants, init, optimizers
from nas.reproductions.compared import contrasted
from nas.reproductions.entrants import Entrant, Guessing, Trained, Tuned, above
from nas.reproductions.verdicts import Claim, Verdict, settle
from nas.runs.records import TrialRecord
from nas.runs.roster import Roster

YES, NO, OPEN = Verdict.SUPPORTED, Verdict.NOT_SUPPORTED, Verdict.CANNOT_TELL
PROTOCOL = Protocol(data="digits", val_size=360, seed=7)
GUESSING = Guessing.under(PROTOCOL)

GOOD = (0.91, 0.93, 0.9, 0.92)
WORSE = (0.81, 0.84, 0.8, 0.83)
NEVER = (None,) * 4


def trained(label: str, accs: tuple[float | None, ...]) -> Trained:
    lr = None if accs == NEVER else 0.1
    return Trained(Tuned(Entrant(label, "tanh(x)"), ((0.1, None),), lr), accs, GUESSING)


def test_guessing_among_ten_classes() -> None:
    assert GUESSING.share == 0.1
    assert GUESSING.limit == pytest.approx(0.1 + 3 * math.sqrt(0.1 * 0.9 / 360))
    assert [GUESSING.learned(acc) for acc in (None, 0.1, 0.147, 0.148, 0.9)] == [False] * 3 + [True] * 2
    assert [GUESSING.score(acc) for acc in (None, 0.092, 0.9)] == [0.1, 0.1, 0.9]


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (GOOD, WORSE, YES),
        (WORSE, GOOD, NO),
        (GOOD, NEVER, YES),  # the phenomenon itself: one trains where the other stalls
        (NEVER, GOOD, NO),
        (NEVER, NEVER, OPEN),
        (GOOD, (0.91, None, 0.9, 0.92), OPEN),  # one failure of four
        (GOOD, (0.2, None, None, None), YES),
        (GOOD, GOOD, NO),  # equal
    ],
)
def test_a_difference(a: tuple[float | None, ...], b: tuple[float | None, ...], verdict: Verdict) -> None:
    scores = {"a": trained("a", a).scores, "b": trained("b", b).scores}
    (found,) = settle(contrasted([above("a", "b", "+1", "table 1", "source")], scores))
    assert found.verdict is verdict
    if NEVER not in (a, b):
        guessed = [[0.1 if acc is None else acc for acc in accs] for accs in (a, b)]
        assert found.paired == paired(*guessed)


def record(number: int, acc: float | None, **more: object) -> TrialRecord:
    outcome = Outcome.DIVERGED if acc is None else Outcome.FINISHED
    accs = () if acc is None else (acc,)
    return TrialRecord(number, "tanh(x)", None, 1, "own", outcome, val_accs=accs, **more)  # type: ignore[arg-type]


CANDIDATES = [Entrant("a", "tanh(x)", {"init": "own"}), Entrant("b", "x"), Entrant("c", "max(x, 0)")]
TRIED = [
    ((0.01, 0.5), (0.1, 0.8), (1.0, None)),
    ((0.01, 0.12), (0.1, 0.1), (1.0, None)),  # no better than guessing
    ((0.01, 0.7), (0.1, 0.7), (1.0, 0.2)),  # of equal ones the lowest
]


def test_the_best_rate_goes_on_and_what_never_learned_does_not() -> None:
    tuning = entrants.tuning(CANDIDATES, PROTOCOL)
    (protocol,) = tuning.protocols.values()
    assert (protocol.recipe.lr_budget, protocol.seed, len(tuning)) == (entrants.RATES, 7, 3)
    records = [record(n, None, lr_tried=tried) for n, tried in enumerate(TRIED)]
    found = entrants.tuned(CANDIDATES, records[::-1], GUESSING)
    assert [one.lr for one in found] == [0.1, None, 0.01]
    roster = entrants.comparison(found, PROTOCOL, 3)
    assert {k: e.settings for k, e in roster.candidates.items()} == {
        "a": {"init": "own", "lr": 0.1},
        "c": {"lr": 0.01},
    }
    seeds = {p.seed for p in roster.protocols.values()}
    assert len(seeds) == 3
    assert PROTOCOL.seed not in seeds
    assert {p.recipe.lr_budget for p in roster.protocols.values()} == {1}


def test_trainings_go_to_their_candidates() -> None:
    """Seed by seed, all candidates in a row; one failure ends no other training."""
    records = [record(n, None, lr_tried=tried) for n, tried in enumerate(TRIED)]
    found = entrants.tuned(CANDIDATES, records, GUESSING)
    roster = entrants.comparison(found, PROTOCOL, 2)
    ran = [record(0, 0.8), record(1, None), record(2, 0.82), record(3, 0.11)]
    a, b, c = entrants.trained(found, roster, ran)
    assert (a.val_accs, b.val_accs, c.val_accs) == ((0.8, 0.82), (None, None), (None, None))
    assert [one.learned for one in (a, b, c)] == [2, 0, 0]
    rows = [entrants.row(one) for one in (a, b, c)]
    assert [row["val_accs"] for row in rows] == [(0.8, 0.82), (0.1, 0.1), (0.1, 0.1)]
    assert [row["outcomes"] for row in rows] == [["finished"] * 2, [], ["diverged", "finished"]]
    assert [row["lr"] for row in rows] == [0.1, None, 0.01]


@pytest.mark.parametrize(
    ("claims", "own"), [(init.CLAIMS, init.entrants()), (optimizers.CLAIMS, optimizers.entrants())]
)
def test_every_claim_is_about_what_is_trained(claims: tuple[Claim, ...], own: list[Entrant]) -> None:
    labels = [one.label for one in own]
    assert len(set(labels)) == len(labels)
    assert {label for claim in claims for label in (claim.better, claim.worse)} <= set(labels)
    assert len({claim.name for claim in claims}) == len(claims)
    assert isinstance(entrants.tuning(own, PROTOCOL), Roster)  # every text can be read
    for one in own:
        changed = PROTOCOL.under(one.settings)
        assert changed.recipe.hyper == {}  # every setting is a field that there is
