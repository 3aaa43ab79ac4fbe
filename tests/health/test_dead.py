"""Shares of dead and of undefined inputs, against the normal distribution at hand-computed edges."""

from __future__ import annotations

import math

import pytest
from scipy.special import ndtr

from nas.health.dead import THRESHOLD, dead_share, undefined_share
from nas.symbolic.parse import parse

TANH = math.acosh(THRESHOLD**-0.5)  # 1/cosh^2 = threshold
SIGMOID = -math.log(
    (1 - math.sqrt(1 - 4 * THRESHOLD)) / (1 + math.sqrt(1 - 4 * THRESHOLD))
)  # s(1 - s) = threshold


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("max(x, 0)", 0.5),
        ("max(x - 1/3, 0)", ndtr(1 / 3)),
        ("x", 0),
        ("3", 1),
        ("max(x, 0.0009*x)", 0.5),
        ("max(x, 0.0011*x)", 0),
        ("min(max(x, 0), 1)", 1 - (ndtr(1) - ndtr(0))),
        ("tanh(x)", 2 * ndtr(-TANH)),
        ("sigmoid(x)", 2 * ndtr(-SIGMOID)),
        ("x^2", ndtr(THRESHOLD / 2) - ndtr(-THRESHOLD / 2)),
        ("x^3", 2 * ndtr(math.sqrt(THRESHOLD / 3)) - 1),
        ("sign(x)", 1),
    ],
)
def test_dead(text: str, share: float) -> None:
    assert dead_share(parse(text).tree) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("x", 0),
        ("1/x", 0),
        ("log(x)", 0.5),
        ("sqrt(x - 1.5)", ndtr(1.5)),
        ("sqrt(x^2 - 1)", ndtr(1) - ndtr(-1)),
    ],
)
def test_undefined(text: str, share: float) -> None:
    assert undefined_share(parse(text).tree) == pytest.approx(share, abs=1e-12)
