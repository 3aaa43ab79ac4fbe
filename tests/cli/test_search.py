"""The commands that train, from the outside: search, train, resume, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Nas

TINY = (
    *("--data", "digits", "--train-size", "128", "--val-size", "64", "--set", "batch_size=32"),
    *("--width", "2", "--epochs", "1", "--seeds", "1", "--threads", "1"),
)
SEARCH = ("search", "--space", "activations", *TINY, "--no-baselines")


def trials(nas: Nas, run: str) -> dict[int, str]:
    """Number and expression of every trial that was trained."""
    rows = json.loads(nas("leaderboard", run, "--format", "json").stdout)
    found = {row["trial"]: row["expression"] for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.slow
def test_a_search_ends_is_finished_and_can_be_extended(nas: Nas) -> None:
    done = nas(*SEARCH, "--trials", "2", "--try=-x", "--name", "a")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    first = trials(nas, "a")
    assert len(first) == 2
    assert "-x" in first.values()

    again = nas("resume", "a")
    assert (again.returncode, again.stdout) == (0, "")
    assert "finished" in again.stderr

    more = nas("resume", "a", "--trials", "3")
    assert more.returncode == 0, more.stderr
    extended = trials(nas, "a")
    assert len(extended) == 3
    assert first.items() <= extended.items()


@pytest.mark.slow
def test_a_search_of_the_same_seed_is_the_same_in_a_new_process(nas: Nas) -> None:
    found = []
    for name in ("a", "b"):
        assert nas(*SEARCH, "--trials", "3", "--seed", "5", "--name", name, "-q").returncode == 0
        rows = json.loads(nas("leaderboard", name, "--format", "json", "--all").stdout)
        found.append([(row["trial"], row["expression"], row["outcome"], row["val_acc"]) for row in rows])
    assert found[0] == found[1]


@pytest.mark.slow
def test_one_function_is_trained_as_a_run(nas: Nas) -> None:
    done = nas("train", "-x*sigmoid(x)", *TINY, "--name", "a")
    assert done.returncode == 0, done.stderr
    (expression,) = trials(nas, "a").values()
    assert json.loads(nas("inspect", expression, "--format", "json").stdout)["expression"] == expression


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_ends_cleanly_and_resume_finishes_the_job(
    nas: Nas, here: Path, environment: dict[str, str]
) -> None:
    asked = 25
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "nas", *SEARCH, "--trials", str(asked), "--name", "a"],
        cwd=here,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(("[ 1/", "[1/")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nas resume a" in err
    assert "Traceback" not in err
    before = trials(nas, "a")
    assert 1 <= len(before) < asked

    assert nas("resume", "a", "-q").returncode == 0
    after = trials(nas, "a")
    assert len(after) == asked
    assert len(set(after.values())) == asked
    assert before.items() <= after.items()
