"""A run to write in, and processes that write it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nas
from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.store import Run

DRIVER = Path(__file__).with_name("driver.py")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def config() -> RunConfig:
    return RunConfig(
        name="first",
        trials=40,
        own=("x*sigmoid(1.5*x)", "-x"),
        space={"name": "activations", "activation": {"depth": [1, 2], "unary": ["x", "-x"]}},
        protocol=Protocol(data="digits", data_fingerprint="ab" * 32, epochs=7, seed=3),
    )


@pytest.fixture
def run(tmp_path: Path, config: RunConfig) -> Run:
    return Run.create(tmp_path / "runs", config)


@pytest.fixture
def environment() -> dict[str, str]:
    """An environment in which another process finds the same nas."""
    return {**os.environ, "PYTHONPATH": str(Path(nas.__file__).parents[1]), "PYTHONWARNINGS": "error"}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Start the driver; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: object, wrapper: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*wrapper, sys.executable, str(DRIVER), *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
