"""The frame of the command line: the table of commands, what it imports, exit codes, pipes."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from nas.cli.main import COMMANDS, run
from tests.cli.conftest import Nas

HEAVY = ("torch", "optuna", "sympy", "numpy", "pydantic", "rich", "sklearn", "scipy")


def imported(output: str) -> set[str]:
    """The top-level packages that `python -X importtime` has listed."""
    return {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in output.splitlines() if "|" in line}


def test_the_import_list_is_read_right(nas: Nas) -> None:
    assert {"click", "nas"} <= imported(nas("--help", python=("-X", "importtime")).stderr)


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_help_and_version_import_nothing_heavy(nas: Nas, option: str) -> None:
    done = nas(option, python=("-X", "importtime"))
    assert done.returncode == 0
    assert imported(done.stderr).isdisjoint(HEAVY)


def test_help_lists_every_command(nas: Nas) -> None:
    listed = re.findall(r"^  (\w+) {2,}\w", nas("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_says_what_it_does(name: str) -> None:
    command = importlib.import_module(f"nas.cli.commands.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text(name: str) -> None:
    command = importlib.import_module(f"nas.cli.commands.{name}").command
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert silent == []


def test_version_is_that_of_the_package(nas: Nas) -> None:
    assert nas("--version").stdout == f"nas {version('nas')}\n"


def test_an_unknown_command_suggests_a_near_one(nas: Nas) -> None:
    done = nas("leaderbord")
    assert done.returncode == 2
    assert "did you mean leaderboard?" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_nobodys_error_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.cli.commands.spaces.library", None)
    with pytest.raises(AttributeError):
        run(["spaces"])


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt("go on with `nas resume first`")

    monkeypatch.setattr("nas.cli.commands.spaces.library.names", interrupt)
    assert run(["spaces"]) == 130
    assert capsys.readouterr().err.strip() == "nas: interrupted; go on with `nas resume first`"


@pytest.mark.slow
@pytest.mark.parametrize(
    "args", [["spaces", "activations"], ["--version"], ["inspect", "x", "--format=json"]]
)
def test_a_closed_pipe_is_no_error_to_talk_about(
    here: Path, environment: dict[str, str], args: list[str]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "nas", *args],
        cwd=here,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # what `| head` does once it has enough
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_a_stream_without_unicode_shows_marks_instead_of_a_traceback(
    nas: Nas, environment: dict[str, str]
) -> None:
    environment["PYTHONIOENCODING"] = "ascii"
    done = nas("spaces", "activations")
    assert done.returncode == 0
    assert "core unit" in done.stdout
    assert done.stderr == ""
