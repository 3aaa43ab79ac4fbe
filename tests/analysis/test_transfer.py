"""Ranks, Spearman and the worst cell, by hand."""

from __future__ import annotations

import pytest
from mpmath import betainc

from nas.analysis.transfer import Cell, cells, standings, to_dict
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.runs.records import TrialRecord
from nas.runs.roster import Entry, Roster

SMALL = Protocol(data="digits", seeds=3, seed=1)
SCORES = {
    "digits/small": {
        "w": (0.70, 0.71, 0.72),
        "v": (0.66, 0.69, 0.66),
        "relu": (0.64, 0.66, 0.65),
        "elu": (0.70, 0.71, 0.72),
    },
    "digits/resnet20": {
        "w": (0.82, 0.81, 0.83),
        "v": (0.76, 0.79, 0.78),
        "relu": (0.80, 0.80, 0.79),
        "elu": (0.78, 0.80, 0.79),
    },
}
SEARCH = {"w": 0.68, "v": 0.67, "relu": 0.61, "elu": 0.64}


def entry(label: str) -> Entry:
    baseline = label in ("relu", "elu")
    return Entry(
        expression=f"tanh({label == 'w'}*x)", name={"relu": "ReLU", "elu": "ELU"}.get(label), complexity=3,
        origin="baseline" if baseline else "sampler", val_acc=SEARCH[label], seeds=2,
    )  # fmt: skip


ROSTER = Roster(
    search="a",
    selected_among=9,
    candidates={label: entry(label) for label in SEARCH},
    protocols={"digits/small": SMALL, "digits/resnet20": SMALL.model_copy(update={"net": "resnet20"})},
)
RECORDS = [
    TrialRecord(number, "x", None, 1, "sampler", Outcome.FINISHED, val_accs=SCORES[cell][label])
    for number, cell, label in ROSTER.trials()
]


def spearman(a: list[int], b: list[int]) -> float:
    """1 - 6 sum d^2 / (n (n^2 - 1)), for ranks without ties."""
    n = len(a)
    return 1 - 6 * sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (n * (n**2 - 1))


def one_sided(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """P(T >= t) with 2 degrees of freedom."""
    d = [x - y for x, y in zip(a, b, strict=True)]
    mean = sum(d) / 3
    t = mean / (sum((x - mean) ** 2 for x in d) / 2 / 3) ** 0.5
    two = float(betainc(1, 0.5, 0, 2 / (2 + t**2), regularized=True))
    return two / 2 if t > 0 else 1 - two / 2


def found() -> list[Cell]:
    return cells(ROSTER, RECORDS)


def test_ranks_in_each_cell_and_equal_ones_share_one() -> None:
    small, resnet = found()
    assert {label: score.rank for label, score in small.scores.items()} == {
        "w": 1,
        "elu": 1,
        "v": 3,
        "relu": 4,
    }
    assert {label: score.rank for label, score in resnet.scores.items()} == {
        "w": 1,
        "relu": 2,
        "elu": 3,
        "v": 4,
    }


def test_spearman_is_that_of_the_ranks() -> None:
    _, resnet = found()
    # in the search w, v, elu, relu; here w, relu, elu, v
    assert resnet.spearman == pytest.approx(spearman([1, 2, 3, 4], [1, 4, 3, 2]))
    assert resnet.spearman_n == 4
    few = cells(ROSTER, RECORDS[:2])[0]
    assert (few.spearman, few.spearman_p, few.spearman_n) == (None, None, 2)
    equal = [TrialRecord(n, "x", None, 1, "sampler", Outcome.FINISHED, val_accs=(0.5,)) for n in range(4)]
    assert cells(ROSTER, equal)[0].spearman is None


def test_never_below_relu_and_how_sure_that_is() -> None:
    by_label = {s.label: s for s in standings(ROSTER, found())}
    w, v = by_label["w"], by_label["v"]
    p = max(one_sided(SCORES[cell]["w"], SCORES[cell]["relu"]) for cell in SCORES)
    q = max(one_sided(SCORES[cell]["v"], SCORES[cell]["relu"]) for cell in SCORES)
    assert (w.p, v.p) == (pytest.approx(p, rel=1e-6), pytest.approx(q, rel=1e-6))
    assert w.p_holm == pytest.approx(2 * p, rel=1e-6)
    assert (w.not_below, w.compared, w.worst) == (2, 2, "digits/resnet20")
    assert w.verdict.startswith("never below ReLU in the mean of 2; that it is above in each is not sure")
    assert (v.not_below, v.worst) == (1, "digits/resnet20")
    assert v.worst_difference == pytest.approx(-0.02)
    two_sided = 2 * (1 - q)
    said = f"below ReLU in 1 of 2, by 2.00 points in digits/resnet20 (p {two_sided:.2g} there)"
    assert v.verdict == said
    assert by_label["relu"].reference
    assert by_label["elu"].verdict == ""
    assert by_label["elu"].mean_rank == 2.0


def test_certainty_where_every_cell_is_clear() -> None:
    clear = {
        "w": (0.90, 0.911, 0.92),
        "v": (0.5, 0.5, 0.5),
        "relu": (0.64, 0.66, 0.65),
        "elu": (0.6, 0.6, 0.6),
    }
    records = [
        TrialRecord(number, "x", None, 1, "sampler", Outcome.FINISHED, val_accs=clear[label])
        for number, _, label in ROSTER.trials()
    ]
    w = standings(ROSTER, cells(ROSTER, records))[0]
    assert w.verdict.startswith("never below ReLU in the mean of 2; above it in each, p 0.00")


def test_what_did_not_finish_is_told_and_ends_the_claim() -> None:
    diverged = TrialRecord(
        4, "x", None, 1, "sampler", Outcome.DIVERGED, "loss is not finite", val_accs=(0.9,)
    )
    broken = [*RECORDS[:4], diverged, *RECORDS[5:]]
    resnet = cells(ROSTER, broken)[1]
    assert (resnet.scores["w"].rank, resnet.scores["w"].vs_relu) == (None, None)
    w = standings(ROSTER, cells(ROSTER, broken))[0]
    assert (w.p, w.p_holm, w.compared) == (None, None, 1)
    assert w.verdict == "diverged in digits/resnet20: loss is not finite"
    cut = standings(ROSTER, cells(ROSTER, RECORDS[:4]))[0]
    assert cut.verdict == "beside ReLU in 1 of 2 cells only"


def test_the_json_has_every_candidate_in_every_cell() -> None:
    data = to_dict(ROSTER, found())
    assert isinstance(data["candidates"], list)
    assert isinstance(data["cells"], list)
    assert [c["candidate"] for c in data["candidates"]] == list(SEARCH)
    assert [c["cell"] for c in data["cells"]] == list(SCORES)
    first = data["cells"][0]["scores"][0]
    assert (first["candidate"], first["rank"], first["n_seeds"]) == ("w", 1, 3)
    assert first["vs_relu"] == pytest.approx(0.06)
