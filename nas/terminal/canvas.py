"""What a view draws on: so many columns and rows, in Unicode or ASCII; known only when the console asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from nas.terminal.text import clean, pad, shorten, to_ascii

DIM = "dim"  #: what may be overlooked
HEADING = "bold"
BEST = "bold green"
BASELINE = "yellow"
TROUBLE = "yellow"
FIRST = "cyan"  #: the first curve of a graph
SECOND = "magenta"
THIRD = "green"
FOURTH = "yellow"

Part = str | tuple[str, str]  #: words, or words and their style

WIDE = 110  #: columns from which on there is room for what is merely useful
GAP = 2  #: spaces between two columns of a table, one where room is short
COMFORT = 14  #: cells of a formula or a name below which room is short


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Where room is short, those with `least` shrink to that many cells; then `spare` ones go, the last first.
    """

    title: str
    cells: Sequence[Part]
    right: bool = False  #: aligned right, as numbers are
    least: int | None = None
    spare: bool = False


@dataclass(frozen=True)
class Canvas:
    """The room for one drawing. Words become safe and fit the console's alphabet as they are drawn."""

    width: int
    height: int
    unicode: bool

    def say(self, value: object) -> str:
        """`value` as one line of safe text in this console's alphabet."""
        text = clean(value)
        return text if self.unicode else to_ascii(text)

    def short(self, value: object, width: int) -> str:
        """`value` in at most `width` cells; a mark shows where it was cut."""
        return shorten(self.say(value), width, self.cut)

    def line(self, *parts: Part) -> Text:
        """One line of `parts`, cut with a mark at the right edge; no spaces at its end."""
        text = Text(no_wrap=True, overflow="crop")
        for part in parts:
            words, style = (part, None) if isinstance(part, str) else part
            text.append(self.say(words), style)
        text.rstrip()
        if text.cell_len > self.width:
            text.truncate(self.width - 1, overflow="crop")
            text.append(self.cut)
        return text

    @property
    def cut(self) -> str:
        """The mark of a place where something was cut off, one cell wide."""
        return "…" if self.unicode else "~"

    def paragraph(self, words: str, style: str = DIM) -> Text:
        """Words that flow over as many lines as they need."""
        return Text(self.say(words), style=style, overflow="fold")

    def table(self, columns: Sequence[Column]) -> RenderableType:
        """The columns side by side under their titles and a rule; never wider than the canvas."""
        columns, natural = self._fitting(columns)
        gap, widths = _fit(natural, [column.least for column in columns], self.width)
        head = self._row([(column.title, DIM) for column in columns], columns, widths, gap)
        ruler = ("─" if self.unicode else "-") * min(sum(widths) + gap * (len(widths) - 1), self.width)
        rows = zip(*(column.cells for column in columns), strict=True)
        drawn_rows = [self._row(row, columns, widths, gap) for row in rows]
        return Group(head, self.line((ruler, DIM)), *drawn_rows)

    def _fitting(self, columns: Sequence[Column]) -> tuple[list[Column], list[int]]:
        """Those that there is room for, with the widths they would like to have."""
        kept = [
            (c, max(map(cell_len, [self.say(c.title), *(self.say(_words(cell)) for cell in c.cells)])))
            for c in columns
        ]

        def least_width() -> int:
            return sum(min(width, c.least or width) for c, width in kept) + len(kept) - 1

        while least_width() > self.width and (spare := [i for i, (c, _) in enumerate(kept) if c.spare]):
            del kept[spare[-1]]
        return [column for column, _ in kept], [width for _, width in kept]

    def _row(self, cells: Sequence[Part], columns: Sequence[Column], widths: Sequence[int], gap: int) -> Text:
        parts: list[Part] = []
        for cell, column, width in zip(cells, columns, widths, strict=True):
            style = cell[1] if isinstance(cell, tuple) else ""
            parts += [(pad(self.short(_words(cell), width), width, right=column.right), style), " " * gap]
        return self.line(*parts[:-1])


class Drawing:
    """A renderable that is drawn when the console's width, height and alphabet are known."""

    def __init__(self, draw: Callable[[Canvas], RenderableType]) -> None:
        self._draw = draw

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._draw(Canvas(options.max_width, options.max_height, not options.ascii_only))


def _words(cell: Part) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _fit(natural: Sequence[int], least: Sequence[int | None], width: int) -> tuple[int, list[int]]:
    """The gap and the widths of columns that fit `width`; the gap gives way before a column gets cramped."""
    for gap in (GAP, 1):
        widths = _shrunk(natural, least, width - gap * (len(natural) - 1))
        cramped = [w for w, n, may in zip(widths, natural, least, strict=True) if may and w < min(n, COMFORT)]
        if not cramped:
            break
    return gap, widths


def _shrunk(natural: Sequence[int], least: Sequence[int | None], room: int) -> list[int]:
    """Widths that fit `room`: the widest of those that may shrink gives way, one cell at a time."""
    widths = list(natural)
    while sum(widths) > room:
        able = [i for i, width in enumerate(least) if width is not None and widths[i] > width]
        if not able:
            break
        widths[max(able, key=widths.__getitem__)] -= 1
    return widths
