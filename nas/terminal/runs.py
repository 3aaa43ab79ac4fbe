"""One run and one trial of it: configuration, provenance, curves."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType

from nas.outcomes import Epoch
from nas.runs.openings import Opening
from nas.runs.records import TrialRecord
from nas.terminal.canvas import HEADING, Canvas, Column, Drawing
from nas.terminal.leaderboard import cost_words, outcome_words
from nas.terminal.openings import opening_words
from nas.terminal.plot import Curve, graph
from nas.terminal.tables import facts, sheet
from nas.terminal.text import NONE, duration, number, percent, spread

_GRAPH_ROWS = 8
_MOST_COLUMNS = 100  #: a wider graph of a few epochs says no more


def run(
    name: str,
    config: Mapping[str, object],
    provenance: Mapping[str, object],
    records: Sequence[TrialRecord],
    openings: Sequence[Opening] = (),
) -> Drawing:
    """What a run was asked to do, on what it ran, and what came of it.

    Args:
        config: the run's configuration as plain data, sections as mappings.
        provenance: versions, hardware, command, seeds, data, as plain data.
        openings: of the test set, for this run.
    """

    def draw(canvas: Canvas) -> RenderableType:
        return Group(
            canvas.line((name, HEADING)),
            canvas.paragraph(f"{outcome_words(records)}; {cost_words(records)}".removeprefix("; "), ""),
            canvas.paragraph(opening_words(openings), ""),
            "",
            sheet({"configuration": config, "provenance": {**provenance, **_command(provenance)}}),
        )

    return Drawing(draw)


def trial(record: TrialRecord) -> Drawing:
    """One trial: what it was, how it ended, its epochs as a table and its accuracy and losses as graphs."""

    def draw(canvas: Canvas) -> RenderableType:
        title = f"trial {record.number}" + (f"   {record.name}" if record.name else "")
        parts: list[RenderableType] = [canvas.line((title, HEADING)), "", facts(_facts(record))]
        epochs = _by_epoch(record)
        if epochs:
            parts += ["", canvas.table(_table(epochs)), ""]
            parts += _graphs(canvas, epochs)
            if len(record.curves) > 1:
                parts.append(canvas.paragraph("means over the seeds that reached the epoch, n beside them"))
        return Group(*parts)

    return Drawing(draw)


def _command(provenance: Mapping[str, object]) -> dict[str, str]:
    """The command as one would type it, where it is recorded word by word."""
    words = provenance.get("command")
    return {"command": shlex.join(map(str, words))} if isinstance(words, list | tuple) else {}


def _facts(record: TrialRecord) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = [
        ("formula", record.expression),
        ("complexity", f"{record.complexity} nodes"),
        ("origin", record.origin),
        ("outcome", f"{record.outcome}: {record.reason}" if record.reason else record.outcome.value),
        ("val acc", _score(record)),
    ]
    if record.n_seeds > 1:
        pairs.append(("by seed", [f"{percent(value)} %" for value in record.val_accs]))
    pairs += [(key, value) for key, value in record.settings.items()]
    if record.init_gain is not None:
        pairs.append(("init gain", f"{record.init_gain:.4g}"))
    cost = f"{duration(record.seconds)}, {record.train_images:,} training images"
    return [*pairs, ("cost", cost)]


def _score(record: TrialRecord) -> str:
    if record.val_acc is None:
        return NONE
    if record.n_seeds == 1:
        return f"{percent(record.val_acc)} % (n = 1, spread unknown)"
    mean, deviation = percent(record.val_acc), spread(record.val_acc_std)
    return f"{mean} {deviation} % (sample standard deviation, n = {record.n_seeds})"


def _by_epoch(record: TrialRecord) -> list[list[Epoch]]:
    """The epochs of all seeds by number: [[epoch 1 of each seed], [epoch 2 ...], ...]."""
    longest = max(map(len, record.curves), default=0)
    return [[curve[i] for curve in record.curves if len(curve) > i] for i in range(longest)]


def _table(epochs: Sequence[Sequence[Epoch]]) -> list[Column]:
    several = max(map(len, epochs)) > 1
    columns = [
        Column("epoch", [str(same[0].number) for same in epochs], right=True),
        Column("train loss", _cells(epochs, lambda e: e.train_loss, _loss), right=True),
        Column("val loss", _cells(epochs, lambda e: e.val_loss, _loss), right=True),
        Column("val acc %", _cells(epochs, lambda e: e.val_acc, percent), right=True),
        Column("seconds", _cells(epochs, lambda e: e.seconds, number), right=True),
    ]
    looked_at = [same[0].val_images for same in epochs]
    if len(set(looked_at)) > 1:  # all epochs but the last are only glanced at
        words = [f"{images:,}" if images is not None else "all" for images in looked_at]
        columns.insert(4, Column("val images", words, right=True))
    return [*columns, Column("n", [str(len(same)) for same in epochs], right=True)] if several else columns


def _cells(
    epochs: Sequence[Sequence[Epoch]], value: Callable[[Epoch], float], words: Callable[[float], str]
) -> list[str]:
    means = _means(epochs, value)
    return [words(mean) if math.isfinite(mean) else "not finite" for mean in means]


def _loss(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1000 else number(value)


def _means(epochs: Sequence[Sequence[Epoch]], value: Callable[[Epoch], float]) -> list[float]:
    return [sum(map(value, same)) / len(same) for same in epochs]


def _graphs(canvas: Canvas, epochs: Sequence[Sequence[Epoch]]) -> list[RenderableType]:
    """Accuracy above losses; a single epoch needs no graph."""
    if len(epochs) < 2:
        return []
    x = [float(same[0].number) for same in epochs]
    columns = min(canvas.width, _MOST_COLUMNS)
    accuracy = [Curve("val acc %, by epoch", [100 * v for v in _means(epochs, lambda e: e.val_acc)])]
    losses = [
        Curve("train loss", _means(epochs, lambda e: e.train_loss)),
        Curve("val loss", _means(epochs, lambda e: e.val_loss)),
    ]
    return [
        graph(x, accuracy, columns=columns, rows=_GRAPH_ROWS),
        "",
        graph(x, losses, columns=columns, rows=_GRAPH_ROWS),
    ]
