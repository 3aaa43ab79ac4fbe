"""The text of a rule: every operand means what its row says, and what is no rule is refused with a cure."""

from __future__ import annotations

import os
import time
from math import cos, pi

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nas.errors import ExpressionError
from nas.references import REFERENCES
from nas.rules.language import FUNCTIONS, OPERANDS, leaf
from nas.rules.numeric import direction, start
from nas.rules.rule import Rule, read
from tests.rules.texts import RULES, TEXTS

WANTED = int(os.environ.get("NAS_FUZZ", "80"))
_G = np.array([0.31, -1.7, 2.3, -0.02, 0.9, 1.1, -3.0])
_STEPS = 20

#: schedule -> its closed form at the share s of all steps that is done
_SCHEDULES = {
    "linear": lambda s: 1 - s,
    "cosine": lambda s: 0.5 + 0.5 * cos(pi * s),
    "cyclical": lambda s: 0.5 + 0.5 * cos(2 * pi * 10 * s),
    "restarts": lambda s: 0.5 + 0.5 * cos(pi * (10 * s % 1)),
}


def _value(text: str) -> float:
    """u after the gradients _G."""
    rule = read(text)
    averages = start(rule, ())
    for step, g in enumerate(_G, start=1):
        u, averages = direction(rule, g, averages, w=0.37, step=step, steps=_STEPS)
    return float(u)


@pytest.mark.parametrize("name", OPERANDS)
def test_an_operand_is_what_its_row_says(name: str) -> None:
    row, n = OPERANDS[name], len(_G)
    if row.average:
        b = 0.73  # the closed form of the recursion
        weights = (1 - b) * b ** np.arange(n - 1, -1, -1.0)
        expected = float(weights @ _G**row.average)
        if row.reads == "before":
            expected = (expected - weights[-1] * _G[-1] ** row.average) / b
        if row.reads == "corrected":
            expected /= weights.sum()
        assert _value(f"{name}(0.73)") == pytest.approx(expected, rel=1e-13)
        assert row.usual is not None
        assert read(name) == read(f"{name}({float(row.usual)})")
    elif row.schedule is not None:
        assert _value(name) == pytest.approx(_SCHEDULES[name]((n - 1) / _STEPS), rel=1e-13)
    elif row.stands is not None:
        assert read(name) == read(row.stands)
    else:
        assert _value(name) == {"g": _G[-1], "w": 0.37, "t": n}[name]
    assert row.source in REFERENCES
    assert row.meaning


def test_every_decay_is_an_average_of_its_own() -> None:
    rule = read("m(0.9) - m(0.5) + v + mhat(0.5)")
    assert [state.text for state in rule.states] == ["m(0.5)", "m", "v"]
    assert _value("m(0.9) - m(0.5)") == pytest.approx(_value("m(0.9)") - _value("m(0.5)"))


def test_schedules_are_nonnegative_and_end_below_one() -> None:
    for row in OPERANDS.values():
        if row.schedule is not None:
            values = [leaf(row.name).scalar(step, 100) for step in range(1, 101)]
            assert values[0] == 1
            assert 0 <= min(values) < 0.5


@given(RULES)
@settings(max_examples=20)
def test_text_reads_back(text: str) -> None:
    rule = read(text)
    assert read(rule.text) == rule
    assert read(f" ( {rule.text} )") == rule


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("", "needs a formula", "such as g"),
        ("mm", "unknown name 'mm'", "did you mean m?"),
        ("x", "unknown name 'x'", "operands are g, m"),
        ("beta*g", "unknown name 'beta'", "operands are"),
        ("gelu(g)", "unknown name 'gelu'", "functions are"),
        ("m(1.5)", "decay of m must be between 0 and 1", "write m(0.9)"),
        ("m(0)", "decay of m must be between 0 and 1", None),
        ("m(g)", "m takes one number", None),
        ("m(0.9", "m takes one number", None),
        ("m(0.9, 2)", "m takes one number", None),
        ("m(1e-99999999)", "a number is too long", None),
        ("m(0.1234567890123456789)", "a number is too long", None),
        ("restarts(0)", "cycles of restarts", "restarts(10)"),
        ("restarts(1e6)", "cycles of restarts", None),
        ("g(0.9)", "g takes no number", "operator such as *"),
        ("linear(g)", "linear takes no number", None),
        ("m[0]", "unexpected '['", "learns no parameters"),
        ("exp", "the function exp needs brackets", "write exp(g)"),
        ("exp(g", "expected ')'", None),
        ("g/(g - g)", "division by zero", None),
        ("log(-1)*g", "no finite real value", None),
        ("g^1.3", "exponent must be", None),
        ("(" * 40 + "g" + ")" * 40, "nested deeper", None),
        ("g+" * 700 + "g", "too long", None),
        ("__import__('os')", "unexpected character", None),
        ("\u0261", "unexpected character", "plain ASCII"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, what: str, cure: str | None) -> None:
    with pytest.raises(ExpressionError) as refused:
        read(text)
    assert what in refused.value.what
    if cure is not None:
        assert cure in (refused.value.cure or "")


_SPICE = st.sampled_from(
    [
        *OPERANDS,
        *FUNCTIONS,
        *"()+-*/^,.0123456789e[]",
        "m(0.9)",
        "**",
        "beta",
        "1e99",
        "9" * 30,
        "()",
        "\u03b2",
    ]
)


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        i, j = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        text = text[:i] + draw(st.one_of(_SPICE, st.just(text[i:j] * 2), st.just(""))) + text[j:]
    return text


@given(_mutated())
@settings(max_examples=WANTED, suppress_health_check=list(HealthCheck))
def test_any_text_is_read_or_refused_at_once(text: str) -> None:
    begun = time.thread_time()
    try:
        rule = read(text)
    except ExpressionError:
        pass
    else:
        assert isinstance(rule, Rule)
        assert read(rule.text) == rule
    assert time.thread_time() - begun < 2
