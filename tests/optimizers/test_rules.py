"""Every row of the table: against its formula in NumPy, against torch, resumed, and what it says."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nas.errors import SettingError
from nas.optimizers.library import make
from nas.rows.optimizers import OPTIMIZERS
from tests.optimizers.oracles import ORACLES
from tests.optimizers.problem import LEARNING_RATES, advance, loss, tensors, used

GRADIENT = [name for name, rule in OPTIMIZERS.items() if rule.needs == "gradient"]


def other_values(name: str) -> dict[str, float]:
    """Hyperparameters off their defaults, within their ranges."""
    return {
        h.name: h.default + 0.3 * (h.low - h.default if h.default > h.low else 1e-3)
        for h in OPTIMIZERS[name].hyper
        if not h.whole
    }


def test_every_rule_of_gradients_has_an_oracle() -> None:
    assert set(GRADIENT) - {"muon"} == set(ORACLES)


@pytest.mark.parametrize(("off_default", "decay"), [(False, 0.07), (True, 0.0)])
@pytest.mark.parametrize("name", ORACLES)
def test_every_step_is_that_of_the_formula(name: str, off_default: bool, decay: float) -> None:
    rule, values = OPTIMIZERS[name], {h.name: h.default for h in OPTIMIZERS[name].hyper}
    if off_default:
        values |= other_values(name)
    ours = tensors()
    optimizer = make(name, ours[:2], ours[2:], values, weight_decay=decay)
    oracle = ORACLES[name](values)
    theirs = [w.detach().numpy().copy() for w in ours]
    kept: list[dict[str, Any]] = [{} for _ in ours]
    counts = [0] * len(ours)
    for step, lr in enumerate(LEARNING_RATES):
        at = [torch.tensor(w, requires_grad=True) for w in theirs]
        loss(used(at, step)).backward()
        for i, w in enumerate(at):
            if w.grad is None:
                continue
            counts[i] += 1
            g = w.grad.numpy()
            if i < 2 and rule.decoupled:
                theirs[i] = (1 - lr * decay) * theirs[i]
            elif i < 2:
                g = g + decay * theirs[i]
            theirs[i] = oracle(theirs[i], g, lr, counts[i], kept[i])
        advance(optimizer, rule, ours, lr, step)
        for w, v in zip(ours, theirs, strict=True):
            # torch's NAdam keeps a product of momenta in single precision
            np.testing.assert_allclose(
                w.detach().numpy(), v, rtol=1e-11, atol=1e-8 if name == "nadam" else 1e-12
            )


TORCH = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "adamax": (torch.optim.Adamax, {}),
    "adafactor": (torch.optim.Adafactor, {}),
}


@pytest.mark.parametrize("name", TORCH)
def test_defaults_and_weight_decay_are_torchs(name: str) -> None:
    ours, theirs = tensors(), tensors()
    decay = 0.0 if name == "adafactor" else 0.05  # its torch form measures the weights before they shrink
    optimizer = make(name, ours[:2], ours[2:], weight_decay=decay)
    cls, arguments = TORCH[name]
    groups = [{"params": theirs[:2]}, {"params": theirs[2:], "weight_decay": 0.0}]
    reference = cls(groups, lr=1.0, weight_decay=decay, **arguments)
    for step, lr in enumerate(LEARNING_RATES):
        advance(optimizer, OPTIMIZERS[name], ours, lr, step)
        reference.zero_grad()
        loss(used(theirs, step)).backward()
        for group in reference.param_groups:
            group["lr"] = lr
        reference.step()
        for p, q in zip(ours, theirs, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-11, atol=1e-12)


def saved_and_loaded(state: object) -> Any:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_resumed_training_has_the_same_numbers(name: str) -> None:
    rule = OPTIMIZERS[name]
    through = tensors()
    optimizer = make(name, through[:2], through[2:], weight_decay=0.01)
    for step, lr in enumerate(LEARNING_RATES[:5]):
        advance(optimizer, rule, through, lr, step)
    state = optimizer.state()
    resumed = [w.detach().clone().requires_grad_() for w in through]
    for step, lr in enumerate(LEARNING_RATES[5:], start=5):  # moves on before the state is used: it is a copy
        advance(optimizer, rule, through, lr, step)
    other = make(name, resumed[:2], resumed[2:], weight_decay=0.01)
    other.restore(saved_and_loaded(state))
    other.restore(saved_and_loaded(other.state()))
    for step, lr in enumerate(LEARNING_RATES[5:], start=5):
        advance(other, rule, resumed, lr, step)
    for p, q in zip(through, resumed, strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_before_the_first_step_can_be_restored(name: str) -> None:
    a, b = tensors(), tensors()
    first, second = make(name, a), make(name, b)
    second.restore(saved_and_loaded(first.state()))
    advance(first, OPTIMIZERS[name], a, 0.01)
    advance(second, OPTIMIZERS[name], b, 0.01)
    assert all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


def numbers(state: object) -> int:
    """Entries of all tensors in it that have more than one."""
    if isinstance(state, Tensor):
        return state.numel() if state.numel() > 1 else 0
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else []
    return sum(map(numbers, parts))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_row_keeps_what_it_says(name: str) -> None:
    rule = OPTIMIZERS[name]
    w = torch.linspace(-1, 1, 600, dtype=torch.float64).reshape(30, 20).requires_grad_()
    if rule.needs == "curvature":
        w = torch.linspace(-1, 1, 12, dtype=torch.float64).requires_grad_()
    optimizer = make(name, [w])
    for _ in range(3):
        advance(optimizer, rule, [w, w, w, w], 1e-3)
    if rule.tensors is not None:
        # rows and columns of Adafactor, 50 numbers, are no tensor of the weight's size
        assert numbers(optimizer.state()) // w.numel() == rule.tensors
    for hyper in (rule.lr, *rule.hyper):
        assert hyper.low <= hyper.default <= hyper.high
        assert not hyper.log or hyper.low > 0
        assert hyper.meaning
    assert len({h.name for h in rule.hyper}) == len(rule.hyper)
    assert rule.formula
    assert rule.form
    assert rule.torch is None or hasattr(torch.optim, rule.torch)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_rule_descends_in_single_precision_too(name: str) -> None:
    of = tensors(torch.float32)
    optimizer = make(name, of)
    before = loss(of).item()
    for _ in range(5):
        advance(optimizer, OPTIMIZERS[name], of, OPTIMIZERS[name].lr.low)
    if name != "newton":  # it may go uphill where the curvature is negative
        assert loss(of).item() < before
    assert all(w.dtype == torch.float32 for w in of)


def test_wrong_names_and_values_teach() -> None:
    w = tensors()
    with pytest.raises(SettingError, match="no optimizer of this name") as error:
        make("adma", w)
    assert "did you mean" in str(error.value)
    with pytest.raises(SettingError, match="adam has no such hyperparameter") as error:
        make("adam", w, (), {"bet1": 0.9})
    assert "did you mean beta1" in str(error.value)
    for name, value in (("beta1", 1.0), ("beta1", -0.1), ("eps", float("nan"))):
        with pytest.raises(SettingError, match=f"{name} of adam is out of range"):
            make("adam", w, (), {name: value})
    with pytest.raises(SettingError, match="history of lbfgs"):
        make("lbfgs", w, (), {"history": 2.5})
    for name, rule in OPTIMIZERS.items():
        if rule.needs != "gradient":
            with pytest.raises(TypeError, match="closure"):
                make(name, w).step(0.1)


@pytest.mark.slow
def test_own_rules_do_not_load_torchs_compiler() -> None:
    code = (
        "import sys, torch\nfrom nas.optimizers.library import make\n"
        "for name in ('sgd', 'nesterov', 'lion', 'adam_scalar', 'normalized'):\n"
        "    w = torch.ones(3, requires_grad=True)\n"
        "    optimizer = make(name, [w], weight_decay=0.1)\n"
        "    w.sum().backward()\n    optimizer.step(0.1)\n"
        "print('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
