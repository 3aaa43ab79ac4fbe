"""`nas confirm`, for real on the digits: from a search in the store to the test set, once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nas.datasets import test_part
from nas.protocol import Protocol
from nas.runs import openings
from nas.runs.store import Run
from tests.cli.conftest import Cli
from tests.search.winners import PROTOCOL, stored_search

FAST = ["--threads", "1", "--seeds", "2", "--top", "1"]


@pytest.fixture
def search(here: Path) -> Run:
    return stored_search(here / "runs", PROTOCOL)


def test_from_the_search_to_the_test_set(cli: Cli, here: Path, search: Run) -> None:
    done = cli("confirm", "a", *FAST, "--format", "json")
    assert done.code == 0, done.err
    result = json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert set(result) == {"candidates", "test_set", "protocol"}
    winner, relu = result["candidates"]
    assert (winner["candidate"], winner["search_val_acc"], winner["settings"]) == ("a:2", 0.7, {"lr": 0.1})
    assert (relu["candidate"], relu["baseline"], relu["best_baseline"]) == ("a:0", True, True)
    assert winner["test_vs_relu"] == pytest.approx(winner["test_acc"] - relu["test_acc"])
    assert winner["val_acc"] == pytest.approx(np.mean(winner["val_accs"]))
    assert result["test_set"]["opened"] == 1
    opening = result["test_set"]["openings"][0]
    assert (opening["by"], opening["images"]) == ("a-confirm", 360)
    assert opening["results"] == {"a:2": winner["test_accs"], "a:0": relu["test_accs"]}
    assert (result["protocol"]["seed"], result["protocol"]["seeds"]) == (1, 2)

    for words in (("leaderboard", "a"), ("show", "a"), ("show", "a-confirm")):
        shown = cli(*words)
        assert shown.code == 0, shown.err
        assert "test set opened once" in shown.out
        assert "by a-confirm" in " ".join(shown.out.split())
        assert max(map(len, shown.out.splitlines())) <= 80

    before = sorted(path.name for path in (here / "runs").iterdir())
    refused = cli("confirm", "a", *FAST)
    assert refused.code == 2
    assert "opened for a already" in refused.err
    assert "--open-test-again" in refused.err
    assert sorted(path.name for path in (here / "runs").iterdir()) == before


@pytest.mark.slow
def test_a_second_opening_takes_a_flag_and_shows_for_ever(cli: Cli, search: Run) -> None:
    assert cli("confirm", "a", *FAST, "-q").code == 0
    again = cli("confirm", "a", *FAST, "--open-test-again", "--seed", "5", "-q")
    assert again.code == 0, again.err
    assert "test set opened 2 times" in again.out
    assert "by a-confirm-2" in " ".join(again.out.split())
    for words in (("leaderboard", "a"), ("show", "a"), ("show", "a-confirm"), ("resume", "a-confirm-2")):
        assert "test set opened 2 times" in cli(*words).out
    assert [o.by for o in openings.openings(Run(search.path))] == ["a-confirm", "a-confirm-2"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("number", range(int(os.environ.get("NAS_KILLS", "1"))))
def test_kill_9_at_any_moment_and_resume_give_one_opening(
    number: int, cli: Cli, here: Path, search: Run, environment: dict[str, str]
) -> None:
    moment = random.Random(number)
    command = [sys.executable, "-m", "nas", "confirm", "a", *FAST, "-q"]
    process = subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.DEVNULL)
    time.sleep(moment.uniform(3, 9))
    process.kill()
    process.wait()
    if (here / "runs" / "a-confirm").exists():
        done = cli("resume", "a-confirm", "-q")
    else:  # killed before there was a run
        done = cli("confirm", "a", *FAST, "-q")
    assert done.code == 0, done.err
    (opening,) = openings.openings(Run(search.path))
    assert opening.results is not None
    assert [len(scores) for scores in opening.results.values()] == [2, 2]
    run = Run(here / "runs" / "a-confirm")
    assert openings.openings(run) == [opening]
    assert [r.number for r in run.records()] == [0, 1]
    assert not list(run.checkpoints.iterdir())


@pytest.mark.slow
def test_a_closed_test_set_stays_closed(
    cli: Cli, here: Path, search: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_part, "load", lambda _: pytest.fail("the test part was read"))
    done = cli("confirm", "a", *FAST, "--no-test")
    assert done.code == 0, done.err
    assert "test acc" not in done.out.split("search:")[0]
    assert "test set: never opened" in done.out
    assert "p Holm" not in done.out
    assert "test set" not in cli("leaderboard", "a").out
    # comparing and training know nothing of it either
    assert cli("compare", "a:1", "a:2", "--seeds", "2", "--threads", "1", "-q").code == 0
    small = ["--data", "digits", "--width", "2", "--epochs", "1", "--train-size", "64", "--val-size", "50"]
    assert cli("train", "relu", *small, "--seeds", "1", "--threads", "1", "-q").code == 0


@pytest.mark.parametrize("broken", [None, pytest.param(b"\x00" * 17, marks=pytest.mark.slow)])
def test_a_folder_without_a_whole_test_file_serves_all_but_a_confirmation(
    cli: Cli, here: Path, tmp_path: Path, broken: bytes | None
) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    raw = np.random.default_rng(0).integers(0, 256, (10_000, 3073), dtype=np.uint8)
    raw[:, 0] %= 10
    raw.tofile(folder / "data_batch_1.bin")
    if broken is not None:
        (folder / "test_batch.bin").write_bytes(broken)
    protocol = Protocol(data="cifar10", width=1, epochs=1, train_size=128, val_size=50)
    stored_search(here / "runs", protocol, data_dir=folder)
    done = cli("confirm", "a", "--top", "1", "--seeds", "1", "--threads", "1")
    assert done.code == 2
    assert "test_batch.bin" in done.err
    assert [path.name for path in (here / "runs").iterdir()] == ["a"], "no training was spent"
    done = cli("confirm", "a", "--top", "1", "--seeds", "1", "--threads", "1", "--no-test", "-q")
    assert done.code == 0, done.err
    trained = Run(here / "runs" / "a-confirm")
    assert len(trained.records()) == 2
    assert cli("confirm", "a", "--open-test-again").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no run of this name"),
        (["a", "--seed", "0"], "fresh seeds"),
        (["a", "--no-test", "--open-test-again"], "keeps the test set closed"),
        (["a", "--top", "0"], "--top"),
        (["a", "--name", "a"], "a run called a already"),
    ],
)
def test_wrong_input(cli: Cli, here: Path, search: Run, words: list[str], said: str) -> None:
    done = cli("confirm", *words)
    assert done.code == 2
    assert said in done.err
    assert [path.name for path in (here / "runs").iterdir()] == ["a"]
