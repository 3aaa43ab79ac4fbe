"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt wherever it happens to be. Where that is a callback of C code, of the garbage
collector or of a weak reference, the exception is printed and forgotten. So it is also remembered, and raised
again at the next place that asks.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_pending = threading.Event()


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """While this lasts, `check` knows of every Ctrl-C. Does nothing beside the main thread."""
    _pending.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def check() -> None:
    """Raise KeyboardInterrupt where there was a Ctrl-C that should have ended this process."""
    if _pending.is_set():
        raise KeyboardInterrupt


def _remember(number: int, frame: FrameType | None) -> None:
    _pending.set()
    raise KeyboardInterrupt
