"""Named rules are recognized in any writing, with their numbers, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from nas.references import REFERENCES
from nas.rules.fingerprint import Met, _keys, factor, same_rule
from nas.rules.members import MEMBERS, recognized
from nas.rules.rule import read
from tests.rules.texts import OTHERS, WRITINGS


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_is_recognized_in_every_writing(name: str) -> None:
    row = MEMBERS[name]
    assert row.source in REFERENCES
    for text, times in [(row.text, 1.0), *WRITINGS[name]]:
        found = recognized(read(text))
        assert found is not None, text
        assert found.member.name == name, text
        assert found.factor == pytest.approx(times), text
        assert found.decay == 0


@pytest.mark.parametrize("name", MEMBERS)
def test_weight_decay_beside_a_member_is_told_apart(name: str) -> None:
    found = recognized(read(f"2*({MEMBERS[name].text} + 0.01*w)"))
    assert found is not None
    assert (found.member.name, found.decay) == (name, pytest.approx(0.01))
    assert found.factor == pytest.approx(2)
    assert found.text.endswith("weight decay 0.01")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("m(0.85)", {"m": "0.85"}),
        ("3*mhat(0.8)/(1e-6 + sqrt(vhat(0.99)))", {"m": "0.8", "v": "0.99", "e": "1e-6"}),
        ("2*g/(2*sqrt(v(0.9)) + 2e-7)", {"v": "0.9", "e": "1e-7"}),
        ("g/sqrt(v)", {"v": "0.999", "e": "0"}),
        ("sign(10*m(0.99) + g)", {"m": "0.99", "k": "0.9"}),
        ("sign(0.95*last_m(0.98) + 0.05*g)", {"m": "0.98", "k": "0.95"}),
        ("exp(linear*sign(g)*sign(m(0.95)))*g", {"m": "0.95", "f": "linear"}),
        ("g*exp(sign(m*g)*restarts(20))", {"m": "0.9", "f": "restarts(20)"}),
    ],
)
def test_the_numbers_are_read_off(text: str, values: dict[str, str]) -> None:
    found = recognized(read(text))
    assert found is not None
    shown = dict(found.values)
    assert {slot: float(v) if slot != "f" else v for slot, v in shown.items()} == {
        slot: pytest.approx(float(v)) if slot != "f" else v for slot, v in values.items()
    }


@pytest.mark.parametrize(
    "text", [*OTHERS, "-g", "-sign(m)", "g - 0.1*w", "m*w", "m(0.9) + m(0.5)", "0*g", "w"]
)
def test_what_is_no_member_is_not_recognized(text: str) -> None:
    assert recognized(read(text)) is None


@pytest.mark.parametrize("name", [name for name in WRITINGS if name not in ("rmsprop", "adam-uncorrected")])
def test_writings_of_one_rule_are_one(name: str) -> None:
    met = Met()
    texts = [text for text, _ in WRITINGS[name]]
    first = read(texts[0])
    for text, times in WRITINGS[name]:
        other = read(text)
        if recognized(first).values == recognized(other).values:  # type: ignore[union-attr]
            ratio = times / WRITINGS[name][0][1]
            kept = met.add(other)
            assert (kept is None) == (text == texts[0]), text
            assert factor(other, first) == pytest.approx(ratio)
            assert same_rule(other, first) == (ratio == 1)


def test_steps_beyond_all_numbers_are_compared_as_well() -> None:
    met = Met()
    rules = [
        read(text) for text in ("exp(exp(g))", "exp(exp(m))", "2*exp(exp(g))", "1/(g - m)", "0*g", "0*m")
    ]
    assert [met.add(rule) for rule in rules] == [None, None, rules[0], None, None, rules[4]]


def test_directions_that_differ_by_rounding_share_a_key() -> None:
    for number in (7, 1234, 54321):
        border = np.exp(np.arctanh((number + 0.5) / 1e5))  # a key ends here
        below, above = (np.array([1.0, border * (1 + sign * 1e-12)]) for sign in (-1, 1))
        assert _keys(below)[0] != _keys(above)[0]
        assert _keys(below)[0] in _keys(3 * above)
        assert _keys(above)[0] in _keys(below)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("sign(0.9*last_m(0.99) + 0.1*g)", "sign(m(0.99))"),
        ("sign(0.9*last_m(0.99) + 0.1*g)", "sign(0.9*m(0.99) + 0.1*g)"),
        ("sign(0.9*last_m + 0.1*g)", "sign(0.88*last_m + 0.12*g)"),
        ("g/(sqrt(v) + 1e-8)", "g/(sqrt(v) + 1e-7)"),
        ("g/(sqrt(v) + 1e-8)", "g/sqrt(v + 1e-8)"),
        ("m(0.9)", "m(0.901)"),
        ("m", "mhat"),
        ("linear*g", "cosine*g"),
        ("restarts(10)*g", "cyclical(10)*g"),
        ("g", "-g"),
    ],
)
def test_different_rules_are_different(a: str, b: str) -> None:
    assert not same_rule(read(a), read(b))
    assert factor(read(a), read(b)) is None
    met = Met()
    assert met.add(read(a)) is None
    assert met.add(read(b)) is None
