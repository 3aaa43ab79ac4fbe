"""Inits as text and as values: one meaning, one form; errors that teach."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import SettingError
from nas.references import REFERENCES
from nas.rows.init_law import Fans, Init, law
from nas.rows.init_parts import DEPTHS, FANS, GAINS, HEADS, STEPS, TRUNCATED_VARIANCE
from nas.rows.init_text import LONGEST, name_of, read
from nas.rows.inits import INITS


@pytest.mark.parametrize("name", INITS)
def test_every_row_is_a_member_of_the_grammar_and_recognized(name: str) -> None:
    init = read(name)
    assert str(init) == INITS[name].text, "the text of a row is the one form of its meaning"
    assert read(str(init)) == init
    assert name_of(init) == name
    assert all(key in REFERENCES for key in init.sources)


def test_no_part_is_without_a_row_that_uses_it() -> None:
    """What the lecture names is there by name: every head, gain and step."""
    inits = [read(name) for name in INITS]
    assert {init.law.head for init in inits} == set(HEADS)
    assert {init.law.gain for init in inits} >= set(GAINS)
    assert {step for init in inits for step in init.steps} == set(STEPS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("he_normal", "normal(gain=he)"),
        ("he_normal", " normal( gain = 1.4142135623730951 , fan = in ) "),
        ("he_uniform(fan=avg)", "uniform(gain=he, fan=avg)"),
        ("torch", "uniform(gain=0.5773502691896258)"),
        ("glorot_normal", "lecun_normal(fan=avg)"),
        ("glorot_normal", "normal(fan=avg, gain=1)"),
        ("lsuv", "lsuv(orthogonal)"),
        ("lsuv(fan=in)", "lsuv(orthogonal(fan=in))"),
        ("whitening", "whitening(he_normal)"),
        ("whitening(gain=own)", "whitening(own)"),
        ("zeros", "constant(gain=0, fan=avg, depth=sqrt)"),
        ("dirac", "dirac(fan=none)"),
        ("fixup", "he_normal(depth=fixup)"),
        ("normal(gain=2)", "normal(gain=2.0)"),
    ],
)
def test_two_writings_of_one_meaning_are_equal(one: str, other: str) -> None:
    assert read(one) == read(other)
    assert str(read(one)) == str(read(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("he_normal", "he_uniform"),
        ("he_normal", "he_normal(fan=out)"),
        ("orthogonal", "orthogonal(fan=in)"),
        ("own", "own(gain=own_backward)"),
        ("lsuv(whitening)", "whitening(lsuv(he_normal))"),
        ("he_normal", "normal(gain=1.4142)"),
    ],
)
def test_different_meanings_are_not(one: str, other: str) -> None:
    assert read(one) != read(other)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("he_norml", "no init of this name", "did you mean he_normal?"),
        ("normal", "no init of this name", "did you mean normal()?"),
        ("normal(fam=in)", "no such part", "did you mean fan?"),
        ("normal(fan=outt)", "no fan of this name", "did you mean out?"),
        ("normal(gain=hee)", "no gain of this name", "did you mean he?"),
        ("normal(depth=fixap)", "no depth scaling of this name", "did you mean fixup?"),
        ("normal(gain=-1)", "cannot read the init", "character 13"),
        ("normal(gain=0)", "out of range", "above 0"),
        ("normal(gain=1e7)", "out of range", "at most"),
        ("normal(gain=1e999)", "out of range", "at most"),
        ("normal(gain=1.2.3)", "cannot read the init", "character 13"),
        ("normal(fan=in, fan=out)", "fan is there twice", "once"),
        ("normal(fan=in gain=he)", "',' is expected", "character 15"),
        ("lsuv(lsuv(orthogonal))", "lsuv is there twice", "once"),
        ("lsuv(he_normal, whitening)", "')' is expected", "nas describe init"),
        ("he_normal)", "nothing more is expected", "character 10"),
        ("", "a name is expected", "nothing"),
        ("normal(", "a name is expected", "NAME"),
        ("norm\u0430l()", "has no meaning here", "character 5"),
        ("x" * (LONGEST + 1), "too long", str(LONGEST)),
    ],
)
def test_errors_say_what_where_and_how(text: str, problem: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(text)
    assert problem in str(caught.value)
    assert hint in str(caught.value)


@settings(max_examples=40)
@given(st.text("normalhe_(),= gain0.1fanlsuvdepth", max_size=60) | st.text(max_size=30))
def test_no_text_ends_in_anything_but_an_init_or_an_error(text: str) -> None:
    try:
        init = read(text)
    except SettingError:
        return
    assert read(str(init)) == init


@settings(max_examples=60)
@given(
    st.sampled_from(list(HEADS)),
    st.sampled_from(list(FANS)),
    st.one_of(st.sampled_from(list(GAINS)), st.floats(1e-6, 1e6)),
    st.sampled_from(list(DEPTHS)),
    st.permutations(list(STEPS)).flatmap(lambda s: st.integers(0, 3).map(lambda n: tuple(s[:n]))),
)
def test_every_member_reads_back(head: str, fan: str, gain: str | float, depth: str, steps: tuple) -> None:
    init = Init(law(head, fan, gain, depth), steps)
    assert read(str(init)) == init


def test_what_an_init_needs() -> None:
    assert read("he_normal").needs == ("nothing",)
    assert read("lsuv(own(depth=sqrt))").needs == ("activation", "structure", "data")


FANS_OF = Fans(channels_in=12, channels_out=20, taps=9)


@pytest.mark.parametrize(
    ("text", "variance"),
    [
        ("lecun_normal", 1 / 108),
        ("he_uniform", 2 / 108),
        ("he_normal(fan=out)", 2 / 180),
        ("glorot_uniform", 2 / (108 + 180)),
        ("torch", 1 / (3 * 108)),
        ("truncated_normal", 1 / 108),
        ("normal(fan=none, gain=0.02)", 0.0004),
        ("orthogonal", 1 / 108),  # 20 rows of length 1, of 108 numbers
        ("delta_orthogonal", 1 / 180),  # 12 columns of length 1 among 9 x 12 x 20 numbers
        ("dirac", 1 / 108),
        ("orthogonal(fan=in, gain=he)", 2 / 108),
        ("zeros", 0),
    ],
)
def test_variance_by_hand(text: str, variance: float) -> None:
    init = read(text)
    assert init.law.value is not None
    assert init.law.value**2 / init.law.divisor(FANS_OF) == pytest.approx(variance, rel=1e-12)


def test_formulas() -> None:
    formulas = {name: read(name).law.formula for name in INITS}
    assert formulas["he_normal"] == "Var[w] = 2 / fan_in"
    assert formulas["torch"] == "Var[w] = 1 / (3 fan_in)"
    assert formulas["glorot_normal"] == "Var[w] = 1 / ((fan_in + fan_out) / 2)"
    assert formulas["own_backward"] == "Var[w] = gain^2 / fan_out"
    assert formulas["zeros"] == "Var[w] = 0"


def test_the_truncated_variance() -> None:
    """0.8796^2, as deep-learning libraries have it: Var of N(0, 1) within +-2."""
    assert math.sqrt(TRUNCATED_VARIANCE) == pytest.approx(0.87962566103423978, rel=1e-12)
