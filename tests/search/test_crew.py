"""Work side by side is taken up in the order of its beginning; nothing outlives the crew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import Any

import pytest
import torch

from nas.search.crew import Crew, _Worker

Told = list[tuple[Any, ...]]


def _hand_out(crew: Crew[str], key: str, work: Callable[[Any], Any], stored: list[Any], told: Told) -> None:
    crew.hand_out(key, work, watch=lambda: lambda *what: told.append((key, *what)), store=stored.append)


def test_the_quicker_is_stored_first_and_settled_in_its_turn() -> None:
    stored: list[Any] = []
    other_done = threading.Event()

    def slow(tell: Any) -> str:
        assert other_done.wait(10)
        time.sleep(0.05)
        return "slow"

    def quick(tell: Any) -> str:
        other_done.set()
        return "quick"

    with Crew[str](2, 1) as crew:
        assert crew.lag == 3
        _hand_out(crew, "a", slow, stored, [])
        _hand_out(crew, "b", quick, stored, [])
        assert crew.unsettled == ["a", "b"]
        assert crew.settle() == "a"
        assert stored == ["quick", "slow"]
        assert crew.unsettled == ["b"]
        assert crew.settle() == "b"


def test_what_is_told_comes_to_the_caller_in_its_own_thread() -> None:
    told: Told = []
    heard_in = []

    def watch() -> Callable[..., None]:
        heard_in.append(threading.current_thread())
        return lambda *what: told.append((*what, threading.current_thread()))

    def work(tell: Any) -> None:
        assert threading.current_thread() is not threading.main_thread()
        assert torch.get_num_threads() == 3
        tell(1, "x")
        tell(2, "y")

    before = torch.get_num_threads()
    with Crew[str](2, 3) as crew:
        crew.hand_out("a", work, watch=watch, store=lambda _: None)
        crew.settle()
    me = threading.current_thread()
    assert heard_in == [me]
    assert told == [(1, "x", me), (2, "y", me)]
    torch.set_num_threads(before)


def test_one_worker_is_the_caller_itself() -> None:
    stored: list[Any] = []
    told: Told = []
    with Crew[str](1, 1) as crew:
        assert crew.lag == 0

        def work(tell: Any) -> threading.Thread:
            tell(5)
            return threading.current_thread()

        _hand_out(crew, "a", work, stored, told)
        assert stored == [threading.current_thread()]
        assert told == [("a", 5)]
        assert crew.settle() == "a"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_the_callers(workers: int) -> None:
    def work(tell: Any) -> None:
        raise MemoryError("no room")

    def labour() -> None:
        with Crew[str](workers, 1) as crew:
            _hand_out(crew, "a", work, [], [])
            crew.settle()

    with pytest.raises(MemoryError, match="no room"):
        labour()


def test_whoever_leaves_breaks_off_what_goes_on() -> None:
    begun, swallowed = threading.Event(), []
    before = set(threading.enumerate())

    def work(tell: Any) -> None:
        begun.set()
        try:
            while True:
                time.sleep(0.005)
        except BaseException:
            swallowed.append(1)
        while True:  # one that was swallowed comes again
            time.sleep(0.005)

    def labour() -> None:
        with Crew[str](2, 1) as crew:
            _hand_out(crew, "a", work, [], [])
            _hand_out(crew, "b", lambda tell: None, [], [])
            assert begun.wait(10)
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        labour()
    assert time.monotonic() - start < 4
    assert swallowed == [1]
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("before", "after"), [((0.03,) * 5, (0.0,) * 5), ((0.0,) * 5, (0.06,) * 5)], ids=["on", "behind"]
)
def test_who_is_dismissed_while_leaving_leaves_in_peace(
    before: tuple[float, ...], after: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exception may come wherever a thread is, also where nothing would catch it."""
    waits = chain(zip(before, after, strict=True), repeat((0.0, 0.0)))

    class Slow(_Worker):
        def _leave(self) -> None:
            ahead, behind = next(waits)
            time.sleep(ahead)
            super()._leave()
            for _ in range(10):
                time.sleep(behind / 10)

    escaped: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", escaped.append)
    worker = Slow(lambda: None)
    worker.start()
    while worker.is_alive():
        worker.dismiss()
        worker.join(0.02)
    assert not escaped


def test_who_is_dismissed_before_the_work_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    escaped: list[Any] = []
    done: list[int] = []
    monkeypatch.setattr(threading, "excepthook", escaped.append)
    worker = _Worker(lambda: done.append(1))
    worker.dismiss()
    worker.start()
    worker.join()
    assert (done, escaped) == ([1], [])


def test_what_an_earlier_session_stored_only_waits_for_its_turn() -> None:
    with Crew[str](2, 1) as crew:
        crew.done_already("old")
        _hand_out(crew, "new", lambda tell: None, [], [])
        assert [crew.settle(), crew.settle()] == ["old", "new"]
