"""The leaderboard at the widths that people have: nothing drops out silently, and doubt is stated."""

from __future__ import annotations

import math

import pytest
from rich.cells import cell_len

from nas.analysis.leaderboard import rows
from nas.outcomes import Outcome
from nas.protocol import Protocol
from nas.runs.records import TrialRecord
from nas.terminal.leaderboard import leaderboard
from tests.terminal.conftest import LONG, Draw, trial

WIDTHS = [80, 120]


def lines_of(draw: Draw, records: list[TrialRecord], protocol: Protocol, width: int = 80, **how) -> list[str]:
    return draw(
        leaderboard(rows(records, 5000, include_screened=True), records, protocol, title="first"),
        width,
        **how,
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("unicode", [True, False])
def test_every_row_has_every_column(
    draw: Draw, records: list[TrialRecord], protocol: Protocol, width: int, unicode: bool
) -> None:
    lines = lines_of(draw, records, protocol, width, unicode=unicode)
    assert max(map(cell_len, lines)) <= width
    assert unicode or all(line.isascii() for line in lines)
    swish = next(line for line in lines if "Swish" in line)
    plus_minus = "±" if unicode else "+-"
    difference = [a - b for a, b in zip(records[1].val_accs, records[0].val_accs, strict=True)]
    mean = sum(difference) / 3
    assert swish.split()[0] == "2*"
    assert "x*sigm" in swish
    assert f"59.56 {plus_minus}1.17" in swish
    contrast = next(row.vs_relu for row in rows(records, 5000) if row.trial == 1)
    assert contrast is not None
    half = (contrast.ci_high - contrast.ci_low) / 2
    assert f"{100 * mean:+.2f} {plus_minus}{100 * half:.2f}" in swish
    assert "1m52s" in swish


@pytest.mark.parametrize("width", WIDTHS)
def test_what_does_not_fit_is_marked(
    draw: Draw, records: list[TrialRecord], protocol: Protocol, width: int
) -> None:
    best = lines_of(draw, records, protocol, width)[4]
    shown = best.split("ACON-C")[0].split(maxsplit=1)[1].rstrip()
    assert shown.endswith("…")
    assert LONG.replace("[channel]", "").startswith(shown[:-1])
    assert len(shown) > (8 if width == 80 else 30)


def test_each_end_of_a_trial_is_told_with_its_reason(
    draw: Draw, records: list[TrialRecord], protocol: Protocol
) -> None:
    text = "\n".join(lines_of(draw, records, protocol))
    assert "loss is not finite in epoch 1" in text
    assert "constant on [-5, 5]" in text
    assert "4 finished, 1 diverged, 1 screened, 3 equal to earlier ones" in text
    assert "480,000 training images in all" in text


def test_the_spread_is_explained(draw: Draw, records: list[TrialRecord], protocol: Protocol) -> None:
    text = "\n".join(lines_of(draw, records, protocol))
    assert "± after val acc: sample standard deviation over n seeds" in text
    assert "paired by seed, ± half its 95 % interval" in text.replace("\n", "")
    assert "one seed" not in text
    assert "* baseline" in text


def test_one_seed_is_honest_about_what_it_cannot_say(
    draw: Draw, single: list[TrialRecord], protocol: Protocol
) -> None:
    text = " ".join(" ".join(lines_of(draw, single, protocol)).split())
    error = 100 * math.sqrt(0.6014 * (1 - 0.6014) / 5000)
    assert "60.14 ±–" in text
    assert "one seed gives no spread" in text
    assert f"the 5,000 validation images alone leave a standard error of ±{error:.2f} points" in text
    assert "sample standard deviation" not in text


def test_a_difference_over_fewer_seeds_says_over_how_many(
    draw: Draw, records: list[TrialRecord], protocol: Protocol
) -> None:
    longer = trial(9, "x + sin(x)", None, 4, 0.61, 0.60, 0.62, 0.63)
    text = lines_of(draw, [*records, longer], protocol)
    assert next(line for line in text if "sin(x)" in line).count("(3)") == 1


def test_different_costs_get_a_column_and_equal_ones_a_line(
    draw: Draw, records: list[TrialRecord], protocol: Protocol
) -> None:
    assert "each row cost 120,000 training images" in lines_of(draw, records, protocol)
    dearer = trial(9, "x + sin(x)", None, 4, 0.61, 0.60, 0.62, train_images=150_000)
    mixed = lines_of(draw, [*records, dearer], protocol)
    assert "images" in mixed[2]
    assert "150k" in next(line for line in mixed if "sin(x)" in line)


def test_settings_that_are_searched_are_shown(draw: Draw, protocol: Protocol) -> None:
    tuned = [trial(0, "x*sigmoid(x)", "Swish", 4, 0.61, settings={"lr": 0.0312, "nesterov": True})]
    assert "lr=0.0312 nesterov=True" in lines_of(draw, tuned, protocol, 120)[4]


def test_an_empty_run_and_an_empty_selection(
    draw: Draw, records: list[TrialRecord], protocol: Protocol
) -> None:
    assert "no trial has ended yet" in draw(leaderboard([], [], protocol))
    none = [trial(0, "exp(x)", None, 2, outcome=Outcome.FAILED, reason="out of memory")]
    assert any("out of memory" in line for line in lines_of(draw, none, protocol))
    top = draw(leaderboard(rows(records, 5000, top=1), records, protocol))
    assert "1 of 6 shown" in top


def test_markup_and_escapes_are_shown_not_obeyed(draw: Draw, protocol: Protocol) -> None:
    nasty = [
        trial(0, "[bold]x[/bold]", "[/]\x1b[2J", 3, 0.5, 0.6),
        trial(1, "\u202ex\nz", "na\x07me", 3, outcome=Outcome.FAILED, reason="[link=http://a]\r\x1b]0;t\x07"),
    ]
    text = "\n".join(lines_of(draw, nasty, protocol, 120))
    assert "[bold]x[/bold]" in text
    assert "[/][2J" in text
    assert "[link=http://a] ]0;t" in text
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
