from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from nas.errors import RunError
from nas.outcomes import Outcome
from nas.runs.config import RunConfig
from nas.runs.store import Run, list_runs
from tests.runs.conftest import Start


def named(config: RunConfig, name: str, created: str | None = None) -> RunConfig:
    return config.model_copy(update={"name": name, **({"created": created} if created else {})})


def test_a_new_run_is_a_folder_with_its_configuration(run: Run, config: RunConfig, tmp_path: Path) -> None:
    assert run.path == tmp_path / "runs" / "first"
    assert [path.name for path in run.path.iterdir()] == ["config.toml"]
    assert [path.name for path in run.path.parent.iterdir()] == ["first"]
    again = Run.open(tmp_path / "runs", "first")
    assert again.config == config
    assert again.name == "first"
    assert again.records() == []
    assert again.unfinished() == []
    assert again.notes() == {}
    assert again.provenance() == {}
    assert not (run.path / "study.db").exists(), "reading must not make a study"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_run_is_as_readable_as_any_other_folder(run: Run) -> None:
    mask = os.umask(0o022)
    os.umask(mask)
    assert run.path.stat().st_mode & 0o777 == 0o777 & ~mask
    assert (run.path / "config.toml").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_taken_name_is_refused_with_the_hint_to_resume(run: Run, config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nas resume first"):
        Run.create(tmp_path / "runs", config)
    assert [path.name for path in run.path.parent.iterdir()] == ["first"]
    assert run.config == config


def test_an_empty_folder_of_that_name_is_not_taken_over(config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    with pytest.raises(RunError, match="already"):
        Run.create(tmp_path, config)
    assert list((tmp_path / "first").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


@pytest.mark.parametrize(
    "name", [".hidden", "a/b", "..", "a\\b", "ä", "a b", "x" * 101, "con", "NUL.1", "end.", "a\n"]
)
def test_an_impossible_name_is_refused_before_anything_is_made(
    config: RunConfig, tmp_path: Path, name: str
) -> None:
    with pytest.raises(RunError, match="cannot have this name"):
        Run.create(tmp_path / "runs", named(config, name))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 100, "-", "_a.b-c", "1e-3"])
def test_a_possible_name_is_taken(config: RunConfig, tmp_path: Path, name: str) -> None:
    Run.create(tmp_path, named(config, name))
    assert Run.open(tmp_path, name).config.name == name


def test_without_a_name_space_and_time_give_one_and_a_counter(config: RunConfig, tmp_path: Path) -> None:
    nameless = named(config, "", "2026-03-04T05:06:07.890+00:00")
    names = [Run.create(tmp_path, nameless).name for _ in range(3)]
    first = "activations-20260304-050607"
    assert names == [first, f"{first}-2", f"{first}-3"]
    assert Run.open(tmp_path, names[2]).config.name == names[2]
    odd = nameless.model_copy(update={"space": {"name": "../my space.toml"}})
    assert Run.create(tmp_path, odd).name == "my-space-toml-20260304-050607"
    trained = nameless.model_copy(update={"space": {}, "kind": "train"})
    assert Run.create(tmp_path, trained).name == "train-20260304-050607"


def test_the_newest_run_is_the_one_begun_last(config: RunConfig, tmp_path: Path) -> None:
    Run.create(tmp_path, named(config, "b", "2026-03-04T05:06:07+00:00"))
    newest = Run.create(tmp_path, named(config, "a", "2026-03-04T05:06:08+00:00"))
    older = Run.create(tmp_path, named(config, "c", "2025-03-04T05:06:07+00:00"))
    older.rewrite_config(older.config.model_copy(update={"trials": 80}))
    assert [run.name for run in list_runs(tmp_path)] == ["c", "b", "a"]
    assert Run.open(tmp_path).name == newest.name


def test_an_extended_budget_is_stored(run: Run, config: RunConfig, tmp_path: Path) -> None:
    larger = config.model_copy(update={"trials": 80})
    run.rewrite_config(larger)
    assert run.config == larger
    assert Run.open(tmp_path / "runs", "first").config == larger


def test_a_run_is_found_by_its_folder_too(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Run.open(tmp_path / "elsewhere", str(run.path)).config == run.config
    monkeypatch.chdir(run.path)
    assert Run.open(tmp_path / "elsewhere", ".").name == "first"


def test_an_unknown_run_gets_a_hint(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="did you mean first") as caught:
        Run.open(tmp_path / "runs", "frist")
    assert "got: frist" in str(caught.value)
    with pytest.raises(RunError, match="no run of this name"):
        Run.open(tmp_path / "runs", "x" * 5000)
    for name in (None, "first"):
        with pytest.raises(RunError, match="nas search"):
            Run.open(tmp_path / "nothing", name)
    assert not (tmp_path / "nothing").exists()


def test_damaged_runs_are_listed_and_refused(run: Run, config: RunConfig, tmp_path: Path) -> None:
    runs = run.path.parent
    torn = Run.create(runs, named(config, "torn"))
    (torn.path / "config.toml").write_bytes(b'schema = 1\nname = "to\xff')
    bare = runs / "bare"
    bare.mkdir()
    (bare / "study.db").write_bytes(b"")
    (runs / "records").mkdir()
    (runs / "README.md").write_text("no run")
    (runs / ".new-0123").mkdir()
    (runs / ".new-0123" / "config.toml").write_text(config.to_toml())
    listed = {found.name: found.damage for found in list_runs(runs)}
    assert set(listed) == {"first", "torn", "bare"}
    assert listed["first"] is None
    assert "cannot be read" in str(listed["torn"])
    assert "config.toml" in str(listed["bare"])
    for name in ("torn", "bare"):
        with pytest.raises(RunError, match=name):
            Run.open(runs, name)


@pytest.mark.parametrize("place", ["runs", "runs/below"])
def test_a_runs_folder_that_cannot_be_written(config: RunConfig, tmp_path: Path, place: str) -> None:
    (tmp_path / "runs").write_text("I am a file")
    with pytest.raises(RunError, match="--runs-dir"):
        Run.create(tmp_path / place, config)
    with pytest.raises(RunError):
        Run.open(tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_the_data_folder_is_stored_relative_and_found_again(config: RunConfig, tmp_path: Path) -> None:
    data = tmp_path / "my data" / "cifar"
    data.mkdir(parents=True)
    run = Run.create(tmp_path / "runs", config, data)
    assert run.config.data_dir == "../../my data/cifar"
    assert run.data_dir == data.resolve()
    (tmp_path / "moved").mkdir()
    run.path.parent.rename(tmp_path / "moved" / "runs")
    (tmp_path / "my data").rename(tmp_path / "moved" / "my data")
    assert Run.open(tmp_path / "moved" / "runs").data_dir == (tmp_path / "moved/my data/cifar").resolve()


def test_no_stored_file_holds_an_absolute_path(config: RunConfig, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "runs", config, tmp_path)
    run.set_provenance({"command": ["nas"]})
    run.add_screened(
        {}, {}, {"expression": "0*x", "name": None, "complexity": 3, "origin": "own"}, "constant"
    )
    for path in run.path.iterdir():
        assert str(tmp_path).encode() not in path.read_bytes()


def test_provenance_reads_back_and_may_be_damaged(run: Run) -> None:
    run.set_provenance({"cpu": "abc", "packages": {"optuna": "5"}})
    assert Run(run.path).provenance() == {"cpu": "abc", "packages": {"optuna": "5"}}
    (run.path / "provenance.json").write_text("{")
    with pytest.raises(RunError, match="delete it"):
        run.provenance()


def test_a_second_process_is_refused_with_the_reason(run: Run, start: Start) -> None:
    assert not run.running
    writer = start("hold", run.path.parent, "first")
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    assert run.running
    since = json.loads((run.path / ".lock.json").read_text())["since"]
    with pytest.raises(RunError) as caught, run.lock():
        pass
    for word in ("first", f"process {writer.pid}", since, "Ctrl-C"):
        assert word in str(caught.value)
    writer.kill()
    writer.wait()
    assert not run.running
    with run.lock():
        assert run.running
        assert json.loads((run.path / ".lock.json").read_text())["pid"] == os.getpid()
    assert not run.running
    assert not (run.path / ".lock.json").exists()


def test_a_lock_that_is_held_for_a_moment_only_is_waited_for(run: Run) -> None:
    moment = FileLock(run.path / ".lock", thread_local=False)
    moment.acquire()
    timer = threading.Timer(0.1, moment.release)
    timer.start()
    with run.lock():
        assert (run.path / ".lock.json").exists()
    timer.join()


@pytest.mark.slow
def test_asking_whether_it_runs_never_keeps_a_writer_out(run: Run, start: Start) -> None:
    with run.lock():
        pass
    processes = [start("search", run.path.parent, "first", 0) for _ in range(2)]
    while any(process.poll() is None for process in processes):
        _ = run.running
    outputs = [process.communicate()[0] for process in processes]
    assert any("ready" in output for output in outputs)
    assert all("ready" in output or "being written by" in output for output in outputs)


def test_making_and_listing_runs_is_cheap(
    config: RunConfig, tmp_path: Path, environment: dict[str, str]
) -> None:
    program = (
        "import sys, pathlib\n"
        "from nas.protocol import Protocol\n"
        "from nas.runs.config import RunConfig\n"
        "from nas.runs.store import Run, list_runs\n"
        "Run.create(pathlib.Path(sys.argv[1]), RunConfig(protocol=Protocol(data='digits')))\n"
        "assert list_runs(pathlib.Path(sys.argv[1]))[0].records() == []\n"
        "heavy = {'optuna', 'sqlalchemy', 'torch', 'sympy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "runs")], env=environment, check=True, timeout=60
    )
    for number in range(300):
        folder = tmp_path / "many" / f"r{number}"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(named(config, folder.name).to_toml())
    begun = time.process_time()
    assert len(list_runs(tmp_path / "many")) == 300
    assert time.process_time() - begun < 0.2


def test_screened_ones_may_be_left_out(run: Run) -> None:
    fields = {"expression": "0*x", "name": None, "complexity": 3, "origin": "sampler"}
    run.add_screened({}, {}, fields, "constant")
    (record,) = run.records()
    assert (record.outcome, record.reason) == (Outcome.SCREENED, "constant")
    assert run.records(include_screened=False) == []
