"""Built-in spaces are found in a checkout and in a wheel, others by their path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nas
from nas.errors import SpaceError
from nas.spaces.library import names, read
from nas.spaces.listing import describe
from nas.spaces.reader import read_text

PACKAGE = Path(nas.__file__).parent
CHECKOUT = Path(__file__).parents[2]


def test_built_in_spaces_are_called_what_their_files_are() -> None:
    assert {"activations", "yardstick"} <= set(names())
    assert names() == sorted(names())
    for name in names():
        file = read(name)
        assert file.name == name
        assert file.summary
        assert file.source


def test_wheel_layout(tmp_path: Path) -> None:
    """In a wheel the space files lie inside the package."""
    shutil.copytree(PACKAGE, tmp_path / "nas", ignore=shutil.ignore_patterns("__pycache__"))
    inside = tmp_path / "nas" / "search_spaces"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    shutil.copy(CHECKOUT / "search_spaces" / "yardstick.toml", inside)
    script = "import nas.spaces.library as l; print(l.__file__, l.names(), l.read('yardstick').name)"
    path = os.pathsep.join([str(tmp_path), *(p for p in sys.path if "site-packages" in p)])
    printed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.split(maxsplit=1) == [
        str(tmp_path / "nas" / "spaces" / "library.py"),
        "['yardstick'] yardstick\n",
    ]


def test_unknown_names_are_explained(tmp_path: Path) -> None:
    with pytest.raises(SpaceError) as error:
        read("yardstik")
    assert "did you mean yardstick?" in str(error.value)
    assert ", ".join(names()) in str(error.value)
    for name in ("missing/yardstik.toml", "a\0b", "a" * 5000, ""):
        with pytest.raises(SpaceError):
            read(name)
    with pytest.raises(SpaceError, match="is a folder"):
        read(str(tmp_path))


def test_files_are_found_by_their_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (CHECKOUT / "search_spaces" / "yardstick.toml").read_text()
    (tmp_path / "own.toml").write_text(text.replace('name = "yardstick"', 'name = "own"'))
    (tmp_path / "activations").write_text("nonsense")
    monkeypatch.chdir(tmp_path)
    assert read("own.toml").name == read(str(tmp_path / "own.toml")).name == "own"
    assert read("activations").name == "activations"  # a name comes before a file
    with pytest.raises(SpaceError, match="not valid TOML"):
        read("./activations")


def test_listing() -> None:
    entries = {(e.section, e.key): e.values for e in describe(read("activations"))}
    assert entries["", "name"] == ("activations",)
    pieces = len(entries["smooth maximum S_beta(g(x), h(x))", "pieces"])
    assert entries["", "writings"] == (f"{199_948_480 + 2 * pieces:,}",)
    assert entries["core unit b(u1(x), u2(x))", "depth"] == ("1", "2")
    assert len(entries["core unit b(u1(x), u2(x))", "unary"]) == 25
    assert entries["smooth maximum S_beta(g(x), h(x))", "pieces"][1] == "(x, p*x)"
    text = """
        schema = 1
        name = "mine"
        activation.smooth_max.pieces = [["x", "0"]]
        [recipe]
        lr = { low = 1e-4, high = 1, log = true }
        warmup = { low = 0.5, high = 0.9 }
        flip = false
        crop = [0, 2]
    """
    listed = describe(read_text(text, "mine.toml"))
    assert not any(e.key in ("summary", "source") for e in listed)
    entries = {(e.section, e.key): e.values for e in listed}
    assert entries["", "writings"] == ("endless",)
    assert entries["recipe", "lr"] == ("0.0001 to 1, logarithmic",)
    assert entries["recipe", "warmup"] == ("0.5 to 0.9",)
    assert entries["recipe", "flip"] == ("false",)
    assert entries["recipe", "crop"] == ("0", "2")
