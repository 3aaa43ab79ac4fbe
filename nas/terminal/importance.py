"""What mattered in a search: decisions, pairs of them, where trials diverged, and what none of it can say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from nas.analysis.choices import OTHERS, RARE
from nas.analysis.correction import LEVEL
from nas.analysis.importance import Decision, Fall, Importance, Option, Pair
from nas.terminal.canvas import BEST, DIM, HEADING, TROUBLE, WIDE, Canvas, Column, Drawing
from nas.terminal.canvas import Part as Words
from nas.terminal.text import NONE, formula, p_value, percent

_MOST_PAIRS = 10  #: on the screen; JSON has all
_MOST_FALLS = 6


def importance(of: Importance, *, title: str) -> Drawing:
    """Decisions by their share of the variance, pairs by p."""

    def draw(canvas: Canvas) -> RenderableType:
        facts = f"{of.trials:,} finished trials · {of.diverged:,} diverged · {of.pruned:,} pruned"
        parts: list[RenderableType] = [
            canvas.line((title, HEADING), "   ", (facts, DIM)),
            "",
        ]
        judged, options = _decisions(of.decisions), _options(of.decisions)
        if canvas.width >= WIDE:
            parts.append(canvas.table([*judged, *options[1:]]))
        else:
            parts += [canvas.table(judged), "", canvas.table(options)]
        if of.pairs:
            parts += ["", canvas.table(_pairs(of.pairs[:_MOST_PAIRS]))]
        if of.falls:
            parts += ["", canvas.table(_falls(of.falls[:_MOST_FALLS]))]
        return Group(*parts, "", canvas.paragraph(_verdict(of), ""), "", *map(canvas.paragraph, _footer(of)))

    return Drawing(draw)


def _decisions(rows: Sequence[Decision]) -> list[Column]:
    return [
        Column("decision", [row.name for row in rows], least=10),
        Column("share %", [_share(row.share, row.p_holm) for row in rows], right=True),
        Column("95 % interval", [_interval(row) for row in rows]),
        Column("p Holm", [p_value(row.p_holm) for row in rows], right=True),
        Column("n", [str(row.n) for row in rows], right=True),
    ]


def _options(rows: Sequence[Decision]) -> list[Column]:
    return [
        Column("decision", [row.name for row in rows], least=10),
        Column("best", [_option(row.best) for row in rows], least=8),
        Column("worst", [_option(row.worst) for row in rows], least=8),
    ]


def _pairs(rows: Sequence[Pair]) -> list[Column]:
    return [
        Column("pair", [row.a for row in rows], least=8),
        Column("", [row.b for row in rows], least=8),
        Column("beyond %", [_share(row.share, row.p_holm) for row in rows], right=True),
        Column("p Holm", [p_value(row.p_holm) for row in rows], right=True),
        Column("n", [str(row.n) for row in rows], right=True),
        Column("best together", [_option(row.best) for row in rows], least=8),
    ]


def _falls(rows: Sequence[Fall]) -> list[Column]:
    return [
        Column("diverged most", [row.name for row in rows], least=10),
        Column("with", [formula(row.option) for row in rows], least=8),
        Column("trials", [(f"{row.diverged} of {row.trained}", TROUBLE) for row in rows], right=True),
        Column("p Holm", [p_value(row.p_holm) for row in rows], right=True),
    ]


def _share(share: float | None, p: float | None) -> Words:
    words = NONE if share is None else f"{100 * share:.1f}"
    return (words, BEST) if _sure(p) else words


def _interval(row: Decision) -> str:
    if row.ci_low is None or row.ci_high is None:
        return NONE
    return f"{100 * row.ci_low:.1f} to {100 * row.ci_high:.1f}"


def _option(of: Option) -> str:
    return f"{percent(of.mean)} ({of.n}) {formula(of.option)}"


def _sure(p: float | None) -> bool:
    return p is not None and p < LEVEL


def _verdict(of: Importance) -> str:
    sure = [row.name for row in of.decisions if _sure(row.p_holm)]
    sure += [f"{row.a} together with {row.b}" for row in of.pairs if _sure(row.p_holm)]
    if sure:
        return f"mattered, below p = {LEVEL:g}: {', '.join(sure)}"
    if all(row.share is None for row in of.decisions):
        return "too few trials have finished to tell any decision from chance"
    return f"no decision and no pair can be told from chance at p = {LEVEL:g} with these trials"


def _footer(of: Importance) -> Iterator[str]:
    yield (
        "share: of the variance of the scores (ranks, as normal scores), adjusted for the number of groups "
        "(epsilon squared), with a bootstrap interval; beyond: what a pair explains beyond the two alone; p: "
        "by permutation, corrected (Holm) for all rows of a kind"
    )
    yield (
        f"best, worst: mean score in % (n); {OTHERS}: options with fewer than {RARE} trials, in pairs the "
        "less frequent ones too; numbers are cut into parts with as many trials each; optimizer.*: where a "
        "number lies in the range of its own rule, 0 to 1"
    )
    if of.pairs or of.untested:
        shown = min(len(of.pairs), _MOST_PAIRS)
        yield f"pairs: {shown} of {len(of.pairs):,} shown; {of.untested:,} more have too few trials"
    if of.diverged:
        yield "diverged trials have no score and no part in the shares; where most are is judged by itself"
    yield of.note
