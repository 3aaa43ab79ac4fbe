"""`nas describe arch` and `nas score`, in this process."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from nas.rows.networks import NETWORKS
from nas.rows.scores import SCORES

SKIP = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"


def test_the_blackboard_as_a_screen(cli) -> None:
    ended = cli("describe", "arch", "lenet_blackboard")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "4,300 parameters   201,400 MACs" in ended.out
    first, second = [line.split() for line in lines if "Conv2d" in line]
    assert first == ["0", "Conv2d", "5x5", "4x28x28", "100", "78.4k", "12.5k", "3.21M"]
    assert second[3:] == ["12x10x10", "1.2k", "120k", "4.8k", "941k"]


def test_costs_as_json(cli) -> None:
    ended = cli("describe", "arch", "resnet20", "--format", "json")
    found = json.loads(ended.out)
    assert (found["parameters"], found["macs"]) == (269_722, 40_551_040)
    assert found["input"] == [3, 32, 32]
    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"]
    assert sum(layer["activation_bytes"] for layer in found["layers"]) == found["activation_bytes"]
    smaller = json.loads(
        cli(
            "describe",
            "arch",
            SKIP,
            "--input",
            "1x8x12",
            "--classes",
            "4",
            "--width",
            "3",
            "--format",
            "json",
        ).out
    )
    assert smaller["layers"][0]["shape"] == [3, 8, 12]
    assert smaller["layers"][-1]["shape"] == [4]


def test_without_a_name_the_networks_are_listed(cli) -> None:
    assert all(name in cli("describe", "arch").out for name in NETWORKS)
    assert [row["name"] for row in json.loads(cli("describe", "arch", "--format", "json").out)] == list(
        NETWORKS
    )


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["describe", "arch", "resnet-20"], "did you mean resnet20?"),
        (["describe", "arch", "|none~0|"], "three nodes"),
        (["describe", "arch", "vgg11", "--input", "1x8x8"], "at least 32x32"),
        (["describe", "arch", "small", "--input", "3x32"], "as 3x32x32"),
        (["describe", "arch", "small", "--input", "0x32x32"], "as 3x32x32"),
        (["score"], "no architecture to score"),
        (["score", SKIP, "|none~0|", "--data", "digits"], "three nodes"),
        (["score", SKIP, "--data-dir", "nowhere"], "nowhere"),
    ],
)
def test_wrong_input_is_explained(cli, args: list[str], says: str) -> None:
    ended = cli(*args)
    assert ended.code == 2
    assert says in ended.err
    assert ended.out == ""


def test_scores_come_in_the_order_asked_for(cli, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "archs.txt").write_text("\nmlp\n", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f" {SKIP}\n\n".encode())))
    ended = cli(
        "score", "mlp", "-", "--file", "archs.txt", "--data", "digits", "--threads", "1", "--format", "json"
    )
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert [one["arch"] for one in found] == ["mlp", SKIP, "mlp"]
    assert set(found[0]) == {"arch", "parameters", "macs", "scores", "score", "seconds"}
    assert list(found[0]["scores"]) == list(SCORES)
    assert found[0]["scores"] == found[2]["scores"]
    assert found[0]["score"] == found[2]["score"] != found[1]["score"]


def test_scores_as_a_screen(cli) -> None:
    ended = cli("score", "mlp", "--data", "digits", "--threads", "1")
    assert ended.code == 0
    assert all(len(line) <= 80 for line in ended.out.splitlines())
    assert "mlp" in ended.out
    assert all(name in ended.out for name in SCORES)
