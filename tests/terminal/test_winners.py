"""A confirmation, a transfer and the ledger on consoles of 80 columns, in Unicode and in ASCII."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from nas.analysis.confirmation import confirmed
from nas.analysis.transfer import cells
from nas.runs.openings import Opening
from nas.terminal.confirmation import confirmation
from nas.terminal.openings import opening_line, opening_words
from nas.terminal.transfer import transfer
from tests.analysis import test_confirmation as fresh
from tests.analysis import test_transfer as elsewhere
from tests.terminal.conftest import Draw

OPENING = Opening(
    when="2026-03-01T12:34:56.000+00:00", by="a-confirm", by_created="2026-03-01T11:00:00.000+00:00",
    command="nas confirm a --top 2", images=360, fingerprint="ab", results=fresh.TEST,
)  # fmt: skip
PROTOCOL = fresh.PROTOCOL.model_copy(update={"train_size": 1077})


def lines_of(draw: Draw, test: bool, records: list = fresh.RECORDS, **how: object) -> list[str]:  # type: ignore[type-arg]
    found = confirmed(fresh.ROSTER, records, fresh.TEST if test else None)
    images = 360 if test else None
    known = [OPENING] if test else []
    view = confirmation(found, fresh.ROSTER, PROTOCOL, known, images=images, title="a-confirm")
    return draw(view, 80, **how)


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("test", [True, False])
def test_a_confirmation_fits_and_says_what_it_knows(draw: Draw, test: bool, unicode: bool) -> None:
    lines = lines_of(draw, test, unicode=unicode)
    text = " ".join(" ".join(lines).split())
    assert max(map(cell_len, lines)) <= 80
    assert unicode or text.isascii()
    sign = "±" if unicode else "+-"
    # 0.6575, the t interval of four seeds: 3.1824 * 0.012583 / 2
    assert f"70.00 65.75 {sign}2.00" in text
    assert (f"65.25 {sign}1.52" in text) is test
    assert "ReLU*" in text
    assert "w: confirmed" in text or not test
    assert "the winners score 6.00 points less than in the search" in text
    assert "for 4 tests together; the best baseline on validation is Mish" in text
    assert ("360 test images alone leave a standard error" in text) is test
    said = "opened once: 2026-03-01 12:34 UTC by a-confirm (nas confirm a --top 2), 360 images"
    assert (f"test set {said}" in text) is test
    assert ("test set: never opened" in text) is not test


def test_half_done_or_failed_it_is_drawn_all_the_same(draw: Draw) -> None:
    cut = "\n".join(lines_of(draw, False, fresh.RECORDS[:1]))
    assert "not yet" in cut
    assert "nothing to compare with" in cut
    assert "not trained yet" in "\n".join(lines_of(draw, False, []))


def test_the_ledger_counts_and_tells_what_was_cut_off() -> None:
    cut = OPENING.model_copy(update={"by": "d", "results": None})
    assert opening_words([]) == "test set: never opened"
    words = opening_words([OPENING, cut])
    assert words.startswith("test set opened 2 times: 2026-03-01 12:34 UTC by a-confirm")
    assert words.endswith("cut off before its results were stored")


def test_the_ledger_is_one_paragraph(draw: Draw) -> None:
    assert max(map(cell_len, draw(opening_line([OPENING, OPENING]), 80))) <= 80


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_transfer_has_every_candidate_in_every_cell(draw: Draw, width: int, unicode: bool) -> None:
    found = cells(elsewhere.ROSTER, elsewhere.RECORDS)
    lines = draw(transfer(elsewhere.ROSTER, found, title="a-transfer"), width, unicode=unicode)
    text = " ".join(" ".join(lines).split())
    assert max(map(cell_len, lines)) <= width
    sign = "±" if unicode else "+-"
    assert f"71.00 {sign}1.00 3 1 82.00 {sign}1.00 3 1" in text
    assert "small %" in text
    assert "resnet20 %" in text
    # by the formula: 1 - 6 (0 + 4 + 0 + 4) / 60
    assert "+0.20" in text
    assert "w: never below ReLU in the mean of 2" in text
    assert "v: below ReLU in 1 of 2, by 2.00 points in digits/resnet20" in text
    assert "reference" in text
