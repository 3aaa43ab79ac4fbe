"""`nas transfer`, for real on the digits: winners on two networks, cut off and gone on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nas.runs.store import Run
from tests.cli.conftest import Cli
from tests.search.winners import PROTOCOL, stored_search

FAST = ["--threads", "1", "--seeds", "2", "--top", "2", "--width", "2"]


@pytest.mark.slow
def test_two_networks_cut_off_and_gone_on(cli: Cli, here: Path) -> None:
    stored_search(here / "runs", PROTOCOL)
    done = cli("transfer", "a", "--nets", "small,resnet20", "--data", "digits", *FAST, "--format", "json")
    assert done.code == 0, done.err
    result = json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [cell["cell"] for cell in result["cells"]] == ["digits/small", "digits/resnet20"]
    assert [c["candidate"] for c in result["candidates"]] == ["a:2", "a:1", "a:0"]
    for cell in result["cells"]:
        assert sorted(score["rank"] for score in cell["scores"])[0] == 1
        assert [score["n_seeds"] for score in cell["scores"]] == [2, 2, 2]
        assert cell["spearman_n"] == 3
        assert (cell["protocol"]["seed"], cell["protocol"]["width"]) == (1, 2)
    run = Run(here / "runs" / "a-transfer")
    assert [r.settings for r in run.records()][:3] == [{"lr": 0.1}, {}, {}]
    assert not run.checkpoints.exists()

    for words in (("show", "a-transfer"), ("resume", "a-transfer")):
        shown = cli(*words)
        assert shown.code == 0, shown.err
        assert "Spearman" in shown.out
        assert max(map(len, shown.out.splitlines())) <= 80
    refused = cli("leaderboard", "a-transfer")
    assert refused.code == 2
    assert "no order in common" in refused.err
    assert "a-transfer" in cli("runs").out
    assert cli("resume", "a-transfer", "--trials", "9").code == 2
    assert "no search" in cli("confirm", "a-transfer").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nets", "resnet21"], "resnet"),
        (["--nets", "smal"], "small"),
        (["--data", "digits,faces"], "faces"),
        (["--nets", "vgg11"], "pixels"),
    ],
)
def test_wrong_input(cli: Cli, here: Path, words: list[str], said: str) -> None:
    stored_search(here / "runs", PROTOCOL)
    done = cli("transfer", "a", *FAST, *words)
    assert done.code == 2
    assert said in done.err
    assert [path.name for path in (here / "runs").iterdir()] == ["a"]
