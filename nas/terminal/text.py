"""Words and numbers as people read them: safe text, shortened formulas, percent, points, durations."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.cells import cell_len, set_cell_size

NONE = "\N{EN DASH}"  #: stands where there is no value

_PLAIN = str.maketrans(
    {
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{PLUS-MINUS SIGN}": "+-",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MIDDLE DOT}": "|",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{MINUS SIGN}": "-",
    }
)


def clean(value: object) -> str:
    """`value` as one line without anything that moves the cursor, changes colors or hides other text.

    Line breaks and tabs become spaces; control, format and surrogate characters and variation selectors go.
    """
    spaced = (" " if c.isspace() else c for c in str(value))
    return "".join(c for c in spaced if c.isprintable() and not "\ufe00" <= c <= "\ufe0f")


def to_ascii(text: str) -> str:
    """`text` for a console that knows ASCII alone; what has no likeness becomes its escape, as \\u03b2."""
    return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells of the console; what is cut off is marked with `ellipsis`."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    return set_cell_size(text, room).rstrip() + ellipsis if room > 0 else ellipsis[: max(width, 0)]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` filled with spaces to `width` cells; at the left when it is aligned `right`."""
    space = " " * max(width - cell_len(text), 0)
    return space + text if right else text + space


_BY_ITSELF = ("optimizer", "init", "net")  #: settings whose value says what it is


def settings_words(settings: Mapping[str, object]) -> str:
    """What was decided beside the function: adam lr=0.05 norm=none."""
    words = [str(settings[key]) for key in _BY_ITSELF if key in settings]
    for key, value in settings.items():
        if key not in _BY_ITSELF:
            words.append(f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}")
    return clean(" ".join(words))


def formula(expression: str) -> str:
    """An expression without the scope that a parameter has anyway: beta reads back as beta[channel]."""
    return expression.replace("[channel]", "")


def percent(fraction: float | None) -> str:
    """0.6123 as 61.23; the unit stands in the heading."""
    return NONE if fraction is None or not math.isfinite(fraction) else f"{100 * fraction:.2f}"


def spread(deviation: float | None) -> str:
    """A standard deviation or error beside its mean, in points: 0.0045 as ±0.45."""
    return f"±{percent(deviation)}"


def points(difference: float | None) -> str:
    """A difference of fractions in percentage points with its sign: 0.0052 as +0.52."""
    if difference is None or not math.isfinite(difference):
        return NONE
    return f"{round(100 * difference, 2) + 0.0:+.2f}"


def p_value(p: float | None) -> str:
    """Three decimals, a power of ten where these were 0: 0.031, 2e-5."""
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}".replace("e-0", "e-")


def number(value: float) -> str:
    """Three significant digits, short: 0.0123, 12.3, 1.23e4."""
    return f"{value + 0.0:.3g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def short_count(value: float) -> str:
    """Three digits and a unit: 940, 90k, 1.38M, 21G."""
    if not math.isfinite(value):
        return NONE
    for unit in ("", "k", "M"):
        if abs(value) < 999.5:
            return f"{value:.3g}{unit}"
        value /= 1000
    return f"{value:.3g}G"


def short_duration(seconds: float) -> str:
    """In at most six cells below 100 days: 0.4s, 12.3s, 3m10s, 2h03m, 5d02h."""
    if not math.isfinite(seconds) or seconds < 0:
        return NONE
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if hours == 0:
        return f"{minute}m{second:02}s"
    return f"{hours}h{minute:02}m" if days == 0 else f"{days}d{hour:02}h"


def duration(seconds: float) -> str:
    """In words: 12.3 s, 3 min 10 s, 2 h 03 min, 5 d 02 h."""
    short = short_duration(seconds)
    for letter, word in (("m", " min "), ("d", " d "), ("h", " h "), ("s", " s")):
        short = short.replace(letter, word, 1)
    return short.strip()
