"""kill -9 at random moments of a real search, then resume: what was asked for, none twice, none lost.

NAS_KILLS=20 repeats it twenty times.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import pytest

from nas.runs.store import Run
from nas.symbolic.fingerprint import same_function
from nas.symbolic.parse import parse

NAS = [sys.executable, "-m", "nas"]
SEARCH = [
    "search",
    "--space",
    "activations",
    "--data",
    "digits",
    "--trials",
    "4",
    "--epochs",
    "2",
    "--seeds",
    "1",
    "--no-baselines",
    "--name",
    "a",
]


def _killed(command: list[str], folder: Path, seconds: float) -> None:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("number", range(int(os.environ.get("NAS_KILLS", "1"))))
@pytest.mark.parametrize("rungs", [[], ["--pruner", "halving", "--reduction", "2"]], ids=["full", "rungs"])
def test_kill_9_and_resume_give_exactly_the_trials_asked_for(
    number: int, rungs: list[str], tmp_path: Path
) -> None:
    moment = random.Random(number)
    _killed([*NAS, *SEARCH, *rungs], tmp_path, moment.uniform(0.5, 7))
    if not (tmp_path / "runs" / "a").exists():  # killed before there was a run: begin again
        subprocess.run([*NAS, *SEARCH, *rungs, "-q"], cwd=tmp_path, check=True, capture_output=True)
    before = {r.number: r for r in Run.open(tmp_path / "runs", "a").records()}
    _killed([*NAS, "resume", "a"], tmp_path, moment.uniform(0.5, 7))
    subprocess.run([*NAS, "resume", "a"], cwd=tmp_path, check=True, capture_output=True)
    shown = subprocess.run(
        [*NAS, "leaderboard", "a", "--format", "json"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    rows = json.loads(shown.stdout)
    assert len(rows) == 4
    assert len({row["trial"] for row in rows}) == 4
    for a, b in combinations(rows, 2):
        assert not same_function(parse(a["expression"]), parse(b["expression"]))
    after = {r.number: r for r in Run.open(tmp_path / "runs", "a").records()}
    assert all(after[n] == record for n, record in before.items()), "what had finished is as it was"
    assert len(list((tmp_path / "runs" / "a" / "checkpoints").iterdir())) <= 1, "no trunk is left"
