"""What the views say about runs that are on disk: tables for people, JSON and CSV for scripts."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import sqlite3
from pathlib import Path

import pytest

from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.store import Run
from tests.cli.conftest import Cli, Nas
from tests.cli.test_main import imported

KEYS = [
    *("trial", "expression", "name", "complexity", "outcome", "val_acc", "val_acc_std", "n_seeds"),
    *("epochs", "seconds", "train_images", "baseline"),
]


def epoch(number: int, loss: float) -> dict[str, float]:
    return {"number": number, "train_loss": loss, "val_loss": loss + 0.1, "val_acc": 0.5, "seconds": 1.5}


def finished(*val_accs: float) -> dict[str, object]:
    curves = [[epoch(1, 1.7), epoch(2, 1.1)] for _ in val_accs]
    cost = {"epochs": 2, "seconds": 3.0, "train_images": 1000 * len(val_accs)}
    return {"outcome": "finished", "val_accs": list(val_accs), "curves": curves, **cost}


def add(run: Run, expression: str, origin: str, result: dict[str, object], name: str | None = None) -> int:
    fields = {"expression": expression, "name": name, "complexity": len(expression), "origin": origin}
    number = run.begin({}, {}, fields)
    run.finish(number, result)
    return number


@pytest.fixture
def run(here: Path) -> Run:
    """A run with a baseline, two better ones, one that diverged and one that was screened."""
    run = Run.create(here / "runs", RunConfig(name="first", protocol=Protocol(data="digits")))
    add(run, "max(x, 0)", "baseline", finished(0.61, 0.63), "ReLU")
    add(run, "x*sigmoid(beta[channel]*x)", "sampler", finished(0.66, 0.64), "Swish")
    diverged = {
        "outcome": "diverged",
        "reason": "loss not finite",
        "curves": [[epoch(1, math.nan)]],
        "epochs": 2,
    }
    add(run, "exp(x^3)", "sampler", diverged)
    add(run, "x - tanh(x)", "own", finished(0.645, 0.635))
    screened = {"expression": "0*x", "name": None, "complexity": 3, "origin": "sampler"}
    run.add_screened({}, {}, screened, "constant")
    return run


def leaderboard(cli: Cli, *args: str) -> list[dict[str, object]]:
    done = cli("leaderboard", *args, "--format", "json")
    assert done.code == 0, done.err
    return list(json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON")))


@pytest.mark.usefixtures("run")
def test_leaderboard_json_is_the_contract(cli: Cli) -> None:
    rows = leaderboard(cli, "first")
    assert [row["expression"] for row in rows] == [
        *("x*sigmoid(beta[channel]*x)", "x - tanh(x)", "max(x, 0)", "exp(x^3)")
    ]
    assert all(list(row)[: len(KEYS)] == KEYS for row in rows)
    best, _, relu, failed = rows
    assert best["val_acc"] == pytest.approx(0.65)
    assert best["val_acc_std"] == pytest.approx(math.sqrt(2) * 0.01)
    assert (relu["baseline"], best["baseline"], relu["n_seeds"]) == (True, False, 2)
    assert (failed["outcome"], failed["val_acc"], failed["val_acc_std"], failed["n_seeds"]) == (
        *("diverged", None, None, 0),
    )


@pytest.mark.usefixtures("run")
def test_screened_ones_show_with_all_only(cli: Cli) -> None:
    assert "screened" not in {row["outcome"] for row in leaderboard(cli, "first")}
    assert "screened" in {row["outcome"] for row in leaderboard(cli, "first", "--all")}


@pytest.mark.usefixtures("run")
def test_top_and_sort(cli: Cli) -> None:
    assert [row["trial"] for row in leaderboard(cli, "first", "--sort", "trial")][:3] == [0, 1, 3]
    assert [row["trial"] for row in leaderboard(cli, "first", "--top", "2")] == [1, 3]


@pytest.mark.usefixtures("run")
def test_csv_has_the_rows_of_the_json(cli: Cli) -> None:
    table = list(csv.DictReader(io.StringIO(cli("leaderboard", "first", "--format", "csv").out)))
    rows = leaderboard(cli, "first")
    assert [row["expression"] for row in table] == [row["expression"] for row in rows]
    assert list(table[0]) == list(rows[0])
    assert table[-1]["val_acc"] == ""


def test_csv_for_a_stream_without_greek_has_marks_instead_of_a_traceback(
    nas: Nas, run: Run, environment: dict[str, str]
) -> None:
    environment["PYTHONIOENCODING"] = "latin-1"  # as a pipe of Windows, which lacks Greek
    add(run, "x", "own", {"outcome": "failed", "reason": "β is no number"})
    done = nas("leaderboard", "first", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert "? is no number" in done.stdout


def test_without_a_name_the_newest_run_is_shown_and_named_on_stderr(cli: Cli, here: Path, run: Run) -> None:
    newer = RunConfig(name="second", protocol=Protocol(data="digits"))
    Run.create(here / "runs", newer)
    done = cli("leaderboard", "--format", "json")
    assert json.loads(done.out) == []
    assert "second" in done.err


@pytest.mark.usefixtures("run")
def test_tables_fit_a_page_and_carry_no_colors(cli: Cli) -> None:
    for args in (["leaderboard", "first"], ["runs"], ["show", "first"], ["show", "first", "1"], ["data"]):
        done = cli(*args)
        assert done.code == 0, done.err
        assert done.err == ""
        assert "\x1b" not in done.out
        assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.usefixtures("run")
def test_runs_lists_name_state_and_best(cli: Cli) -> None:
    line = next(line for line in cli("runs").out.splitlines() if line.startswith("first"))
    assert "stopped" in line
    assert "65.00" in line


def test_a_damaged_run_is_listed_beside_the_sound_ones(cli: Cli, here: Path, run: Run) -> None:
    broken = here / "runs" / "broken"
    broken.mkdir()
    (broken / "config.toml").write_text("schema = ", encoding="utf-8")
    shown = cli("runs").out
    assert "damaged" in shown
    assert "first" in shown


def test_views_write_nothing_into_a_run(cli: Cli, run: Run) -> None:
    def files() -> dict[str, int]:
        own = {"study.db-shm", "study.db-wal"}  # SQLite's, also for readers
        return {path.name: path.stat().st_mtime_ns for path in run.path.iterdir() if path.name not in own}

    before = files()
    for args in (["leaderboard", "first"], ["show", "first"], ["show", "first", "1"], ["runs"]):
        assert cli(*args).code == 0
    assert files() == before


def test_a_trial_is_shown_with_its_curve(cli: Cli, run: Run) -> None:
    shown = cli("show", "first", "1").out
    assert "Swish" in shown
    assert "epoch" in shown
    assert "65.00" in shown


@pytest.mark.parametrize("trial", ["99", "-1", "one"])
def test_a_trial_that_is_not_there(cli: Cli, run: Run, trial: str) -> None:
    done = cli("show", "first", trial)
    assert done.code == 2
    assert done.err.startswith("nas: error:")
    assert "Traceback" not in done.err


MULTIPLY = """
    create temp table n as
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 999) select i from n;
    insert into trials (trial_id, number, study_id, state, datetime_start, datetime_complete)
        select trial_id + i, i, study_id, state, datetime_start, datetime_complete from trials, n;
    insert into trial_values (trial_id, objective, value, value_type)
        select trial_id + i, objective, value, value_type from trial_values, n;
    insert into trial_user_attributes (trial_id, key, value_json)
        select trial_id + i, key, value_json from trial_user_attributes, n;
"""  # a thousand trials of one, faster than Optuna would


@pytest.mark.slow
def test_the_leaderboard_of_a_thousand_trials_needs_no_torch(nas: Nas, here: Path) -> None:
    run = Run.create(here / "runs", RunConfig(name="large", protocol=Protocol(data="digits")))
    add(run, "max(x, 0)", "baseline", finished(0.61, 0.63), "ReLU")
    with contextlib.closing(sqlite3.connect(run.path / "study.db")) as database:
        database.executescript(MULTIPLY)
    done = nas("leaderboard", "large", "--format", "json", python=("-X", "importtime"))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 1000
    assert imported(done.stderr).isdisjoint({"torch", "sympy", "sklearn", "scipy.stats"})
