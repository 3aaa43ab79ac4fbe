"""Every task: its optimum against independent oracles, its parts, and what a step sees of it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import torch
from torch import Generator, Tensor

from nas.errors import SettingError
from nas.rows.tasks import TASKS
from nas.tasks import regression
from nas.tasks.library import load
from nas.tasks.objective import Objective, View
from nas.tasks.plane import hessian


def gradient(objective: Objective, weights: tuple[Tensor, ...], rows: Tensor | None = None) -> np.ndarray:
    at = [w.clone().requires_grad_() for w in weights]
    objective.mean(at, rows).backward()
    return torch.cat([w.grad.reshape(-1) for w in at]).numpy()


@pytest.mark.parametrize("name", TASKS)
def test_the_optimum_is_one(name: str) -> None:
    o = load(name)
    assert sum(w.numel() for w in o.start) == o.task.weights
    assert all(w.dtype == torch.float64 for w in (*o.start, *o.optimum))
    assert float(o.value(o.optimum)) == pytest.approx(o.least, abs=1e-14)
    assert abs(gradient(o, o.optimum)).max() < 1e-8
    assert o.gap() > 0.1
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):  # nothing near is lower
        near = [w + 1e-2 * torch.randn(w.shape, generator=generator, dtype=torch.float64) for w in o.optimum]
        assert float(o.value(near)) > o.least


def test_values_of_the_plane_are_scipys_and_the_formulas() -> None:
    for x, y in ((-1.2, 1.0), (0.3, 0.7), (2.1, -0.4)):
        w = (torch.tensor([x, y], dtype=torch.float64),)
        assert float(load("rosenbrock").value(w)) == pytest.approx(scipy.optimize.rosen([x, y]), rel=1e-14)
        beale = sum((c - x + x * y**k) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))
        assert float(load("beale").value(w)) == pytest.approx(beale, rel=1e-13)


@pytest.mark.parametrize("condition", [1.0, 20.0, 1e4])
def test_the_quadratic_has_the_condition_number_asked_for(condition: float) -> None:
    eigenvalues = np.linalg.eigvalsh(hessian(condition).numpy())
    np.testing.assert_allclose(eigenvalues, [1 / condition, 1], rtol=1e-9)
    o = load("quadratic", condition)
    point = torch.tensor([0.3, -0.9], dtype=torch.float64)
    np.testing.assert_allclose(gradient(o, (point,)), hessian(condition).numpy() @ point.numpy(), rtol=1e-12)


def test_least_squares_are_numpys() -> None:
    a, y = regression.data()
    expected, residual, *_ = np.linalg.lstsq(a, y)
    o = load("linear-regression")
    np.testing.assert_allclose(o.optimum[0].numpy(), expected, rtol=1e-10)
    assert o.least == pytest.approx(residual[0] / (2 * len(y)), rel=1e-12)


def test_the_penalized_closed_form_is_the_most_probable_under_a_gaussian_prior() -> None:
    a, y = regression.data()
    penalty, n = 0.3, len(y)

    def minus_log_posterior(w: np.ndarray) -> float:
        """Errors of variance n, weights of variance 1/penalty, constants left out."""
        return float(((a @ w - y) ** 2).sum() / (2 * n) + (w**2).sum() / (2 / penalty))

    found = scipy.optimize.minimize(minus_log_posterior, np.zeros(a.shape[1]), method="BFGS", tol=1e-10)
    np.testing.assert_allclose(regression.closed_form(a, y, penalty), found.x, atol=1e-5)


@pytest.mark.parametrize("name", TASKS)
def test_the_mean_of_all_parts_is_the_whole(name: str) -> None:
    o = load(name)
    at = tuple(w + 0.3 for w in o.start)
    whole = gradient(o, at)
    halves = torch.arange(o.task.terms).chunk(2)
    parts = [gradient(o, at, rows) * len(rows) / o.task.terms for rows in halves]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-8, atol=1e-10)
    assert abs(parts[0] - parts[1]).max() > 1e-3  # and they do differ


def seen(o: Objective, view: View, draws: int) -> np.ndarray:
    """Gradients at one place under independent draws."""
    generator = Generator().manual_seed(5)
    found = []
    for _ in range(draws):
        at = [(w + 0.3).requires_grad_() for w in o.start]
        view.drawn(o, generator)(at).backward()
        found.append(torch.cat([w.grad.reshape(-1) for w in at]).numpy())
    return np.array(found)


@pytest.mark.parametrize("name", ["quadratic", "linear-regression"])
def test_mini_batches_are_unbiased_and_a_sum_is_batch_times_the_mean(name: str) -> None:
    o = load(name)
    whole = seen(o, View(), 1)[0]
    means = seen(o, View(batch=4), 500)
    error = means.std(0) / np.sqrt(len(means))
    assert (abs(means.mean(0) - whole) < 4.5 * error).all()
    assert (error > 0).all()
    np.testing.assert_allclose(seen(o, View(batch=4, total=True), 7), 4 * seen(o, View(batch=4), 7))
    np.testing.assert_allclose(seen(o, View(total=True), 1)[0], o.task.terms * whole)


def test_noise_has_the_deviation_asked_for_in_value_and_gradient() -> None:
    o = load("rosenbrock")
    gradients = seen(o, View(noise=0.5), 500)
    np.testing.assert_allclose(gradients.mean(0), seen(o, View(), 1)[0], atol=4.5 * 0.5 / np.sqrt(500))
    np.testing.assert_allclose(gradients.std(0), 0.5, rtol=0.15)
    view = View(noise=0.5).drawn(o, Generator().manual_seed(2))
    values = np.array([float(view(o.start)) for _ in range(500)])
    assert values.std() == pytest.approx(0.5, rel=0.15)
    assert values.mean() == pytest.approx(float(o.value(o.start)), abs=4.5 * 0.5 / np.sqrt(500))


def test_wrong_tasks_teach() -> None:
    with pytest.raises(SettingError, match="no task of this name") as error:
        load("rosenbrook")
    assert "did you mean rosenbrock" in str(error.value)
    with pytest.raises(SettingError, match="condition number of its own"):
        load("beale", 3.0)
    for condition in (0.5, float("nan")):
        with pytest.raises(SettingError, match="no such condition number"):
            load("quadratic", condition)
    with pytest.raises(SettingError, match="mini-batch"):
        View(batch=33).drawn(load("quadratic"), Generator())
