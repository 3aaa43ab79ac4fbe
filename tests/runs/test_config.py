from __future__ import annotations

import tomllib

import pytest

from nas.errors import RunError
from nas.runs.config import RunConfig


def test_it_reads_back_what_it_writes(config: RunConfig) -> None:
    assert RunConfig.from_toml(config.to_toml()) == config
    other = config.model_copy(
        update={
            "trials": None,
            "time_seconds": 1200.0,
            "data_dir": "../../data",
            "kind": "train",
            "threads": 2,
        }
    )
    assert RunConfig.from_toml(other.to_toml()) == other
    assert other != config


def test_the_file_is_complete_and_has_a_schema(config: RunConfig) -> None:
    data = tomllib.loads(config.to_toml())
    assert data["schema"] == 1
    left_out = {key for key in RunConfig.model_fields if key not in data}
    assert left_out == {"time_seconds", "images", "data_dir", "roster"}
    assert data["protocol"]["recipe"]["optimizer"] == "nesterov"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("trials = 40", "trails = 40", ["trails", "did you mean trials?"]),
        ("trials = 40", "trials = -1", ["trials", "-1", "greater than or equal to 0"]),
        ("trials = 40", 'trials = "40"', ["trials", "40", "integer"]),
        ("trials = 40", "trials = 4.5", ["trials", "4.5"]),
        ("trials = 40", "trials = ", ["damaged", "line"]),
        ("epochs = 7", "epoch = 7", ["protocol.epoch", "did you mean epochs?"]),
        ("label_smoothing = 0.1", "label_smoothing = 1.9", ["protocol.recipe.label_smoothing", "1.9"]),
        ("baselines = [", "baselines = [1, ", ["baselines"]),
        ('kind = "search"', 'kind = "dance"', ["kind", "dance", "search"]),
        ("schema = 1", "schema = 2", ["newer version of nas", "update"]),
        ("schema = 1", "", ["schema"]),
        ("schema = 1", "schema = true", ["schema"]),
        ("trials = 40", 'data_dir = "/home/data"', ["data_dir", "relative"]),
        ("trials = 40", "data_dir = 'C:\\data'", ["data_dir", "relative"]),
        ("trials = 40", "time_seconds = 0", ["time_seconds"]),
        ("trials = 40", "time_seconds = inf", ["time_seconds"]),
        ('created = "2', 'created = "x', ["created"]),
        ("[protocol]", "[protocoll]", ["protocol"]),
    ],
)
def test_a_wrong_key_or_value_is_named(config: RunConfig, old: str, new: str, words: list[str]) -> None:
    text = config.to_toml()
    assert text.count(old) == 1
    with pytest.raises(RunError) as caught:
        RunConfig.from_toml(text.replace(old, new), "runs/first/config.toml")
    message = str(caught.value)
    for word in ["runs/first/config.toml", "cure", *words]:
        assert word in message


def test_a_torn_file_is_an_error_of_the_run_or_a_whole_configuration(config: RunConfig) -> None:
    text = config.to_toml()
    refused = 0
    for end in range(len(text)):
        try:
            RunConfig.from_toml(text[:end])
        except RunError:
            refused += 1
    assert refused > len(text) / 2
