"""The one place where consoles are made: pipes, NO_COLOR, widths and poor encodings are settled here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import IO

from rich.console import Console, RenderableType
from rich.live import Live

PIPED_WIDTH = 80  #: columns where nobody can say how wide the paper is


def stdout() -> Console:
    """The console for results."""
    return _console(sys.stdout, stderr=False)


def stderr() -> Console:
    """The console for notices and progress."""
    return _console(sys.stderr, stderr=True)


def is_live(console: Console) -> bool:
    """Whether a view may be redrawn in place: a terminal that moves its cursor, and no NO_COLOR."""
    return (
        console.is_terminal
        and console.file.isatty()
        and not console.no_color
        and not console.is_dumb_terminal
    )


def live(console: Console, view: Callable[[], RenderableType], *, per_second: float = 4.0) -> Live:
    """A context in which `view()` is drawn anew `per_second` times a second, from a thread of its own.

    What it shows last stays on the screen. Text printed to `console` meanwhile appears above it.
    """
    return Live(get_renderable=view, console=console, refresh_per_second=per_second)


def _console(file: IO[str], *, stderr: bool) -> Console:
    width = None if file.isatty() else _columns()
    # no markup, emoji codes or highlighting: what people wrote is shown as they wrote it
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isascii() and columns.isdigit() and int(columns) > 0 else PIPED_WIDTH
