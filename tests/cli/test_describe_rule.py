"""`nas describe optimizer FORMULA`: an update rule in the words of the grammar."""

from __future__ import annotations

import json

import pytest

from nas.cli.commands import describe_optimizer
from nas.cli.main import run


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe_optimizer, "_RIVALS", ("sgd",))


@pytest.mark.slow
def test_a_formula_is_recognized_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "optimizer", "g*exp(sign(m*g))"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[0].endswith("PowerSign (m 0.9)")
    assert "m <- 0.9 m + 0.1 g" in out
    assert "Neural Optimizer Search" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.slow
def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "optimizer", "linear*sign(g)", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["name"] == "linear*sign(g)"
    assert found["tasks"]["quadratic"]["rules"]["linear*sign(g)"]["tried"][2] == pytest.approx(2e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [("g*", "the formula ends"), ("foo*g", "unknown name 'foo'"), ("sgdd", "did you mean sgd?")],
)
def test_what_is_no_rule_is_refused(text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "optimizer", text]) == 2
    assert said in capsys.readouterr().err
