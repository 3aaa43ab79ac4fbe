"""The rules, case by case."""

from __future__ import annotations

import pytest

from nas.analysis.paired import paired
from nas.reproductions.compared import Scores, contrasted, versus
from nas.reproductions.verdicts import MARGIN, Claim, Finding, Verdict, settle

YES, NO, OPEN = Verdict.SUPPORTED, Verdict.NOT_SUPPORTED, Verdict.CANNOT_TELL

#: eight differences with a mean of 0 and a spread of 1, in units that are scaled below
NOISE = (-1.5, -1.1, -0.6, -0.1, 0.1, 0.6, 1.1, 1.5)


def scores(mean: float, spread: float) -> Scores:
    return Scores("finished", tuple(0.6 + mean + spread * unit for unit in NOISE))


BASE = Scores("finished", (0.6,) * len(NOISE))
DIVERGED = Scores("diverged", None)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (scores(0.02, 0.005), BASE, YES),
        (scores(-0.02, 0.005), BASE, NO),
        (scores(0.001, 0.005), BASE, OPEN),
        (scores(-0.001, 0.005), BASE, OPEN),
        (scores(0.0, MARGIN / 20), BASE, NO),  # equal within the margin, and surely so
        (BASE, BASE, NO),
        (BASE, DIVERGED, OPEN),
        (DIVERGED, BASE, OPEN),
        (DIVERGED, DIVERGED, OPEN),
        (Scores("finished", (0.7,)), Scores("finished", (0.6,)), OPEN),  # one seed tells nothing
    ],
)
def test_a_difference(a: Scores, b: Scores, verdict: Verdict) -> None:
    claim = versus("a", "b", "+1", "table 1", "family")
    (found,) = settle(contrasted([claim], {"a": a, "b": b}))
    assert found.verdict is verdict


def test_a_claim_about_what_was_not_compared_is_left_out() -> None:
    assert contrasted([versus("a", "c", "", "", "f")], {"a": BASE, "b": BASE}) == []


@pytest.mark.parametrize(
    ("effect", "p", "verdict"),
    [(0.3, 0.01, YES), (-0.3, 0.01, NO), (0.3, 0.2, OPEN), (-0.3, 0.2, OPEN), (0.3, None, OPEN)],
)
def test_an_association(effect: float, p: float | None, verdict: Verdict) -> None:
    claim = Claim("c", "c", "", "", "", "family")
    assert settle([Finding(claim, "", effect, p)])[0].verdict is verdict


def test_each_family_is_corrected_by_itself() -> None:
    def found(name: str, family: str, p: float) -> Finding:
        return Finding(Claim(name, name, "", "", "", family), "", 1.0, p)

    settled = settle([found("a", "one", 0.02), found("b", "one", 0.03), found("c", "two", 0.02)])
    assert [f.p_holm for f in settled] == pytest.approx([0.04, 0.04, 0.02])
    wider = settle([found("a", "one", 0.02), found("b", "one", 0.03), found("c", "one", 0.02)])
    assert [f.p_holm for f in wider] == pytest.approx([0.06, 0.06, 0.06])
    assert [f.verdict for f in settled] == [YES] * 3
    assert [f.verdict for f in wider] == [OPEN] * 3


def test_a_verdict_without_figures_stays() -> None:
    claim = Claim("c", "c", "", "", "")
    assert settle([Finding(claim, "found", verdict=YES)])[0].verdict is YES
    assert settle([Finding(claim, "not found")])[0].verdict is OPEN


def test_the_figures_are_those_of_the_paired_test() -> None:
    a = scores(0.011, 0.004)
    (found,) = contrasted([versus("a", "b", "", "", "f")], {"a": a, "b": BASE})
    assert a.val_accs is not None
    assert BASE.val_accs is not None
    assert found.paired == paired(a.val_accs, BASE.val_accs)
    assert found.here.startswith("+1.10 [+0.")
