"""The grammar writes what it counts, each once, and by the decisions of any chooser."""

from __future__ import annotations

import random

import pytest

from nas.errors import SpaceError
from nas.rules.fingerprint import Met
from nas.rules.grammar import BELLO, DEEPEST, NESTED, WIDE, Grammar, meant
from nas.rules.members import MEMBERS, recognized
from nas.rules.rule import read
from nas.spaces.decisions import Odometer, RandomChooser, Recorder, Replay

SMALL = Grammar(("g", "m"), ("x", "sign(x)"), ("x1*x2", "x1 - x2"), ("x", "exp(x)"))
DEEP = Grammar(("g", "m"), ("x",), ("x1*x2",), depth=2)


@pytest.mark.parametrize("grammar", [SMALL, DEEP], ids=["outer", "deep"])
def test_count_is_the_number_of_writings_by_either_way(grammar: Grammar) -> None:
    writings = list(grammar.enumerate())
    assert len(writings) == len(set(writings)) == grammar.count()
    odometer, walked = Odometer(), set()
    walked.add(grammar.sample(odometer))
    while odometer.advance():
        walked.add(grammar.sample(odometer))
    assert walked == set(writings)


def test_count_by_hand() -> None:
    assert SMALL.count() == 2 * 2 * (2 * 2) ** 2
    assert DEEP.count() == (2 + 2**2) ** 2
    assert Grammar(("g",), ("x",), ("x1 + x2",), depth=3).count() == (1 + (1 + 1) ** 2) ** 2


def test_writings_mean_the_composition() -> None:
    assert read(SMALL.writing(0)) == read("g*g")
    meant_by = {rule.text for text in SMALL.enumerate() if (rule := meant(text)) is not None}
    assert {"exp(g*sign(m))", "m - sign(g)", "g^2"} <= {read(text).text for text in meant_by}
    assert read("exp(sign(g)*m)").text in meant_by
    deep = {rule.text for text in DEEP.enumerate() if (rule := meant(text)) is not None}
    assert read("g*m*(m*m)").text in deep


def test_decisions_have_fixed_options_and_lead_back() -> None:
    options: dict[str, object] = {}
    grammar = Grammar(BELLO.operands, BELLO.unary, BELLO.binary, BELLO.outer, depth=3)
    for seed in range(60):
        recorder = Recorder(RandomChooser(seed))
        text = grammar.sample(recorder)
        assert grammar.sample(Replay(recorder.decisions)) == text
        for name, dimension in recorder.dimensions.items():
            assert options.setdefault(name, dimension) == dimension
    assert any(NESTED in dimension.options for dimension in options.values())  # type: ignore[attr-defined]


def test_duplicates_are_recognized() -> None:
    met = Met()
    rules = [rule for text in SMALL.enumerate() if (rule := meant(text)) is not None]
    kept = [rule for rule in rules if met.add(rule) is None]
    texts = {rule.text for rule in kept}
    assert len(kept) < len(rules)
    assert ("g*sign(m)" in texts) + ("sign(m)*g" in texts) == 1
    again = Met()
    assert [again.add(rule) is None for rule in kept] == [True] * len(kept)


def _pair(place: str, left: tuple[str, str], binary: str, right: tuple[str, str]) -> dict[str, str]:
    """Decisions for b(u1(operand), u2(operand))."""
    return {
        f"{place}.1.operand": left[0],
        f"{place}.1.unary": left[1],
        f"{place}.binary": binary,
        f"{place}.2.operand": right[0],
        f"{place}.2.unary": right[1],
    }


_G, _ONE, _SIGNS = ("g", "x"), ("1", "x"), (("sign(g)", "x"), "x1*x2", ("sign(m)", "x"))

#: member -> the pairs that write it, outermost first; an inner one stands on the left
_WAYS = {
    "sgd": [(_G, "x1*x2", _ONE)],
    "momentum": [(("m", "x"), "x1*x2", _ONE)],
    "nesterov": [(("0.9*m + 0.1*g", "x"), "x1*x2", _ONE)],
    "signsgd": [(("g", "sign(x)"), "x1*x2", _ONE)],
    "signum": [(("m", "sign(x)"), "x1*x2", _ONE)],
    "rmsprop": [(("rmsprop", "x"), "x1*x2", _ONE)],
    "adam": [(("mhat", "x"), "x1/(x2 + 1e-8)", ("vhat", "sqrt(abs(x))"))],
    "adam-uncorrected": [(("m", "x"), "x1/(x2 + 1e-8)", ("v", "sqrt(abs(x))"))],
    "powersign": [((NESTED, "exp(x)"), "x1*x2", _G), _SIGNS],
    "addsign": [((NESTED, "x"), "x1*x2", _G), ((NESTED, "x"), "x1 + x2", _ONE), _SIGNS],
    "lion": [(("sign(0.9*last_m(0.99) + 0.1*g)", "x"), "x1*x2", _ONE)],
}


@pytest.mark.parametrize("name", _WAYS)
def test_the_named_rules_are_members(name: str) -> None:
    decisions, place = {"optimizer.rule.outer": "x"}, "optimizer.rule"
    for left, binary, right in _WAYS[name]:
        decisions |= _pair(place, left, binary, right)
        place += ".1"
    found = recognized(read(WIDE.sample(Replay(decisions))))
    assert found is not None
    assert found.member.name == name
    assert found.factor == pytest.approx(1)


def test_all_but_the_normalized_step_are_members() -> None:
    assert set(MEMBERS) - set(_WAYS) == {"normalized"}


def test_random_writings_of_the_paper_are_rules_or_have_no_value() -> None:
    draw = random.Random(4)
    rules = [meant(BELLO.writing(draw.randrange(BELLO.count()))) for _ in range(25)]
    assert sum(rule is not None for rule in rules) > 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operands": ()}, "operands needs at least one"),
        ({"operands": ("g", "g")}, "each once"),
        ({"operands": ("x",)}, "a place has no meaning here"),
        ({"operands": ("foo",)}, "operands: .*unknown name 'foo'"),
        ({"unary": ("x1",)}, "unary: a place has no meaning"),
        ({"binary": ("x1 +",)}, "binary: cannot read"),
        ({"outer": ("beta*x",)}, "outer: .*unknown name 'beta'"),
        ({"depth": 0}, "depth is out of range"),
        ({"depth": DEEPEST + 1}, "depth is out of range"),
    ],
)
def test_an_impossible_grammar_is_refused(change: dict[str, object], message: str) -> None:
    parts: dict[str, object] = {"operands": ("g",), "unary": ("x",), "binary": ("x1 + x2",), "outer": ("x",)}
    with pytest.raises(SpaceError, match=message):
        Grammar(**(parts | change))  # type: ignore[arg-type]


def test_a_rank_outside_is_refused() -> None:
    with pytest.raises(IndexError):
        SMALL.writing(SMALL.count())
