"""The rows of the regularizers against the recipe, and what they say against numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, special, stats

from nas.protocol import Recipe
from nas.references import REFERENCES
from nas.rows.norms import NORMS
from nas.rows.regularizers import REGULARIZERS
from nas.spaces import library
from nas.spaces.settings import SEARCHED


@pytest.mark.parametrize("name", REGULARIZERS)
def test_every_field_is_one_of_the_recipe_that_a_space_may_search(name: str) -> None:
    row = REGULARIZERS[name]
    assert row.source in REFERENCES
    for field, value in row.fields.items():
        assert field in SEARCHED
        if value is not None:
            assert getattr(Recipe(**{field: value}), field) == value


def test_what_the_space_regularization_searches_is_explained() -> None:
    explained = {field for row in REGULARIZERS.values() for field in row.fields}
    assert set(library.read("regularization").settings.dimensions()) <= explained
    norms = {row.fields["norm"] for row in REGULARIZERS.values() if "norm" in row.fields}
    assert norms == set(NORMS) - {"none"}


def test_the_prior_has_the_variance_that_is_said() -> None:
    penalty, w = 0.37, np.array([-1.3, 0.2, 0.9])
    log_prior = stats.norm.logpdf(w, scale=penalty**-0.5)
    differences = -penalty / 2 * w**2 - log_prior
    assert np.ptp(differences) == pytest.approx(0, abs=1e-12)
    assert "log N(w; 0, 1/lambda)" in REGULARIZERS["gaussian_prior"].formula


def test_a_step_of_plain_sgd_is_the_same_in_both_forms() -> None:
    w, gradient, lr, penalty = 0.83, -0.41, 0.07, 0.19
    eta = lr * penalty
    penalized = optimize.approx_fprime([w], lambda v: gradient * v[0] + eta / (2 * lr) * v[0] ** 2, 1e-7)[0]
    assert (1 - eta) * w - lr * gradient == pytest.approx(w - lr * penalized, abs=1e-7)
    assert "eta/(2a)|w|^2" in REGULARIZERS["decoupled_decay"].effect


def test_smoothed_labels_have_finite_best_logits() -> None:
    share, classes = 0.1, 7
    target = np.full(classes, share / classes)
    target[2] += 1 - share
    best = optimize.minimize(
        lambda z: -np.sum(target * special.log_softmax(z)), np.zeros(classes), tol=1e-12
    ).x
    said = np.log((1 - share) * classes / share + 1)
    assert best[2] - best[0] == pytest.approx(said, rel=1e-3)
    assert "log((1 - s)K/s + 1)" in REGULARIZERS["label_smoothing"].effect
