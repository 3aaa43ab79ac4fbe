"""Rows of the leaderboard against NumPy and brute force."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.analysis.leaderboard import SORTS, hall_of_fame, outcome_counts, rows, to_csv, to_dict
from nas.errors import SettingError
from nas.outcomes import Outcome
from nas.runs.records import TrialRecord

CONTRACT = [
    "trial",
    "expression",
    "name",
    "complexity",
    "outcome",
    "val_acc",
    "val_acc_std",
    "n_seeds",
    "epochs",
    "seconds",
    "train_images",
    "baseline",
]


def record(number: int, *val_accs: float, complexity: int = 4, **others: object) -> TrialRecord:
    values: dict[str, object] = {
        "expression": f"x + {number}",
        "name": None,
        "origin": "sampler",
        "outcome": Outcome.FINISHED,
        "epochs": 3,
        "seconds": 11.5 + number,
        "train_images": 30_000,
    }
    return TrialRecord(number=number, complexity=complexity, val_accs=val_accs, **(values | others))


RELU = record(0, 0.5811, 0.5742, 0.5903, name="ReLU", origin="baseline", complexity=3, expression="max(x, 0)")
SWISH = record(1, 0.6014, 0.5821, 0.6032, name="Swish", origin="baseline")
FEWER = record(2, 0.6103, 0.6211)
DIVERGED = record(3, outcome=Outcome.DIVERGED, reason="loss is not finite in epoch 1")
PARTLY = record(4, 0.6999, outcome=Outcome.FAILED, reason="out of memory")
SCREENED = record(5, outcome=Outcome.SCREENED, reason="constant", seconds=0.0, train_images=0)
ALL = [SCREENED, PARTLY, RELU, DIVERGED, SWISH, FEWER]

scores = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 8)), max_size=12)


def test_finished_trials_stand_first_by_val_acc_and_the_others_follow_without_a_rank() -> None:
    shown = rows(ALL, 5000)
    assert [row.trial for row in shown] == [2, 1, 0, 3, 4]
    assert [row.rank for row in shown] == [1, 2, 3, None, None]
    assert [row.trial for row in rows(ALL, 5000, include_screened=True)] == [2, 1, 0, 3, 4, 5]
    assert [row.trial for row in rows(ALL, 5000, top=2)] == [2, 1]
    assert rows(ALL, 5000, top=0) == []


def test_mean_spread_and_paired_difference_are_those_of_numpy() -> None:
    row = next(row for row in rows(ALL, 5000) if row.trial == SWISH.number)
    paired = np.array(SWISH.val_accs) - np.array(RELU.val_accs)
    assert row.val_acc == pytest.approx(np.mean(SWISH.val_accs))
    assert row.val_acc_std == pytest.approx(np.std(SWISH.val_accs, ddof=1))
    assert row.difference_to_relu is not None
    assert row.difference_to_relu.mean == pytest.approx(paired.mean())
    assert row.difference_to_relu.standard_error == pytest.approx(paired.std(ddof=1) / math.sqrt(3))


def test_the_difference_uses_only_seeds_that_both_have() -> None:
    row = next(row for row in rows(ALL, 5000) if row.trial == FEWER.number)
    paired = np.array(FEWER.val_accs) - np.array(RELU.val_accs[:2])
    assert row.difference_to_relu is not None
    assert row.difference_to_relu.n_seeds == 2
    assert row.difference_to_relu.mean == pytest.approx(paired.mean())


def test_one_seed_has_no_spread_and_no_standard_error() -> None:
    one = [record(0, 0.58, name="ReLU", origin="baseline"), record(1, 0.61)]
    best = to_dict(rows(one, 5000)[0])
    assert best["val_acc_std"] is None
    assert best["difference_to_relu"] == pytest.approx(0.03)
    assert best["difference_to_relu_se"] is None
    assert best["difference_to_relu_n"] == 1


def test_without_a_finished_relu_nothing_is_compared() -> None:
    lost = record(0, name="ReLU", origin="baseline", outcome=Outcome.DIVERGED)
    assert all(row.difference_to_relu is None for row in rows([lost, SWISH, FEWER], 5000))


def test_the_reference_is_the_baseline_and_never_a_relu_under_other_settings() -> None:
    other = record(7, 0.9, name="ReLU", settings={"lr": 3.0})
    assert [row.trial for row in rows([other, RELU, SWISH], 5000) if row.reference] == [RELU.number]
    assert not any(row.reference for row in rows([other, SWISH], 5000))
    before = record(0, 0.55, name="ReLU", origin="own")
    late = record(9, 0.58, name="ReLU", origin="baseline")
    assert [row.trial for row in rows([before, late], 5000) if row.reference] == [9]
    plain = record(8, 0.55, name="ReLU")
    assert [row.trial for row in rows([plain, SWISH], 5000) if row.reference] == [8]


def test_a_trial_that_did_not_finish_is_never_compared() -> None:
    row = next(row for row in rows(ALL, 5000) if row.trial == PARTLY.number)
    assert (row.rank, row.difference_to_relu) == (None, None)
    assert row.val_acc == PARTLY.val_accs[0]


def test_equal_scores_share_their_rank() -> None:
    equal = [record(0, 0.6), record(1, 0.5), record(2, 0.6), record(3, 0.4)]
    assert [(row.trial, row.rank) for row in rows(equal, 5000)] == [(0, 1), (2, 1), (1, 3), (3, 4)]


@pytest.mark.parametrize(
    ("sort", "trials"),
    [
        ("val_acc", [2, 1, 0, 3, 4]),
        ("complexity", [0, 2, 1, 3, 4]),
        ("seconds", [0, 1, 2, 3, 4]),
        ("trial", [0, 1, 2, 3, 4]),
        ("name", [0, 1, 2, 3, 4]),
    ],
)
def test_sorting_keeps_ranks_and_puts_the_unfinished_last(sort: str, trials: list[int]) -> None:
    shown = rows(ALL, 5000, sort=sort)
    assert [row.trial for row in shown] == trials
    assert {row.trial: row.rank for row in shown} == {row.trial: row.rank for row in rows(ALL, 5000)}


def test_an_unknown_sort_lists_what_there_is() -> None:
    with pytest.raises(SettingError) as refused:
        rows(ALL, 5000, sort="val_ac")
    assert all(name in str(refused.value) for name in SORTS)
    assert "did you mean val_acc?" in str(refused.value)


def test_a_negative_top_is_refused() -> None:
    with pytest.raises(SettingError, match="--top"):
        rows(ALL, 5000, top=-1)


def test_json_has_the_keys_of_the_contract_first() -> None:
    assert list(to_dict(rows(ALL, 5000)[0]))[: len(CONTRACT)] == CONTRACT


def test_json_of_numbers_that_are_not_finite_is_null() -> None:
    odd = record(
        0, math.nan, 0.5, seconds=math.inf, settings={"lr": math.nan, "deep": [math.inf, {"x": -math.inf}]}
    )
    shown = to_dict(rows([odd], 5000)[0])
    read = json.loads(json.dumps(shown, allow_nan=False))
    assert (read["val_acc"], read["val_acc_std"], read["seconds"], read["rank"]) == (None, None, None, None)
    assert read["settings"] == {"lr": None, "deep": [None, {"x": None}]}


def test_json_of_every_outcome_is_plain() -> None:
    shown = json.loads(
        json.dumps([to_dict(row) for row in rows(ALL, 5000, include_screened=True)], allow_nan=False)
    )
    assert {row["outcome"] for row in shown} == {"finished", "diverged", "failed", "screened"}
    assert [row["baseline"] for row in shown if row["name"]] == [True, True]


def test_csv_reads_back_with_its_odd_characters() -> None:
    odd = record(6, 0.5, expression='max(x, "0"),\n-x', settings={"lr": 0.1})
    read = list(csv.DictReader(io.StringIO(to_csv(rows([odd, DIVERGED], 5000)))))
    assert read[0]["expression"] == odd.expression
    assert (read[0]["val_acc"], read[1]["val_acc"]) == ("0.5", "")
    assert json.loads(read[0]["settings"]) == {"lr": 0.1}
    assert next(csv.reader(io.StringIO(to_csv([]))))[: len(CONTRACT)] == CONTRACT


def test_outcomes_are_counted_all_of_them() -> None:
    assert outcome_counts(ALL) == {
        Outcome.FINISHED: 3,
        Outcome.DIVERGED: 1,
        Outcome.PRUNED: 0,
        Outcome.FAILED: 1,
        Outcome.SCREENED: 1,
    }


@settings(deadline=None)
@given(scores)
def test_the_hall_of_fame_is_the_pareto_front_by_brute_force(trials: list[tuple[int, int]]) -> None:
    records = [record(i, acc / 8, complexity=size) for i, (size, acc) in enumerate(trials)]
    front = {(size, acc / 8) for size, acc in trials if not any(s <= size and a > acc for s, a in trials)}
    front -= {(size, acc) for size, acc in front if any(s < size and a >= acc for s, a in front)}
    famous = hall_of_fame(records)
    assert [(one.complexity, one.val_acc) for one in famous] == sorted(front)
    for one in famous:
        assert one.number == min(
            r.number for r in records if (r.complexity, r.val_acc) == (one.complexity, one.val_acc)
        )


def test_only_finished_trials_enter_the_hall_of_fame() -> None:
    assert [one.number for one in hall_of_fame([*ALL, record(9, math.nan, complexity=1)])] == [0, 2]


@settings(deadline=None)
@given(scores)
def test_ranks_count_the_better_ones(trials: list[tuple[int, int]]) -> None:
    records = [record(i, acc / 8, complexity=size) for i, (size, acc) in enumerate(trials)]
    for row in rows(records, 5000):
        assert row.rank == 1 + sum(acc / 8 > (row.val_acc or 0) for _, acc in trials)
