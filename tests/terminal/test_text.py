"""Numbers and words as people read them."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from nas.terminal.text import (
    clean,
    duration,
    formula,
    number,
    pad,
    percent,
    points,
    short_count,
    short_duration,
    shorten,
    to_ascii,
)

anything = st.text(st.characters(codec=None), max_size=60)


@settings(deadline=None)
@given(anything)
def test_clean_text_has_nothing_that_moves_or_hides(text: str) -> None:
    assert not {unicodedata.category(sign) for sign in clean(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean(clean(text)) == clean(text)


def test_clean_keeps_words_and_takes_escapes_apart() -> None:
    assert (
        clean("tanh(x) \x1b[31mred\x1b[0m\tab\nc \u202eright to left")
        == "tanh(x) [31mred[0m ab c right to left"
    )
    assert clean("größer β ≥ 0 数") == "größer β ≥ 0 数"


@settings(deadline=None)
@given(anything)
def test_ascii_is_ascii(text: str) -> None:
    assert to_ascii(clean(text)).isascii()


@settings(deadline=None)
@given(anything, st.integers(0, 30))
def test_shortened_text_fits_and_only_long_text_is_cut(text: str, width: int) -> None:
    safe = clean(text)
    short = shorten(safe, width)
    assert cell_len(short) <= width
    assert (short == safe) == (cell_len(safe) <= width)
    assert short == safe or width == 0 or short.endswith("…")


@settings(deadline=None)
@given(anything, st.integers(0, 90))
def test_padded_text_is_as_wide_as_asked(text: str, width: int) -> None:
    safe = clean(text)
    assert cell_len(pad(safe, width)) == cell_len(pad(safe, width, right=True)) == max(width, cell_len(safe))


@pytest.mark.parametrize(
    ("seconds", "short", "words"),
    [
        (0.04, "0.0s", "0.0 s"),
        (12.34, "12.3s", "12.3 s"),
        (59.96, "1m00s", "1 min 00 s"),
        (190.4, "3m10s", "3 min 10 s"),
        (7404, "2h03m", "2 h 03 min"),
        (3599.7, "1h00m", "1 h 00 min"),
        (439_300, "5d02h", "5 d 02 h"),
        (math.nan, "–", "–"),
        (math.inf, "–", "–"),
        (-3.0, "–", "–"),
    ],
)
def test_durations(seconds: float, short: str, words: str) -> None:
    assert short_duration(seconds) == short
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "7"),
        (940, "940"),
        (999.6, "1k"),
        (90_000, "90k"),
        (1_383_000, "1.38M"),
        (2.1e10, "21G"),
        (math.nan, "–"),
    ],
)
def test_counts(value: float, words: str) -> None:
    assert short_count(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.61234, "61.23"), (1.0, "100.00"), (None, "–"), (math.nan, "–"), (math.inf, "–")]
)
def test_percent(value: float | None, words: str) -> None:
    assert percent(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.00523, "+0.52"),
        (-0.1739, "-17.39"),
        (0.0, "+0.00"),
        (-0.00001, "+0.00"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_points(value: float | None, words: str) -> None:
    assert points(value) == words


@settings(deadline=None)
@given(st.floats(-1e307, 1e307))
def test_numbers_read_back_to_three_digits(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=5.1e-3)
    assert len(number(value)) <= 10


def test_a_formula_loses_only_the_scope_that_is_the_default() -> None:
    assert (
        formula("beta[channel]*x + p[scalar] + p2[channel, 0.5]") == "beta*x + p[scalar] + p2[channel, 0.5]"
    )
