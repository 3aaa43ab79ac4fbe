"""A C source as a loaded library: taken from the cache of this machine, or compiled.

Such code only ever speeds up what torch can do as well: whoever asks must do without it when None comes back.
"""

from __future__ import annotations

import ctypes
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path

from nas.native import cache

_SECONDS = 60  # a compiler that takes longer is not waited for

# No -ffast-math: NaN and inf must go through as they are; the two -fno flags lose only errno and traps.
# No built-ins: gcc would make one sincosf of sinf and cosf, which no vector code has.
# -O2 with -O3's rule of what to vectorize: as fast for these sources, in half the time. A loop of a few steps
# inside another has to be unrolled in the source, by hand or by pragma: else the outer is no vector code.
_FLAGS = ["-O2", "-fvect-cost-model=dynamic", "-march=native", "-std=gnu11", "-fPIC", "-fopenmp", "-w"]
_FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-fno-builtin"]
_LINK = ["-shared", "-Wl,--as-needed", "-lmvec", "-lm"]

_NICENESS = 10  # of the background: a training goes first

_libraries: dict[str, Future[ctypes.CDLL | None]] = {}
_lock = threading.Lock()


def library(source: str) -> ctypes.CDLL | None:
    """The loaded `source`; it may use OpenMP and glibc's vector mathematics (libmvec).

    None where there is no compiler, or it does not do what is needed. What `prepare` has begun is waited for.
    Import torch before: the OpenMP calls are left open in the link and find the library, and so the threads,
    that torch has loaded.
    """
    return _make(source).result()


def prepare(source: str) -> None:
    """Have `source` compiled in the background, in the order of the calls, by one thread at low priority."""
    if _compiler() is not None:
        _background().put(source)


def available() -> bool:
    """Whether this machine can make such libraries; tried once."""
    return library("#include <math.h>\nfloat probe(float u) { return expf(u); }\n") is not None


def forget() -> None:
    """Drop what this process has loaded and found out about the compiler; for tests."""
    with _lock:
        _libraries.clear()
    _compiler.cache_clear()
    _version.cache_clear()


def _make(source: str) -> Future[ctypes.CDLL | None]:
    """The one library of `source`: the first thread that asks makes it, others wait."""
    with _lock:
        future = _libraries.get(source)
        if future is not None:
            return future
        future = _libraries[source] = Future()
    try:
        future.set_result(_load(source))
    except BaseException as error:
        with _lock:
            _libraries.pop(source, None)
        future.set_exception(error)
        raise
    return future


def _load(source: str) -> ctypes.CDLL | None:
    compiler = _compiler()
    if compiler is None:
        return None
    key = cache.key(source, _version(compiler), *_FLAGS, *_LINK)
    kept = cache.find(key)
    if kept is not None and (loaded := _opened(kept)) is not None:
        return loaded
    try:
        with tempfile.TemporaryDirectory(prefix="nas-", ignore_cleanup_errors=True) as name:
            made = _compiled(compiler, source, Path(name))
            if made is None:
                return None
            kept = cache.keep(key, made)
            return (_opened(kept) if kept is not None else None) or _opened(made)
    except OSError:  # no room for temporary files
        return None


def _compiled(compiler: str, source: str, folder: Path) -> Path | None:
    """The file of the library, made in `folder`."""
    (folder / "code.c").write_text(source, encoding="ascii")
    for command in (
        [compiler, *_FLAGS, "-c", "code.c", "-o", "code.o"],
        [compiler, "code.o", "-o", "code.so", *_LINK],  # without -fopenmp: torch's own is to be found
    ):
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode != 0:
            return None
    return folder / "code.so"


def _opened(path: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


@lru_cache(maxsize=1)
def _compiler() -> str | None:
    """A C compiler, where libraries are laid out as the link step expects; NAS_NATIVE=0 forgoes it."""
    if not sys.platform.startswith("linux") or os.environ.get("NAS_NATIVE") == "0":
        return None
    return shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc")


@lru_cache(maxsize=1)
def _version(compiler: str) -> str:
    """What the compiler says of itself; its path where it says nothing."""
    try:
        done = subprocess.run(
            [compiler, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return compiler
    return done.stdout or compiler


@lru_cache(maxsize=1)
def _background() -> queue.SimpleQueue[str]:
    """The sources that wait. The thread is a daemon: nobody waits for it at the end of the process."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()

    def work() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)  # and of the compilers it calls
        while True:
            _make(waiting.get())

    threading.Thread(target=work, name="nas-compiler", daemon=True).start()
    return waiting
