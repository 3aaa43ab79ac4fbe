"""The catalogue against torch, the papers' piecewise definitions, and what each row claims of itself."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.integrate import quad
from scipy.special import erf, expit, ndtr

from nas.symbolic.catalogue import CATALOGUE, FORMULAS, Activation, find
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import PARAMETER, X
from nas.symbolic.numeric import evaluate, evaluate_derivative, evaluate_mpmath, evaluate_tree
from nas.symbolic.parse import parse
from nas.symbolic.primitives import PRIMITIVES

Numeric = Callable[[np.ndarray], np.ndarray]

ROWS = pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.name)
DENSE = np.linspace(-10, 10, 20011)
WIDE = np.sort(
    np.concatenate([np.linspace(-60, 60, 60001), *(s * np.geomspace(60, 1e6, 400) for s in (-1, 1))])
)


def value(row: Activation, x: np.ndarray) -> np.ndarray:
    return evaluate(parse(row.text), x)


def named(name: str, x: np.ndarray) -> np.ndarray:
    return value(CATALOGUE[name], x)


# --- rows ------------------------------------------------------------------------------------------------


def test_there_are_at_least_eighty_and_all_have_a_year() -> None:
    assert len(CATALOGUE) >= 80
    assert all(1940 < row.year <= 2026 for row in CATALOGUE.values())


@ROWS
def test_formula_reads_and_is_finite(row: Activation) -> None:
    expression = parse(row.text)
    assert len(expression.parameters) == (0 if row.learned == "never" else len(row.constants))
    assert np.isfinite(evaluate(expression, DENSE)).all()
    starts = {p.name: p.start for p in expression.parameters}
    assert starts == ({} if row.learned == "never" else {c.name: c.usual for c in row.constants})
    assert all(c.low <= c.usual < c.high or row.learned == "always" for c in row.constants)


@ROWS
def test_numbers_hold_at_thirty_digits(row: Activation) -> None:
    expression = parse(row.text)
    for x in (-7.3, -1.9, -0.4, 0.01, 0.7, 2.6, 8.8):
        assert float(evaluate_mpmath(expression, x, digits=30)) == pytest.approx(
            float(evaluate(expression, np.array(x))), rel=1e-12, abs=1e-15
        )


SHAPELESS_NEAR_0 = ("tanh shrink",)  # x - tanh(x) has no form that keeps its digits there
INFINITE = ("hyper-sinh",)  # sinh itself overflows


@ROWS
def test_digits_and_slopes_hold_far_out(row: Activation) -> None:
    """Value and slope against 50 digits over +-10^4: finite, the value within 8 ulp times its condition."""
    expression = parse(row.text)
    low, high = (0.4 if row.name in SHAPELESS_NEAR_0 else 1e-5), (80 if row.name in INFINITE else 1e4)
    x = np.concatenate([sign * np.geomspace(low, high, 8) for sign in (-1.0, 1.0)])
    values, slopes = evaluate(expression, x), evaluate_derivative(expression, x)
    for at, value, slope in zip(x, values, slopes, strict=True):
        exact, exact_slope = (evaluate_mpmath(expression, at, by=by, digits=50) for by in (None, "x"))
        allowed = 8 * 2**-53 * (abs(exact) + abs(at * exact_slope)) + 1e-300
        assert abs(value - exact) <= allowed
        assert abs(slope - exact_slope) <= 1e-11 * abs(exact_slope) + 1e-14


@ROWS
def test_the_slope_at_zero(row: Activation) -> None:
    """max and abs have slopes of their own there, which must add up to the function's."""
    if row.claims.smoothness >= 1:
        expression = parse(row.text)
        at, near = (float(evaluate_derivative(expression, np.array(x))) for x in (0.0, 1e-9))
        assert at == pytest.approx(near, abs=1e-6)


# --- claims ----------------------------------------------------------------------------------------------


@ROWS
def test_claimed_parity_and_zero(row: Activation) -> None:
    x = np.linspace(0.0013, 9.7, 500)
    right, left = value(row, x), value(row, -x)
    odd, even = (np.allclose(left, s * right, rtol=1e-12, atol=1e-14) for s in (-1, 1))
    assert row.claims.parity == ("odd" if odd else "even" if even else "none")
    assert row.claims.zero == (abs(float(value(row, np.zeros(())))) < 1e-15)


@ROWS
def test_claimed_monotony(row: Activation) -> None:
    falls = np.diff(value(row, DENSE)) < -1e-13
    assert row.claims.monotone == (not falls.any())


@ROWS
def test_claimed_bounds(row: Activation) -> None:
    _check_bound(value(row, WIDE), row.claims.lower)
    bound = row.claims.upper
    _check_bound(-value(row, WIDE), None if bound is None else -bound)


def _check_bound(values: np.ndarray, bound: float | None) -> None:
    least, middle = np.min(values), np.min(values[np.abs(WIDE) < 100])
    if bound is None:
        assert least < middle - 1  # goes on falling, if only like a logarithm
    else:
        assert bound - 1e-9 * (1 + abs(bound)) <= least <= bound + 1e-5


@ROWS
def test_claimed_smoothness(row: Activation) -> None:
    expression = parse(row.text)
    values = {p.name: p.start for p in expression.parameters}
    tree, smoothness = expression.tree, math.inf
    for order in range(4):
        if _jumps(lambda x, f=tree: evaluate_tree(f, x, values)):
            smoothness = order - 1
            break
        tree = derivative(tree, X)
    assert smoothness == row.claims.smoothness


def _jumps(function: Numeric) -> bool:
    """Whether a step survives in ever shorter intervals around the steepest rises."""
    edges = np.linspace(-6.37, 6.41, 400)  # no kink of the catalogue falls on an edge
    steep = _rises(function(edges))
    return any(_jump(function, edges[i], edges[i + 1]) > 1e-4 for i in np.argsort(steep)[-12:])


def _rises(values: np.ndarray) -> np.ndarray:
    """Differences of neighbors, relative to the size of the values; 0 where one overflows."""
    finite = np.isfinite(values[1:]) & np.isfinite(values[:-1])
    values = np.where(np.isfinite(values), values, 0)
    return np.where(finite, np.abs(np.diff(values)) / (1 + np.abs(values[1:])), 0)


def _jump(function: Numeric, low: float, high: float) -> float:
    largest = 1.0
    while high - low > 1e-9:
        x = np.linspace(low, high, 40)
        values = function(x)
        largest = max(largest, float(np.abs(values[np.isfinite(values)]).max(initial=0)))
        i = int(np.argmax(_rises(values)))
        low, high = x[i], x[i + 1]
    return float(np.abs(np.diff(function(np.array([low, high]))))[0]) / largest


@ROWS
def test_claimed_gate(row: Activation) -> None:
    if row.claims.gated:
        x = DENSE[DENSE != 0]
        gate = value(row, x) / x
        assert (gate >= 0).all()
        assert (gate <= 1.4).all()
        assert row.formula.startswith(("x", "{beta}*x"))


# --- formulas --------------------------------------------------------------------------------------------

TORCH: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "ReLU": F.relu,
    "leaky ReLU": F.leaky_relu,
    "PReLU": lambda x: F.prelu(x, torch.tensor(0.25, dtype=torch.float64)),
    "ReLU6": F.relu6,
    "ELU": F.elu,
    "SELU": F.selu,
    "CELU": F.celu,
    "GELU": F.gelu,
    "GELU (tanh)": lambda x: F.gelu(x, approximate="tanh"),
    "SiLU": F.silu,
    "Swish": F.silu,
    "Mish": F.mish,
    "Softplus": lambda x: F.softplus(x, threshold=50),
    "softsign": F.softsign,
    "hard tanh": F.hardtanh,
    "hard sigmoid": F.hardsigmoid,
    "hard Swish": F.hardswish,
    "log sigmoid": F.logsigmoid,
    "tanh shrink": F.tanhshrink,
    "soft shrink": F.softshrink,
    "hard shrink": F.hardshrink,
    "TRec": lambda x: F.threshold(x, 1.0, 0.0),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "sinc": lambda x: torch.sinc(x / math.pi),
    "probit": torch.special.ndtr,
}


@pytest.mark.parametrize("name", TORCH)
def test_same_as_torch(name: str) -> None:
    x = np.concatenate([np.linspace(-11.3, 10.9, 1501), [0.0, 0.5, -0.5, 1.0, 3.0, -3.0]])
    expected = TORCH[name](torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(named(name, x), expected, rtol=1e-12, atol=1e-14)


def _pieces(left: Numeric, right: Numeric) -> Numeric:
    def function(x: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(x >= 0, right(x), left(x))

    return function


def _same(x: np.ndarray) -> np.ndarray:
    return x


DEFINITIONS: dict[str, Numeric] = {
    "binary step": lambda x: np.where(x > 0, 1.0, 0.0),
    "penalized tanh": _pieces(lambda x: 0.25 * np.tanh(x), np.tanh),
    "Elliott": lambda x: 0.5 * x / (1 + abs(x)) + 0.5,
    "symlog": lambda x: np.sign(x) * np.log(abs(x) + 1),
    "SQNL": lambda x: np.select(
        [x > 2, x >= 0, x >= -2], [np.ones_like(x), x - x**2 / 4, x + x**2 / 4], -1.0
    ),
    "Hexpo": _pieces(lambda x: np.exp(x) - 1, lambda x: 1 - np.exp(-x)),
    "cloglog": lambda x: 1 - np.exp(-np.exp(x)),
    "PLU": lambda x: np.select([x < -1, x > 1], [0.1 * (x + 1) - 1, 0.1 * (x - 1) + 1], x),
    "Tent": lambda x: np.clip(1 - abs(x), 0, None),
    "squared ReLU": _pieces(np.zeros_like, np.square),
    "SoftModulusQ": lambda x: np.where(abs(x) <= 1, x**2 * (2 - abs(x)), abs(x)),
    "hyper-sinh": _pieces(lambda x: x**3 / 4, lambda x: np.sinh(x) / 3),
    "shifted Softplus": lambda x: np.log(0.5 * np.exp(x) + 0.5),
    "SLU": _pieces(lambda x: 2 * np.log((np.exp(x) + 1) / 2), _same),
    "PELU": _pieces(lambda x: np.exp(x) - 1, _same),
    "ELU + 1": _pieces(np.exp, lambda x: x + 1),
    "ISRLU": _pieces(lambda x: x / np.sqrt(1 + x**2), _same),
    "REU": _pieces(lambda x: x * np.exp(x), _same),
    "SERLU": _pieces(lambda x: 1.07862 * 2.90427 * x * np.exp(x), lambda x: 1.07862 * x),
    "xIELU": _pieces(lambda x: 0.8 * np.expm1(x) - 0.8 * x + 0.5 * x, lambda x: 0.8 * x**2 + 0.5 * x),
    "ACON-B": lambda x: 0.75 * x * expit(0.75 * x) + 0.25 * x,
    "dSiLU": lambda x: expit(x) * (1 + x * (1 - expit(x))),
    "Flatten-T Swish": _pieces(lambda x: np.full_like(x, -0.2), lambda x: x / (1 + np.exp(-x)) - 0.2),
    "ELiSH": _pieces(lambda x: (np.exp(x) - 1) * expit(x), lambda x: x * expit(x)),
    "hard ELiSH": _pieces(
        lambda x: (np.exp(x) - 1) * np.clip((x + 1) / 2, 0, 1), lambda x: x * np.clip((x + 1) / 2, 0, 1)
    ),
    "SGELU": lambda x: x * (2 * ndtr(x) - 1),
    "LaLU": _pieces(lambda x: x * np.exp(x) / 2, lambda x: x * (1 - np.exp(-x) / 2)),
    "ATLU": lambda x: x * (np.arctan(x) + np.pi / 2) / np.pi,
    "FPFLU": _pieces(lambda x: x + x**2 / np.sqrt(1 + x**2), _same),
    "GoLU": lambda x: x * np.exp(-np.exp(-x)),
    "CoLU": lambda x: x / (1 - x * np.exp(-(x + np.exp(x)))),
    "Soft-Root-Sign": lambda x: x / (x / 5 + np.exp(-x / 3)),
    "Squareplus": lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    "PFLU": lambda x: x * (1 + x / np.sqrt(1 + x**2)) / 2,
    "bent identity": lambda x: (np.sqrt(x**2 + 1) - 1) / 2 + x,
    "Soft++": lambda x: np.log1p(np.exp(x)) + x / 2 - np.log(2),
    "TanhExp": lambda x: x * np.tanh(np.exp(x)),
    "Gish": lambda x: x * np.log(2 - np.exp(-np.exp(x))),
    "Phish": lambda x: x * np.tanh(x * ndtr(x)),
    "Logish": lambda x: x * np.log(1 + 1 / (1 + np.exp(-x))),
    "SMU": lambda x: (1.25 * x + 0.75 * x * erf(0.75 * x)) / 2,
    "ReSech": lambda x: 2 * x / (np.exp(x) + np.exp(-x)),
    "Snake": lambda x: x + (1 - np.cos(2 * x)) / 2,
    "NLReLU": lambda x: np.log(np.maximum(x, 0) + 1),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_same_as_the_definition_of_the_paper(name: str) -> None:
    x = np.concatenate([np.linspace(-11.3, 10.9, 1501), [-1.0, 1.0, 2.0, -2.0]])
    np.testing.assert_allclose(named(name, x), DEFINITIONS[name](x), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(("name", "tolerance"), [("SELU", 1e-9), ("SERLU", 1e-5), ("StarReLU", 1e-4)])
def test_constants_normalize_a_gaussian(name: str, tolerance: float) -> None:
    """These three are made so that f(z) has mean 0 and variance 1 for z ~ N(0, 1)."""

    def moment(power: int) -> float:
        density = [
            quad(
                lambda z: float(named(name, np.array(z))) ** power * math.exp(-z * z / 2), *part, epsabs=1e-12
            )[0]
            for part in ((-12, 0), (0, 12))
        ]
        return sum(density) / math.sqrt(2 * math.pi)

    assert moment(1) == pytest.approx(0, abs=tolerance)
    assert moment(2) == pytest.approx(1, abs=tolerance)


def test_acon_c_holds_the_others() -> None:
    x = np.linspace(-5.1, 4.9, 301)
    acon = parse(CATALOGUE["ACON-C"].text)

    def at(p1: float, p2: float, beta: float) -> np.ndarray:
        return evaluate(acon, x, {"p1": p1, "p2": p2, "beta": beta})

    swish, acon_b = parse(CATALOGUE["Swish"].text), parse(CATALOGUE["ACON-B"].text)
    np.testing.assert_allclose(at(1, 0, 1.7), evaluate(swish, x, {"beta": 1.7}), rtol=1e-12)
    np.testing.assert_allclose(at(1, 0.3, 1.7), evaluate(acon_b, x, {"beta": 1.7, "p": 0.3}), rtol=1e-12)
    np.testing.assert_allclose(at(1, 0.3, 1e6), np.maximum(x, 0.3 * x), atol=1e-6)


# --- looking up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("relu", "ReLU"),
        ("Leaky-ReLU", "leaky ReLU"),
        ("leaky_relu", "leaky ReLU"),
        ("acon a", "Swish"),
        ("Swish-1", "SiLU"),
        ("GELU(tanh)", "GELU (tanh)"),
        ("hardswish", "hard Swish"),
        ("soft++", "Soft++"),
    ],
)
def test_find_is_generous(name: str, found: str) -> None:
    row = find(name)
    assert row is not None
    assert row.name == found


def test_find_knows_what_it_does_not_know() -> None:
    assert find("rel") is None
    assert find("") is None


def test_words_are_free_and_stand_for_their_row() -> None:
    texts = {row.text for row in CATALOGUE.values()}
    for word, text in FORMULAS.items():
        assert re.fullmatch("[a-z][a-z0-9_]*", word)
        assert word not in PRIMITIVES
        assert word not in ("x", "pi")
        assert PARAMETER.fullmatch(word) is None
        row = find(word)
        assert text in texts if row is None else text == row.text
        assert parse(word) == parse(f"{word}(x)") == parse(text)


def test_the_usual_names_can_be_written() -> None:
    usual = (
        "relu leaky_relu prelu elu selu celu gelu gelu_tanh silu swish mish hardswish hard_swish relu6 acon_c"
    )
    assert [word for word in usual.split() if word not in FORMULAS] == []
    assert CATALOGUE["hard sigmoid"].text == "max(0, min(1, (1/6)*x + 1/2))"
    assert CATALOGUE["leaky ReLU"].fixed({"slope": -0.5}) == "max(x, (-0.5)*x)"
