"""Trainings side by side, on threads of this process; what they gave is taken up in the order of beginning.

Networks this small leave half of a second processor idle: on two, two trainings of one thread each get
through 1.6 times the images of one training on both. Threads do, as torch calculates outside Python's lock.

Whoever decides what comes next waits until few enough are unsettled and then knows all that were begun before
those, and nothing of them, even where some have ended. So what is decided depends on how many work side by
side, and not on who happens to be quicker.
"""

from __future__ import annotations

import ctypes
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Generic, TypeVar

import torch

K = TypeVar("K")

_SWITCH = 0.0005  #: seconds until a thread that waits for Python's lock gets it, while another calculates
_PATIENCE = 5.0  #: seconds for which trainings that are broken off are waited for


class _Dismissed(BaseException):
    """Raised in a worker that is to stop."""


@dataclass
class _Job(Generic[K]):
    key: K
    work: Callable[[Callable[..., None]], Any]
    watch: Callable[[], Callable[..., None]]
    store: Callable[[Any], None]
    done: bool = False


class Crew(Generic[K]):
    """`workers` trainings at once, of `threads` threads each; used as a context manager.

    One worker is the calling thread itself: what is handed out is done at once.
    """

    def __init__(self, workers: int, threads: int) -> None:
        self.workers, self._threads = workers, threads
        self._unsettled: deque[_Job[K]] = deque()
        self._inbox: queue.SimpleQueue[_Job[K] | None] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._crew: list[_Worker] = []
        self._switch = sys.getswitchinterval()

    @property
    def lag(self) -> int:
        """How many may be unsettled when something new begins: then each worker has a next one waiting.

        Some trainings are over at once: with fewer, whoever had those would wait for the oldest. One worker
        does at once what it is handed, so that none is left.
        """
        return 2 * self.workers - 1 if self.workers > 1 else 0

    @property
    def unsettled(self) -> list[K]:
        """What was handed out and not settled, in this order."""
        return [job.key for job in self._unsettled]

    def hand_out(
        self,
        key: K,
        work: Callable[[Callable[..., None]], Any],
        *,
        watch: Callable[[], Callable[..., None]],
        store: Callable[[Any], None],
    ) -> None:
        """Have `work(tell)` done by whoever is free next.

        watch  called when it begins, in this thread; gives what is called with all that `tell` is called with
        store  called in this thread with what `work` has returned, as soon as that is known
        """
        job = _Job(key, work, watch, store)
        self._unsettled.append(job)
        if self.workers == 1:
            store(work(watch()))
            job.done = True
            return
        self._inbox.put(job)
        if len(self._crew) < self.workers:
            sys.setswitchinterval(_SWITCH)
            self._crew.append(_Worker(self._work))
            self._crew[-1].start()

    def done_already(self, key: K) -> None:
        """Unsettled, but with nothing left to do: an earlier session has stored it."""
        self._unsettled.append(_Job(key, _nothing, _nothing, _nothing, done=True))

    def settled(self, most: int) -> Iterator[K]:
        """One after the other, until `most` are unsettled, those handed out meanwhile among them."""
        while len(self._unsettled) > most:
            yield self.settle()

    def settle(self) -> K:
        """Wait for the oldest one, which is unsettled no more. What fails anywhere is raised here."""
        job = self._unsettled[0]
        while not job.done:
            self._outbox.get()()
        self._unsettled.popleft()
        return job.key

    def __enter__(self) -> Crew[K]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What still goes on is broken off."""
        with suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()
        for _ in self._crew:
            self._inbox.put(None)
        end = time.monotonic() + _PATIENCE
        while (alive := [t for t in self._crew if t.is_alive()]) and time.monotonic() < end:
            for thread in alive:
                if self._unsettled:
                    thread.dismiss()
                thread.join(0.05)
        if self._crew:
            sys.setswitchinterval(self._switch)

    def _work(self) -> None:
        """What each thread does."""
        torch.set_num_threads(self._threads)
        while (job := self._inbox.get()) is not None:
            self._outbox.put(partial(self._begun, job, tell := _Telling(self._outbox)))
            try:
                found = job.work(tell)
            except BaseException as error:
                self._outbox.put(partial(_raised, error))
            else:
                self._outbox.put(partial(self._ended, job, found))

    @staticmethod
    def _begun(job: _Job[K], tell: _Telling) -> None:
        tell.heard = job.watch()

    @staticmethod
    def _ended(job: _Job[K], found: Any) -> None:
        job.store(found)
        job.done = True


class _Worker(threading.Thread):
    """A thread that can be told to stop in the midst of its work."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(name="nas-worker", daemon=True)
        self._work, self._at_work, self._gate = work, False, threading.Lock()

    def run(self) -> None:
        try:
            self._at_work = True
            self._work()
        except _Dismissed:  # not `suppress`: it ends in Python, where the next one may come
            pass
        while self._at_work:
            try:
                self._leave()
            except _Dismissed:
                continue

    def dismiss(self) -> None:
        """Raise in its work, or on its way out, where `run` takes it: between two steps of Python.

        One that is swallowed on its way has to be raised again. Before its work and after it nothing happens.
        """
        with self._gate:
            if self._at_work:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.ident or 0), ctypes.py_object(_Dismissed)
                )

    def _leave(self) -> None:
        with self._gate:
            self._at_work = False


class _Telling:
    """Carries what a worker tells to the thread that listens."""

    def __init__(self, outbox: queue.SimpleQueue[Callable[[], None]]) -> None:
        self._outbox = outbox
        self.heard: Callable[..., None] = _nothing

    def __call__(self, *told: Any) -> None:
        self._outbox.put(lambda: self.heard(*told))


def _nothing(*_: Any) -> Any:
    return None


def _raised(error: BaseException) -> None:
    raise error
