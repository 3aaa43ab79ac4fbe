"""A time limit for calls of sympy that can run away.

Sympy answers most questions in a millisecond and a few never. `limited` lets a call have so many seconds,
then breaks it off and takes what the caller has for this case. Every use states that fallback.

The seconds are processor time of the calling thread, so that a busy machine does not change a result (time
of the clock where a system does not tell the former, as Windows). A watching thread raises an exception in
the one that calculates, by CPython's PyThreadState_SetAsyncExc: that works in every thread and on every
system, where SIGALRM needs Unix and the main thread. It takes effect between two steps of Python. Sympy is
Python; but one operation on whole numbers of millions of digits would end first, so the parser keeps numbers
small.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

_AGAIN = 0.05  #: seconds after which a call that has not heard is told again: a __del__ may swallow it
_BRIEFEST = 0.005  #: seconds between two looks at the clock


def limited(seconds: float, call: Callable[[], V], fallback: Callable[[], V]) -> V:
    """`call()`, or `fallback()` where that would take longer than `seconds`; errors of `call` go up.

    `call` may be broken off between any two of its steps, so it should only calculate. Limits may be nested.
    """

    class Expired(BaseException):
        """Of this call alone; no Exception, so that no `except Exception` on the way swallows it."""

    watch = _Watch(seconds, Expired)
    try:
        watch.begin()
        try:
            return call()
        finally:
            watch.end()
    except Expired:
        watch.end()  # again: it may have been the end that was broken off
    return fallback()


class _Watch:
    """Raises `expired` in the thread that made it, once that has calculated for `seconds`."""

    def __init__(self, seconds: float, expired: type[BaseException]) -> None:
        self._clock = _clock()
        self._end = self._clock() + seconds
        self._target = ctypes.c_ulong(threading.get_ident())
        self._expired = ctypes.py_object(expired)
        self._over = threading.Event()
        self._lock = threading.RLock()
        self._raised = False

    def begin(self) -> None:
        """Start watching."""
        threading.Thread(target=self._watch, name="time limit", daemon=True).start()

    def end(self) -> None:
        """Stop watching; when this returns, nothing is raised any more."""
        with self._lock:
            self._over.set()
            if self._raised:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._target, None)

    def _watch(self) -> None:
        left = self._end - self._clock()
        while not self._over.wait(max(left, _BRIEFEST)):
            left = self._end - self._clock()
            if left <= 0:
                left = _AGAIN
                with self._lock:
                    if not self._over.is_set():
                        self._raised = True
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(self._target, self._expired)


def _clock() -> Callable[[], float]:
    """Processor seconds of this thread, to be read from any other."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: time.clock_gettime(clock)
