"""Consoles for pipes: no escapes, 80 columns unless COLUMNS says otherwise, any encoding."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
from nas.terminal import console
from nas.terminal.tables import facts
out = console.stdout()
print(out.width, console.is_live(out))
out.print(facts([("formula", "x*\\u03b2 \\u00b1 1"), ("name", "[red]Swish[/red] :smile:")], title="r" * 300))
out.print("[red]own words[/red] :smile:")
"""


def piped(**environment: str) -> list[str]:
    clean = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS", "FORCE_COLOR", "LINES"}}
    clean |= {"PYTHONIOENCODING": "utf-8"} | environment
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=clean, capture_output=True, check=True)
    assert b"\x1b" not in done.stdout
    return done.stdout.decode(clean["PYTHONIOENCODING"]).splitlines()


@pytest.mark.parametrize(
    ("columns", "width"), [(None, 80), ("120", 120), ("0", 80), ("-4", 80), ("wide", 80), ("", 80)]
)
def test_the_width_of_a_pipe(columns: str | None, width: int) -> None:
    lines = piped(**({} if columns is None else {"COLUMNS": columns}))
    assert lines[0] == f"{width} False"
    assert len(lines[1]) == width


def test_words_are_not_markup() -> None:
    lines = piped()
    assert "name     [red]Swish[/red] :smile:" in lines
    assert "[red]own words[/red] :smile:" in lines


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_an_encoding_that_knows_less_gets_ascii(encoding: str) -> None:
    lines = piped(PYTHONIOENCODING=encoding)
    assert "formula  x*\\u03b2 +- 1" in lines


def test_forced_color_does_not_make_a_pipe_live() -> None:
    clean = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"FORCE_COLOR": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=clean, capture_output=True, check=True)
    assert done.stdout.splitlines()[0] == b"80 False"
