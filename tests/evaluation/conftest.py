"""A protocol so small that a training takes a tenth of a second."""

from __future__ import annotations

import pytest
import torch

from nas.datasets import digits
from nas.datasets.images import Images
from nas.evaluation.objective import Evaluator
from nas.protocol import Protocol, Recipe

RECIPE = Recipe(lr=0.1, batch_size=32, flip=False, crop=1)
PROTOCOL = Protocol(data="digits", width=2, epochs=2, train_size=352, val_size=200, seeds=2, recipe=RECIPE)


@pytest.fixture(scope="session")
def images() -> Images:
    return digits.read()


@pytest.fixture(scope="session")
def evaluator(images: Images) -> Evaluator:
    return Evaluator(PROTOCOL, images, torch.device("cpu"))
