"""`nas describe` and its kinds optimizer, schedule and task."""

from __future__ import annotations

import json

import pytest

from nas.cli.commands import describe_optimizer
from nas.rows.optimizers import OPTIMIZERS
from nas.rows.schedules import SCHEDULES
from nas.rows.tasks import TASKS
from tests.cli.conftest import Cli, Nas

TABLES = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "task": TASKS}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rivals, two rates: the walks take a fraction of a second."""
    monkeypatch.setattr(describe_optimizer, "_RIVALS", ("sgd", "newton"))
    monkeypatch.setattr(describe_optimizer, "_RATES", 2)


@pytest.mark.parametrize("kind", TABLES)
def test_without_a_name_all_rows_are_listed(cli: Cli, kind: str) -> None:
    listed = json.loads(cli("describe", kind, "--format", "json").out)
    assert [row["name"] for row in listed] == list(TABLES[kind])
    assert all(row["formula"] and row["reference"] for row in listed)
    shown = cli("describe", kind).out
    assert all(f"\n{name} " in f"\n{shown}" for name in TABLES[kind])


@pytest.mark.parametrize(
    ("kind", "name"), [("schedule", name) for name in SCHEDULES] + [("task", name) for name in TASKS]
)
def test_schedules_and_tasks_are_explained(cli: Cli, kind: str, name: str) -> None:
    done = cli("describe", kind, name)
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert json.loads(cli("describe", kind, name, "--format", "json").out)["name"] == name


def test_an_optimizer_walks_and_is_compared(cli: Cli, few: None) -> None:
    done = cli("describe", "optimizer", "nesterov")
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    assert "steps to tolerance" in done.out
    assert "\nnewton " in done.out
    assert "×" in done.out


def test_json_has_the_row_the_paths_and_the_budget(cli: Cli, few: None) -> None:
    got = json.loads(cli("describe", "optimizer", "newton", "--format", "json").out)
    assert got["formula"] == OPTIMIZERS["newton"].formula
    assert (got["learning_rates"], got["budget"]) == (2, 200)
    quadratic = got["tasks"]["quadratic"]
    assert quadratic["path"][0] == [-1.6, 1.1]
    assert quadratic["rules"]["newton"]["steps"] == 1
    assert set(quadratic["rules"]) == {"sgd", "newton"}
    assert all(len(rule["tried"]) == 2 for rule in quadratic["rules"].values())


@pytest.mark.slow
def test_findings_tell_decay_noise_and_sums_apart() -> None:
    sgd, adam = describe_optimizer.findings("sgd", 0.2), describe_optimizer.findings("adam", 0.3)
    assert sgd["decay_forms_apart"] < 1e-12
    assert adam["decay_forms_apart"] > 0.01
    assert sgd["sum_as_rate"] < 1e-9 < 1e-3 < sgd["sum_as_mean"]
    assert adam["sum_as_mean"] < 1e-4 < adam["sum_as_rate"]
    searched = describe_optimizer.findings("gd_exact", 1.0)
    assert searched["noisy_share"] > 5 * sgd["noisy_share"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("optimiser",), "did you mean optimizer"),
        (("optimizer", "nestorov"), "did you mean nesterov"),
        (("task", "beal"), "did you mean beale"),
        (("schedule", "cosin"), "did you mean cosine"),
    ],
)
def test_wrong_names_teach(cli: Cli, words: tuple[str, ...], hint: str) -> None:
    done = cli("describe", *words)
    assert done.code == 2
    assert hint in done.err
    assert done.out == ""


def test_lists_need_no_torch(nas: Nas) -> None:
    done = nas("describe", "optimizer", python=("-X", "importtime"))
    assert done.returncode == 0
    assert "| torch\n" not in done.stderr
    assert " torch\n" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_rule_can_be_described(cli: Cli, few: None, name: str) -> None:
    done = cli("describe", "optimizer", name)
    assert done.code == 0, done.err
    assert f"\n{name} " in done.out
