"""`nas export`: a function or a trial as a file, a line of LaTeX or data; wrong input changes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.store import Run
from tests.cli.conftest import Cli, Nas
from tests.cli.test_main import imported
from tests.cli.test_wrong_input import check, contents


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    run = Run.create(folder, RunConfig(name="first", protocol=Protocol(data="digits")))
    fields = {
        "expression": "x*sigmoid(beta[channel]*x)",
        "name": "Swish",
        "complexity": 5,
        "origin": "sampler",
    }
    run.finish(run.begin({}, {}, fields), {"outcome": "finished", "val_accs": [0.66, 0.64]})
    run.add_screened({}, {}, {**fields, "expression": "0*x"}, "constant")
    run.finish(run.begin({}, {}, fields), {"outcome": "diverged", "reason": "loss not finite"})
    return folder


@pytest.fixture
def folder(here: Path, original: Path) -> Path:
    shutil.copytree(original, here / "runs")
    (here / "there.py").write_text("mine", encoding="utf-8")
    (here / "folder").mkdir()
    return here


@pytest.mark.usefixtures("folder")
def test_every_format_of_a_trial_to_stdout(cli: Cli) -> None:
    done = cli("export", "first", "0")
    assert (done.code, done.err) == (0, "")
    compile(done.out, "exported.py", "exec")
    assert "0.6500 +- 0.0141 (n = 2 seeds)" in done.out
    assert cli("export", "first", "0", "--format", "latex").out == (
        "f(x) = x \\sigma\\left(\\beta x\\right)\n"
    )
    facts = json.loads(cli("export", "first", "0", "--format", "json").out)
    assert (facts["name"], facts["found"]["run"], facts["found"]["trial"]) == ("Swish", "first", 0)
    assert facts["source"]["year"] == 2017


@pytest.mark.parametrize("text", ["gelu", "tanh", "-x*sigmoid(-x)", "max(x, 0.25*x)"])
def test_one_argument_is_a_formula_or_a_name(cli: Cli, text: str) -> None:
    facts = json.loads(cli("export", text, "--format", "json").out)
    assert facts["found"] is None
    assert facts["gain"] > 0


def test_to_a_file_whole_and_never_over_another(cli: Cli, folder: Path) -> None:
    done = cli("export", "gelu", "-o", "gelu.py")
    assert (done.code, done.out) == (0, "")
    assert "python gelu.py" in done.err
    written = (folder / "gelu.py").read_text(encoding="utf-8")
    assert written == cli("export", "gelu").out
    assert cli("export", "relu", "-o", "gelu.py").code == 2
    assert (folder / "gelu.py").read_text(encoding="utf-8") == written
    assert cli("export", "relu", "-o", "gelu.py", "--force").code == 0
    assert "ReLU" in (folder / "gelu.py").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {"gelu.py", "there.py", "folder", "runs"}


WRONG = {
    "unknown run": (("export", "frst", "0"), "did you mean first?"),
    "no such trial": (("export", "first", "7"), "trials 0 to 2"),
    "negative trial": (("export", "first", "-1"), "-1"),
    "trial that is no number": (("export", "first", "best"), "best"),
    "screened trial": (("export", "first", "1"), "constant"),
    "diverged trial": (("export", "first", "2"), "loss not finite"),
    "a run without a trial": (("export", "first"), "nas export first TRIAL"),
    "no argument": (("export",), "EXPR"),
    "bad formula": (("export", "x*sigmod(x)"), "sigmoid"),
    "formula and trial": (("export", "x + 1", "0"), "no run of this name"),
    "unknown format": (("export", "x", "--format", "onnx"), "torch"),
    "file that is there": (("export", "x", "-o", "there.py"), "--force"),
    "folder for a file": (("export", "x", "-o", "folder", "--force"), "folder"),
    "file in no folder": (("export", "x", "-o", "nowhere/x.py"), "cannot be written"),
    "file in a file": (("export", "x", "-o", "there.py/x.py"), "cannot be written"),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_clear_message_and_nothing_half_written(cli: Cli, folder: Path, case: str) -> None:
    args, expected = WRONG[case]
    before = files(folder)
    done = cli(*args)
    check(done.code, done.out, done.err, expected)
    assert files(folder) == before


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """What is there, but for SQLite's files, which whoever reads last puts in order."""
    return {name: stat for name, stat in contents(folder).items() if "study.db" not in name}


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_it_needs_no_torch(nas: Nas) -> None:
    done = nas("export", "first", "0", python=("-X", "importtime"))
    assert done.returncode == 0
    assert imported(done.stderr).isdisjoint({"torch", "optuna"})
