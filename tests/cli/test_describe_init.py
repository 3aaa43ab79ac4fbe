"""`nas describe init` as a user sees it."""

from __future__ import annotations

import json
import re

import pytest

from nas.cli.main import run
from nas.rows.init_parts import DEPTHS, FANS, GAINS, HEADS, STEPS
from nas.rows.inits import INITS


def output(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["describe", "init", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


SMALL = ("--depth", "6", "--width", "16", "--draws", "2")


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines() if line[0] != " "] == list(INITS)
    listed = json.loads(output(capsys, "--format", "json")[1])
    assert [row["name"] for row in listed] == list(INITS)


@pytest.mark.parametrize("name", INITS)
def test_every_init_can_be_described(capsys: pytest.CaptureFixture[str], name: str) -> None:
    depth = ("--depth", "2") if name == "autoencoder" else ()
    code, out, err = output(capsys, name, *SMALL, *depth)
    assert (code, err) == (0, "")
    assert out.startswith(f"{name}\n")
    assert max(map(len, out.splitlines())) <= 80
    assert "signal" in out
    assert "n = 2 networks" in " ".join(out.split())


def test_json_has_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("normal(fan=out, gain=own)", "--activation", "tanh(x)", *SMALL, "--format", "json")
    found = json.loads(output(capsys, *words)[1])
    assert found["name"] is None
    assert found["text"] == "normal(fan=out, gain=own)"
    assert found["variance"] == "Var[w] = gain^2 / fan_out"
    assert found["gain"] == pytest.approx(1.5925374197228312, rel=1e-9)  # of tanh, as `nas inspect tanh`
    assert found["layers"] == [1, 2, 3, 4, 5, 6]
    assert len(found["signal"]) == len(found["gradient"]) == 6
    assert found["draws"] == 2
    exploding = json.loads(output(capsys, "normal(gain=1e6)", *SMALL, "--depth", "9", "--format", "json")[1])
    assert exploding["signal"][-1] is None


def test_help_names_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    words = set(re.findall(r"\w+", output(capsys, "--help")[1]))
    assert words >= {*HEADS, *FANS, *GAINS, *DEPTHS, *STEPS}


def test_wrong_input(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = output(capsys, "he_norml")
    assert (code, out) == (2, "")
    assert "did you mean he_normal?" in err
    assert output(capsys, "he_normal", "--depth", "1")[0] == 2
