"""A confirmation as two tables, scores and differences, with a verdict for each winner."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from nas.analysis.confirmation import Against, Confirmed, Part, optimism, shown_name
from nas.analysis.correction import LEVEL
from nas.protocol import Protocol
from nas.runs.openings import Opening
from nas.runs.roster import Roster
from nas.terminal.canvas import BASELINE, BEST, DIM, HEADING, TROUBLE, Canvas, Column, Drawing
from nas.terminal.canvas import Part as Words
from nas.terminal.leaderboard import MARK
from nas.terminal.openings import opening_words
from nas.terminal.text import NONE, formula, p_value, percent, points, settings_words, spread


def confirmation(
    found: Sequence[Confirmed],
    roster: Roster,
    protocol: Protocol,
    known: Sequence[Opening],
    *,
    images: int | None,
    title: str,
) -> Drawing:
    """What the search said, what fresh seeds say, what the test set says.

    Args:
        known: every opening of the test set.
        images: of the test part, as this confirmation opened it; None where it did not.
    """

    def draw(canvas: Canvas) -> RenderableType:
        winners = [c for c in found if not c.entry.baseline]
        facts = (
            f"{protocol.data} · {protocol.net} of width {protocol.width} · {protocol.epochs} epochs of "
            f"{protocol.train_size:,} images"
        )
        parts: list[RenderableType] = [canvas.line((title, HEADING), "   ", (facts, DIM)), ""]
        parts += [canvas.table(_scores(found, images is not None)), ""]
        if any(_judged(c) for c in winners):
            parts += [canvas.table(_differences(winners, images is not None)), ""]
        parts += [canvas.paragraph(f"{_who(c)}: {c.verdict}", "") for c in winners]
        footer = _footer(found, roster, protocol, images)
        parts += ["", *(canvas.paragraph(words) for words in (*footer, opening_words(known)))]
        return Group(*parts)

    return Drawing(draw)


def _who(of: Confirmed) -> str:
    return shown_name(of.label, of.entry)


def _scores(found: Sequence[Confirmed], opened: bool) -> list[Column]:
    columns = [
        Column("formula", [formula(c.entry.expression) for c in found], least=8),
        Column("name", [_name(c) for c in found], least=6),
        Column("search %", [percent(c.entry.val_acc) for c in found], right=True),
        Column("val acc %", [_trained(c) for c in found]),
    ]
    if opened:
        columns.append(Column("test acc %", [_mean(c.test) for c in found]))
    if any(c.entry.settings for c in found):
        columns.append(Column("settings", [settings_words(c.entry.settings) for c in found], least=8))
    return [
        *columns,
        Column("n", [str(c.record.n_seeds) if c.record else NONE for c in found], right=True),
        Column(
            "no.", [(NONE if c.entry.trial is None else str(c.entry.trial), DIM) for c in found], right=True
        ),
    ]


def _name(of: Confirmed) -> Words:
    words = of.entry.name or ""
    return (f"{words}{MARK}", BASELINE) if of.entry.baseline else words


def _trained(of: Confirmed) -> Words:
    if of.record is None:
        return ("not yet", DIM)
    return _mean(of.validation) if of.validation else (of.record.outcome.value, TROUBLE)


def _mean(part: Part | None) -> Words:
    if part is None:
        return NONE
    mean = part.mean
    half = None if mean.ci_high is None else mean.ci_high - mean.difference
    return f"{percent(mean.difference)} {spread(half)}"


def _differences(winners: Sequence[Confirmed], opened: bool) -> list[Column]:
    relu = [_tested(c, opened).vs_relu if _judged(c) else None for c in winners]
    best = [_tested(c, opened).vs_best_baseline if _judged(c) else None for c in winners]
    part = "test" if opened else "val"
    return [
        Column("winner", [_who(c) for c in winners], least=6),
        Column(f"{part} vs ReLU", [_difference(a) for a in relu]),
        Column("p", [_p(a) for a in relu], right=True),
        Column("vs best baseline", [_difference(a) for a in best]),
        Column("p", [_p(a) for a in best], right=True),
    ]


def _judged(of: Confirmed) -> bool:
    return of.validation is not None


def _tested(of: Confirmed, opened: bool) -> Part:
    part = of.test if opened else of.validation
    assert part is not None  # every candidate that finished was tested
    return part


def _difference(of: Against | None) -> Words:
    if of is None or of.result is None:
        return NONE
    result = of.result
    words = points(result.difference)
    if result.ci_low is not None:
        words += f" ({points(result.ci_low)} to {points(result.ci_high)})"
    sure = of.p_holm is not None and of.p_holm < LEVEL and result.difference > 0
    return (words, BEST) if sure else words


def _p(of: Against | None) -> str:
    return NONE if of is None else p_value(of.p_holm)


def _footer(
    found: Sequence[Confirmed], roster: Roster, protocol: Protocol, images: int | None
) -> Iterator[str]:
    yield (
        f"search: the score that chose it among {roster.selected_among:,} trained candidates; val acc, test "
        f"acc: mean over fresh seeds ± half its 95 % interval; {MARK} baseline; no.: trial of the search"
    )
    less = optimism(found)
    if less is not None:
        words = f"on fresh seeds the winners score {percent(abs(less))} points"
        if less > 0:
            yield f"{words} less than in the search, on average: the best of many are partly the luckiest"
        else:
            yield f"{words} more than in the search, on average: their scores there were no luck"
    references = {t.label for c in found if c.validation for t in _tests(c.validation)}
    if references:
        best = next(_who(c) for c in found if c.best_baseline)
        yield (
            "differences in points, paired by seed, with their 95 % interval; paired t test, p corrected "
            f"(Holm) for {len(references) * len(roster.winners())} tests together; the best baseline on "
            f"validation is {best}"
        )
    if images is not None:
        middle = max((c.test.mean.difference for c in found if c.test), default=0.0)
        error = math.sqrt(max(middle * (1 - middle), 0.0) / images)
        yield (
            f"the {images:,} test images alone leave a standard error of {spread(error)} points (binomial) "
            "that no number of seeds makes less; much of it is common to all and cancels in the differences"
        )


def _tests(part: Part) -> list[Against]:
    return [test for test in (part.vs_relu, part.vs_best_baseline) if test is not None]
