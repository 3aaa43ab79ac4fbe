"""The sheet of one function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from nas.health.card import Card, Range
from nas.health.shape import shape_of
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X
from nas.symbolic.gaussian import Estimate, Moments
from nas.symbolic.numeric import evaluate, evaluate_derivative
from nas.symbolic.parse import parse
from nas.terminal import shape as words
from nas.terminal.inspect import Sampled, inspection
from tests.terminal.conftest import Draw

POINTS = np.linspace(-4, 4, 201)
FINITE = {
    "float32": Range(-3.4e38, 3.4e38, True),
    "float16": Range(-40.3125, 40.3125, False),
    "bfloat16": None,
}


def card(text: str, **others: object) -> Card:
    f = parse(text)
    values: dict[str, object] = {
        "expression": f,
        "slope": Expression(derivative(f.tree, X), f.parameters),
        "name": None,
        "relation": None,
        "shape": shape_of(f),
        "moments": Moments(Estimate(0.25, 2e-15), Estimate(0.5, 1e-16, "1/2"), None, None),
        "gain": 1.41421356,
        "depth_slope": 1.17,
        "dead_share": 0.0123,
        "undefined_share": 0.0,
        "finite": FINITE,
        "cost_vs_relu": 2.345,
    }
    return Card(**(values | others))  # type: ignore[arg-type]


def sampled(text: str) -> Sampled:
    f = parse(text)
    with np.errstate(all="ignore"):
        return Sampled(POINTS, evaluate(f, POINTS), evaluate_derivative(f, POINTS))


def lines_of(draw: Draw, text: str, width: int = 80, unicode: bool = True, **others: object) -> list[str]:
    return draw(inspection(card(text, **others), sampled(text)), width, unicode=unicode)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_all_groups_and_both_curves(draw: Draw, width: int, unicode: bool) -> None:
    lines = lines_of(draw, "x*sigmoid(beta*x)", width, unicode, name="Swish")
    text = " ".join(" ".join(line.split()) for line in lines)
    assert max(map(cell_len, lines)) <= width
    assert lines[0] == "Swish"
    for words_ in (
        r"LaTeX x \sigma\left(\beta x\right)",
        "complexity 6 nodes",
        "parameters beta: one for each channel, here at its start 1",
        "domain all real numbers",
        "range [-0.278465, inf) minimum attained, no maximum",
        "monotone falls to -1.27846, rises",
        "Lipschitz 1.09984",
        "far out left: f -> 0; right: f -> x",
        "E f(z) 0.25, error below 2e-15; z ~ N(0,1)",
        "E f(z)^2 0.5 = 1/2",
        "E f'(z)^2 unknown, or infinite",
        "init gain 1.41421",
        "depth slope 1.17, unstable",
        "dead inputs 1.23 %, where |f'| < 0.001",
        "float32 everywhere; float16 -40.3125 to 40.3125; bfloat16 not at 0",
        "cost 2.35 x ReLU",
    ):
        assert words_ in text
    assert lines[-1].split()[1::2] == ["f(x)", "f'(x)"]


def test_the_card_fits_a_screen(draw: Draw) -> None:
    assert len(lines_of(draw, "x*sigmoid(x)", name="SiLU")) <= 40


def test_a_function_without_a_name_shows_its_relative(draw: Draw) -> None:
    lines = lines_of(draw, "3*max(x, 0)", relation="3 ReLU(x): ReLU, up to what training absorbs")
    assert lines[0] == "3*max(x, 0)"
    assert any(line.split() == ["name", "none", "known"] for line in lines)
    assert any(line.startswith("relative") and "up to what training absorbs" in line for line in lines)


@pytest.mark.parametrize(
    "text", ["sqrt(-1 - x^2)", "1/x", "log(x)", "3", "exp(exp(x))", "sin(x)", "1/sin(x)"]
)
def test_functions_with_gaps_or_without_values(draw: Draw, text: str) -> None:
    lines = lines_of(draw, text, gain=None, depth_slope=None, dead_share=None, undefined_share=0.5)
    assert max(map(cell_len, lines)) <= 80
    assert "nan" not in " ".join(lines[:-14])
    assert any("50 % of inputs" in line for line in lines)


PHRASES = {
    "log(x)": ("x > 0", "(-inf, inf)   no minimum, no maximum", "rising throughout", "smooth"),
    "sqrt(x + 1)": ("x >= -1", "[0, inf)   minimum attained, no maximum", "rising throughout", "smooth"),
    "sqrt(1 - x^2)": (
        "-1 <= x <= 1",
        "[0, 1]   minimum attained, maximum attained",
        "rises to 0, falls",
        "smooth",
    ),
    "1/x": ("x != 0", "(-inf, inf)   no minimum, no maximum", "falls to 0, falls", "smooth"),
    "max(x, 0)": (
        "all real numbers",
        "[0, inf)   minimum attained, no maximum",
        "never falls",
        "C^0, kink at 0",
    ),
    "abs(abs(x) - 1)": (
        "all real numbers",
        "[0, inf)   minimum attained, no maximum",
        "falls to -1, rises to 0, falls to 1, rises",
        "C^0, kinks at 0, -1, 1",
    ),
    "sign(x)": (
        "all real numbers",
        "[-1, 1]   minimum attained, maximum attained",
        "never falls",
        "not continuous, jump at 0",
    ),
    "tanh(x)": (
        "all real numbers",
        "(-1, 1)   -1 only approached, 1 only approached",
        "rising throughout",
        "smooth",
    ),
    "max(x, tanh(x))": (
        "all real numbers",
        "(-1, inf)   -1 only approached, no maximum",
        "rising throughout",
        "C^2, derivative 3 jumps at 0",
    ),
    "3": ("all real numbers", "3", "constant", "smooth"),
    "sin(1/x)": ("x != 0", "(?, ?)   minimum unknown, maximum unknown", "", "smooth"),
}


@pytest.mark.parametrize("text", PHRASES)
def test_phrases(text: str) -> None:
    shape = shape_of(parse(text))
    domain, bounds, monotone, smoothness = PHRASES[text]
    assert words.domain(shape) == domain
    assert words.bounds(shape) == bounds
    assert words.monotone(shape).startswith(monotone)
    assert words.smoothness(shape).startswith(smoothness)


def test_lists_without_end_say_how_far_they_were_sought() -> None:
    shape = shape_of(parse("abs(sin(x))"))
    assert (
        words.smoothness(shape)
        == "C^0, kinks at 0, -3.14159, 3.14159, -6.28319, 6.28319, … (sought up to 16)"
    )
    assert words.monotone(shape).endswith("; and so on")
    assert words.ends(shape) == "left: oscillates;  right: oscillates"
    assert words.lipschitz(replace(shape, lipschitz=None)) == "unknown"
