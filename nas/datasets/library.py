"""Which images a run uses and where they lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nas.datasets import cifar10, digits
from nas.datasets.download import cache_folder, fetch
from nas.datasets.images import Images
from nas.errors import DataError, SettingError
from nas.rows.datasets import DATASETS, Dataset

AUTO = "auto"
_DATA_DIR = "NAS_DATA_DIR"


@dataclass(frozen=True)
class Location:
    """A data set by name and, where it is made of files, its folder; `notice`: what the user should know."""

    name: str
    folder: Path | None = None
    notice: str | None = None


@dataclass(frozen=True)
class Availability:
    """What `nas data` shows of one data set; `folder` is None where it needs no files or has none here."""

    row: Dataset
    ready: bool
    folder: Path | None


def locate(data: str, data_dir: Path | None = None, *, progress: bool = False) -> Location:
    """Where the images called `data` ("auto", "digits" or "cifar10") lie.

    CIFAR-10 is looked for in `data_dir`, else in NAS_DATA_DIR, else in the cache. Only an explicit "cifar10"
    is ever downloaded, and not where `data_dir` or NAS_DATA_DIR names a folder without it (DataError).
    "auto" takes CIFAR-10 where it is on disk, else digits, with a notice.
    """
    if data != AUTO:
        DATASETS.find(data)
    if data_dir is not None:
        return _in_folder(data, data_dir)
    if data == "digits":
        return Location("digits")
    folder = _on_disk()
    if folder is not None:
        return Location("cifar10", folder)
    if data == AUTO:
        return Location("digits", notice=_auto_notice())
    if _named_by_environment() is not None:
        raise _lacking(_DATA_DIR, _named_by_environment())
    return Location("cifar10", fetch(progress=progress))


def load(location: Location) -> Images:
    """The images at `location`; DataError where the files are missing or damaged."""
    if location.name == "digits":
        return digits.read()
    if location.folder is None:
        raise DataError("CIFAR-10 needs a folder", cure="name it with --data-dir")
    return cifar10.read(location.folder)


def status() -> list[Availability]:
    """What is at hand, without reading images or touching the network."""
    folder = _on_disk()
    return [
        Availability(
            row,
            ready=row.name == "digits" or folder is not None,
            folder=folder if row.name == "cifar10" else None,
        )
        for row in DATASETS.values()
    ]


def _in_folder(data: str, folder: Path) -> Location:
    if data == "digits":
        raise SettingError(
            "digits are part of scikit-learn and have no folder", got=folder, cure="drop --data-dir"
        )
    place = cifar10.find(folder)
    if place is None:
        raise _lacking("--data-dir", folder)
    return Location("cifar10", place)


def _lacking(source: str, folder: Path | None) -> DataError:
    return DataError(
        f"the folder named by {source} has no CIFAR-10 training files",
        got=folder,
        allowed=f"a folder with {', '.join(cifar10.TRAIN_FILES)}, or some of them",
        cure="`nas data fetch cifar10` gets a copy into the cache; with it, no folder need be named",
    )


def _named_by_environment() -> Path | None:
    named = os.environ.get(_DATA_DIR)
    return Path(named) if named else None


def _on_disk() -> Path | None:
    for folder in (_named_by_environment(), cache_folder()):
        place = None if folder is None else cifar10.find(folder)
        if place is not None:
            return place
    return None


def _auto_notice() -> str:
    named = _named_by_environment()
    where = "" if named is None else f" (nor in {_DATA_DIR}={named})"
    return (
        f"CIFAR-10 is not on this computer{where}; using scikit-learn's digits, small but real images. "
        "`nas data fetch cifar10` gets CIFAR-10 (162 MB)."
    )
