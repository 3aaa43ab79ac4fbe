"""The run folders: making one whole, finding one by name, listing them by age."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from nas.errors import RunError
from nas.registry import did_you_mean
from nas.runs.config import RunConfig
from nas.runs.files import cannot_write, sync_folder, write_atomically
from nas.runs.layout import CONFIG, STUDY, UNFINISHED, check_name

_CREATED = re.compile(r'^created = "([^"]+)"$', re.MULTILINE)


def make(runs_dir: Path, config: RunConfig, data_dir: Path | None) -> Path:
    """Make the folder of a new run with its configuration inside: renamed into place whole, or not there.

    Raises:
        RunError: the name is impossible or taken, or `runs_dir` cannot be written.
    """
    names = iter([check_name(config.name)]) if config.name else _default_names(config)
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        new = runs_dir / f"{UNFINISHED}{secrets.token_hex(8)}"
        new.mkdir()
    except OSError as error:
        raise cannot_write(runs_dir, error) from error
    try:
        for path in (runs_dir / name for name in names):
            if _take(path, new, config, data_dir):
                return path
        raise RunError(
            f"there is a run called {config.name} already",
            cure=f"go on with it by `nas resume {config.name}`, or give another --name",
        )
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _take(path: Path, new: Path, config: RunConfig, data_dir: Path | None) -> bool:
    """Make the folder `new` the run at `path`; False where another one is there."""
    if path.exists():
        return False
    named = config.model_copy(update={"name": path.name, **_relative(data_dir, path)})
    write_atomically(new / CONFIG, named.to_toml())
    try:
        new.rename(path)
    except OSError as error:
        if path.exists():
            return False  # another process was faster
        raise cannot_write(path, error) from error
    sync_folder(path.parent)
    return True


def _default_names(config: RunConfig) -> Iterator[str]:
    """`activations-20250131-235959`, then the same with -2, -3, ..."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", str(config.space.get("name") or ""))[:60].strip("-")
    first = f"{stem or config.kind}-{datetime.fromisoformat(config.created):%Y%m%d-%H%M%S}"
    yield first
    for number in count(2):
        yield f"{first}-{number}"


def _relative(data_dir: Path | None, run: Path) -> dict[str, str]:
    """The key `data_dir` of the configuration, seen from the folder `run`."""
    if data_dir is None:
        return {}
    try:
        relative = os.path.relpath(data_dir.resolve(), run.resolve())
    except ValueError:  # on Windows
        raise RunError(
            "the images and the runs folder lie on different drives",
            got=data_dir,
            cure="name a folder on the drive of the images with --runs-dir",
        ) from None
    return {"data_dir": Path(relative).as_posix()}


def find(runs_dir: Path, name: str | None) -> Path:
    """The folder of the run called `name` in `runs_dir`, or the folder `name`; the newest run for None.

    Raises:
        RunError: there is none.
    """
    if name:
        for path in (runs_dir / name, Path(name)):
            if is_run(path):
                return path
    runs = by_age(runs_dir)
    if not runs:
        raise RunError(
            f"there is no run in {runs_dir}",
            got=name,
            cure="begin one with `nas search --space activations`, or name the right folder with --runs-dir",
        )
    if name is None:
        return runs[-1]
    names = [path.name for path in runs]
    raise RunError(
        f"there is no run of this name in {runs_dir}",
        got=name or "an empty name",
        allowed=", ".join(names[-10:]) + (", and older ones" if len(names) > 10 else ""),
        cure=did_you_mean(name, names) or "`nas runs` lists them",
    )


def by_age(runs_dir: Path) -> list[Path]:
    """The run folders in `runs_dir`, oldest first, damaged ones included; none where it is not there.

    Raises:
        RunError: `runs_dir` cannot be read.
    """
    try:
        found = [path for path in runs_dir.iterdir() if not path.name.startswith(".") and is_run(path)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(
            f"{runs_dir} cannot be read: {error.strerror}", cure="name another folder with --runs-dir"
        ) from error
    return sorted(found, key=lambda path: (_created(path), path.name))


def is_run(path: Path) -> bool:
    """Whether the folder `path` holds a run, be it damaged."""
    try:
        return (path / CONFIG).exists() or (path / STUDY).exists()
    except OSError:  # a name longer than the system takes
        return False


def _created(path: Path) -> float:
    """When the run began. Read from one line of its configuration, as hundreds of runs are sorted."""
    try:
        found = _CREATED.search((path / CONFIG).read_text(encoding="utf-8", errors="replace"))
        if found:
            return datetime.fromisoformat(found[1]).timestamp()
        return path.stat().st_mtime
    except (OSError, ValueError):
        return 0.0
