"""`nas spaces`: lists, describes and counts."""

from __future__ import annotations

import json

import pytest

from nas.spaces.library import names
from tests.cli.conftest import Cli

KEYS = ["expressions", "distinct", "distinct_float32", "finite", "seconds", "method", "low", "high"]


def test_a_count_is_json(cli: Cli) -> None:
    done = cli("spaces", "aquasurf_small", "--count", "--format", "json")
    found = json.loads(done.out)
    assert list(found) == KEYS
    assert (found["expressions"], found["method"], found["low"]) == (5103, "exact", None)
    assert found["distinct"] == pytest.approx(2795, rel=0.01)


def test_settings_change_what_is_counted(cli: Cli) -> None:
    done = cli("spaces", "ramachandran", "--count", "--set", "depth=1", "--set", "parameters=fixed")
    assert "6,250" in done.out
    assert "3,0" in done.out
    assert "layer by layer" in done.out


@pytest.mark.parametrize("name", names())
def test_every_space_is_described(cli: Cli, name: str) -> None:
    done = cli("spaces", name)
    assert name in done.out
    assert "random draws" in done.out
    described = json.loads(cli("spaces", name, "--format", "json").out)
    assert described["space"]["name"] == name


def test_a_count_needs_a_space(cli: Cli) -> None:
    assert cli("spaces", "--count").code == 2
