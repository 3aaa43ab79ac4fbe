"""One run and one trial: facts, epochs, graphs."""

from __future__ import annotations

import math
import statistics

import pytest
from rich.cells import cell_len

from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.runs.records import TrialRecord
from nas.terminal import runs
from tests.terminal.conftest import LONG, Draw, curve, trial


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_trial_with_its_curves(draw: Draw, records: list[TrialRecord], width: int, unicode: bool) -> None:
    lines = draw(runs.trial(records[3]), width, unicode=unicode)
    text = "\n".join(lines)
    assert max(map(cell_len, lines)) <= width
    assert LONG.replace(" ", "") in "".join(text.split())
    assert "sample standard deviation, n = 3" in text
    assert "62.21 %, 61.03 %, 62.45 %" in text
    epoch = next(line for line in lines if line.split()[:1] == ["2"])
    mean = statistics.fmean(seed[1].val_acc for seed in records[3].curves)
    assert epoch.split() == ["2", f"{2.3 * 0.49:.3f}", f"{2.2 * 0.5625:.3f}", f"{100 * mean:.2f}", "2.5", "3"]
    assert [word in text for word in ("val acc %, by epoch", "train loss", "val loss")] == [True] * 3


def test_a_trial_that_diverged_shows_how_far_it_came(draw: Draw) -> None:
    broken = (*curve(0.3, 2), Epoch(3, math.nan, math.inf, 0.1, 1.0))
    lost = trial(7, "exp(x)", None, 2, outcome=Outcome.DIVERGED, reason="loss", curves=(curve(0.4), broken))
    lines = draw(runs.trial(lost))
    assert "outcome     diverged: loss" in lines
    row = {
        line.split()[0]: line.split()
        for line in lines
        if line[:5].strip().isdigit() and len(line.split()) > 3
    }
    assert row["3"].count("not") == 2
    assert [row[epoch][-1] for epoch in "1234"] == ["2", "2", "2", "1"]


def test_a_trial_without_an_epoch_and_one_with_a_single_one(draw: Draw, records: list[TrialRecord]) -> None:
    assert not any("epoch  " in line for line in draw(runs.trial(records[5])))
    short = trial(8, "x", None, 1, 0.4, curves=(curve(0.4, 1),), settings={"lr": 0.03})
    lines = draw(runs.trial(short))
    assert "val acc     40.00 % (n = 1, spread unknown)" in lines
    assert "lr          0.03" in lines
    assert not any("by epoch" in line for line in lines)


def test_a_run_has_its_configuration_and_provenance(
    draw: Draw, records: list[TrialRecord], protocol: Protocol
) -> None:
    config = {"name": "first", "protocol": protocol.model_dump()}
    provenance = {"command": ["nas", "train", "x - tanh(x)"], "packages": {"torch": "2.13.0"}}
    lines = draw(runs.run("first", config, provenance, records))
    assert "4 finished, 1 diverged, 1 screened, 3 equal" in lines[1]
    assert any(line.split() == ["protocol.recipe.lr", "0.1"] for line in lines)
    assert any(line.strip() == "command         nas train 'x - tanh(x)'" for line in lines)
    assert any(line.split() == ["packages.torch", "2.13.0"] for line in lines)
