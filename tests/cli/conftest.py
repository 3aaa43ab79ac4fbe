"""`nas` in an empty folder, without the data of whoever runs the tests: as a process, or in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from nas.cli.main import run as run_nas


@dataclass(frozen=True)
class Ended:
    """How a command ended in this process."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ended]
Nas = Callable[..., "subprocess.CompletedProcess[str]"]

LIMIT_SECONDS = 120  # a command that hangs fails instead


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of these tests: no data in it, but kernels, so that each is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environment(cache: Path) -> dict[str, str]:
    """The environment without data folders, colors and a terminal's width."""
    foreign = ("NAS_", "PYTHON", "COLUMNS")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return kept | {"NO_COLOR": "1", "NAS_CACHE_DIR": str(cache)}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder in which the commands run."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def nas(here: Path, environment: dict[str, str]) -> Nas:
    """Run `nas` with the given arguments; `python` are options for the interpreter."""

    def call(*args: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *python, "-m", "nas", *args],
            cwd=here,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT_SECONDS,
            check=False,
        )

    return call


@pytest.fixture
def cli(
    here: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Run a command in this process, which is faster where a process of its own shows nothing more."""
    for key in set(os.environ) - set(environment) - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(key)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(here)

    def call(*args: str) -> Ended:
        capsys.readouterr()
        code = run_nas(args)
        return Ended(code, *capsys.readouterr())

    return call
