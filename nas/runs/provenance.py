"""Where a run's figures come from: code, packages, hardware, command, seeds, data. No absolute paths."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from nas.runs.config import RunConfig, is_absolute, now

#: Packages whose version can change a score or the way it is stored.
PACKAGES = ("torch", "numpy", "optuna", "sqlalchemy", "sympy", "scikit-learn", "pydantic")

_PACKAGE = Path(__file__).resolve().parents[1]
_GIT_SECONDS = 5.0  #: more than git needs even on a slow network folder; a hanging git never stops a run


def collect(command: Sequence[str], config: RunConfig) -> dict[str, Any]:
    """The pedigree of what this process is about to do; `command` is `sys.argv`."""
    return {
        "time": now(),
        "command": scrubbed(command),
        "nas": _version("nas"),
        "revision": revision(_PACKAGE),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "cpu": _cpu(),
        "cores": _cores(),
        "memory_bytes": _memory(),
        "device": config.device,
        "threads": config.threads,
        "seed": config.protocol.seed,
        "seeds": config.protocol.seeds,
        "split_seed": config.protocol.split_seed,
        "data": config.protocol.data,
        "data_fingerprint": config.protocol.data_fingerprint,
    }


def resumed(first: Mapping[str, Any], again: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance `first` of a run that goes on as `again`: later sessions stand under `resumed`."""
    return {**first, "resumed": [*first.get("resumed", []), dict(again)]} if first else dict(again)


def scrubbed(command: Sequence[str]) -> list[str]:
    """`command` with every absolute path, also that of `--option=path`, cut to its last name."""
    return [_scrubbed_word(word) for word in command]


def _scrubbed_word(word: str) -> str:
    option, equals, value = word.partition("=")
    if equals and option.startswith("-"):
        return f"{option}={_last_name(value)}"
    return _last_name(word)


def _last_name(path: str) -> str:
    if not is_absolute(path):
        return path
    kind = PurePosixPath if PurePosixPath(path).is_absolute() else PureWindowsPath
    return kind(path).name


def revision(package: Path) -> str | None:
    """The commit that `package` was checked out from, with `+changes` where its files differ from it.

    None without git, outside a checkout, and for a package that merely lies in somebody else's checkout
    (as one installed into the `.venv` of another project does).
    """
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _git(package, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git(package, "status", "--porcelain", "--", ".")
    return f"{commit}+changes" if changes else commit


def _git(folder: Path, *words: str) -> str | None:
    """What git answers about `folder`, or None. It takes no lock, asks for nothing and has no shell."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**inherited, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu() -> str | None:
    """The model of the processor, as its maker calls it where the system says so."""
    try:
        if sys.platform == "darwin":
            words = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(words, capture_output=True, text=True, timeout=5).stdout.strip() or None
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return platform.processor() or platform.machine() or None


def _cores() -> int | None:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory() -> int | None:
    """Bytes of main memory; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
