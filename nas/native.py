"""C source of ours, made into a library by the C compiler of this machine, where it has one.

Such code only ever speeds up what torch can do as well: whoever asks must do without it when None comes back.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

_SECONDS = 60  # a compiler that takes longer is not waited for

# No -ffast-math: NaN and inf must go through as they are; the two -fno flags lose only errno and traps.
# No built-ins: gcc would make one sincosf of sinf and cosf, which no vector code has.
_FLAGS = ["-O3", "-march=native", "-std=gnu11", "-fPIC", "-fopenmp", "-w"]
_FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-fno-builtin"]


@lru_cache(maxsize=1024)
def library(source: str) -> ctypes.CDLL | None:
    """The compiled and loaded `source`; it may use OpenMP and glibc's vector mathematics (libmvec).

    None where there is no compiler, or it does not do what is needed. Import torch before: the OpenMP calls
    are left open in the link and find the library, and so the threads, that torch has loaded.
    """
    compiler = _compiler()
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory(prefix="nas-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "code.c").write_text(source, encoding="ascii")
        for command in (
            [compiler, *_FLAGS, "-c", "code.c", "-o", "code.o"],
            [compiler, "-shared", "code.o", "-o", "code.so", "-Wl,--as-needed", "-lmvec", "-lm"],
        ):
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
            except (OSError, subprocess.TimeoutExpired):
                return None
            if done.returncode != 0:
                return None
        try:
            return ctypes.CDLL(str(folder / "code.so"))
        except OSError:
            return None


@lru_cache(maxsize=1)
def _compiler() -> str | None:
    """A C compiler, where libraries are laid out as the link step expects; NAS_NATIVE=0 forgoes it."""
    if not sys.platform.startswith("linux") or os.environ.get("NAS_NATIVE") == "0":
        return None
    return shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc")


def available() -> bool:
    """Whether this machine can make such libraries; tried once."""
    return library("#include <math.h>\nfloat probe(float u) { return expf(u); }\n") is not None
