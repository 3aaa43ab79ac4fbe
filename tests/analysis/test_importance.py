"""Searches whose truth is known: what drives them is found, and nothing else."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import pytest

from nas.analysis import variance
from nas.analysis.importance import Importance, importance, to_dict
from nas.outcomes import Outcome
from nas.runs.decided import Decided
from nas.runs.records import TrialRecord

UNARY = ("x", "tanh(x)", "sin(x)", "max(x, 0)")
INITS = ("auto", "he_normal", "own")
RULES = {"adam": (1e-4, 1e-1), "sgd": (1e-2, 10.0)}

Score = Callable[[dict[str, object], random.Random], float]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variance, "_RESAMPLES", 99)


def record(number: int, accuracy: float | None, outcome: Outcome = Outcome.FINISHED) -> TrialRecord:
    accs = () if accuracy is None else (accuracy,)
    return TrialRecord(number, "x", None, 1, "sampler", outcome, val_accs=accs)


def searched(score: Score, n: int = 90, seed: int = 5, sampler: str = "tpe") -> Importance:
    """n trials at random; a score of NaN is a divergence."""
    rng = random.Random(seed)
    records, decided = [], {}
    for number in range(n):
        rule, place = rng.choice(list(RULES)), rng.random()
        low, high = RULES[rule]
        decay = 10 ** rng.uniform(-5, -2)
        taken = {
            "core_unit.1.unary1": Decided(rng.choice(UNARY), UNARY),
            "init": Decided(rng.choice(INITS), INITS),
            "recipe.weight_decay": Decided(decay, (), 1e-5, 1e-2, log=True),
            "optimizer.rule": Decided(rule, tuple(RULES)),
            f"optimizer.{rule}.lr": Decided(low * (high / low) ** place, (), low, high, log=True),
        }
        if rule == "adam":
            taken["optimizer.adam.beta2"] = Decided(rng.uniform(0.9, 0.999), (), 0.9, 0.999)
        decided[number] = taken
        got = score({**{k: v.value for k, v in taken.items()}, "place": place}, rng)
        records.append(
            record(number, None, Outcome.DIVERGED) if math.isnan(got) else record(number, 0.5 + 0.01 * got)
        )
    return importance(records, decided, sampler)


def sure(of: Importance) -> list[str]:
    alone = [row.name for row in of.decisions if row.p_holm is not None and row.p_holm < 0.05]
    pairs = [f"{row.a} {row.b}" for row in of.pairs if row.p_holm is not None and row.p_holm < 0.05]
    return alone + pairs


def test_what_drives_all_is_found_and_nothing_else() -> None:
    found = searched(lambda t, rng: 4.0 * UNARY.index(str(t["core_unit.1.unary1"])) + rng.gauss(0, 1))
    assert sure(found) == ["core_unit.1.unary1"]
    first = found.decisions[0]
    assert first.share is not None
    assert first.share > 0.8
    assert (first.best.option, first.worst.option) == (UNARY[3], UNARY[0])
    assert first.best.mean - first.worst.mean == pytest.approx(0.12, abs=0.02)
    assert first.n == 90 == found.trials


def test_a_number_counts_by_its_place_in_the_range_of_its_rule() -> None:
    found = searched(lambda t, rng: 5 * float(str(t["place"])) + rng.gauss(0, 1))
    assert sure(found) == ["optimizer.*.lr"]
    assert found.decisions[0].best.option == "0.76 to 0.98"
    assert {"optimizer.adam.lr", "optimizer.sgd.lr"}.isdisjoint(row.name for row in found.decisions)


def test_noise_is_rarely_called_important() -> None:
    """Holm keeps each family at one false find in twenty: 8 searches of two families expect 0.8."""
    false = [sure(searched(lambda t, rng: rng.gauss(0, 1), n=60, seed=seed)) for seed in range(8)]
    assert sum(map(bool, false)) <= 3


def test_a_pure_interaction_is_found_and_two_strong_decisions_are_none() -> None:
    def entangled(t: dict[str, object], rng: random.Random) -> float:
        place = UNARY.index(str(t["core_unit.1.unary1"])) + INITS.index(str(t["init"]))
        return 3.0 * (place % 3) + rng.gauss(0, 1)

    def side_by_side(t: dict[str, object], rng: random.Random) -> float:
        both = UNARY.index(str(t["core_unit.1.unary1"])) + INITS.index(str(t["init"]))
        return 3.0 * both + rng.gauss(0, 1)

    assert "core_unit.1.unary1 init" in sure(searched(entangled))
    assert not {"core_unit.1.unary1", "init"} & set(sure(searched(entangled)))
    assert sorted(sure(searched(side_by_side, n=200))) == ["core_unit.1.unary1", "init"]


def test_a_conditional_decision_is_judged_among_those_that_have_it() -> None:
    found = searched(lambda t, rng: rng.gauss(0, 1))
    of = {row.name: row.n for row in found.decisions}
    adam = next(row for row in found.decisions if row.name == "optimizer.adam.beta2").n
    assert of["init"] == 90
    assert 20 < adam < 70
    assert all(row.n == adam for row in found.pairs if "optimizer.adam.beta2" in (row.a, row.b))


def test_diverged_trials_are_judged_by_themselves() -> None:
    def falls(t: dict[str, object], rng: random.Random) -> float:
        return math.nan if t["init"] == "own" and rng.random() < 0.7 else rng.gauss(0, 1)

    found = searched(falls)
    assert found.trials + found.diverged == 90
    assert (found.falls[0].name, found.falls[0].option) == ("init", "own")
    assert found.falls[0].diverged == found.diverged
    assert found.falls[0].p_holm is not None
    assert found.falls[0].p_holm < 0.05


def test_pruned_trials_and_those_without_decisions_have_no_part() -> None:
    choice = {n: {"init": Decided(INITS[n % 3], INITS)} for n in range(30)}
    records = [record(n, 0.4 + 0.001 * n) for n in range(24)]
    records += [record(n, 0.9, Outcome.PRUNED) for n in range(24, 30)] + [record(30, 0.1)]
    found = importance(records, choice, "random")
    assert (found.trials, found.pruned) == (24, 6)
    assert sum(o.n for o in (found.decisions[0].best, found.decisions[0].worst)) == 16
    assert "pruned trials are left out" in found.note
    assert "at random" in found.note


def test_the_sampler_and_its_bias_are_named() -> None:
    assert "tpe does not draw options evenly" in searched(lambda t, rng: rng.gauss(0, 1), n=20).note


def test_few_trials_tell_nothing_and_json_is_pure() -> None:
    found = searched(lambda t, rng: rng.gauss(0, 1), n=5)
    assert sure(found) == []
    data = json.loads(json.dumps(to_dict(found), allow_nan=False))
    assert {"decisions", "pairs", "trials", "note"} <= data.keys()
    assert list(data["decisions"][0])[:6] == ["name", "share", "ci_low", "ci_high", "p_holm", "n"]
    assert data["decisions"][0]["share"] is None
