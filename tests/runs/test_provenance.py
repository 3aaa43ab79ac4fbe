from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from nas.runs import provenance
from nas.runs.config import RunConfig


def test_it_says_where_a_figure_comes_from(config: RunConfig) -> None:
    found = provenance.collect(["/opt/venv/bin/nas", "search", "--seed", "3"], config)
    json.dumps(found, allow_nan=False)
    assert found["command"] == ["nas", "search", "--seed", "3"]
    assert found["seed"] == 3
    assert found["data_fingerprint"] == "ab" * 32
    assert found["packages"]["optuna"][0].isdigit()
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 1 << 28
    assert found["cpu"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/home/ada/data/cifar", "cifar"),
        ("--data-dir=/home/ada/data", "--data-dir=data"),
        ("C:\\Users\\ada\\nas.exe", "nas.exe"),
        ("--set", "--set"),
        ("recipe.lr=0.1", "recipe.lr=0.1"),
        ("../data", "../data"),
        ("x/(1+exp(-x))", "x/(1+exp(-x))"),
        ("-x", "-x"),
        ("", ""),
    ],
)
def test_no_word_of_the_command_keeps_an_absolute_path(word: str, expected: str) -> None:
    assert provenance.scrubbed([word]) == [expected]


def test_later_sessions_stand_behind_the_first() -> None:
    first, second, third = {"nas": "1"}, {"nas": "2"}, {"nas": "3"}
    assert provenance.resumed({}, first) == first
    once = provenance.resumed(first, second)
    assert provenance.resumed(once, third) == {"nas": "1", "resumed": [second, third]}
    assert once == {"nas": "1", "resumed": [second]}


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a checkout, its files not committed yet."""
    package = tmp_path / "nas"
    package.mkdir()
    (package / "__init__.py").write_text("")
    try:
        git(tmp_path, "init", "--quiet")
    except OSError:
        pytest.skip("git is not installed")
    return package


def test_the_revision_is_the_commit_and_tells_of_changes(package: Path) -> None:
    assert provenance.revision(package) is None
    git(package, "add", ".")
    assert provenance.revision(package) is None
    git(package, "commit", "--quiet", "-m", "first")
    commit = git(package, "rev-parse", "HEAD")
    assert provenance.revision(package) == commit
    (package / "__init__.py").write_text("changed = True\n")
    assert provenance.revision(package) == f"{commit}+changes"


def test_a_package_in_a_foreign_checkout_has_no_revision(package: Path) -> None:
    (package.parent / "theirs.txt").write_text("")
    git(package, "add", "../theirs.txt")
    git(package, "commit", "--quiet", "-m", "theirs")
    assert provenance.revision(package) is None


def test_without_git_there_is_no_revision(
    package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git(package, "add", ".")
    git(package, "commit", "--quiet", "-m", "first")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.revision(package) is None
