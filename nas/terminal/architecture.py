"""Networks: what each layer gives and costs, and the scores of several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType

from nas.terminal.canvas import BEST, DIM, HEADING, Canvas, Column, Drawing
from nas.terminal.text import NONE, number, short_count, short_duration


@dataclass(frozen=True)
class LayerLine:
    """One layer for one image."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    macs: int
    activation_bytes: int
    dense: int | None


@dataclass(frozen=True)
class ScoreLine:
    """One architecture and its scores."""

    arch: str
    parameters: int
    macs: int
    scores: Mapping[str, float]
    score: float
    seconds: float


def layers(title: str, summary: str, shape: Sequence[int], lines: Sequence[LayerLine], total: int) -> Drawing:
    """A network layer by layer; `total` is the number of its parameters.

    dense is the number of weights of a linear layer between the same shapes.
    """

    def draw(canvas: Canvas) -> RenderableType:
        macs, memory = sum(line.macs for line in lines), sum(line.activation_bytes for line in lines)
        columns = [
            Column("layer", [(line.name, DIM) for line in lines], least=4),
            Column("kind", [line.kind for line in lines], least=8),
            Column("output", [size(line.shape) for line in lines], right=True),
            Column("weights", [_count(line.parameters) for line in lines], right=True),
            Column("MACs", [_count(line.macs) for line in lines], right=True),
            Column("bytes", [_count(line.activation_bytes) for line in lines], right=True),
            Column(
                "dense", [NONE if line.dense is None else _count(line.dense) for line in lines], right=True
            ),
        ]
        return Group(
            canvas.line((title, HEADING)),
            canvas.paragraph(summary),
            "",
            canvas.line(
                f"{total:,} parameters   {macs:,} MACs   {memory:,} bytes of activations",
            ),
            canvas.paragraph(f"for one image of {size(shape)}"),
            "",
            canvas.table(columns),
        )

    return Drawing(draw)


def scores(lines: Sequence[ScoreLine], explained: Sequence[tuple[str, str]]) -> Drawing:
    """Architectures in the order given, with their scores; `explained` says what each is."""

    def draw(canvas: Canvas) -> RenderableType:
        best = max((line.score for line in lines), default=math.nan)
        columns = [
            Column("arch", [line.arch for line in lines], least=16),
            Column("params", [short_count(line.parameters) for line in lines], right=True),
            Column("MACs", [short_count(line.macs) for line in lines], right=True),
            Column(
                "score",
                [(f"{line.score:.3f}", BEST if line.score == best else "") for line in lines],
                right=True,
            ),
            Column("time", [(short_duration(line.seconds), DIM) for line in lines], right=True),
        ]
        parts: list[RenderableType] = [canvas.table(columns), ""]
        for name, words in explained:
            cells = "  ".join(number(line.scores[name]) for line in lines[:6])
            more = " …" if len(lines) > 6 else ""
            parts += [canvas.line((name, HEADING), f"   {cells}{more}"), canvas.paragraph(f"  {words}")]
        return Group(*parts)

    return Drawing(draw)


def size(shape: Sequence[int]) -> str:
    """(16, 32, 32) as 16x32x32."""
    return "x".join(map(str, shape))


def _count(value: int) -> str:
    return short_count(value) if value else NONE
