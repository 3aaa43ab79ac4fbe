"""Which images are used: given folder, environment, cache, digits."""

from __future__ import annotations

from pathlib import Path

import pytest

from nas.datasets import library
from nas.datasets.library import Location, load, locate
from nas.errors import DataError, SettingError


@pytest.fixture(autouse=True)
def empty_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No NAS_DATA_DIR, an empty cache, no way to a mirror."""
    monkeypatch.delenv("NAS_DATA_DIR", raising=False)
    monkeypatch.setenv("NAS_CACHE_DIR", str(tmp_path / "cache"))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)


def with_images(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "data_batch_5.bin").write_bytes(b"")
    return folder


def test_auto_takes_digits_with_one_notice_where_there_is_nothing_else() -> None:
    location = locate("auto")
    assert (location.name, location.folder) == ("digits", None)
    assert location.notice is not None
    assert "nas data fetch cifar10" in location.notice
    assert load(location).name == "digits"


def test_auto_takes_cifar10_from_the_cache(tmp_path: Path) -> None:
    folder = with_images(tmp_path / "cache" / "cifar-10-batches-bin")
    assert locate("auto") == locate("cifar10") == Location("cifar10", folder)


def test_the_environment_comes_before_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_images(tmp_path / "cache" / "cifar-10-batches-bin")
    folder = with_images(tmp_path / "own")
    monkeypatch.setenv("NAS_DATA_DIR", str(folder))
    assert locate("auto") == Location("cifar10", folder)


def test_the_given_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_DATA_DIR", str(with_images(tmp_path / "environment")))
    given = with_images(tmp_path / "given" / "cifar-10-batches-bin")
    assert locate("cifar10", given.parent) == locate("auto", given) == Location("cifar10", given)


@pytest.mark.parametrize("data", ["cifar10", "auto"])
def test_a_given_folder_without_files_is_an_error(tmp_path: Path, data: str) -> None:
    with_images(tmp_path / "cache" / "cifar-10-batches-bin")
    with pytest.raises(DataError, match="--data-dir has no CIFAR-10"):
        locate(data, tmp_path)


def test_an_environment_without_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named expressly, CIFAR-10 is not fetched behind the back of a wrong setting; auto mentions it."""
    monkeypatch.setenv("NAS_DATA_DIR", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="NAS_DATA_DIR has no CIFAR-10"):
        locate("cifar10")
    assert "NAS_DATA_DIR" in (locate("auto").notice or "")


def test_cifar10_is_fetched_when_asked_for() -> None:
    """Every mirror is out of reach here: the error shows that they were tried."""
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        locate("cifar10")
    assert "cs.toronto.edu" in str(caught.value)


def test_digits_have_no_folder(tmp_path: Path) -> None:
    assert locate("digits") == Location("digits")
    with pytest.raises(SettingError, match="have no folder"):
        locate("digits", tmp_path)


def test_an_unknown_name_suggests_a_near_one() -> None:
    with pytest.raises(SettingError) as caught:
        locate("cifar01")
    assert "did you mean cifar10?" in str(caught.value)


def test_damaged_files_are_an_error_not_a_reason_for_digits(tmp_path: Path) -> None:
    folder = with_images(tmp_path / "own")
    with pytest.raises(DataError, match=r"data_batch_5\.bin is truncated"):
        load(locate("auto", folder))


def test_status(tmp_path: Path) -> None:
    assert [(row.row.name, row.ready, row.folder) for row in library.status()] == [
        ("digits", True, None),
        ("cifar10", False, None),
    ]
    folder = with_images(tmp_path / "cache" / "cifar-10-batches-bin")
    assert library.status()[1].ready
    assert library.status()[1].folder == folder
