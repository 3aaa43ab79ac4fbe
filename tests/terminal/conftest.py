"""Consoles of a known width and alphabet, and a run with every kind of trial in it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console, RenderableType

from nas.outcomes import Epoch, Outcome
from nas.protocol import Protocol
from nas.runs.records import TrialRecord

Draw = Callable[..., list[str]]

LONG = "(p1[channel] - p2[channel])*x*sigmoid(beta[scalar]*(p1[channel] - p2[channel])*x) + p2[channel]*x"


def draw_lines(view: RenderableType, width: int = 80, *, unicode: bool = True, height: int = 40) -> list[str]:
    """What a pipe of this width would get, in the bytes of its encoding, line by line."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8" if unicode else "ascii", newline="\n")
    # markup stays on: a view whose words are read as markup must not hide behind the console's settings
    Console(file=stream, width=width, height=height, no_color=True).print(view)
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding).splitlines()


def curve(final: float, epochs: int = 4) -> tuple[Epoch, ...]:
    """A training that rises to the accuracy `final`."""
    return tuple(
        Epoch(i, 2.3 * 0.7**i, 2.2 * 0.75**i, final * i / epochs, 1.25 * i) for i in range(1, epochs + 1)
    )


def trial(
    number: int, expression: str, name: str | None, complexity: int, *accs: float, **others
) -> TrialRecord:
    """A finished trial unless `others` say otherwise."""
    values = {
        "origin": "sampler",
        "outcome": Outcome.FINISHED,
        "curves": tuple(map(curve, accs)),
        "epochs": 4,
        "seconds": 37.26 * len(accs),
        "train_images": 40_000 * len(accs),
    }
    return TrialRecord(number, expression, name, complexity, val_accs=accs, **(values | others))


@pytest.fixture(scope="session")
def draw() -> Draw:
    return draw_lines


@pytest.fixture(scope="session")
def records() -> list[TrialRecord]:
    return [
        trial(0, "max(x, 0)", "ReLU", 3, 0.5811, 0.5742, 0.5903, origin="baseline"),
        trial(1, "x*sigmoid(x)", "Swish", 4, 0.6014, 0.5821, 0.6032, origin="baseline"),
        trial(2, "x", "identity", 1, 0.4102, 0.4071, 0.4155, equal_proposals=3),
        trial(3, LONG, "ACON-C", 18, 0.6221, 0.6103, 0.6245, seconds=4001.0),
        trial(4, "exp(x)*sinh(x)", None, 5, outcome=Outcome.DIVERGED, reason="loss is not finite in epoch 1"),
        trial(5, "x - x + 1", None, 5, outcome=Outcome.SCREENED, reason="constant on [-5, 5]"),
    ]


@pytest.fixture(scope="session")
def single() -> list[TrialRecord]:
    """A run with one seed for each trial."""
    return [
        trial(0, "max(x, 0)", "ReLU", 3, 0.5811, origin="baseline"),
        trial(1, "cos(x) - x", None, 4, 0.6014),
    ]


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    return Protocol(data="cifar10", train_size=10_000, val_size=5_000, epochs=4, seeds=3)
