"""The recognizers against functions made for the purpose, near misses, and a grammar by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from nas.evaluation.screening import reason_to_screen
from nas.reproductions import swish
from nas.reproductions.families import same_up_to_training, swish_member
from nas.spaces import library
from nas.spaces.counting.count import distinct
from nas.spaces.decisions import RandomChooser
from nas.spaces.space import SearchSpace
from nas.symbolic.expression import Expression
from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse


@pytest.mark.parametrize(
    ("text", "slope", "learned"),
    [
        ("x*sigmoid(x)", 1, False),
        ("silu", 1, False),
        ("quick_gelu", 1.702, False),
        ("x/(1 + exp(-x))", 1, False),
        ("x*sigmoid(0.037*x)", 0.037, False),
        ("x*sigmoid(613*x)", 613, False),
        ("3.1*x*sigmoid(1.73*x) - 2.7", 1.73, False),
        ("-0.2*x*sigmoid(-0.31*x) + 1.1", 0.31, False),
        ("x*sigmoid(-x)", 1, False),
        ("x + x*tanh(0.7*x)", 1.4, False),
        ("x*sigmoid(beta*x)", 1, True),
        ("x*sigmoid(-beta[scalar, 2.5]*x)", 2.5, True),
        ("beta*x*sigmoid(x)", 1, False),
        ("beta1*x*sigmoid(beta2[channel, 0.4]*x) + p", 0.4, True),
        ("x*sigmoid(1.3*beta^2*x)", 1.3, True),
    ],
)
def test_members_of_the_swish_family(text: str, slope: float, learned: bool) -> None:
    member = swish_member(parse(text))
    assert member is not None
    assert member.slope == pytest.approx(slope, rel=1e-9)
    assert member.learned is learned


@pytest.mark.parametrize(
    "text",
    [
        "gelu",
        "mish",
        "max(x, 0)",
        "x*tanh(x)",
        "x",
        "beta*x",
        "beta",
        "sqrt(x)",
        "1/x",
        "x*sigmoid(x + 0.001)",
        "x*sigmoid(x + beta)",
        "x*sigmoid(x) + 1e-5*x",
        "x*sigmoid(x) + (beta - 1)*x^2",  # at its start alone
        "(1 - p)*x*sigmoid(beta*(1 - p)*x) + p*x",
        "x*sigmoid(max(x, beta*x))",
        "sigmoid(x)",
        "x*sigmoid(x)^2",
    ],
)
def test_others_are_not(text: str) -> None:
    assert swish_member(parse(text)) is None


def test_the_formula_of_a_member() -> None:
    def formula(text: str) -> str | None:
        member = swish_member(parse(text))
        return member and member.formula

    assert formula("5*x*sigmoid(-x)") == "x*sigmoid(x)"
    assert formula("x*sigmoid(1.5*x)") == "x*sigmoid(1.5*x)"
    assert formula("x*sigmoid(p*x)") == "x*sigmoid(beta*x)"


@pytest.mark.parametrize(
    ("f", "g", "mirrored"),
    [
        ("max(x, sigmoid(x))", "max(x, sigmoid(x))", False),
        ("2.3*max(x, sigmoid(x)) - 0.7", "max(x, sigmoid(x))", False),
        ("cos(x) + x", "cos(x) - x", True),
        ("-min(x, tanh(x))", "max(x, tanh(x))", True),
        ("beta1*(x + sinc(x)) + beta2", "sinc(x) + x", False),
        ("x - sinc(x)", "sinc(x) + x", True),
    ],
)
def test_the_same_up_to_what_training_absorbs(f: str, g: str, mirrored: bool) -> None:
    affine = same_up_to_training(parse(f), parse(g))
    assert affine is not None
    assert affine.mirrored is mirrored
    x = np.linspace(-3.1, 2.9, 41)
    rebuilt = affine.scale * evaluate(parse(g), -x if mirrored else x) + affine.shift
    np.testing.assert_allclose(evaluate(parse(f), x), rebuilt, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("f", ["max(x, sigmoid(2*x))", "max(x, sigmoid(x)) + beta*x", "sqrt(x)", "x"])
def test_other_functions_are_others(f: str) -> None:
    assert same_up_to_training(parse(f), parse("max(x, sigmoid(x))")) is None


def _by_brute_force(f: Expression) -> bool:
    """Whether least squares on x sigmoid(s x) and 1 leaves nothing at three settings of the parameters, for
    one of the s that the grammar can make."""
    x = np.linspace(-3.7, 3.6, 57)
    generator = np.random.default_rng(5)
    names = [p.name for p in f.parameters]
    for _ in range(3):
        at = dict(zip(names, generator.uniform(0.4, 1.9, len(names)), strict=True))
        y = evaluate(f, x, at)
        if not np.isfinite(y).all() or np.ptp(y) < 1e-9:
            return False
        left = []
        for s in [sign * size for size in (1.0, *at.values()) for sign in (1, -1)]:
            columns = np.stack([x / (1 + np.exp(-s * x)), np.ones_like(x)], axis=1)
            solved, *_ = np.linalg.lstsq(columns, y, rcond=None)
            left.append(float(np.abs(columns @ solved - y).max() / np.abs(y).max()))
        if min(left) > 1e-11:
            return False
    return True


@pytest.mark.slow
def test_the_numbers_of_the_plain_grammar() -> None:
    space = SearchSpace(library.read(swish.SPACE, [swish.DEPTH]))
    trainable = family = 0
    for rank in distinct(space).ranks:
        f = space.ranked(int(rank), RandomChooser(0)).candidate().activation
        member = swish_member(f) is not None
        assert member == _by_brute_force(f), f.text
        if reason_to_screen(f) is None:
            trainable += 1
            family += member
    assert (trainable, family) == (swish.TRAINABLE, swish.FAMILY)
