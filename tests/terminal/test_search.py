"""The live view and the plain lines: right numbers, at any width, and in a real terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from nas.outcomes import Outcome
from nas.runs.progress import Progress
from nas.runs.records import TrialRecord
from nas.terminal.search import Session, hall, pace, plain_line, search
from tests.terminal.conftest import LONG, Draw, trial

START = 1_700_000_000.0
SESSION = Session("first", ("space activations", "cifar10", "tpe"), START, trials=46)


def progress(**others: object) -> Progress:
    values: dict[str, object] = {
        "trial": 6,
        "expression": LONG,
        "name": "ACON-C",
        "origin": "sampler",
        "seed_index": 1,
        "seeds": 3,
        "epoch": 3,
        "epochs": 4,
        "val_acc": 0.5534,
        "started": START,
        "session_started": START,
        "updated": START,
    }
    return Progress(**(values | others))


def shape(expression: str) -> list[float]:
    return [max(x / 10, 0.0) for x in range(-30, 31)]


def test_the_pace_counts_trained_trials_and_the_part_of_the_one_in_training(
    records: list[TrialRecord],
) -> None:
    state = pace(SESSION, records, [progress()], START + 500)
    done = 5 + (1 + 3 / 4) / 3  # five trained, one screened, one in its second seed
    assert state.done == pytest.approx(done)
    assert state.share == pytest.approx(done / 46)
    assert state.seconds_left == pytest.approx((46 - done) * 500 / done)
    assert state.trials_per_hour == pytest.approx(done * 3600 / 500)
    paid = sum(r.train_images for r in records if r.outcome is not Outcome.SCREENED)
    assert state.images_per_second == pytest.approx(paid / 500)


def test_a_resumed_session_is_timed_by_what_it_did_itself(records: list[TrialRecord]) -> None:
    session = Session("first", (), START, trials=9, trials_before=4)
    state = pace(session, records, [], START + 100)
    assert state.seconds_left == pytest.approx(4 * 100)
    assert state.images_per_second is None  # the trial of this session diverged at once and cost nothing


def test_a_budget_of_time_ends_by_the_clock_whatever_comes_first(records: list[TrialRecord]) -> None:
    by_time = Session("first", (), START, seconds=1200)
    state = pace(by_time, records, [], START + 300)
    assert (state.share, state.seconds_left) == (pytest.approx(0.25), pytest.approx(900))
    both = Session("first", (), START, trials=6, seconds=12_000)
    assert pace(both, records, [], START + 300).seconds_left == pytest.approx(60)


@pytest.mark.parametrize("now", [START, START - 60])
def test_nothing_is_claimed_before_anything_is_known(now: float) -> None:
    state = pace(SESSION, [], [], now)
    assert (state.done, state.share, state.seconds_left, state.trials_per_hour) == (0, 0, None, None)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_view_shows_all_it_should(
    draw: Draw, records: list[TrialRecord], width: int, unicode: bool
) -> None:
    view = search(SESSION, records, [progress()], START + 500, shape=shape)
    lines = draw(view, width, unicode=unicode)
    text = "\n".join(lines)
    assert max(map(cell_len, lines)) <= width
    assert unicode or text.isascii()
    assert "5 of 46 trials   12 %" in text
    assert re.search(r"1 h \d\d min left|\d+ min \d\d s left", text)
    assert re.search(r"40 trials/h   [0-9,]+ images/s", text)
    assert "seed 2 of 3" in text
    assert "epoch 3 of 4" in text
    fame = lines[-4:]
    assert [int(line.split()[0]) for line in fame] == [1, 3, 4, 18]
    assert all(("⣀⣠" if unicode else "_.") in line for line in fame)
    assert "61.90 ±0.76" in fame[-1] or "61.90 +-0.76" in fame[-1]


def test_a_low_terminal_keeps_the_best(draw: Draw, records: list[TrialRecord]) -> None:
    lines = draw(search(SESSION, records, [progress()], START + 500), height=12)
    assert len(lines) <= 12
    assert "ACON-C" in lines[-1]


def test_before_the_first_trial(draw: Draw) -> None:
    text = "\n".join(draw(search(SESSION, [], [], START)))
    assert "0 of 46 trials" in text
    assert "choosing the next candidate" in text
    assert "left" not in text


def test_the_hall_of_fame_by_itself(draw: Draw, records: list[TrialRecord]) -> None:
    assert len(draw(hall(records, shape=shape))) == 6
    assert draw(hall([])) == ["no trial has finished"]


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=80),
    st.integers(1, 140),
    st.integers(1, 50),
    st.floats(-10, 1e9),
    st.booleans(),
)
def test_no_view_of_anything_is_wider_than_the_console(
    draw: Draw, text: str, width: int, height: int, elapsed: float, unicode: bool
) -> None:
    records = [trial(0, text, text, 3, 0.5), trial(1, text, None, 5, outcome=Outcome.FAILED, reason=text)]
    view = search(
        Session(text, (text, text), START, 10),
        records,
        [progress(expression=text, name=text)],
        START + elapsed,
    )
    assert max(map(cell_len, draw(view, width, unicode=unicode, height=height))) <= width


def test_plain_lines(records: list[TrialRecord]) -> None:
    assert plain_line(records[1], 0.6014, 2, 46) == (
        "[ 2/46] trial 1  59.56 ±1.17 % (n=3)  best 60.14 %  1 min 52 s  Swish: x*sigmoid(x)"
    )
    assert plain_line(records[4], None, 12, None) == (
        "[12] trial 4  diverged: loss is not finite in epoch 1  0.0 s  exp(x)*sinh(x)"
    )
    assert plain_line(records[1], 0.6014, 2, 46, unicode=False).isascii()


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=80))
def test_a_plain_line_is_one_line_without_control_characters(text: str) -> None:
    lost = trial(0, text, text, 3, outcome=Outcome.FAILED, reason=text)
    assert plain_line(lost, 0.5, 1, 9).isprintable()


SCRIPT = """
import time
from nas.outcomes import Outcome
from nas.runs.records import TrialRecord
from nas.terminal import console
from nas.terminal.search import Session, search

begin = time.time()
records = [TrialRecord(0, "max(x, 0)", "ReLU", 3, "baseline", Outcome.FINISHED, val_accs=(0.58,))]
session = Session("first", ("space activations",), begin, trials=2)
err = console.stderr()
if console.is_live(err):
    with console.live(err, lambda: search(session, records, [], time.time())):
        time.sleep(0.4)
        records.append(TrialRecord(1, "x*tanh(x)", None, 4, "own", Outcome.FINISHED, val_accs=(0.61,)))
        time.sleep(0.6)
else:
    print("plain")
"""


def in_terminal(columns: int, **environment: str) -> str:
    """What the script writes to a real terminal (a pty) of this width."""
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR"}}
    clean |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"} | environment
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=theirs, stdout=theirs, stderr=theirs, env=clean
    )
    os.close(theirs)
    written = b""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert child.wait(timeout=10) == 0, written.decode()
    return written.decode()


def test_the_live_view_redraws_itself_in_a_real_terminal() -> None:
    written = in_terminal(80)
    assert "\x1b[1A" in written  # the cursor goes up to draw anew
    assert written.rstrip("\r\n").endswith("\x1b[?25h")  # and is shown again at the end
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert "1 of 2 trials" in bare
    assert "2 of 2 trials   100 %" in bare
    assert "x*tanh(x)" in bare
    assert max(cell_len(line) for line in re.split(r"[\r\n]+", bare)) <= 80


def test_no_color_and_dumb_terminals_get_plain_lines() -> None:
    assert in_terminal(80, NO_COLOR="1") == "plain\r\n"
    assert in_terminal(80, TERM="dumb") == "plain\r\n"
