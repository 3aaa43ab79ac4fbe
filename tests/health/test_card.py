"""The card as a whole, and its JSON as programs read it."""

from __future__ import annotations

import json
import math

import pytest

from nas.health.card import as_json
from nas.health.examine import examine
from nas.symbolic.parse import parse

KEYS = [
    "expression latex name relation complexity derivative derivative_latex parameters",
    "domain range bounds bounds_known attained parity monotone monotonicity kinks kink_smoothness smoothness",
    "lipschitz lipschitz_known asymptotes window gain depth_slope depth dead_share undefined_share finite",
    *(
        f"{name} {name}_error {name}_closed_form"
        for name in ("mean", "second_moment", "derivative_second_moment")
    ),
    "cost_vs_relu",
]


@pytest.fixture(autouse=True)
def _brief_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.health.cost._SECONDS", 0.0)


def read(text: str) -> dict[str, object]:
    return dict(json.loads(json.dumps(as_json(examine(parse(text))), allow_nan=False)))


def test_relu() -> None:
    card = read("max(x, 0)")
    assert card.keys() == set(" ".join(KEYS).split())
    expected = {
        "expression": "max(x, 0)",
        "name": "ReLU",
        "complexity": 3,
        "parity": "none",
        "bounds": [0.0, None],
        "bounds_known": [True, True],
        "attained": [True, False],
        "range": "[0, inf)",
        "kinks": [0.0],
        "kink_smoothness": [0],
        "smoothness": 0,
        "lipschitz": 1.0,
        "monotone": [
            {"low": None, "high": 0.0, "direction": "constant"},
            {"low": 0.0, "high": None, "direction": "rising"},
        ],
        "monotonicity": "rising",
        "asymptotes": {
            "left": {"kind": "constant", "intercept": 0.0},
            "right": {"kind": "line", "slope": 1.0, "intercept": 0.0},
        },
        "second_moment": 0.5,
        "derivative_second_moment": 0.5,
        "dead_share": 0.5,
        "undefined_share": 0.0,
        "depth": "neutral",
        "window": None,
    }
    assert {key: card[key] for key in expected} == expected
    assert card["mean"] == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-14)
    assert card["gain"] == pytest.approx(math.sqrt(2), rel=1e-14)
    assert card["depth_slope"] == pytest.approx(1, rel=1e-12)
    finite = card["finite"]
    assert isinstance(finite, dict)
    assert list(finite) == ["float32", "bfloat16", "float16"]
    assert finite["float16"] == {"low": -65504.0, "high": 65504.0}


@pytest.mark.parametrize(
    "text",
    [
        "1/x",
        "log(x)",
        "sqrt(-1 - x^2)",
        "x/p2",
        "3",
        "exp(exp(x))",
        "sin(x)",
        "1/sin(x)",
        "x^0.5",
        "sign(x)",
        "sin(1/x)",
        "abs(sin(x))",
        "x*sigmoid(beta[scalar, 2]*x)",
    ],
)
def test_every_card_is_made_of_plain_types(text: str) -> None:
    card = read(text)
    number = (int, float, type(None))
    for name in ("bounds", "bounds_known", "attained"):
        pair = card[name]
        assert isinstance(pair, list)
        assert len(pair) == 2
        assert all(isinstance(value, number) for value in pair)
    for name in ("lipschitz", "mean", "second_moment", "derivative_second_moment", "gain", "depth_slope"):
        assert isinstance(card[name], number)
        assert not isinstance(card[name], bool)
    assert card["parity"] in ("odd", "even", "none", None)
    assert card["smoothness"] is None or card["smoothness"] == "smooth" or isinstance(card["smoothness"], int)
    assert isinstance(card["kinks"], list)
    assert isinstance(card["cost_vs_relu"], float)


def test_what_is_infinite_is_told_from_what_is_unknown() -> None:
    infinite, unknown = read("1/x"), read("sin(1/x)")
    assert (infinite["bounds"], infinite["bounds_known"]) == ([None, None], [True, True])
    assert (unknown["bounds"], unknown["bounds_known"]) == ([None, None], [False, False])
    assert (infinite["lipschitz"], infinite["lipschitz_known"]) == (None, True)


def test_a_relative_is_said_to_be_a_relative() -> None:
    card = read("3*max(x, 0) + 1")
    assert card["name"] is None
    assert "ReLU" in str(card["relation"])


@pytest.mark.parametrize(
    ("text", "depth"), [("tanh(x)", "stable"), ("max(x, 0.3*x)", "neutral"), ("gelu", "unstable")]
)
def test_depth(text: str, depth: str) -> None:
    assert read(text)["depth"] == depth
