"""How often the test set has been opened, in words."""

from __future__ import annotations

from collections.abc import Sequence

from nas.runs.openings import Opening
from nas.terminal.canvas import Drawing

CLOSED = "test set: never opened"


def opening_words(known: Sequence[Opening]) -> str:
    """When it was opened and by what; CLOSED where it was not."""
    if not known:
        return CLOSED
    times = "once" if len(known) == 1 else f"{len(known)} times"
    return f"test set opened {times}: {'; '.join(map(_one, known))}"


def opening_line(known: Sequence[Opening]) -> Drawing:
    """The words by themselves, below a table."""
    return Drawing(lambda canvas: canvas.paragraph(opening_words(known)))


def _one(opening: Opening) -> str:
    moment = opening.when[:16].replace("T", " ")
    words = f"{moment} UTC by {opening.by} ({opening.command}), {opening.images:,} images"
    return words if opening.results is not None else f"{words}, cut off before its results were stored"
