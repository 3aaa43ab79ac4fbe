"""The time limit: breaks off what runs away, in any thread, and leaves everything else alone."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest
import sympy

from nas.errors import ExpressionError
from nas.symbolic import expression
from nas.symbolic.expression import Expression, X
from nas.symbolic.limits import limited


def forever() -> str:
    """Runs away, and takes no exception for an answer."""
    while True:
        with contextlib.suppress(Exception):
            sum(range(1000))


def test_what_ends_in_time_is_returned_and_its_errors_go_up() -> None:
    assert limited(5, lambda: 3, lambda: 4) == 3
    with pytest.raises(ZeroDivisionError):
        limited(5, lambda: 1 // 0, lambda: 4)


def test_what_runs_away_is_broken_off() -> None:
    assert limited(0.05, forever, lambda: "fallback") == "fallback"


def test_sympy_that_runs_away_is_broken_off() -> None:
    """Half a minute of work."""
    hard = sympy.prod(sympy.sin(k * X) + k for k in range(1, 14))
    assert limited(0.1, lambda: sympy.expand(hard * hard), lambda: X) == X
    assert sympy.expand((X + 1) ** 2) == X**2 + 2 * X + 1


def test_in_threads_and_each_in_its_own() -> None:
    results = []
    threads = [
        threading.Thread(target=lambda i=i: results.append(limited(0.02 * i, forever, lambda: i)))  # type: ignore[misc]
        for i in (1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == [1, 2, 3]


def test_limits_within_limits() -> None:
    assert limited(5, lambda: limited(0.02, forever, lambda: "inner"), lambda: "outer") == "inner"
    assert limited(0.02, lambda: limited(5, forever, lambda: "inner"), lambda: "outer") == "outer"
    assert limited(0.1, lambda: limited(0.02, forever, forever), lambda: "outer") == "outer"


def test_waiting_is_not_calculating() -> None:
    """The seconds are of processor time, where the system tells it."""
    if hasattr(time, "pthread_getcpuclockid"):
        assert limited(0.05, lambda: time.sleep(0.3) or "slept", lambda: "broken off") == "slept"


def test_nothing_is_raised_afterwards() -> None:
    """Calls that end about when their time does."""

    def work() -> int:
        end = time.thread_time() + 0.0052
        while time.thread_time() < end:
            pass
        return 1

    assert {limited(0.005, work, lambda: 0) for _ in range(100)} <= {0, 1}
    sum(range(1_000_000))
    assert not [
        t for t in threading.enumerate() if t.name == "time limit" and t.is_alive()
    ] or not time.sleep(0.1)


def test_a_formula_without_a_canonical_form_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expression, "CANONICAL_SECONDS", 0.05)
    monkeypatch.setattr(expression, "_canonical", lambda tree: forever())
    with pytest.raises(ExpressionError, match="too intricate"):
        Expression.of(X)
