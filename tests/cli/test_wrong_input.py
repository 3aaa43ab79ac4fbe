"""Wrong input of every kind: one clear message, exit code 2, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.store import Run
from tests.cli.conftest import Cli, Nas

RECORD = 1 + 3 * 32 * 32  # bytes of an image of CIFAR-10's binary version, with its label
SPACE = """\
schema = 1
name = "tiny"
[activation.core_unit]
unary = ["x", "tanh(x)"]
binary = ["x1 + x2"]
"""
SEARCH = ("search", "--space", "activations", "--data", "digits")

#: what is wrong -> arguments, and what the message has to say
CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "unknown command": (("serch",), "did you mean search?"),
    "no such option": (("runs", "--fomat", "json"), "--fomat"),
    "search without a space": (("search",), "--space"),
    "unknown space": (("search", "--space", "activation"), "did you mean activations?"),
    "space file that is not there": (("search", "--space", "none.toml"), "none.toml"),
    "space that is not TOML": (("search", "--space", "broken.toml"), "broken.toml"),
    "space with an unknown key": (("search", "--space", "unknown_key.toml"), "did you mean unary?"),
    "space with a wrong type": (("search", "--space", "wrong_type.toml"), "depth"),
    "space with an impossible value": (("search", "--space", "impossible.toml"), "momentum"),
    "space with a bad formula": (("search", "--space", "formula.toml"), "tahn"),
    "unknown space described": (("spaces", "yardstik"), "did you mean yardstick?"),
    "unknown setting": ((*SEARCH, "--set", "momentun=0.9"), "momentum"),
    "impossible setting": ((*SEARCH, "--set", "momentum=1.5"), "momentum"),
    "setting without a value": ((*SEARCH, "--set", "momentum"), "momentum"),
    "bad expression to try": ((*SEARCH, "--try", "x +* 2"), "x +* 2"),
    "bad expression to train": (("train", "x*sigmod(x)", "--data", "digits"), "sigmoid"),
    "bad expression to inspect": (("inspect", "-x*"), "-x*"),
    "code to inspect": (("inspect", "__import__('os').getcwd()"), "character"),
    "expression without a value": (("inspect", "x + 1/0"), "division by zero"),
    "expression without an end": (("inspect", "(" * 300 + "x"), "nested"),
    "negative trials": ((*SEARCH, "--trials", "-3"), "-3"),
    "trials that are no number": ((*SEARCH, "--trials", "many"), "many"),
    "no time": ((*SEARCH, "--time", "0s"), "0s"),
    "no epochs": ((*SEARCH, "--epochs", "0"), "epochs"),
    "no width": ((*SEARCH, "--width", "0"), "width"),
    "negative seed": ((*SEARCH, "--seed", "-1"), "seed"),
    "unknown sampler": ((*SEARCH, "--sampler", "tpee"), "tpe"),
    "unknown network": ((*SEARCH, "--net", "resnet21"), "resnet20"),
    "unknown data": (("search", "--space", "activations", "--data", "cifar"), "cifar10"),
    "missing data folder": (("search", "--space", "activations", "--data-dir", "nowhere"), "nowhere"),
    "truncated data": (("search", "--space", "activations", "--data-dir", "truncated"), "data_batch_1.bin"),
    "wrong labels": (("search", "--space", "activations", "--data-dir", "labels"), "data_batch_1.bin"),
    "digits from a folder": ((*SEARCH, "--data-dir", "labels"), "digits"),
    "more images than there are": ((*SEARCH, "--train-size", "1400", "--val-size", "100"), "1,437"),
    "an endless space to its end": (
        ("search", "--space", "endless.toml", "--data", "digits", "--sampler", "exhaustive"),
        "lr",
    ),
    "impossible name": ((*SEARCH, "--name", "a/b"), "a/b"),
    "taken name": ((*SEARCH, "--name", "there"), "nas resume there"),
    "runs in a file": ((*SEARCH, "--runs-dir", "file/runs"), "file"),
    "unknown run on the leaderboard": (("leaderboard", "ther"), "did you mean there?"),
    "unknown run shown": (("show", "ther"), "did you mean there?"),
    "unknown run resumed": (("resume", "ther"), "did you mean there?"),
    "no run at all": (("leaderboard", "--runs-dir", "nowhere"), "nas search"),
    "damaged run": (("show", "damaged"), "config.toml"),
    "negative top": (("leaderboard", "there", "--top", "-1"), "-1"),
    "unknown order": (("leaderboard", "there", "--sort", "accuracy"), "val_acc"),
    "unknown format": (("leaderboard", "there", "--format", "xml"), "json"),
    "trial that is not there": (("show", "there", "7"), "7"),
    "two runs at once": (("leaderboard", "there", "damaged"), "damaged"),
    "unknown data to fetch": (("data", "fetch", "mnist"), "cifar10"),
    "data that need no fetching": (("data", "fetch", "digits"), "scikit-learn"),
}


@pytest.fixture
def folder(here: Path) -> Path:
    """The folder with everything that the cases name."""
    spaces = {
        "broken": SPACE + "unary = [",
        "unknown_key": SPACE.replace("unary", "unnary"),
        "wrong_type": SPACE + 'depth = "two"\n',
        "impossible": SPACE + "[optimizer.hyper]\nmomentum = -0.5\n",
        "formula": SPACE.replace("tanh", "tahn"),
        "endless": SPACE + "[recipe]\nlr = { low = 0.01, high = 0.1 }\n",
    }
    for name, text in spaces.items():
        (here / f"{name}.toml").write_text(text, encoding="utf-8")
    (here / "file").touch()
    for name, size, label in (("truncated", 30_000_000, b"\x01"), ("labels", 10_000 * RECORD, b"\x4d")):
        (here / name).mkdir()
        with (here / name / "data_batch_1.bin").open("wb") as file:
            file.write(label)
            file.truncate(size)
    Run.create(here / "runs", RunConfig(name="there", protocol=Protocol(data="digits")))
    (here / "runs" / "damaged").mkdir()
    (here / "runs" / "damaged" / "config.toml").write_text("schema = 1\nname = ", encoding="utf-8")
    return here


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """What is there, files with their sizes and times."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    stats = {name: path.stat() for name, path in found.items() if path.is_file()}
    return dict.fromkeys(found, (0, 0)) | {name: (s.st_size, s.st_mtime_ns) for name, s in stats.items()}


def check(code: int, out: str, err: str, expected: str) -> None:
    assert code == 2, err
    assert "Traceback" not in err
    assert err.startswith("nas: error: ")
    assert err.count("nas: error:") == 1
    assert len(err.splitlines()) <= 6
    assert expected in err
    assert out == ""


@pytest.mark.parametrize("case", CASES)
def test_one_clear_message_and_nothing_half_written(cli: Cli, folder: Path, case: str) -> None:
    args, expected = CASES[case]
    before = contents(folder)
    done = cli(*args)
    check(done.code, done.out, done.err, expected)
    assert contents(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        "unknown space",
        "space that is not TOML",
        "bad expression to try",
        "missing data folder",
        "truncated data",
        "runs in a file",
        "unknown run resumed",
        "negative trials",
    ],
)
def test_a_process_of_its_own_says_the_same(nas: Nas, folder: Path, case: str) -> None:
    args, expected = CASES[case]
    before = contents(folder)
    done = nas(*args)
    check(done.returncode, done.stdout, done.stderr, expected)
    assert contents(folder) == before
