"""What can be said of a rule before any step, and which rules are not worth one."""

from __future__ import annotations

import numpy as np
import pytest

from nas.rules.explain import explain, row
from nas.rules.members import MEMBERS
from nas.rules.numeric import direction, start
from nas.rules.properties import after, bound, degree, history, learning_rates
from nas.rules.rule import read
from nas.rules.screening import TOYS, reason_to_screen, remaining


@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_is_worth_it(name: str) -> None:
    assert reason_to_screen(read(MEMBERS[name].text)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("g - g", "does not depend on the gradient"),
        ("w", "does not depend on the gradient"),
        ("linear", "does not depend on the gradient"),
        ("-m", "uphill"),
        ("g^2", "same sign"),
        ("v", "same sign"),
        ("exp(g)*g", "not finite in float32 for gradients near 1e+02"),
        ("g/sqrt(v)", "where a gradient has always been 0"),
        ("log(abs(m))*g", "where a gradient has always been 0"),
        ("g^3", "size varies by 1e+24"),
        ("g*abs(m)", "size varies by 1e+16"),
        ("m - mhat", "uphill"),
        ("g + 1e9*w", "on a quadratic"),
        ("w + 1e-6*g", "on a quadratic"),
        ("g*exp(t)", "on a quadratic"),
    ],
)
def test_the_hopeless_is_screened_with_its_reason(text: str, reason: str) -> None:
    found = reason_to_screen(read(text))
    assert found is not None
    assert reason in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("g", 1),
        ("m", 1),
        ("g^3", 3),
        ("v/(abs(m) + 0)", 1),
        ("sign(m)*sqrt(abs(g))", 0.5),
        ("sign(g)", 0),
        ("adam", 0),
        ("rmsprop", 0),
        ("exp(sign(g)*sign(m))*g", 1),
        ("(1 + sign(g)*sign(m))*g", 1),
        ("c/v", 1),
        ("1/g", -1),
        ("g + g^2", None),
        ("tanh(g)", None),
        ("exp(g)", None),
        ("0*g", None),
        ("max(min(g, 1e-3), -1e-3)", None),
    ],
)
def test_degree(text: str, expected: float | None) -> None:
    assert degree(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "usual"),
    [("g", 0.1), ("m", 0.2), ("adam", 3e-3), ("sign(g)", 1e-3), ("2*sign(g)", 5e-4), ("g + 1e-4*w", 0.1)],
)
def test_learning_rates_suit_the_size_of_a_step(text: str, usual: float) -> None:
    low, middle, high = learning_rates(read(text))
    assert usual / 2 <= middle <= usual * 2
    assert (low, high) == (middle / 100, middle * 100)


def test_any_learning_rate_is_as_good_for_no_step() -> None:
    for text in ("g - g", "log(-abs(g) - 1)"):
        assert learning_rates(read(text)) == (1e-4, 1e-2, 1)


def test_bound() -> None:
    assert bound(read("sign(g) + tanh(m)/2")) == pytest.approx(1.5)
    assert bound(read("g")) is None
    assert bound(read("sqrt(abs(g))")) is None
    assert bound(read("log1p(abs(g))")) is None
    sudden = 1 / np.sqrt(1 - 0.99)  # one gradient after many zeros: g/sqrt((1 - b) g^2)
    assert bound(read("rmsprop")) == pytest.approx(sudden, rel=1e-6)
    adam = bound(read("m/(sqrt(v) + 1e-8)"))
    assert adam == pytest.approx(0.1 / np.sqrt(0.001), rel=0.3)


def test_the_last_of_a_history_is_that_of_the_recursion() -> None:
    rule = read("m(0.8)*c/(v + 1) + last_m(0.8)*t + linear*mhat*w")
    gradients = history(np.full(5, 0.7), steps=13)
    averages = start(rule, (5,))
    for step, g in enumerate(gradients, start=1):
        u, averages = direction(rule, g, averages, w=0.5, step=step, steps=24)
    np.testing.assert_allclose(after(rule, gradients), u, rtol=1e-12)


def test_slopes_of_the_toys_are_their_gradients() -> None:
    for toy in TOYS:
        w = np.array([toy.start]) * 0.83 + 0.11
        slope = toy.slope(w)[0]
        for place in range(w.shape[1]):
            step = np.zeros_like(w)
            step[0, place] = 1e-6
            difference = (toy.loss(w + step) - toy.loss(w - step))[0] / 2e-6
            assert slope[place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


def test_what_is_left_is_what_a_plain_loop_leaves() -> None:
    toy = TOYS[0]
    best = 1.0
    for rate in 10.0 ** np.arange(-7, 3.1, 0.5):
        w = np.array([toy.start])
        with np.errstate(all="ignore"):
            for _ in range(100):
                w = w - rate * toy.slope(w)
            best = np.nanmin([best, float(toy.loss(w)[0] / toy.loss(np.array([toy.start]))[0])])
    assert remaining(read("g"))[0] == pytest.approx(best)


def test_a_row_is_as_those_of_the_table() -> None:
    found = row(read("mhat/(sqrt(vhat(0.99)) + 1e-8) + linear*g^3"))
    assert found.name == read(found.name).text
    assert found.formula.startswith("m <- 0.9 m + 0.1 g;  v(0.99) <- 0.99 v(0.99) + 0.01 g^2;  w <- w - a (")
    assert (found.tensors, found.state, found.needs) == (2, "m, v(0.99)", "gradient")
    assert "must know the number of steps" in found.form
    assert "not bounded" in found.form
    assert "a search skips it: the step goes uphill" in row(read("-g")).form
    assert found.lr.low < found.lr.default < found.lr.high
    assert row(read("sign(m)")).summary == "Signum (m 0.9)"
    assert row(read("sign(m)")).source == "Bernstein2018"


def test_an_explanation_says_it_all() -> None:
    found = explain(read("2*exp(linear*sign(g)*sign(m(0.95)))*g"))
    assert found.name is not None
    assert found.name.text == "PowerSign (m 0.95, f linear) at 2 times the learning rate"
    assert found.averages == ("m(0.95)",)
    assert found.scheduled
    assert [name for name, _ in found.operands] == ["g", "linear", "m(0.95)"]
    assert (found.degree, found.bound, found.reason) == (1, None, None)
    assert "power 1" in found.scaling
    assert "exp" in found.text
    assert "e^{" in found.latex or "\\exp" in found.latex
    assert explain(read("sign(g)")).scaling == "does not depend on the gradient's size"
