"""All scores of an architecture: finite, repeatable, from the edges that count; and the one that ranks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nas.datasets import digits
from nas.datasets.images import Images
from nas.rows.scores import SCORES
from nas.scores.measure import Sample, measure
from nas.scores.ranking import place, score
from nas.scores.reference import QUANTILES

NOTHING = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
DEAD_END = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
SKIP = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
GOOD = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample.of(digits.read())


def test_a_cell_that_lets_nothing_through_has_finite_scores(sample: Sample) -> None:
    scores = measure(NOTHING, sample).scores
    assert list(scores) == list(SCORES)
    assert all(map(math.isfinite, scores.values()))
    assert scores["complexity"] == scores["synflow"] == 0
    assert math.isfinite(score(scores))


@pytest.mark.slow
def test_cells_come_in_a_sensible_order(sample: Sample) -> None:
    """Nothing, the identity, and a residual cell of 3x3 convolutions."""
    nothing, skip, good = (score(measure(cell, sample).scores) for cell in (NOTHING, SKIP, GOOD))
    assert nothing < skip < good <= 0


@pytest.mark.slow
def test_a_score_depends_on_its_architecture_alone(sample: Sample) -> None:
    """Neither on what was scored before, nor on torch's random state, nor on edges that lead nowhere."""
    torch.manual_seed(1)
    skip = measure(SKIP, sample)
    torch.manual_seed(2)
    again, dead_end = measure(SKIP, sample), measure(DEAD_END, sample)
    assert again.scores == skip.scores == dead_end.scores
    assert dead_end.parameters - skip.parameters == 5 * 9 * (16**2 + 32**2 + 64**2) + 5 * 2 * (16 + 32 + 64)
    assert dead_end.macs > skip.macs


@pytest.mark.parametrize(
    "arch",
    [
        "linear",
        "mlp",
        "lenet5",
        pytest.param("macro(block=plain, depth=1, width=4)", marks=pytest.mark.slow),
        pytest.param("resnet8", marks=pytest.mark.slow),
    ],
)
def test_other_networks_have_scores_too(arch: str) -> None:
    generator = np.random.default_rng(0)
    images = Images(
        "noise", generator.integers(0, 256, (96, 3, 20, 16), np.uint8), np.arange(96) % 3, ("a", "b", "c")
    )
    found = measure(arch, Sample.of(images))
    assert all(map(math.isfinite, found.scores.values()))
    assert found.parameters > 0


def test_a_constant_image_has_scores() -> None:
    images = Images("black", np.zeros((64, 1, 8, 8), np.uint8), np.arange(64) % 2, ("a", "b"))
    assert all(map(math.isfinite, measure(SKIP, Sample.of(images)).scores.values()))


@pytest.mark.parametrize("name", QUANTILES)
def test_places_rise_with_the_score(name: str) -> None:
    levels = QUANTILES[name]
    assert list(levels) == sorted(levels)
    assert all(map(math.isfinite, levels))
    places = [place(name, value) for value in (-1e9, *levels, 1e9)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.01, 1)


def test_the_score_is_a_mean_of_logarithms_by_weight() -> None:
    best = {name: levels[-1] for name, levels in QUANTILES.items()}
    worst = dict.fromkeys(QUANTILES, -1e9)
    assert score(best) == 0
    assert score(worst) == pytest.approx(math.log(0.01))
    total = sum(row.weight for row in SCORES.values())
    for name in QUANTILES:
        assert score(best | {name: -1e9}) == pytest.approx(SCORES[name].weight / total * math.log(0.01))
    assert set(QUANTILES) == {name for name, row in SCORES.items() if row.weight > 0}
