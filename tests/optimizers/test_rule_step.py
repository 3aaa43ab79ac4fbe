"""A step of a rule is that of torch, of the paper's formula, and of torch's operations one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nas.errors import SettingError
from nas.native import compiler
from nas.optimizers.rule_step import RuleStep
from nas.rules.grammar import BELLO, meant
from nas.rules.language import FUNCTIONS, OPERANDS
from nas.rules.numeric import direction, start
from nas.rules.rule import read
from nas.tasks.library import load
from nas.tasks.running import run

STEPS = 12
SHAPES = ((3, 4, 3, 3), (5,), (), (4, 7))

needs_compiler = pytest.mark.skipif(not compiler.available(), reason="no C compiler")

#: every function and every operand at once, each of a size that counts
EVERYTHING = " + ".join(
    [
        *(f"{name}(abs(g) + 0.3)" for name in FUNCTIONS if name not in ("max", "min")),
        "max(g, min(m, 0.1), w)",
        *(name if row.usual is None else f"{name}*{name}(0.7)" for name, row in OPERANDS.items()),
    ]
)


def _tensors(dtype: torch.dtype = torch.float64) -> list[nn.Parameter]:
    """The same every time; the first is a convolution's, its channels side by side."""
    generator = torch.Generator().manual_seed(3)
    found = [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in SHAPES]
    found[0] = found[0].to(memory_format=torch.channels_last)
    return [nn.Parameter(tensor) for tensor in found]


def _fill(tensors: list[nn.Parameter], step: int) -> None:
    """Gradients off every special point; a layout of their own; the second tensor has none now and then."""
    generator = torch.Generator().manual_seed(100 + step)
    for place, tensor in enumerate(tensors):
        gradient = torch.randn(tensor.shape, generator=generator, dtype=torch.float64) * 10.0 ** (-place)
        tensor.grad = None if place == 1 and step in (0, 4, 5) else gradient.to(tensor.dtype)


def _run(optimizer: Any, tensors: list[nn.Parameter], steps: range, lr: float | None = 0.03) -> None:
    for step in steps:
        _fill(tensors, step)
        if lr is None:
            optimizer.step()
        else:
            optimizer.step(lr)


def _torch(name: str, **arguments: object) -> Callable[[list[nn.Parameter]], Any]:
    def make(tensors: list[nn.Parameter]) -> Any:
        groups = [{"params": tensors[:2]}, {"params": tensors[2:], "weight_decay": 0.0}]
        return getattr(torch.optim, name)(groups, lr=0.03, **arguments)

    return make


@pytest.mark.parametrize("form", [pytest.param("compiled", marks=needs_compiler), "eager"])
@pytest.mark.parametrize(
    ("text", "decay", "decoupled", "theirs"),
    [
        ("g", 0.0, False, _torch("SGD")),
        ("g", 0.1, False, _torch("SGD", weight_decay=0.1)),
        ("10*m(0.9)", 0.1, False, _torch("SGD", momentum=0.9, weight_decay=0.1)),
        ("9*m(0.9) + g", 0.0, False, _torch("SGD", momentum=0.9, nesterov=True)),
        ("g/(sqrt(v(0.99)) + 1e-8)", 0.1, False, _torch("RMSprop", weight_decay=0.1)),
        ("g/(sqrt(v(0.9) - m(0.9)^2) + 1e-8)", 0.0, False, _torch("RMSprop", alpha=0.9, centered=True)),
        ("adam", 0.0, False, _torch("Adam")),
        (
            "mhat(0.8)/(sqrt(vhat(0.9)) + 0.1)",
            0.1,
            False,
            _torch("Adam", betas=(0.8, 0.9), eps=0.1, weight_decay=0.1),
        ),
        ("adam", 0.1, True, _torch("AdamW", weight_decay=0.1)),
    ],
)
def test_the_numbers_of_torch(
    text: str, decay: float, decoupled: bool, theirs: Callable[..., Any], form: str
) -> None:
    ours, other = _tensors(), _tensors()
    native = form == "compiled"
    rule = RuleStep(read(text), ours[:2], ours[2:], decay=decay, decoupled=decoupled, native=native)
    assert rule.compiled == native
    _run(rule, ours, range(STEPS))
    _run(theirs(other), other, range(STEPS), lr=None)
    for a, b in zip(ours, other, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-13)


def _powersign(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    return w - 0.03 * np.exp((1 - (t - 1) / STEPS) * np.sign(g) * np.sign(s["m"])) * g


def _addsign(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    return w - 0.03 * (1 + np.sign(g) * np.sign(s["m"])) * g


def _lion(w: Any, g: Any, s: dict[str, Any], t: int) -> Any:
    u = np.sign(0.9 * s.get("m", 0) + 0.1 * g)
    s["m"] = 0.99 * s.get("m", 0) + 0.01 * g
    return w - 0.03 * (u + 0.2 * w)


@pytest.mark.parametrize(
    ("text", "decay", "formula"),
    [
        ("exp(linear*sign(g)*sign(m))*g", 0.0, _powersign),
        ("(1 + sign(g)*sign(m))*g", 0.0, _addsign),
        ("sign(0.9*last_m(0.99) + 0.1*g)", 0.2, _lion),
    ],
)
def test_the_papers_formulas(text: str, decay: float, formula: Callable[..., Any]) -> None:
    tensors = _tensors()
    rule = RuleStep(read(text), tensors, [], decay=decay, decoupled=True, steps=STEPS, native=False)
    expected = [(tensor.detach().numpy().copy(), {}) for tensor in tensors]
    for step in range(STEPS):
        _fill(tensors, step)
        expected = [
            (w if x.grad is None else formula(w, x.grad.numpy(), s, step + 1), s)
            for x, (w, s) in zip(tensors, expected, strict=True)
        ]
        rule.step(0.03)
    for tensor, (w, _) in zip(tensors, expected, strict=True):
        np.testing.assert_allclose(tensor.detach().numpy(), w, rtol=1e-12)


@needs_compiler
@pytest.mark.parametrize(
    ("text", "decay", "decoupled", "dtype"),
    [
        (EVERYTHING, 0.1, False, torch.float64),
        (EVERYTHING, 0.1, False, torch.float32),
        ("adam", 0.1, True, torch.float32),
        ("linear*exp(linear)*sign(g) + cyclical(3)", 0.0, False, torch.float64),
        ("0.5*linear", 0.0, False, torch.float32),
    ],
    ids=["everything-64", "everything-32", "adam", "scalars", "constant"],
)
def test_both_forms_agree_to_the_last_bits(
    text: str, decay: float, decoupled: bool, dtype: torch.dtype
) -> None:
    ours, others = _tensors(dtype), _tensors(dtype)
    made = [
        RuleStep(read(text), x[:2], x[2:], decay=decay, decoupled=decoupled, steps=STEPS, native=x is ours)
        for x in (ours, others)
    ]
    for step in range(STEPS):
        for tensors, optimizer in zip((ours, others), made, strict=True):
            _run(optimizer, tensors, range(step, step + 1), lr=1e-3)
        for a, b in zip(ours, others, strict=True):  # one step each from the same numbers
            ulp = torch.finfo(dtype).eps * (a.abs().max() + 1e-3 * 50)
            assert (a - b).abs().max() <= 8 * ulp
            b.data.copy_(a)


def test_everything_is_what_numpy_makes_of_it() -> None:
    rule, tensors = read(EVERYTHING), _tensors()
    assert {row.operand.name for row in rule.leaves} >= {
        name for name, row in OPERANDS.items() if row.stands is None
    }
    optimizer = RuleStep(rule, tensors, [], steps=STEPS)
    known = [(x.detach().numpy().copy(), start(rule, tuple(x.shape))) for x in tensors]
    for step in range(1, STEPS + 1):
        _fill(tensors, 9)
        optimizer.step(1e-3)
        for place, (w, averages) in enumerate(known):
            gradient = tensors[place].grad
            assert gradient is not None
            u, averages = direction(rule, gradient.numpy(), averages, w=w, step=step, steps=STEPS)
            known[place] = (w - 1e-3 * u, averages)
    for tensor, (w, _) in zip(tensors, known, strict=True):
        np.testing.assert_allclose(tensor.detach().numpy(), w, rtol=1e-10)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_share_tensors_of_any_size(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.optimizers.rule_step._NUMBERS_A_THREAD", 1)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        ours, others = _tensors(), _tensors()
        one = RuleStep(read("adam"), ours, [])
        other = torch.optim.Adam(others, lr=0.03)
        _run(one, ours, range(STEPS))
        _run(other, others, range(STEPS), lr=None)
    finally:
        torch.set_num_threads(before)
    for a, b in zip(ours, others, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("form", [pytest.param("compiled", marks=needs_compiler), "eager"])
def test_a_checkpoint_in_mid_run_goes_on_to_the_same_bits(form: str, tmp_path: Any) -> None:
    rule = read("cosine*mhat(0.8)/(sqrt(vhat(0.95)) + 1e-8) + last_m(0.8)")

    def make(tensors: list[nn.Parameter]) -> RuleStep:
        native = form == "compiled"
        return RuleStep(rule, tensors[:1], tensors[1:], decay=0.1, steps=STEPS, native=native)

    whole = _tensors()
    optimizer = make(whole)
    _run(optimizer, whole, range(7))
    torch.save(
        {"optimizer": optimizer.state(), "tensors": [x.detach().clone() for x in whole]}, tmp_path / "x"
    )
    kept = torch.load(tmp_path / "x", weights_only=True)
    _run(optimizer, whole, range(7, STEPS))
    resumed = _tensors()
    resumed[0] = nn.Parameter(resumed[0].detach().contiguous())  # laid out differently from before
    again = make(resumed)
    again.restore(kept["optimizer"])
    for tensor, value in zip(resumed, kept["tensors"], strict=True):
        tensor.data.copy_(value)
    _run(again, resumed, range(7, STEPS))
    for a, b in zip(whole, resumed, strict=True):
        assert torch.equal(a, b)


def test_a_state_is_a_copy() -> None:
    tensors = _tensors()
    optimizer = RuleStep(read("m"), tensors, [])
    _run(optimizer, tensors, range(2))
    state = optimizer.state()
    kept = [x.clone() for x in state["averages"]["m"]]
    _run(optimizer, tensors, range(2, 4))
    assert all(torch.equal(a, b) for a, b in zip(kept, state["averages"]["m"], strict=True))
    assert [tuple(x.shape) for x in kept] == list(SHAPES)


def test_autograd_sees_that_a_step_has_changed_the_weights() -> None:
    w = nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = RuleStep(read("g"), [w], [])
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    optimizer.step(0.1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    optimizer.forget_gradients()
    assert w.grad is None


def test_a_formula_takes_the_path_of_the_rule_it_writes() -> None:
    objective = load("rosenbrock")
    written = run(objective, "mhat/(sqrt(vhat) + 1e-8)", lr=0.05, budget=60)
    named = run(objective, "adam", lr=0.05, budget=60)
    np.testing.assert_allclose(written.points, named.points, rtol=1e-9)


def test_the_grammar_steps_as_it_says() -> None:
    """Formulas of the paper's grammar, whatever they are, by torch's operations and in NumPy."""
    moved = 0
    for rank in range(1000, BELLO.count(), BELLO.count() // 10):
        rule = meant(BELLO.writing(rank))
        if rule is None:
            continue
        w = nn.Parameter(torch.tensor([0.7, -0.4, 1.9], dtype=torch.float64))
        optimizer = RuleStep(rule, [w], [], steps=3, native=False)
        expected, averages = w.detach().numpy().copy(), start(rule, (3,))
        for step in (1, 2, 3):
            g = np.array([0.3, -1.2, 0.05]) * step
            w.grad = torch.from_numpy(g)
            optimizer.step(0.01)
            u, averages = direction(rule, g, averages, w=expected, step=step, steps=3)
            expected = expected - 0.01 * u
        np.testing.assert_allclose(w.detach().numpy(), expected, rtol=1e-9, atol=1e-12)
        moved += 1
    assert moved >= 8


def _wrong(change: Callable[[], list[Tensor]], text: str = "g") -> None:
    RuleStep(read(text), change(), [])


@pytest.mark.parametrize(
    ("make", "text", "message"),
    [
        (lambda: [torch.zeros(2)], "linear*g", "must know the number of steps"),
        (list, "g", "one type on one device"),
        (lambda: [torch.zeros(2), torch.zeros(2, dtype=torch.float64)], "g", "one type on one device"),
        (lambda: [torch.zeros(2, dtype=torch.bfloat16)], "g", "one type on one device"),
        (lambda: [torch.zeros(4, 4)[:, :2]], "g", "without gaps"),
    ],
)
def test_what_cannot_be_moved_is_refused(make: Callable[[], list[Tensor]], text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        _wrong(make, text)
