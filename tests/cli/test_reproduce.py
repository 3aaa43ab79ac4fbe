"""`nas reproduce`, for real on few digits."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from nas.evaluation.objective import Evaluation, Evaluator
from nas.reproductions import init, optimizers, scales
from tests.cli.conftest import Cli

KEYS = ["claim", "paper", "here", "verdict"]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scale `minutes` in seconds."""
    small = {"width": 4, "train_size": 600, "val_size": 100, "epochs": 3, "rungs": (1, 3)}
    row = dataclasses.replace(scales.SCALES["minutes"], trials=5, seeds=2, **small)
    monkeypatch.setitem(scales.SCALES._rows, "minutes", row)


@pytest.mark.slow
def test_swish_from_its_search_to_its_record(cli: Cli, here: Path, tiny: None) -> None:
    first = cli("reproduce", "swish", "--format", "json", "--record", "r.json", "--figure", "f.svg")
    assert first.code == 0, first.err
    data = json.loads(first.out)
    assert list(data["claims"][0])[:4] == KEYS
    assert {c["verdict"] for c in data["claims"]} <= {
        "supported",
        "not supported",
        "cannot tell at this scale",
    }
    search = data["search"]
    assert (search["run"], search["sampler"], search["trainings"]) == ("reproduce-swish-minutes-0", "tpe", 5)
    assert set(search["swish_family"]) >= {"found", "trainings", "rank", "expression", "chance"}
    assert data["protocol"]["search"]["rungs"] == [1, 3]
    assert data["protocol"]["comparison"]["seed"] == data["protocol"]["search"]["seed"] + 1
    labels = [f["label"] for f in data["functions"]]
    assert labels[:2] == ["Swish", "maxsig"]
    assert json.loads((here / "r.json").read_text(encoding="utf-8")) == data
    assert (here / "f.svg").read_text(encoding="utf-8").startswith("<svg")
    assert str(here) not in first.out  # no absolute path

    # all is done: the same command prints the same at once and trains nothing
    study = here / "runs" / "reproduce-swish-minutes-0" / "study.db"
    before = study.stat().st_mtime_ns
    again = cli("reproduce", "swish", "--format", "json")
    assert json.loads(again.out) == data
    assert study.stat().st_mtime_ns == before
    assert "Swish > ReLU" in cli("reproduce", "swish").out

    alone = cli("reproduce", "pool", "r.json", "--format", "json")
    assert json.loads(alone.out)["seeds"] == [0]
    assert cli("reproduce", "pool", "r.json", "r.json").code == 2


@pytest.mark.slow
def test_a_run_that_was_begun_otherwise_is_left_alone(
    cli: Cli, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("reproduce", "swish", "-q").code == 0
    row = dataclasses.replace(scales.SCALES["minutes"], width=3)
    monkeypatch.setitem(scales.SCALES._rows, "minutes", row)
    refused = cli("reproduce", "swish", "-q")
    assert refused.code == 2
    assert "protocol" in refused.err


@pytest.mark.slow
def test_acon_with_its_meta_form(cli: Cli, here: Path, tiny: None) -> None:
    done = cli("reproduce", "acon", "--format", "json")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    assert data["search"] is None
    assert data["protocol"]["meta"]["recipe"]["meta"] is True
    assert data["protocol"]["comparison"]["recipe"]["meta"] is False
    meta, rest = data["protocol"]["meta"], data["protocol"]["comparison"]
    assert {k: v for k, v in meta.items() if k != "recipe"} == {
        k: v for k, v in rest.items() if k != "recipe"
    }
    assert [f["label"] for f in data["functions"]][-1] == "Meta-ACON"
    assert "Meta-ACON > Swish" in [c["claim"] for c in data["claims"]]


@pytest.mark.slow
def test_inits_tuned_and_compared(cli: Cli, here: Path, tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    few = ("tanh Glorot", "tanh default", "ReLU default", "small tanh own")
    some = [one for one in init.entrants() if one.label in few]
    monkeypatch.setattr(init, "entrants", lambda: some)
    monkeypatch.setattr(init, "SEEDS", 2)
    first = cli("reproduce", "init", "--format", "json", "--record", "r.json")
    assert first.code == 0, first.err
    data = json.loads(first.out)
    assert list(data["claims"][0])[:4] == KEYS
    assert data["protocol"]["comparison"]["recipe"]["norm"] == "none"
    assert data["protocol"]["comparison"]["rungs"] == [3]
    assert (data["protocol"]["tuning"]["seeds"], data["protocol"]["comparison"]["seeds"]) == (1, 2)
    rows = {row["label"]: row for row in data["functions"]}
    assert set(rows) == set(few)
    assert [len(row["lr_tried"]) for row in rows.values()] == [5] * len(few)
    assert rows["ReLU default"]["lr"] is None  # its signal is gone after twenty layers
    assert rows["small tanh own"]["settings"] == {"init": "own", "net": "small"}
    verdicts = {c["claim"]: c["verdict"] for c in data["claims"]}
    assert verdicts["ReLU: He keeps signal"] == "supported"
    assert "tanh Glorot > default" in verdicts
    assert "ReLU He > Glorot" not in verdicts  # neither was trained
    assert str(here) not in first.out  # no absolute path

    study = here / "runs" / "reproduce-init-minutes-0-compare" / "study.db"
    before = study.stat().st_mtime_ns
    assert json.loads(cli("reproduce", "init", "--format", "json").out) == data
    assert study.stat().st_mtime_ns == before
    assert "at no rate" in cli("reproduce", "init").out
    assert json.loads(cli("reproduce", "pool", "r.json", "--format", "json").out)["seeds"] == [0]
    assert "max(x, 0)" in cli("show", "reproduce-init-minutes-0-tune").out
    assert cli("resume", "reproduce-init-minutes-0-tune").code == 0


@pytest.mark.slow
def test_update_rules_go_on_where_they_were_cut_off(
    cli: Cli, here: Path, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [one for one in optimizers.entrants() if one.label in ("Nesterov", "Lion", "PowerSign")]
    monkeypatch.setattr(optimizers, "entrants", lambda: some)
    whole = json.loads(cli("reproduce", "optimizers", "--format", "json", "--runs-dir", "whole").out)
    evaluate, calls = Evaluator.evaluate, iter(range(100))

    def cut(self: Evaluator, *args: Any, **more: Any) -> Evaluation:
        if next(calls) == 4:  # three were tuned, one compared
            raise KeyboardInterrupt
        return evaluate(self, *args, **more)

    monkeypatch.setattr(Evaluator, "evaluate", cut)
    assert cli("reproduce", "optimizers", "-q").code != 0
    monkeypatch.setattr(Evaluator, "evaluate", evaluate)
    done = cli("reproduce", "optimizers", "--format", "json")
    assert done.code == 0, done.err
    assert "going on with reproduce-optimizers-minutes-0-compare" in done.err
    data = json.loads(done.out)
    for a, b in zip(data["functions"], whole["functions"], strict=True):
        assert {k: v for k, v in a.items() if k != "seconds"} == {
            k: v for k, v in b.items() if k != "seconds"
        }
    assert data["claims"] == whole["claims"]
    row = dataclasses.replace(scales.SCALES["minutes"], seeds=3)
    monkeypatch.setitem(scales.SCALES._rows, "minutes", row)
    refused = cli("reproduce", "optimizers", "-q")
    assert refused.code == 2
    assert "was begun with another" in refused.err


def test_help_names_the_scales(cli: Cli) -> None:
    said = " ".join(cli("reproduce", "swish", "--help").out.split())
    for row in scales.SCALES.values():
        assert f"{row.name}: {row.summary}" in said


def test_a_record_that_is_none(cli: Cli, here: Path) -> None:
    (here / "x.json").write_text("{}", encoding="utf-8")
    done = cli("reproduce", "pool", "x.json")
    assert done.code == 2
    assert "record" in done.err
