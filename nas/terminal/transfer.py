"""Winners on several networks and data sets: a table for each data set, agreement, who falls behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType

from nas.analysis.transfer import Cell, Score, Standing, standings
from nas.runs.roster import Roster
from nas.terminal.canvas import BASELINE, BEST, DIM, HEADING, TROUBLE, WIDE, Canvas, Column, Drawing, Part
from nas.terminal.leaderboard import MARK
from nas.terminal.text import NONE, formula, p_value, percent, points, settings_words, spread

_BESIDE = 2  #: networks side by side in 80 columns


def transfer(roster: Roster, found: Sequence[Cell], *, title: str) -> Drawing:
    """Mean, spread and rank of every candidate in every cell; Spearman; beside ReLU."""
    judged = standings(roster, found)

    def draw(canvas: Canvas) -> RenderableType:
        seeds = ", ".join(sorted({str(cell.protocol.seeds) for cell in found}))
        facts = f"winners of {roster.search}: {len(roster.winners())} · seeds: {seeds}"
        parts: list[RenderableType] = [canvas.line((title, HEADING), "   ", (facts, DIM)), ""]
        for data, same in groupby(found, key=lambda cell: cell.protocol.data):
            some, room = list(same), 2 * _BESIDE if canvas.width >= WIDE else _BESIDE
            for start in range(0, len(some), room):
                parts += [
                    canvas.line((data, HEADING)),
                    canvas.table(_scores(judged, some[start : start + room])),
                    "",
                ]
        parts += [canvas.table(_orders(found)), "", canvas.table(_standings(judged, len(found))), ""]
        parts += [canvas.paragraph(f"{s.label}: {s.verdict}", "") for s in judged if s.verdict]
        return Group(*parts, "", *map(canvas.paragraph, _footer(judged)))

    return Drawing(draw)


def _scores(judged: Sequence[Standing], found: Sequence[Cell]) -> list[Column]:
    columns = [
        Column("formula", [formula(s.entry.expression) for s in judged], least=8),
        Column("name", [_name(s) for s in judged], least=6),
    ]
    for cell in found:
        scores = [cell.scores[s.label] for s in judged]
        columns += [
            Column(f"{cell.protocol.net} %", [_score(score) for score in scores]),
            Column("n", [str(s.record.n_seeds) if s.record else NONE for s in scores], right=True),
            Column("#", [(str(s.rank or NONE), BEST if s.rank == 1 else "") for s in scores], right=True),
        ]
    if any(s.entry.settings for s in judged):
        columns.append(Column("settings", [settings_words(s.entry.settings) for s in judged], least=8))
    return columns


def _name(of: Standing) -> Part:
    words = of.entry.name or ""
    return (f"{words}{MARK}", BASELINE) if of.entry.baseline else words


def _score(of: Score) -> Part:
    if of.record is None:
        return ("not yet", DIM)
    if not of.finished:
        return (of.record.outcome.value, TROUBLE)
    words = f"{percent(of.record.val_acc)} {spread(of.record.val_acc_std)}"
    return (words, BEST) if of.rank == 1 else words


def _orders(found: Sequence[Cell]) -> list[Column]:
    protocols = [cell.protocol for cell in found]
    return [
        Column("cell", [cell.label for cell in found], least=12),
        Column("width", [str(protocol.width) for protocol in protocols], right=True),
        Column("epochs", [str(protocol.epochs) for protocol in protocols], right=True),
        Column("of images", [f"{protocol.train_size or 0:,}" for protocol in protocols], right=True),
        Column("Spearman", [NONE if c.spearman is None else f"{c.spearman:+.2f}" for c in found], right=True),
        Column("p", [p_value(cell.spearman_p) for cell in found], right=True),
        Column("n", [str(cell.spearman_n) for cell in found], right=True),
    ]


def _standings(judged: Sequence[Standing], cells: int) -> list[Column]:
    return [
        Column("candidate", [s.label if s.verdict else _name(s) for s in judged], least=8),
        Column("mean #", [NONE if s.mean_rank is None else f"{s.mean_rank:.1f}" for s in judged], right=True),
        Column("not below ReLU", [_not_below(s, cells) for s in judged], right=True),
        Column("lowest", [NONE if s.reference else points(s.worst_difference) for s in judged], right=True),
        Column("in", [NONE if s.reference else s.worst or NONE for s in judged], least=8),
        Column("p Holm", [p_value(s.p_holm) for s in judged], right=True),
    ]


def _not_below(of: Standing, cells: int) -> Part:
    return ("reference", DIM) if of.reference else f"{of.not_below} of {cells}"


def _footer(judged: Sequence[Standing]) -> Iterator[str]:
    yield (
        "%: mean validation accuracy ± sample standard deviation over n seeds; #: rank in the column; "
        f"{MARK} baseline"
    )
    yield (
        "Spearman: rank correlation of the cell's order with that of the search, over the n candidates that "
        "have a score in both; the winners were chosen by the latter, which makes it less"
    )
    yield (
        "lowest: the least mean difference to ReLU, in points; p: that a winner is truly at or below ReLU in "
        "some cell, the largest one-sided p of the paired t tests of all cells (intersection-union test), "
        f"corrected (Holm) for the number of winners, {sum(bool(s.verdict) for s in judged)}; p of one cell: "
        "two-sided, not corrected"
    )
