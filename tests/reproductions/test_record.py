"""Records: written, read, pooled, drawn."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from nas.analysis.paired import paired
from nas.errors import RunError, SettingError
from nas.reproductions.figure import draw
from nas.reproductions.pool import pool
from nas.reproductions.record import load, save
from tests.reproductions.records import example, tuned_example

SEEDS = [example(seed) for seed in (0, 1, 2)]


def test_a_record_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    save(SEEDS[0], file)
    assert load(file) == SEEDS[0]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 2, "reproduction": "swish"}'])
def test_another_file_is_no_record(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RunError):
        load(file)
    with pytest.raises(RunError):
        load(tmp_path / "missing.json")


def test_pooled_differences_are_over_all_seeds() -> None:
    together = pool(SEEDS)
    row = next(c for c in together["claims"] if c["claim"] == "Swish > ReLU")
    joined = [
        [acc for r in SEEDS for f in r["functions"] if f["label"] == label for acc in f["val_accs"]]
        for label in ("Swish", "ReLU")
    ]
    expected = paired(*joined)
    assert row["n_seeds"] == len(joined[0]) == 9
    assert row["effect"] == pytest.approx(expected.difference)
    assert (row["ci_low"], row["p"]) == pytest.approx((expected.ci_low, expected.p))
    assert [each["n_seeds"] for each in row["each"]] == [3, 3, 3]
    assert json.dumps(together, allow_nan=False)


@pytest.mark.parametrize(
    ("trainings", "median"),
    [
        ([10, 200, 40], 40),
        ([None, 200, 40], 200),
        ([None, None, 40], None),
        ([40, 10], 40),
        ([None, 7], None),
    ],
)
def test_a_search_that_did_not_meet_it_counts_as_longer(
    trainings: list[int | None], median: int | None
) -> None:
    records = copy.deepcopy(SEEDS[: len(trainings)])
    for record, n in zip(records, trainings, strict=True):
        record["search"]["swish_family"]["trainings"] = n
    family = pool(records)["swish_family"]
    assert family["median_trainings"] == median
    assert family["trainings"] == trainings


def test_one_that_failed_once_failed() -> None:
    records = copy.deepcopy(SEEDS)
    relu = next(f for f in records[1]["functions"] if f["label"] == "ReLU")
    relu |= {"outcome": "diverged", "val_accs": []}
    row = next(c for c in pool(records)["claims"] if c["claim"] == "Swish > ReLU")
    assert (row["here"], row["verdict"]) == ("ReLU diverged", "cannot tell at this scale")


def test_where_failures_count_as_guessing_they_do_in_every_record() -> None:
    records = [tuned_example(seed) for seed in (0, 1)]
    rows = {c["claim"]: c for c in pool(records)["claims"]}
    he = rows["ReLU He > Glorot"]
    assert (he["verdict"], he["n_seeds"]) == ("supported", 6)
    accs = [a for r in records for f in r["functions"] if f["label"] == "ReLU He" for a in f["val_accs"]]
    assert he["effect"] == pytest.approx(np.mean(accs) - 0.1)
    assert rows["GELU own > He"]["here"] == "neither learned"
    assert rows["small tanh own > He"]["n_seeds"] == 6  # learned under seed 1 alone
    assert json.dumps(rows, allow_nan=False)


def test_what_does_not_belong_together_is_refused() -> None:
    for change in ({"scale": "paper"}, {"reproduction": "acon"}, {"seed": 0}):
        with pytest.raises(SettingError):
            pool([SEEDS[0], SEEDS[1] | change])
    other: dict[str, Any] = copy.deepcopy(SEEDS[1])
    other["protocol"]["comparison"]["epochs"] += 1
    with pytest.raises(SettingError):
        pool([SEEDS[0], other])
    with pytest.raises(SettingError):
        pool([])


def _texts(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("met", [True, False])
def test_the_figure_is_svg_with_everything_inside(met: bool) -> None:
    record = copy.deepcopy(SEEDS[0])
    if not met:
        record["search"]["swish_family"]["trainings"] = None
    svg = ElementTree.fromstring(draw(record))
    width, height = float(svg.get("width", "")), float(svg.get("height", ""))
    lines = [e.get("points", "") for e in svg.iter("{http://www.w3.org/2000/svg}polyline")]
    points = np.array([list(map(float, pair.split(","))) for line in lines for pair in line.split()])
    assert (points >= 0).all()
    assert (points <= (width, height)).all()
    words = " ".join(_texts(svg))
    assert ("Swish family met after 20" in words) is met
    assert "x*sigmoid(beta*x)" in words
    steps = [pair.split(",") for pair in lines[0].split()]
    assert [a[1] == b[1] for a, b in zip(steps[::2], steps[1::2], strict=True)] == [True] * (len(steps) // 2)


def test_without_a_search_there_is_nothing_to_draw() -> None:
    with pytest.raises(SettingError):
        draw(SEEDS[0] | {"search": None})
