"""What is left after kill -9 and on a full disk."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nas.outcomes import Outcome
from nas.runs.store import Run, list_runs
from tests.runs.conftest import Start
from tests.runs.driver import OUTCOMES, config

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the signals and limits of POSIX"),
]
TRIALS = 80


def check(run: Run, reported: dict[int, int], trials: int) -> None:
    """Exactly `trials` trials, each candidate once, each with its own score, none of `reported` missing."""
    records = run.records()
    assert [record.number for record in records] == list(range(trials))
    assert [record.expression for record in records] == [f"x + {index}" for index in range(trials)]
    for index, record in enumerate(records):
        assert record.outcome is OUTCOMES[index % len(OUTCOMES)]
        assert record.val_accs == ((index / 1009,) if record.outcome is Outcome.FINISHED else ())
    assert run.unfinished() == []
    assert all(records[number].expression == f"x + {index}" for number, index in reported.items())


def stored(output: str) -> dict[int, int]:
    """Trial number -> candidate, of every line that came whole."""
    lines = [line.split() for line in output.splitlines(keepends=True) if line.endswith("\n")]
    return {int(words[1]): int(words[2]) for words in lines if words[0] == "stored"}


def test_kill_9_at_random_moments_loses_and_doubles_nothing(tmp_path: Path, start: Start) -> None:
    run = Run.create(tmp_path, config("killed"))
    random.seed(20)
    reported: dict[int, int] = {}
    kills = 0
    for _ in range(6):
        process = start("search", tmp_path, "killed", TRIALS)
        assert process.stdout is not None
        begun = process.stdout.readline()
        assert begun == "ready\n", begun
        time.sleep(random.uniform(0.0, 0.4))
        kills += process.poll() is None
        process.kill()
        new = stored(process.communicate()[0])
        assert not set(new) & set(reported), "a finished trial was run again"
        reported.update(new)
        done = [record.number for record in Run(run.path).records()]
        assert set(reported) <= set(done)
        assert done == list(range(len(done)))
    assert kills >= 3, "too few kills hit a running search to show anything"
    output = start("search", tmp_path, "killed", TRIALS).communicate()[0]
    assert "error" not in output
    reported.update(stored(output))
    check(Run(run.path), reported, TRIALS)
    assert Run(run.path).notes() == {"ended": "budget"}


def test_kill_9_while_runs_are_made_leaves_whole_runs_only(tmp_path: Path, start: Start) -> None:
    random.seed(21)
    made: set[str] = set()
    for _ in range(4):
        process = start("make", tmp_path, "-")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0.0, 0.1))
        process.kill()
        made.update(line.split()[1] for line in process.communicate()[0].splitlines() if "made" in line)
    runs = list_runs(tmp_path)
    assert [run.damage for run in runs] == [None] * len(runs)
    assert made <= {run.name for run in runs}
    assert made


def test_kill_9_while_the_study_is_made_leaves_a_run_that_goes_on(tmp_path: Path, start: Start) -> None:
    random.seed(22)
    for number in range(3):
        run = Run.create(tmp_path, config(f"r{number}"))
        process = start("search", tmp_path, run.name, 3)
        deadline = time.monotonic() + 30
        while not (run.path / ".lock").exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(random.uniform(0.0, 0.6))
        process.kill()
        process.communicate()
        run.records()
        output = start("search", tmp_path, run.name, 3).communicate()[0]
        assert "error" not in output
        check(Run(run.path), stored(output), 3)
        assert not list(run.path.glob(".study*"))


def limited(kibibytes: int) -> tuple[str, ...]:
    """A limit of the system on the size of each file that a process writes."""
    return ("sh", "-c", f'ulimit -f {kibibytes * 2}; exec "$@"', "sh")


def test_a_process_that_may_write_no_more(tmp_path: Path, start: Start) -> None:
    run = Run.create(tmp_path, config("quota"))
    output = start("search", tmp_path, "quota", TRIALS, wrapper=limited(300)).communicate()[0]
    assert "error" in output
    assert "the disk is full" in output
    assert "free some space" in output
    reported = stored(output)
    assert 0 < len(reported) < TRIALS
    assert set(reported) <= {record.number for record in Run(run.path).records()}
    output = start("search", tmp_path, "quota", TRIALS).communicate()[0]
    assert not set(reported) & set(stored(output))
    check(Run(run.path), {**reported, **stored(output)}, TRIALS)


def in_own_namespace(script: str) -> tuple[str, ...]:
    """Run a command by `script` ("$@" stands for it) where it may mount what nobody else sees."""
    wrapper = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
    probe = [*wrapper, "mount -t tmpfs -o size=100k tmpfs /tmp"]
    if not shutil.which("unshare") or subprocess.run(probe, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("this system lets no ordinary process mount a disk of its own")
    return (*wrapper, script, "sh")


def test_a_full_disk_loses_nothing_and_space_lets_the_run_go_on(tmp_path: Path, start: Start) -> None:
    mount, before, after = tmp_path / "disk", tmp_path / "disk.start", tmp_path / "disk.end"
    for folder in (mount, before, after):
        folder.mkdir()
    small_disk = in_own_namespace(
        f"mount -t tmpfs -o size=700k tmpfs '{mount}'; cp -a '{before}/.' '{mount}'\n"
        f"\"$@\"; code=$?; cp -a '{mount}/.' '{after}'; exit $code"
    )
    Run.create(before, config("full"))
    process = start("search", mount, "full", TRIALS, wrapper=small_disk)
    output = process.communicate()[0]
    assert process.returncode == 1, output
    assert "error" in output
    assert "the disk is full" in output
    reported = stored(output)
    assert 0 < len(reported) < TRIALS
    output = start("search", after, "full", TRIALS).communicate()[0]
    assert "error" not in output
    assert not set(reported) & set(stored(output))
    check(Run(after / "full"), {**reported, **stored(output)}, TRIALS)


def test_a_run_on_a_disk_that_cannot_be_written_is_read_but_not_continued(
    tmp_path: Path, start: Start
) -> None:
    read_only = in_own_namespace(
        f"mount --bind '{tmp_path}' '{tmp_path}'; mount -o remount,ro,bind '{tmp_path}'; \"$@\""
    )
    run = Run.create(tmp_path, config("archived"))
    assert "error" not in start("search", tmp_path, "archived", 5).communicate()[0]
    assert sorted(path.name for path in run.path.iterdir()) == [".lock", "config.toml", "study.db"]
    assert start("read", tmp_path, "archived", wrapper=read_only).communicate()[0] == "read 5\n"
    output = start("search", tmp_path, "archived", 9, wrapper=read_only).communicate()[0]
    assert "cannot be written" in output
    assert "--runs-dir" in output
