"""Winners on fresh seeds and the test set, by hand; who is chosen, and by which part of the images."""

from __future__ import annotations

import math
import statistics

import pytest
from mpmath import betainc

from nas.analysis.confirmation import confirmed, ledger_to_dict, optimism, to_dict
from nas.analysis.selection import selected
from nas.errors import RunError
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.rows.baselines import BASELINES
from nas.runs.openings import Opening
from nas.runs.records import TrialRecord, plain
from nas.runs.roster import Entry, Roster

PROTOCOL = Protocol(data="digits", seeds=4, seed=1)
T_3 = 3.182446305284263  #: 97.5 % quantile of Student's t with 3 degrees of freedom, from a table


def entry(origin: str, name: str | None, score: float | None = None) -> Entry:
    return Entry(
        expression="x*tanh(x)", name=name, complexity=3, origin=origin, trial=1, val_acc=score, seeds=2
    )


def roster(**candidates: Entry) -> Roster:
    return Roster(
        search="a", selected_among=9, candidates=candidates, protocols={"digits/small": PROTOCOL}, test=True
    )


def record(number: int, *accs: float, **others: object) -> TrialRecord:
    values = {"origin": "sampler", "outcome": Outcome.FINISHED, **others}
    return TrialRecord(number, "x*tanh(x)", None, 3, val_accs=accs, **values)


ROSTER = roster(
    w=entry("sampler", None, 0.70),
    v=entry("own", "Swish", 0.69),
    relu=entry("baseline", "ReLU", 0.60),
    mish=entry("baseline", "Mish", 0.65),
)
VAL = {
    "w": (0.66, 0.67, 0.64, 0.66),
    "v": (0.60, 0.61, 0.63, 0.61),
    "relu": (0.60, 0.62, 0.58, 0.61),
    "mish": (0.65, 0.63, 0.62, 0.64),
}
TEST = {
    "w": [0.64, 0.66, 0.65, 0.66],
    "v": [0.63, 0.61, 0.62, 0.60],
    "relu": [0.59, 0.61, 0.60, 0.62],  # the best baseline on the test part by far would be Mish's rival
    "mish": [0.60, 0.59, 0.61, 0.60],
}
RECORDS = [record(i, *scores) for i, scores in enumerate(VAL.values())]


def t_test(a: list[float], b: list[float]) -> tuple[float, float, float]:
    """(mean, half of the 95 % interval, p) of a - b: the formulas of Student 1908 for 4 pairs."""
    d = [x - y for x, y in zip(a, b, strict=True)]
    mean, error = statistics.fmean(d), statistics.stdev(d) / 2
    t = mean / error
    return mean, T_3 * error, float(betainc(1.5, 0.5, 0, 3 / (3 + t**2), regularized=True))


def test_means_intervals_and_paired_differences_are_those_of_the_formulas() -> None:
    found = {c.label: c for c in confirmed(ROSTER, RECORDS, TEST)}
    assert list(found) == ["w", "v", "relu", "mish"]
    w = found["w"]
    assert w.test is not None
    assert w.test.mean.difference == pytest.approx(0.6525)
    half = T_3 * statistics.stdev(TEST["w"]) / 2
    assert (w.test.mean.ci_low, w.test.mean.ci_high) == pytest.approx((0.6525 - half, 0.6525 + half))
    tests = {(c, r): t_test(TEST[c], TEST[r]) for c in ("w", "v") for r in ("relu", "mish")}
    for against, key in ((w.test.vs_relu, ("w", "relu")), (w.test.vs_best_baseline, ("w", "mish"))):
        assert against is not None
        assert against.result is not None
        mean, half, p = tests[key]
        assert against.result.difference == pytest.approx(mean)
        assert (against.result.ci_low, against.result.ci_high) == pytest.approx((mean - half, mean + half))
        assert against.result.p == pytest.approx(p, rel=1e-6)
    # Holm by hand over the four tests of the two winners
    ordered = sorted((p, key) for key, (_, _, p) in tests.items())
    largest, by_hand = 0.0, {}
    for place, (p, key) in enumerate(ordered):
        largest = max(largest, min(1.0, (4 - place) * p))
        by_hand[key] = largest
    for label in ("w", "v"):
        part = found[label].test
        assert part is not None
        assert part.vs_relu is not None
        assert part.vs_best_baseline is not None
        assert part.vs_relu.p_holm == pytest.approx(by_hand[label, "relu"], rel=1e-6)
        assert part.vs_best_baseline.p_holm == pytest.approx(by_hand[label, "mish"], rel=1e-6)
    assert found["relu"].test is not None
    assert found["relu"].test.vs_best_baseline is None, "baselines are no tests of the family"


def test_the_best_baseline_is_chosen_on_validation_never_on_test() -> None:
    assert statistics.fmean(TEST["relu"]) > statistics.fmean(TEST["mish"])
    found = {c.label: c for c in confirmed(ROSTER, RECORDS, TEST)}
    assert [label for label, c in found.items() if c.best_baseline] == ["mish"]


def test_the_verdicts() -> None:
    found = {c.label: c for c in confirmed(ROSTER, RECORDS, TEST)}
    assert found["w"].verdict.startswith("confirmed: against ReLU: w is better than ReLU by")
    assert "against Mish: w is better than Mish by" in found["w"].verdict
    assert found["v"].verdict.startswith("not confirmed: against ReLU: not separable with 4 seeds")
    assert "would show 0.1 points" in found["v"].verdict
    assert found["relu"].verdict == found["mish"].verdict == ""


def test_without_the_test_set_validation_decides() -> None:
    found = {c.label: c for c in confirmed(ROSTER, RECORDS, None)}
    assert all(c.test is None for c in found.values())
    assert found["v"].verdict.startswith("not confirmed")
    data = to_dict(found["w"])
    assert (data["test_acc"], data["test_accs"], data["test_vs_relu_p_holm"]) == (None, None, None)
    assert data["val_acc"] == pytest.approx(statistics.fmean(VAL["w"]))
    assert (data["search_val_acc"], data["search_n_seeds"]) == (0.70, 2)


def test_the_curse_of_the_winner_is_the_mean_drop() -> None:
    found = confirmed(ROSTER, RECORDS, None)
    by_hand = ((0.70 - statistics.fmean(VAL["w"])) + (0.69 - statistics.fmean(VAL["v"]))) / 2
    assert optimism(found) == pytest.approx(by_hand)
    assert optimism([c for c in found if c.entry.baseline]) is None


def test_what_diverges_or_is_not_there_yet_is_told() -> None:
    diverged = record(0, 0.66, outcome=Outcome.DIVERGED, reason="loss is not finite in epoch 2")
    test = {label: scores for label, scores in TEST.items() if label != "w"}
    w, v, *_ = confirmed(ROSTER, [diverged, *RECORDS[1:]], test)
    assert w.validation is w.test is None
    assert w.verdict == "not confirmed: diverged on fresh seeds: loss is not finite in epoch 2"
    assert v.test is not None
    assert v.test.vs_relu is not None
    assert v.test.vs_relu.p_holm == pytest.approx(min(1, 4 * t_test(TEST["v"], TEST["relu"])[2])), (
        "a test that could not be made still counts in the family"
    )
    assert to_dict(w)["reason"] == "loss is not finite in epoch 2"
    assert confirmed(ROSTER, RECORDS[1:], None)[0].verdict == "not trained yet"
    no_relu = [*RECORDS[:2], record(2, outcome=Outcome.FAILED, reason="out of memory"), RECORDS[3]]
    assert "ReLU" not in confirmed(ROSTER, no_relu, None)[0].verdict
    none = [*RECORDS[:2], *(record(i, outcome=Outcome.FAILED, reason="x") for i in (2, 3))]
    assert "nothing to compare with" in confirmed(ROSTER, none, None)[0].verdict


def test_one_seed_and_equal_scores_make_no_certainty() -> None:
    single = [record(i, scores[0]) for i, scores in enumerate(VAL.values())]
    w = confirmed(ROSTER, single, None)[0]
    assert "one seed gives no spread" in w.verdict
    assert w.validation is not None
    assert w.validation.mean.ci_low is None
    assert all(v is None or not isinstance(v, float) or math.isfinite(v) for v in to_dict(w).values())
    same = [record(i, 0.5, 0.5) for i in range(4)]
    w = confirmed(ROSTER, same, None)[0]
    assert w.validation is not None
    assert w.validation.vs_relu is not None
    assert w.validation.vs_relu.p_holm == 1.0


def test_the_ledger_as_json() -> None:
    one = Opening(
        when="2026-03-01T12:00:00.000+00:00", by="c", by_created="2026-03-01T11:00:00.000+00:00",
        command="nas confirm a", images=360, fingerprint="ab", results={"w": [0.5]},
    )  # fmt: skip
    data = ledger_to_dict([one])
    assert data["opened"] == 1
    assert data["openings"] == [
        {
            "when": one.when,
            "by": "c",
            "images": 360,
            "command": "nas confirm a",
            "results": {"w": [0.5]},
        }
    ]
    assert plain(ledger_to_dict([])) == {"opened": 0, "openings": []}


def test_the_winners_are_the_best_finished_ones_and_all_baselines_come_along() -> None:
    records = [
        record(0, 0.60, 0.61, origin="baseline", outcome=Outcome.FINISHED),
        record(1, 0.55, 0.56),
        record(2, 0.70, outcome=Outcome.PRUNED, reason="others were better"),
        record(3, 0.66, 0.67, settings={"lr": 0.03}),
        record(4, 0.62, 0.63, origin="own"),
        record(5, origin="baseline", outcome=Outcome.DIVERGED, reason="loss is not finite"),
        record(6, outcome=Outcome.SCREENED, reason="constant"),
    ]
    found = selected("a", records, 500, top=2)
    assert list(found) == ["a:3", "a:4", "a:0", "a:5"]
    assert found["a:3"].settings == {"lr": 0.03}
    assert (found["a:3"].val_acc, found["a:3"].seeds) == (pytest.approx(0.665), 2)
    assert (found["a:5"].val_acc, found["a:5"].seeds, found["a:5"].baseline) == (None, 0, True)
    assert list(selected("a", records[1:2], 500, top=5)) == ["a:1", *BASELINES]
    chosen = record(
        7, 0.7, 0.7, settings={"optimizer": "adam"}, lr_tried=((0.1, None), (0.01, 0.7), (0.001, 0.6))
    )
    assert selected("a", [chosen], 500, top=1)["a:7"].settings == {
        "optimizer": "adam",
        "lr": 0.01,
        "lr_budget": 1,
    }
    with pytest.raises(RunError, match="no candidate of run a has finished"):
        selected("a", [records[0], records[2]], 500, top=5)
