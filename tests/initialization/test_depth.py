"""Signals and gradients through depth against the recursion for wide layers."""

from __future__ import annotations

import numpy as np
import pytest

from nas.initialization.depth import through_depth
from nas.rows.init_text import read
from nas.symbolic.gaussian import moments
from nas.symbolic.parse import parse

RELU, TANH, IDENTITY = parse("max(x, 0)"), parse("tanh(x)"), parse("x")
DEPTH = 8


def log_mean(values: np.ndarray) -> np.ndarray:
    return np.log(values).mean(0)


@pytest.mark.parametrize(
    ("init", "forward", "backward"),
    [("he_normal", 1.0, 1.0), ("lecun_uniform", 1 / 2, 1 / 2), ("torch", 1 / 6, 1 / 6)],
)
def test_relu_halves_forward_and_backward(init: str, forward: float, backward: float) -> None:
    """q' = n Var[w] q / 2 and g = n Var[w] g' / 2, layer by layer, whatever the input."""
    found = through_depth(read(init), RELU, depth=DEPTH, width=200, draws=6)
    assert found.signal.shape == found.gradient.shape == (6, DEPTH)
    steps = np.diff(log_mean(found.signal))
    np.testing.assert_allclose(steps.mean(), np.log(forward), atol=0.06)
    np.testing.assert_allclose(-np.diff(log_mean(found.gradient)).mean(), np.log(backward), atol=0.06)
    np.testing.assert_allclose(found.signal[:, 0].mean(), 2 * forward, rtol=0.05)
    assert (found.gradient[:, -1] == 1).all()


def test_the_own_gain_keeps_what_the_recursion_keeps() -> None:
    """q' = gain^2 E tanh(sqrt(q) z)^2, from q = 1 on."""
    found = through_depth(read("he_normal"), TANH, depth=DEPTH, width=256, draws=4)
    q, expected = 2.0, [2.0]
    for _ in range(DEPTH - 1):
        second = moments(TANH, 0.0, q).second
        assert second is not None
        q = 2 * second.value
        expected.append(q)
    np.testing.assert_allclose(np.exp(log_mean(found.signal)), expected, rtol=0.08)
    own = through_depth(read("own"), TANH, depth=DEPTH, width=256, draws=4)
    np.testing.assert_allclose(np.exp(log_mean(own.signal)), 1, atol=0.1)


def test_orthogonal_linear_layers_keep_every_draw() -> None:
    found = through_depth(read("orthogonal"), IDENTITY, depth=5, width=64, draws=2)
    np.testing.assert_allclose(found.signal, 1, rtol=1e-4)
    np.testing.assert_allclose(found.gradient, 1, rtol=1e-4)


def test_fixup_starts_residual_blocks_as_the_identity() -> None:
    found = through_depth(read("fixup"), IDENTITY, depth=9, width=32, draws=2)
    assert found.residual
    assert found.layers == (2, 4, 6, 8)
    np.testing.assert_allclose(found.signal, 1, rtol=1e-5)
    grown = through_depth(read("he_normal(depth=sqrt, gain=one)"), IDENTITY, depth=32, width=64, draws=4)
    np.testing.assert_allclose(grown.signal[:, -1].mean(), (1 + 1 / 16) ** 16, rtol=0.15)


def test_what_explodes_is_not_finite_and_what_is_zero_is_zero() -> None:
    found = through_depth(read("normal(gain=1e6)"), RELU, depth=DEPTH, width=16, draws=1)
    assert np.isfinite(found.signal[0, 0])
    assert not np.isfinite(found.signal[0, -1])
    nothing = through_depth(read("zeros"), RELU, depth=3, width=16, draws=1)
    assert (nothing.signal == 0).all()
    assert nothing.gradient[0].tolist() == [0, 0, 1]


def test_draws_differ_and_repeat() -> None:
    one, other = (through_depth(read("he_normal"), RELU, depth=3, width=16, draws=2) for _ in range(2))
    np.testing.assert_array_equal(one.signal, other.signal)
    assert not np.array_equal(one.signal[0], one.signal[1])
