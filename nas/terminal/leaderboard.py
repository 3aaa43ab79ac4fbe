"""The leaderboard as a table: rank, formula, score with its doubt, difference to ReLU, cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from nas.analysis.doubt import Contrast, Noise
from nas.analysis.leaderboard import REFERENCE, LeaderboardRow, noise_of, outcome_counts
from nas.analysis.rungs import RungRow, rung_rows, unfinished_images
from nas.protocol import Protocol
from nas.rows.pruners import FIDELITIES
from nas.runs.records import TrialRecord
from nas.terminal.canvas import BASELINE, BEST, DIM, HEADING, TROUBLE, WIDE, Canvas, Column, Drawing, Part
from nas.terminal.text import (
    NONE,
    duration,
    formula,
    percent,
    points,
    settings_words,
    short_count,
    short_duration,
    spread,
)

WIDER = 140  #: columns from which on there is room for the shrunken score and the best baseline
_COMPLEXITY = "complexity: nodes of the expression"
MARK = "*"  #: follows the rank of a baseline


def leaderboard(
    shown: Sequence[LeaderboardRow], records: Sequence[TrialRecord], protocol: Protocol, *, title: str = ""
) -> Drawing:
    """A table of the rows `shown`, and below it what all `records` of the run came to.

    Trials that did not finish follow in a table of their own, with the reason.
    """
    finished = [row for row in shown if row.rank is not None]
    others = [row for row in shown if row.rank is None]

    def draw(canvas: Canvas) -> RenderableType:
        parts: list[RenderableType] = [_title(canvas, title, protocol), ""]
        if finished:
            parts += [canvas.table(_columns(canvas, finished, protocol)), ""]
        if others:
            parts += [canvas.table(_unfinished(others)), ""]
        if not shown:
            parts += ["no trial has ended yet" if not records else "no row to show", ""]
        if ladder := rung_rows(records, protocol):
            parts += [canvas.table(_rungs(ladder, protocol)), ""]
        parts += [
            canvas.paragraph(words, style)
            for words, style in _footer(canvas, shown, finished, records, protocol)
        ]
        return Group(*parts)

    return Drawing(draw)


def _title(canvas: Canvas, title: str, protocol: Protocol) -> RenderableType:
    if protocol.task:
        facts = [f"task {protocol.task}", f"{protocol.epochs:,} evaluations for each learning rate"]
        return canvas.line((title, HEADING), "   " if title else "", (" · ".join(facts), DIM))
    trained = f"{protocol.train_size:,} images" if protocol.train_size else "all images"
    facts = [
        protocol.data,
        f"{protocol.net} of width {protocol.width}",
        f"{protocol.epochs} epochs of {trained}",
    ]
    return canvas.line((title, HEADING), "   " if title else "", (" · ".join(facts), DIM))


def _columns(canvas: Canvas, rows: Sequence[LeaderboardRow], protocol: Protocol) -> list[Column]:
    wide = canvas.width >= WIDE
    columns = [
        Column("# ", [_rank(row) for row in rows], right=True),
        *_candidates(canvas, rows, protocol),
        Column("score %" if protocol.task else "val acc %", _scores(rows)),
        Column("n", [str(row.n_seeds) for row in rows], right=True),
    ]
    if any(row.lr is not None for row in rows):
        columns.append(
            Column("lr", [NONE if row.lr is None else f"{row.lr:.3g}" for row in rows], right=True)
        )
    wider = canvas.width >= WIDER
    if wider and any(row.shrunken is not None for row in rows):
        columns.append(Column("shrunken", [percent(row.shrunken) for row in rows], right=True))
    if any(row.difference_to_relu for row in rows):
        columns.append(Column(_versus(rows), _differences(rows)))
    if any(row.vs_relu for row in rows):
        columns.append(Column("p", [_p(row.vs_relu) for row in rows], right=True))
    if wider and any(row.vs_best_baseline for row in rows):
        columns.append(Column("vs best baseline", [_against(row.vs_best_baseline) for row in rows]))
        columns.append(Column("p", [_p(row.vs_best_baseline) for row in rows], right=True))
    if any(row.settings for row in rows) and not _one_function(rows):
        columns.append(Column("settings", [settings_words(row.settings) for row in rows], least=8))
    if any(row.settings.keys() & {"net", "width"} for row in rows):  # functions hardly change the price
        for key, heading in (("parameters", "params"), ("macs", "MACs"))[: 2 if wide else 1]:
            counts = [getattr(row, key) for row in rows]
            columns.append(
                Column(heading, [NONE if n is None else short_count(n) for n in counts], right=True)
            )
    if any(row.net_score is not None for row in rows):
        scores = [NONE if row.net_score is None else f"{row.net_score:.2f}" for row in rows]
        columns.append(Column("net score" if wide else "score", scores, right=True))
    columns.append(Column("time", [short_duration(row.seconds) for row in rows], right=True, spare=True))
    if wide or _images(rows) is None:
        unit = "evals" if protocol.task else "images"
        columns.append(Column(unit, [short_count(row.train_images) for row in rows], right=True, spare=True))
    columns.append(Column("trial" if wide else "no.", [(str(row.trial), DIM) for row in rows], right=True))
    return columns


def _one_function(rows: Sequence[LeaderboardRow]) -> bool:
    """Whether candidates differ in their settings alone."""
    return len({row.expression for row in rows}) == 1 and any(row.settings for row in rows)


def _candidates(canvas: Canvas, rows: Sequence[LeaderboardRow], protocol: Protocol) -> list[Column]:
    """What was trained: a function, or settings where the function is the same for all."""
    if _one_function(rows):
        searched = dict.fromkeys(key for row in rows for key in row.settings)
        own = {key: value for key, value in protocol.flat.items() if key in searched}
        words = [settings_words(row.settings or own) for row in rows]
        named = len({row.name for row in rows}) > 1
        names = [Column("name", [row.name or "" for row in rows], least=6)] if named else []
        return [Column("candidate", words, least=20), *names]
    return [
        Column("formula", [formula(row.expression) for row in rows], least=8),
        Column("name", [row.name or "" for row in rows], least=6),
        Column("complexity" if canvas.width >= WIDE else "cx", [str(r.complexity) for r in rows], right=True),
    ]


def _versus(rows: Sequence[LeaderboardRow]) -> str:
    """The heading of the differences to ReLU, or to the baseline where all have ReLU."""
    return "vs baseline" if _one_function(rows) else f"vs {REFERENCE}"


def _rank(row: LeaderboardRow) -> Part:
    """The band of ranks that a candidate is in; its own rank where there is none."""
    low, high = row.band or (row.rank, row.rank)
    words = f"{low}" if low == high else f"{low}-{high}"
    if row.baseline:
        return f"{words}{MARK}", BASELINE
    return f"{words} ", BEST if row.rank == 1 else ""


def _scores(rows: Sequence[LeaderboardRow]) -> list[Part]:
    widest = max(len(spread(row.val_acc_std)) for row in rows)
    cells = [f"{percent(row.val_acc):>5} {spread(row.val_acc_std):<{widest}}" for row in rows]
    return [(cell, BEST if row.rank == 1 else "") for cell, row in zip(cells, rows, strict=True)]


def _differences(rows: Sequence[LeaderboardRow]) -> list[Part]:
    return [_difference(row) for row in rows]


def _difference(row: LeaderboardRow) -> Part:
    difference = row.difference_to_relu
    if difference is None or row.reference:
        return ("reference", DIM) if row.reference else NONE
    words = f"{points(difference.mean):>6}"
    if row.vs_relu is not None:
        words += f" {spread((row.vs_relu.ci_high - row.vs_relu.ci_low) / 2)}"
    return words + (f" ({difference.n_seeds})" if difference.n_seeds != row.n_seeds else "")


def _against(contrast: Contrast | None) -> str:
    if contrast is None:
        return NONE
    return f"{points(contrast.difference):>6} {spread((contrast.ci_high - contrast.ci_low) / 2)}"


def _p(contrast: Contrast | None) -> str:
    if contrast is None:
        return NONE
    return f"{contrast.p_holm:.2g}" if contrast.p_holm >= 0.001 else "<.001"


def _unfinished(rows: Sequence[LeaderboardRow]) -> list[Column]:
    return [
        Column("outcome", [(row.outcome.value, TROUBLE) for row in rows]),
        Column("candidate", [_unfinished_words(row) for row in rows], least=12),
        Column("name", [_name_of_unfinished(row) for row in rows], least=6),
        Column("reason", [row.reason or "" for row in rows], least=16),
        Column("time", [short_duration(row.seconds) for row in rows], right=True),
        Column("no.", [(str(row.trial), DIM) for row in rows], right=True),
    ]


def _rungs(rows: Sequence[RungRow], protocol: Protocol) -> list[Column]:
    """What each rung cost and decided."""
    return [
        Column("rung", [str(row.rung + 1) for row in rows], right=True),
        Column(protocol.fidelity.replace("_", " "), [f"{row.value:,}" for row in rows], right=True),
        Column("candidates", [str(row.scored) for row in rows], right=True),
        Column("went on", [str(row.went_on) for row in rows[:-1]] + [NONE], right=True),
        Column("from %", [percent(row.cut) for row in rows], right=True),
        Column("best %", [percent(row.best) for row in rows], right=True),
        Column("images", [short_count(row.train_images) for row in rows], right=True),
        Column("cooldown", [short_count(row.cooldown_images) for row in rows], right=True),
        Column("time", [short_duration(row.seconds) for row in rows], right=True),
    ]


def _unfinished_words(row: LeaderboardRow) -> str:
    return " ".join(filter(None, (formula(row.expression), settings_words(row.settings))))


def _name_of_unfinished(row: LeaderboardRow) -> str:
    return f"{row.name or ''}{MARK if row.baseline else ''}"


def _images(rows: Sequence[LeaderboardRow]) -> int | None:
    """The training images that each trial cost, where all cost the same."""
    each = {row.train_images for row in rows}
    return each.pop() if len(each) == 1 else None


def _footer(
    canvas: Canvas,
    shown: Sequence[LeaderboardRow],
    finished: Sequence[LeaderboardRow],
    records: Sequence[TrialRecord],
    protocol: Protocol,
) -> Iterator[tuple[str, str]]:
    yield outcome_words(records, equal="equal to earlier ones"), ""
    yield cost_words(records, protocol), DIM
    if any(record.rungs for record in records):
        yield _rung_words(records, protocol), DIM
    if finished:
        yield from ((words, DIM) for words in _doubt(finished, noise_of(records, protocol.sample), protocol))
        yield _legend(canvas, finished), DIM
    if len(shown) < len(records):
        yield f"{len(shown)} of {len(records)} shown", DIM


def outcome_words(records: Sequence[TrialRecord], *, equal: str = "equal") -> str:
    """41 finished, 3 diverged, 5 screened, 12 equal; those equal to an earlier one were not trained again."""
    waiting = sum(record.waiting for record in records)
    ended = outcome_counts([record for record in records if not record.waiting])
    counts = [f"{n} {outcome}" for outcome, n in ended.items() if n]
    counts += [f"{waiting} waiting"] if waiting else []
    known = sum(record.equal_proposals for record in records)
    return ", ".join([*counts, f"{known} {equal}"] if known else counts)


def cost_words(records: Sequence[TrialRecord], protocol: Protocol | None = None) -> str:
    """What the trials cost together: wall-clock and training images."""
    seconds = math.fsum(record.seconds for record in records if math.isfinite(record.seconds))
    images = sum(record.train_images for record in records)
    what = "evaluations" if protocol is not None and protocol.task else "training images"
    return f"{duration(seconds)} and {images:,} {what} in all"


def _doubt(rows: Sequence[LeaderboardRow], of: Noise | None, protocol: Protocol) -> Iterator[str]:
    """What the signs mean, and what a single seed cannot say."""
    if protocol.task:
        yield (
            "score: the decades of F - F* that are closed, of 12, averaged over the evaluations of F; "
            "100 % is at the optimum from the first one on"
        )
    tried = {row.lr_budget for row in rows}
    if max(tried) > 1:
        budget = " to ".join(f"{n}" for n in sorted({min(tried), max(tried)}))
        yield (
            f"lr: the best of {budget} learning rates, evenly spread over the range of each rule, "
            "chosen by the score under the first seed; all are paid for"
        )
    if any(row.n_seeds > 1 for row in rows):
        yield "± after val acc: sample standard deviation over n seeds"
    if any(row.band for row in rows):
        yield "#: ranks that cannot be told apart at the level 5 %, corrected (Holm)"
    if any(row.difference_to_relu for row in rows):
        yield (
            f"{_versus(rows)}: mean difference in points, paired by seed"
            + (
                ""
                if of is None
                else ", ± half its 95 % interval; p corrected (Holm) for all candidates of the run"
            )
        )
    if of is not None and of.spread is not None:
        yield (
            f"bands, intervals and p take one spread for all: {percent(of.spread)} points a training, from "
            f"what the seeds leave unexplained ({of.degrees:.0f} degrees of freedom)"
        )
    images = _images(rows)
    if images is not None:
        yield f"each row cost {images:,} {'evaluations' if protocol.task else 'training images'}"
    if any(row.n_seeds == 1 for row in rows) and not protocol.task:
        yield one_seed_words(max(row.val_acc or 0.0 for row in rows), protocol.val_size)


def _rung_words(records: Sequence[TrialRecord], protocol: Protocol) -> str:
    """What is in the costs of the rungs, and what is not."""
    words = "rungs: scores of the first seed; images include baselines and further seeds"
    if FIDELITIES.find(protocol.fidelity).goes_on:
        words += ", and cooldowns, which are paid at every rung anew"
    else:
        words += "; each rung trains anew"
    lost = unfinished_images(records)
    return f"{words}; {lost:,} more went into trainings that diverged or failed" if lost else words


def _legend(canvas: Canvas, rows: Sequence[LeaderboardRow]) -> str:
    wide = canvas.width >= WIDE
    words = [] if _one_function(rows) else [_COMPLEXITY if wide else f"cx: {_COMPLEXITY.replace(':', ',')}"]
    words += [f"{MARK} baseline"] if any(row.baseline for row in rows) else []
    if canvas.width >= WIDER and any(row.shrunken is not None for row in rows):
        words.append(
            "shrunken: val acc % expected of a repetition, as the best of many is partly the luckiest"
        )
    return "; ".join(words if wide else [*words, "no.: trial"])


def one_seed_words(val_acc: float, val_size: int) -> str:
    """How far a score of one seed may be off by the choice of validation images alone: sqrt(p (1-p) / n)."""
    error = math.sqrt(max(val_acc * (1 - val_acc), 0.0) / val_size)
    return (
        f"n = 1: one seed gives no spread; the {val_size:,} validation images alone leave a standard error "
        f"of {spread(error)} points (binomial); bands, intervals and p know no more, other seeds add to it"
    )
