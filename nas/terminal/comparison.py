"""A comparison as two tables, scores and pairs, and how many seeds a difference needs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType

from nas.analysis.comparison import Pair
from nas.analysis.correction import LEVEL
from nas.analysis.paired import POWER
from nas.analysis.power import Plan
from nas.protocol import Protocol
from nas.runs.records import TrialRecord
from nas.terminal.canvas import BEST, DIM, HEADING, Canvas, Column, Drawing
from nas.terminal.text import NONE, formula, p_value, percent, points, spread


def comparison(
    pairs: Sequence[Pair], records: Sequence[TrialRecord], protocol: Protocol, *, title: str
) -> Drawing:
    """Scores of what was trained, then every pair with its interval, corrected p and verdict."""

    def draw(canvas: Canvas) -> RenderableType:
        best = max((r.val_acc or 0.0 for r in records if r.reason is None), default=0.0)
        scores = [
            Column("formula", [formula(r.expression) for r in records], least=8),
            Column("name", [r.name or "" for r in records], least=6),
            Column("val acc %", [_score(r, best) for r in records]),
            Column("n", [str(r.n_seeds) for r in records], right=True),
        ]
        differences = [
            Column("a", [formula(p.a) for p in pairs], least=6),
            Column("b", [formula(p.b) for p in pairs], least=6),
            Column("a - b", [points(p.result.difference if p.result else None) for p in pairs], right=True),
            Column("95 % interval", [_interval(p) for p in pairs]),
            Column("p", [p_value(p.result.p if p.result else None) for p in pairs], right=True),
            Column("p Holm", [p_value(p.p_holm) for p in pairs], right=True),
            Column(f"±{100 * pairs[0].margin:g}", [_share(p.equivalence) for p in pairs], right=True),
        ]
        verdicts = [canvas.paragraph(f"{formula(p.a)} - {formula(p.b)}: {p.verdict}", "") for p in pairs]
        facts = (
            f"{protocol.data} · {protocol.net} of width {protocol.width} · {protocol.epochs} epochs of "
            f"{protocol.train_size:,} images · {protocol.seeds} seeds"
        )
        return Group(
            canvas.line((title, HEADING), "   ", (facts, DIM)),
            "",
            canvas.table(scores),
            "",
            canvas.table(differences),
            "",
            *verdicts,
            "",
            canvas.paragraph(
                "differences in percentage points of validation accuracy, paired by seed, batches and split; "
                f"paired t test; Holm: corrected for {len(pairs)} pair{'s' * (len(pairs) > 1)} together; "
                f"±{100 * pairs[0].margin:g}: probability that the two differ by less than "
                f"{100 * pairs[0].margin:g} points"
            ),
        )

    return Drawing(draw)


def plan(of: Plan, *, title: str) -> Drawing:
    """How many paired seeds show which difference."""

    def draw(canvas: Canvas) -> RenderableType:
        columns = [
            Column("difference", [f"{100 * row.difference:g} points" for row in of.rows], right=True),
            Column("paired seeds", [_count(row.seeds) for row in of.rows], right=True),
            Column("from", [_count(row.low) for row in of.rows], right=True),
            Column("to", [_count(row.high) for row in of.rows], right=True),
        ]
        return Group(
            canvas.line(
                (title, HEADING),
                f"   spread of paired differences {percent(of.spread)} points "
                f"({percent(of.spread_low)} to {percent(of.spread_high)})",
            ),
            "",
            canvas.table(columns),
            "",
            canvas.paragraph(
                f"seeds with which a paired t test at the level {LEVEL:g} finds a true difference with the "
                f"chance {POWER:g}; from, to: at the ends of the 95 % interval of the spread, which was "
                f"measured on {of.pairs} pairs of candidates with {of.degrees} degrees of freedom"
            ),
        )

    return Drawing(draw)


def _score(record: TrialRecord, best: float) -> str | tuple[str, str]:
    words = f"{percent(record.val_acc)} {spread(record.val_acc_std)}"
    if record.reason is not None:
        return f"{words} {record.outcome}"
    return (words, BEST) if record.val_acc == best else words


def _interval(pair: Pair) -> str:
    if pair.result is None or pair.result.ci_low is None:
        return NONE
    return f"{points(pair.result.ci_low)} to {points(pair.result.ci_high)}"


def _share(probability: float | None) -> str:
    return NONE if probability is None else f"{probability:.2f}"


def _count(n: int | None) -> str:
    return "> 1,000,000" if n is None else f"{n:,}"
