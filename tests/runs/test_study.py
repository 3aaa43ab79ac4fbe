from __future__ import annotations

import math
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from nas.errors import RunError
from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.layout import STUDY_NAME
from nas.runs.records import TrialRecord
from nas.runs.store import Run

SPACE = {"unary": CategoricalDistribution(["x", "-x", "abs"]), "lr": FloatDistribution(0.01, 1.0, log=True)}
PARAMS = {"unary": "abs", "lr": 0.13}
FIELDS: dict[str, Any] = {
    "expression": "abs(x)*beta[scalar]",
    "name": None,
    "complexity": 4,
    "origin": "sampler",
    "settings": {"lr": 0.13},
    "equal_proposals": 2,
    "fingerprint": "0123",
}
CURVE = (Epoch(1, 1.5, 1.25, 0.5, 0.7), Epoch(2, math.nan, 1.125, 0.625, 0.6))
RESULT: dict[str, Any] = {
    "outcome": Outcome.FINISHED,
    "val_accs": (0.625, 0.75),
    "curves": (CURVE, CURVE),
    "epochs": 2,
    "seconds": 2.6,
    "train_images": 4000,
}


def test_a_trial_from_begin_to_record(run: Run) -> None:
    number = run.begin(PARAMS, SPACE, FIELDS)
    assert number == 0
    (pending,) = Run(run.path).unfinished()
    assert pending.number == 0
    assert pending.params == PARAMS
    assert pending.attrs == FIELDS
    assert run.records() == []
    run.finish(number, RESULT)
    (record,) = Run(run.path).records()
    known = {key: value for key, value in FIELDS.items() if key != "fingerprint"}
    expected = TrialRecord(number=0, **known, **{**RESULT, "curves": ()})
    assert TrialRecord(**{**vars(record), "curves": ()}) == expected
    assert record.curves[1][0] == CURVE[0]
    assert math.isnan(record.curves[0][1].train_loss)
    assert run.unfinished() == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.DIVERGED, TrialState.PRUNED),
        (Outcome.PRUNED, TrialState.PRUNED),
        (Outcome.FAILED, TrialState.FAIL),
        (Outcome.FINISHED, TrialState.COMPLETE),
    ],
)
def test_optuna_is_told_what_its_samplers_understand(run: Run, outcome: Outcome, state: TrialState) -> None:
    number = run.begin(PARAMS, SPACE, FIELDS)
    run.finish(number, {**RESULT, "outcome": outcome, "reason": "because"})
    trial = run.study().trials[number]
    assert trial.state == state
    assert trial.value == (0.6875 if outcome is Outcome.FINISHED else None)
    assert run.study().direction.name == "MAXIMIZE"
    (record,) = run.records()
    assert (record.outcome, record.reason) == (outcome, "because")


def test_a_screened_candidate_is_a_trial_too(run: Run) -> None:
    run.begin(PARAMS, SPACE, FIELDS)
    assert run.add_screened(PARAMS, SPACE, FIELDS, "not finite at -3.5") == 1
    (record,) = run.records()
    assert (record.number, record.reason) == (1, "not finite at -3.5")
    assert run.study().trials[1].state == TrialState.PRUNED
    assert run.begin(PARAMS, SPACE, FIELDS) == 2


def test_what_is_wrong_in_the_caller_leaves_the_trial_unfinished(run: Run) -> None:
    number = run.begin(PARAMS, SPACE, FIELDS)
    with pytest.raises(ValueError, match="no val_accs"):
        run.finish(number, {"outcome": Outcome.FINISHED})
    with pytest.raises(KeyError):
        run.finish(number, {"val_accs": (0.5,)})
    assert [pending.number for pending in run.unfinished()] == [0]
    run.finish(number, RESULT)
    assert [record.val_acc for record in run.records()] == [0.6875]


def test_a_result_without_its_state_counts_as_unfinished_and_is_written_over(run: Run) -> None:
    number = run.begin(PARAMS, SPACE, FIELDS)
    study = run.study()
    half = study.get_trials(deepcopy=False)[number]
    optuna.trial.Trial(study, half._trial_id).set_user_attr("result", {"outcome": "failed"})
    again = Run(run.path)
    assert again.records() == []
    assert [pending.number for pending in again.unfinished()] == [number]
    again.finish(number, RESULT)
    assert [record.outcome for record in again.records()] == [Outcome.FINISHED]


def test_notes_belong_to_the_whole_run(run: Run) -> None:
    run.note("ended", "budget")
    run.note("best", math.nan)
    assert Run(run.path).notes() == {"ended": "budget", "best": None}


READER = """
import sys, warnings, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
seen = 0
print("ready", flush=True)
while seen < int(sys.argv[2]):
    study = optuna.load_study(study_name=(None, "nas")[seen % 2], storage="sqlite:///" + sys.argv[1])
    trials = study.get_trials(deepcopy=False)
    assert len(trials) >= seen, (len(trials), seen)
    seen = len(trials)
    study.set_user_attr("dashboard", seen)
print(study.best_value)
"""


@pytest.mark.slow
def test_another_process_reads_and_notes_with_plain_optuna_while_a_search_writes(
    run: Run, environment: dict[str, str]
) -> None:
    assert STUDY_NAME == "nas"
    run.study()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(run.path / "study.db"), "24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "PYTHONWARNINGS": "default"},
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    try:
        for index in range(24):
            number = run.begin(PARAMS, SPACE, FIELDS)
            assert number == index
            run.finish(number, {**RESULT, "val_accs": [index / 64]})
        out, err = reader.communicate(timeout=60)
    finally:
        reader.kill()
    assert reader.returncode == 0, err
    assert float(out) >= 22 / 64
    assert len(run.records()) == 24


def test_the_study_is_in_wal_mode_and_every_commit_is_on_the_disk(run: Run) -> None:
    run.begin(PARAMS, SPACE, FIELDS)
    connection = sqlite3.connect(run.path / "study.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    storage = run.study()._storage._backend  # type: ignore[attr-defined]
    with storage.engine.connect() as own:
        assert own.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert own.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000


@pytest.mark.slow
def test_after_a_power_cut_in_the_middle_of_a_write_the_earlier_trials_are_there(
    run: Run, tmp_path: Path
) -> None:
    for index in range(12):
        run.finish(run.begin(PARAMS, SPACE, FIELDS), {**RESULT, "val_accs": [index / 64]})
    log = (run.path / "study.db-wal").read_bytes()
    kept = []
    for part in (1.0, 0.93, 0.7, 0.31, 0.02, 0.0):
        copy = Run(tmp_path / f"cut-{part}")
        copy.path.mkdir()
        shutil.copy(run.path / "study.db", copy.path)
        (copy.path / "study.db-wal").write_bytes(log[: int(len(log) * part)])
        scores = [record.val_acc for record in copy.records()]
        assert scores == [index / 64 for index in range(len(scores))]
        pending = copy.unfinished()
        assert len(pending) <= 1
        kept.append(len(scores))
        for trial in pending:
            copy.finish(trial.number, RESULT)
        assert copy.begin(PARAMS, SPACE, FIELDS) == len(scores) + len(pending)
    assert kept[0] == 12
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] == 0


@pytest.mark.parametrize("content", [b"", b"SQLite", b"not a database at all " * 400])
def test_a_file_that_is_no_database(run: Run, content: bytes) -> None:
    (run.path / "study.db").write_bytes(content)
    for use in (run.records, run.unfinished, run.notes, run.study):
        with pytest.raises(RunError, match="damaged") as caught:
            use()
        assert "move the run folder away" in str(caught.value)
    assert (run.path / "study.db").read_bytes() == content


@pytest.mark.slow
def test_a_database_with_torn_pages(run: Run) -> None:
    for _ in range(30):
        run.finish(run.begin(PARAMS, SPACE, FIELDS), RESULT)
    path = run.path / "study.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = path.read_bytes()
    copy = Run(run.path.parent / "copy")
    copy.path.mkdir()
    for keep in (100, 5000, len(content) // 2):
        (copy.path / "study.db").write_bytes(content[:keep] + b"\xa5" * (len(content) - keep))
        with pytest.raises(RunError, match=r"study\.db"):
            Run(copy.path).records()


def test_somebody_elses_study(run: Run) -> None:
    optuna.create_study(study_name="theirs", storage=f"sqlite:///{run.path / 'study.db'}")
    for use in (run.records, run.unfinished, run.notes, run.study):
        with pytest.raises(RunError, match="no study of nas"):
            use()


def test_a_study_of_a_newer_optuna(run: Run) -> None:
    run.study()
    connection = sqlite3.connect(run.path / "study.db")
    connection.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    connection.commit()
    connection.close()
    with pytest.raises(RunError, match=r"another version of Optuna(?s:.*)pip install"):
        Run(run.path).study()


def test_trials_of_another_program_are_left_aside_and_spoiled_ones_named(run: Run) -> None:
    run.finish(run.begin(PARAMS, SPACE, FIELDS), RESULT)
    run.study().add_trial(optuna.trial.create_trial(value=0.3))
    run.study().add_trial(optuna.trial.create_trial(value=0.3, user_attrs={"by": "another"}))
    assert [record.number for record in run.records()] == [0]
    run.study().add_trial(optuna.trial.create_trial(value=0.3, user_attrs={"result": {"outcome": "won"}}))
    with pytest.raises(RunError, match=r"cannot be read.*won"):
        run.records()


def test_a_writer_that_never_lets_go_is_an_error_with_a_cure(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.runs.study.BUSY_SECONDS", 0.1)
    run.study()
    blocker = sqlite3.connect(run.path / "study.db")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(RunError, match="close the program"):
        run.note("ended", "budget")
    blocker.rollback()
    blocker.close()
    assert run.begin(PARAMS, SPACE, FIELDS) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows none of these characters")
def test_a_folder_with_signs_that_a_url_would_read(tmp_path: Path) -> None:
    config = RunConfig(name="r", protocol=Protocol(data="digits"))
    run = Run.create(tmp_path / "a b?c#d%41{SCHEMA_VERSION}&e=ü'", config)
    run.finish(run.begin(PARAMS, SPACE, FIELDS), RESULT)
    assert len(Run(run.path).records()) == 1
    assert (run.path / "study.db").exists()
    assert len(list(tmp_path.iterdir())) == 1


LEADERBOARD = """
import sys, time
begun = time.perf_counter()
from pathlib import Path
from nas.runs.store import Run
records = Run.open(Path(sys.argv[1]), "first").records()
print(time.perf_counter() - begun, len(records), *{"torch", "sympy", "optuna"} & set(sys.modules))
"""


def multiply(database: Path, times: int) -> None:
    """Store the only trial of a study `times` times: a thousand calls of Optuna would take ten seconds."""
    connection = sqlite3.connect(database)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        if "trial_id" not in columns:
            continue
        key = columns[0]  # the table's own; of `trials` it is trial_id itself
        new = [f"t.{c} + k.n" if c in ("trial_id", "number", key) else f"t.{c}" for c in columns]
        if key != "trial_id":
            new[0] = "NULL"
        connection.execute(
            f"WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {times - 1})"
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(new)} FROM {table} t, k"
        )
    connection.commit()
    connection.close()


def test_a_thousand_trials_are_read_well_within_a_leaderboard(run: Run, environment: dict[str, str]) -> None:
    curve = tuple(Epoch(e, 1.23456789, 0.98765432, 0.5, 0.123456) for e in range(1, 9))
    run.finish(run.begin(PARAMS, SPACE, FIELDS), {**RESULT, "curves": (curve,) * 3})
    multiply(run.path / "study.db", 1000)
    done = subprocess.run(
        [sys.executable, "-c", LEADERBOARD, str(run.path.parent)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    seconds, *rest = done.stdout.split()
    assert rest == ["1000"], done.stderr
    assert float(seconds) < 20  # 0.3 s on a quiet machine; here only that nothing is quadratic
    numbers = [record.number for record in run.records()]
    assert numbers == list(range(1000))
    begun = time.process_time()
    assert len(run.records()) == 1000
    assert time.process_time() - begun < 0.02, "the live view reads this every second"
