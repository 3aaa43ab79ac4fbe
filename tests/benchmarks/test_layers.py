"""The benchmark of layers measures what it says. Never a time."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from nas.architectures.library import build
from tests.benchmarks import layers as benchmark
from tests.benchmarks.layers import Layer, apart, of_small, passes


def test_the_layers_are_those_of_small() -> None:
    network = build(
        "small", channels=3, size=32, classes=10, width=8, activation=lambda channels: nn.Identity()
    )
    found: list[Layer] = []

    def note(module: nn.Module, given: tuple[torch.Tensor], y: torch.Tensor) -> None:
        _, fan_in, side, _ = given[0].shape
        if isinstance(module, nn.Conv2d):
            found.append(Layer(fan_in, y.shape[1], side, pooled=False))
        else:
            found[-1] = replace(found[-1], pooled=True)

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.MaxPool2d):
            module.register_forward_hook(note)
    network(torch.zeros(2, 3, 32, 32))
    assert of_small(8) == found


@pytest.mark.parametrize("layer", [*of_small(8), *apart(of_small(8))], ids=lambda layer: layer.name)
def test_both_sides_do_the_same(layer: Layer) -> None:
    theirs, ours = (way() for way in passes(layer, 3))
    for a, b in zip(theirs, ours, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_what_is_written_reads_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, threads = tmp_path / "record.json", torch.get_num_threads()
    monkeypatch.setattr(sys, "argv", ["layers", "--rounds", "2", "--batch", "2", "--record", str(record)])
    benchmark.main()
    torch.set_num_threads(threads)
    assert "nas/torch" in capsys.readouterr().out
    written = json.loads(record.read_text())
    assert len(written["layers"]) == 10
    assert written["network_over_torch"] > 0
