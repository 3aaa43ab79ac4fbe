"""Work on all cores, taken in order; NumPy and SciPy let go of Python's lock while they compute."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
    """`work` on every task, in their order, only a few ahead of what has been taken."""
    waiting = iter(tasks)
    begun = list(islice(waiting, 2))
    if len(begun) < 2:  # threads take longer to start
        yield from map(work, begun)
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        ahead: deque[Future[R]] = deque()
        for task in chain(begun, waiting):
            ahead.append(pool.submit(work, task))
            if len(ahead) > 2 * cores:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
