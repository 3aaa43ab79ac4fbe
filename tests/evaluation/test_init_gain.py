"""`init_gain` from the recipe to the trial's record."""

from __future__ import annotations

import math
from typing import cast

import pytest
import torch
from pydantic import ValidationError

from nas.activations.module import activation
from nas.architectures.library import build
from nas.evaluation.builder import build_network
from nas.evaluation.objective import Evaluator
from nas.protocol import Protocol, Recipe
from nas.runs.records import TrialRecord, plain
from nas.seeds import derive
from nas.symbolic.gaussian import gain
from nas.symbolic.parse import parse
from tests.evaluation.conftest import PROTOCOL, RECIPE

GELU = parse("gelu(x)")
TRIAL = {
    "number": 0,
    "expression": "x",
    "name": None,
    "complexity": 1,
    "origin": "own",
    "outcome": "finished",
}


def with_gain(mode: str) -> Protocol:
    recipe = Recipe(**{**RECIPE.model_dump(), "init_gain": mode})
    return PROTOCOL.model_copy(update={"recipe": recipe})


@pytest.mark.parametrize("mode", ["auto", "he"])
def test_networks_with_batch_norm_keep_the_weights_that_they_had(mode: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(5, "init"))
        before = build("small", channels=1, size=8, classes=10, width=2, activation=activation(GELU))
    after = build_network(with_gain(mode), GELU, 5)
    for (key, value), now in zip(before.state_dict().items(), after.state_dict().values(), strict=True):
        assert torch.equal(value, now), key


def test_own_gains_scale_the_same_random_numbers() -> None:
    weights = {f: build_network(with_gain("own"), parse(f), 5).state_dict() for f in ("gelu(x)", "tanh(x)")}
    gains = {f: gain(parse(f)) for f in weights}
    gelu, tanh = weights.values()
    ratio = gains["gelu(x)"] / gains["tanh(x)"]  # type: ignore[operator]
    for key in (k for k in gelu if gelu[k].is_floating_point()):
        factor = ratio if key in ("3.weight", "7.weight", "11.weight") else 1.0
        torch.testing.assert_close(gelu[key], tanh[key] * factor, rtol=1e-6, atol=0)


def test_the_record_says_which_gain_was_applied(evaluator: Evaluator) -> None:
    for setting, expected in ((None, math.sqrt(2)), ("he", math.sqrt(2)), ("own", gain(GELU))):
        result = evaluator.evaluate(GELU, None if setting is None else {"init_gain": setting})
        fields = cast(dict[str, object], plain(result.fields()))
        kept = TrialRecord.from_json(TRIAL | fields)
        assert kept.init_gain == pytest.approx(expected, rel=1e-12)
        assert TrialRecord.from_json(kept.to_json()) == kept


def test_an_older_record_has_none() -> None:
    assert TrialRecord.from_json(TRIAL).init_gain is None


def test_another_word_is_refused() -> None:
    with pytest.raises(ValidationError, match="init_gain"):
        Recipe(init_gain="xavier")  # type: ignore[arg-type]
