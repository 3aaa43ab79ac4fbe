"""A Ctrl-C that strikes where Python forgets exceptions still ends the work."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from nas.cli import interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals to oneself on Windows")


class _Strikes:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass  # the handler runs here, inside a destructor


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_is_lost_in_a_destructor_is_raised_at_the_next_check() -> None:
    with interrupts.remembered():
        interrupts.check()
        _Strikes()
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    with interrupts.remembered():
        interrupts.check()


def test_any_other_is_raised_at_once_and_the_handler_goes_again() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interrupts.remembered():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
