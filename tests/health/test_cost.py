"""The measurement of the cost: that it measures, and leaves torch as it was."""

from __future__ import annotations

import math

import pytest
import torch

from nas.health.cost import cost_vs_relu, one_thread
from nas.symbolic.parse import parse


@pytest.fixture(autouse=True)
def _brief_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.health.cost._SECONDS", 0.0)


def test_a_positive_ratio_also_for_constants_and_parameters() -> None:
    for text in ("max(x, 0)", "3", "beta", "x*sigmoid(beta*x)", "log(x)"):
        cost = cost_vs_relu(parse(text))
        assert math.isfinite(cost)
        assert cost > 0


def test_threads_are_given_back() -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        cost_vs_relu(parse("x"))
        assert torch.get_num_threads() == 2
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
