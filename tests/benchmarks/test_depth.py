"""The depth benchmark: measured against the recursion, gone on with, and the record that is kept."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from nas.symbolic.parse import parse
from tests.benchmarks import depth
from tests.benchmarks.depth import Arm, add_draw, arms, begun, traces
from tests.benchmarks.depth_table import holds, table

RECORD = Path(__file__).parents[2] / "runs" / "records" / "depth.json"


@pytest.mark.parametrize(("kind", "width"), [("dense", 512), ("conv", 48)])
def test_measured_is_what_the_recursion_predicts(kind: str, width: int) -> None:
    functions = [parse(text) for text in ("tanh(x)", "x*sigmoid(x)", "softplus(x)", "sin(2*x)")]
    drawn = np.mean([np.concatenate(traces(kind, functions, width, 4, seed)) for seed in range(4)], axis=0)
    predicted = [arm.predicted(f, 4) for f in functions for arm in arms(f)]
    np.testing.assert_allclose(drawn, predicted, rtol=0.35)
    np.testing.assert_allclose(drawn[:, 0], np.array(predicted)[:, 0], rtol=0.12)


def test_the_recursion_goes_to_its_fixed_point_or_away() -> None:
    tanh, silu = parse("tanh(x)"), parse("x*sigmoid(x)")
    own = next(arm for arm in arms(tanh) if arm.name == "own")
    back = Arm("own", own.gain, 1.5).predicted(tanh, 50)
    assert back[-1] * 1.5 == pytest.approx(1, abs=1e-9)
    away = Arm("own", arms(silu)[0].gain, 1.001).predicted(silu, 20)
    growth = math.log(away[9] * 1.001) / math.log(away[8] * 1.001)
    assert growth == pytest.approx(1.1726, abs=0.005)  # the depth slope


def test_a_larger_fixed_point_is_offered_where_it_is_marginal() -> None:
    larger = [arm for arm in arms(parse("gelu(x)")) if arm.name == "larger"]
    assert [(arm.start, round(arm.gain, 3)) for arm in larger] == [(16, 1.418)]
    assert [arm.name for arm in arms(parse("x^2"))] == ["own", "he"]
    assert [arm.name for arm in arms(parse("tanh(x)"))] == ["own", "he"]
    assert [arm.name for arm in arms(parse("1/x"))] == ["he"]


def test_going_on_gives_what_one_go_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [depth.CATALOGUE.find(name) for name in ("tanh", "cube", "SiLU")]
    monkeypatch.setattr(depth, "CATALOGUE", type(depth.CATALOGUE)("row", rows, ValueError))
    file = tmp_path / "depth.json"
    for draws in (1, 3):
        options = ["--width=16", "--depth=6", f"--draws={draws}", f"--record={file}", "--format=json"]
        monkeypatch.setattr(sys, "argv", ["depth", *options])
        depth.main()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith('{"dense"')
    record = json.loads(file.read_text())["dense"]
    fresh = begun(record["settings"])
    for _ in range(3):
        add_draw(fresh)
    assert record["n"] == fresh["n"] == 3
    assert record["functions"] == fresh["functions"]
    monkeypatch.setattr(sys, "argv", ["depth", "--width=17", "--depth=6", f"--record={file}"])
    with pytest.raises(SystemExit):
        depth.main()


def test_the_record_shows_what_it_should() -> None:
    for record in json.loads(RECORD.read_text()).values():
        assert record["n"] >= 10
        own = {f["name"]: (f["depth_slope"], f["arms"][0]) for f in record["functions"]}
        assert all(arm["gain_of"] == "own" for _, arm in own.values())
        held = [name for name, (slope, arm) in own.items() if slope < 1 - 1e-9 and holds(arm)]
        assert len(held) >= 20
        assert not any(holds(own[name][1]) for name in ("GELU", "SiLU", "Mish"))
        shown = table(record)
        assert f"{len(held)} of" in shown.splitlines()[-1]
        assert "overflow" in shown
    assert json.loads(RECORD.read_text())["dense"]["settings"]["width"] >= 2048
