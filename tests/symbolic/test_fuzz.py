"""Fuzzed text: read or refused by ExpressionError, at once, and without running anything.

A sample by default; the whole of it, with the figures, by

    NAS_FUZZ=100000 python -m pytest tests/symbolic/test_fuzz.py -s
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy.core.cache import clear_cache

from nas.errors import ExpressionError
from nas.symbolic import build, form
from nas.symbolic.catalogue import CATALOGUE, FORMULAS
from nas.symbolic.parse import parse, size
from nas.symbolic.primitives import PRIMITIVES
from tests.symbolic.expressions import FORMULAS as NASTY
from tests.symbolic.expressions import TEXTS

WANTED = int(os.environ.get("NAS_FUZZ", "1000"))
SECONDS = 0.1 if "NAS_FUZZ" in os.environ else 1.0  #: of processor time; a sample allows for a busy machine

WRITTEN = [
    *NASTY,
    *(row.text for row in CATALOGUE.values()),
    *FORMULAS,
    *(row.name for row in CATALOGUE.values()),
]
WORDS = [
    *(row.name for row in PRIMITIVES.values()),
    *[*"0123456789.eE+-*/^(),[]_ x", "**", "x", "beta", "p1", "pi", "[scalar, ", "channel]", "e9", "9" * 30],
    *[
        "__import__('os')",
        "lambda",
        "exec(",
        "().__class__",
        "\x00",
        "\n",
        "x1",
        "1e-99",
        "1e400",
        "nan",
        "inf",
        "oo",
    ],
]
#: Cyrillic, Greek, full-width, mathematical and other signs that look like the syntax's own
LOOK_ALIKES = (
    "\u0445\u0435\u0440\u03b2\u03c0\u0391\uff58\uff11\uff0b\uff08\u2212\u00d7\u00f7\u2217\U0001d465"
    "\u00b2\u0661\u200b\u202e\ufeff\u00a0\u00e9"
)
SPICE = st.sampled_from([*WORDS, *LOOK_ALIKES])


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """A formula with pieces cut out, doubled, exchanged or put in."""
    text = draw(st.one_of(st.sampled_from(WRITTEN), TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        i, j = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        text = text[:i] + draw(st.one_of(SPICE, st.just(text[i:j] * 2), st.just(""))) + text[j:]
    return text


@st.composite
def _bomb(draw: st.DrawFn) -> str:
    """The same thing within itself, or after itself, many times."""
    head, tail = draw(
        st.one_of(
            st.sampled_from([*PRIMITIVES, *FORMULAS]).map(lambda name: (f"{name}(", ")")),
            st.sampled_from(
                ["max(x, ", "min(sin(x), ", "abs(x + ", "1/(1 + ", "(1 + x)/(1 + ", "sqrt(x^2 + "]
            ).map(lambda head: (head, ")")),
            st.sampled_from(
                [("(", ")"), ("[", "]"), ("-", ""), ("", "^9"), ("", "^0.5"), ("9^", ""), ("x/", "")]
            ),
            st.sampled_from(["x", "sin(x)", "sqrt(2)", "beta", "1e99", "exp(x)"]).flatmap(
                lambda a: st.sampled_from("+-*/^,").map(lambda sign: (a + sign, ""))
            ),
            st.tuples(SPICE, SPICE),
        )
    )
    many = draw(st.one_of(st.integers(1, 12), st.integers(1, 60), st.sampled_from([500, 5000, 100_000])))
    return head * many + draw(st.sampled_from(["x", "1", "", "beta", "10^(10^10)", "0"])) + tail * many


@st.composite
def _long(draw: st.DrawFn) -> str:
    """Many different things in a row, or as the pieces of one maximum."""
    terms = [
        template.format(i)
        for i, template in enumerate(
            draw(
                st.lists(
                    st.sampled_from(["{}*x", "sin({}*x)", "x^{}", "sqrt({})", "p{}*x", "exp(-{}*x)"]),
                    max_size=70,
                )
            ),
            start=1,
        )
    ]
    sign = draw(st.sampled_from([" + ", "*", ", ", "/", " - "]))
    return f"max({sign.join(terms)})" if draw(st.booleans()) else sign.join(terms)


NUMBERS = st.tuples(
    st.sampled_from(
        ["{}", "x^{}", "{}^x", "x*{}", "exp({})", "sin({}*pi)", "beta[scalar, {}]*x", "{}^{}", "sqrt({})"]
    ),
    st.one_of(
        st.floats(allow_nan=True).map(repr),
        st.integers(-(10**40), 10**40).map(str),
        st.sampled_from(
            ["9" * 101, "9" * 5000, "1e999999999", "0." + "0" * 300 + "1", "x^9^9^9", "10^(10^10)", "9^9^9"]
        ),
    ),
).map(lambda t: t[0].replace("{}", t[1]))

FUZZ = st.one_of(
    st.text(max_size=60),
    st.lists(SPICE, max_size=30).map("".join),
    TEXTS,
    _mutated(),
    _bomb(),
    _long(),
    NUMBERS,
)

#: what only a program that is being run would do
ACTIONS = (
    "exec",
    "compile",
    "import",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "pickle.",
    "code.__new__",
)


class Guard:
    """Notes what Python is asked to do while it watches, apart from sympy loading parts of itself."""

    def __init__(self) -> None:
        self.watching, self.seen = False, []
        self.seen: list[tuple[str, Any]] = []
        sys.addaudithook(self._hear)  # for good: Python has no way to take one away

    @contextmanager
    def watch(self) -> Iterator[None]:
        self.watching = True
        try:
            yield
        finally:
            self.watching = False

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.watching or not event.startswith(ACTIONS):
            return
        if event == "import" and str(args[0]).startswith(("sympy", "mpmath", "numpy", "scipy")):
            return
        if event in ("compile", "exec") and "/mpmath/" in sys._getframe(1).f_code.co_filename.replace(
            "\\", "/"
        ):
            return  # mpmath writes the sums of its hypergeometric series itself
        if event == "import" or not _importing():
            self.seen.append((event, args))


def _importing() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


GUARD = Guard()


def _cold() -> None:
    for function in (parse, size, build._extremum, form.form):
        function.cache_clear()
    clear_cache()


def _refusal(text: str) -> ExpressionError | None:
    with GUARD.watch():
        try:
            parse(text)
        except ExpressionError as error:
            return error
    return None


def _measured(text: str) -> tuple[ExpressionError | None, float]:
    """Why it was refused, and the processor seconds; what is slow is timed again, as noise only ever adds."""
    fastest = float("inf")
    for attempt in range(3):
        if attempt:
            _cold()
        begun = time.thread_time()
        refusal = _refusal(text)
        fastest = min(fastest, time.thread_time() - begun)
        if fastest < SECONDS:
            break
    return refusal, fastest


@pytest.mark.timeout(7200)
def test_fuzzed_text_is_read_or_refused_at_once_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    parse("gelu(x) + max(x, tanh(x))")  # imports
    times: list[float] = []
    slow: list[tuple[float, str]] = []
    read = 0

    @given(FUZZ)
    @settings(max_examples=WANTED, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def fuzz(text: str) -> None:
        nonlocal read
        refusal, seconds = _measured(text)
        assert len(str(refusal)) < 700
        times.append(seconds)
        read += refusal is None
        if seconds >= SECONDS:
            slow.append((seconds, text))

    fuzz()
    with capsys.disabled():
        if "NAS_FUZZ" in os.environ:
            sys.stdout.write(_report(sorted(times), read, sorted(slow, reverse=True)))
    assert GUARD.seen == []
    assert not slow
    assert len(times) >= min(WANTED, 1000)
    assert read > len(times) / 10, "a fuzzer whose every text is refused tests only the tokens"


def _report(times: list[float], read: int, slow: list[tuple[float, str]]) -> str:
    shares = ", ".join(
        f"{share:.2%} {1e3 * times[int(share * len(times))]:.2f}" for share in (0.5, 0.99, 0.999)
    )
    head = (
        f"{len(times):,} texts, {read:,} of them formulas; milliseconds of processor time: {shares}, "
        f"longest {1e3 * times[-1]:.0f}; {len(slow)} took {SECONDS} s or more"
    )
    lines = [head, *(f"  {seconds:.2f} s  {text[:200]!r}" for seconds, text in slow[:30])]
    return "\n" + "\n".join(lines) + "\n"


def test_the_guard_would_see_it() -> None:
    with GUARD.watch():
        eval("1 + 1")
    assert {event for event, _ in GUARD.seen} >= {"exec", "compile"}
    GUARD.seen.clear()
