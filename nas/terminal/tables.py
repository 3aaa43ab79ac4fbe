"""Lists and sheets of facts: runs, spaces, data sets, configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from nas.terminal.canvas import BEST, DIM, HEADING, TROUBLE, WIDE, Canvas, Column, Drawing
from nas.terminal.text import NONE, formula, percent

_INDENT = 2


@dataclass(frozen=True)
class RunLine:
    """A run in the list of runs."""

    name: str
    created: str  #: ISO 8601
    space: str
    data: str
    net: str
    trials: int  #: that were trained
    state: str  #: running, stopped, finished
    best: float | None = None  #: highest val_acc, a fraction
    best_expression: str = ""  #: what scored it; shown where there is room


@dataclass(frozen=True)
class SpaceLine:
    """A search space in the list of spaces."""

    name: str
    summary: str
    size: int | None  #: distinct ways through its decisions; None: endless
    source: str = ""


@dataclass(frozen=True)
class DataLine:
    """A data set and where it is."""

    name: str
    summary: str
    ready: bool
    where: str  #: the folder, "part of scikit-learn", or how to get it


def runs(lines: Sequence[RunLine]) -> Drawing:
    """The runs, in the order given."""

    def columns(canvas: Canvas) -> list[Column]:
        wide = canvas.width >= WIDE
        shown = [
            Column("run", [(line.name, HEADING) for line in lines], least=10),
            Column(
                "created", [(line.created[: 16 if wide else 10].replace("T", " "), DIM) for line in lines]
            ),
            Column("space", [line.space for line in lines], least=6),
            Column("data", [line.data for line in lines], least=6),
            Column("net", [line.net for line in lines], least=5),
            Column("trials", [str(line.trials) for line in lines], right=True),
            Column("state", [line.state for line in lines]),
            Column("best %", [(percent(line.best), BEST) for line in lines], right=True),
        ]
        best = Column("best formula", [formula(line.best_expression) for line in lines], least=8)
        return [*shown, best] if wide else shown

    return _table(columns, "no run yet: start one with `nas search --space activations`")


def spaces(lines: Sequence[SpaceLine]) -> Drawing:
    """The search spaces that can be named, how many candidates each has, and what it is."""

    def draw(canvas: Canvas) -> RenderableType:
        parts: list[RenderableType] = []
        for line in lines:
            size = "endless" if line.size is None else f"{line.size:,} candidates"
            source = f" · {line.source}" if line.source else ""
            parts.append(canvas.line((line.name, HEADING), f"   {size}", (source, DIM)))
            parts += _flowing(canvas, line.summary, _INDENT)
        return Group(*parts) if parts else canvas.paragraph("no search space is installed", "")

    return Drawing(draw)


def data_sets(lines: Sequence[DataLine]) -> Drawing:
    """The data sets, whether each is on this machine, and where or how to get it."""

    def draw(canvas: Canvas) -> RenderableType:
        parts: list[RenderableType] = []
        for line in lines:
            state = ("ready", BEST) if line.ready else ("missing", TROUBLE)
            parts.append(canvas.line((line.name, HEADING), "   ", state))
            parts += _flowing(canvas, line.summary, _INDENT)
            parts += _flowing(canvas, line.where, _INDENT, DIM)
        return Group(*parts)

    return Drawing(draw)


def facts(pairs: Sequence[tuple[str, object]], *, title: str = "") -> Drawing:
    """Names and values in two columns; values that are long flow over further lines."""

    def draw(canvas: Canvas) -> RenderableType:
        parts: list[RenderableType] = [canvas.line((title, HEADING)), ""] if title else []
        return Group(*parts, *_pairs(canvas, pairs, 0))

    return Drawing(draw)


def sheet(sections: Mapping[str, Mapping[str, object]], *, title: str = "") -> Drawing:
    """Nested facts under the headings of `sections`, as a configuration or a provenance has them."""

    def draw(canvas: Canvas) -> RenderableType:
        parts: list[RenderableType] = [canvas.line((title, HEADING)), ""] if title else []
        for name, section in sections.items():
            parts += [canvas.line((name, HEADING)), *_pairs(canvas, list(_flat(section)), _INDENT), ""]
        return Group(*parts[:-1])

    return Drawing(draw)


def _table(columns: Callable[[Canvas], Sequence[Column]], empty: str) -> Drawing:
    def draw(canvas: Canvas) -> RenderableType:
        fitting = columns(canvas)
        return canvas.table(fitting) if fitting[0].cells else canvas.paragraph(empty, "")

    return Drawing(draw)


def _pairs(canvas: Canvas, pairs: Sequence[tuple[str, object]], indent: int) -> Iterator[Text]:
    """Keys in one column, values beside them; a key that is long does not push the values off the edge."""
    widest = max((cell_len(canvas.say(key)) for key, _ in pairs), default=0)
    beside = min(indent + widest + 2, canvas.width // 2)
    for key, value in pairs:
        head = canvas.short(key, max(beside - indent - 2, 1))
        first, *rest = list(_flowing(canvas, _value(value), beside)) or [Text("")]
        first = (
            Text(no_wrap=True, overflow="crop")
            .append(" " * indent)
            .append(head, DIM)
            .append(" " * max(beside - indent - cell_len(head), 0))
            .append(first.plain[beside:])
        )
        yield from (first, *rest)


def _flowing(canvas: Canvas, words: str, indent: int, style: str = "") -> Iterator[Text]:
    """`words` wrapped between `indent` and the right edge."""
    for line in wrap(canvas.say(words), max(canvas.width - indent, 1)):
        yield Text(" " * min(indent, canvas.width - 1) + line, style=style, no_wrap=True, overflow="crop")


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        lines += [line] if line else []
        *full, line = chop(word, width)
        lines += full
    return [*lines, line] if line else lines


def chop(word: str, width: int) -> list[str]:
    """A word in pieces of at most `width` cells; at least one piece."""
    pieces = [""]
    for sign in word:
        if pieces[-1] and cell_len(pieces[-1] + sign) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _flat(section: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in section.items():
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            value = {str(place): item for place, item in enumerate(value, start=1)}
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _value(value: object) -> str:
    if value is None or value == "" or value == {}:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value) or NONE
    return str(value)
