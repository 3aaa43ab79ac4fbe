"""The ledger of the test set: in both runs, in order, never shorter."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import pytest

from nas.errors import RunError
from nas.protocol import Protocol
from nas.runs import openings
from nas.runs.config import RunConfig
from nas.runs.openings import Opening
from nas.runs.roster import Entry, Roster
from nas.runs.store import Run

PROTOCOL = Protocol(data="digits", data_fingerprint="ab" * 32, seed=3)


@lru_cache(maxsize=1)
def empty_study() -> bytes:
    """Of a run: it takes Optuna a third of a second to make one."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder), RunConfig(name="empty", protocol=PROTOCOL))
        run.study()
        return (run.path / "study.db").read_bytes()


def created(folder: Path, config: RunConfig) -> Run:
    run = Run.create(folder, config)
    (run.path / "study.db").write_bytes(empty_study())
    return run


def search(folder: Path, name: str, **others: object) -> Run:
    return created(folder, RunConfig(**{"name": name, "protocol": PROTOCOL, **others}))


def confirmation(folder: Path, name: str, of: str) -> Run:
    entry = Entry(expression="max(x, 0)", name="ReLU", complexity=3, origin="baseline")
    roster = Roster(
        search=of,
        selected_among=7,
        candidates={"relu": entry},
        protocols={"digits/small": PROTOCOL},
        test=True,
    )
    return created(folder, RunConfig(name=name, kind="confirm", protocol=PROTOCOL, roster=roster))


def opening(by: Run, when: str = "2026-03-01T12:00:00.000+00:00", **others: object) -> Opening:
    name, created = openings.key_of(by)
    values = {"command": "nas confirm a", "images": 360, "fingerprint": "cd" * 32, **others}
    return Opening(when=when, by=name, by_created=created, **values)


@pytest.mark.slow
def test_an_opening_is_in_both_runs_before_and_with_its_results(tmp_path: Path) -> None:
    a, c = search(tmp_path, "a"), confirmation(tmp_path, "c", "a")
    assert openings.openings(a) == openings.shown(c) == []
    openings.refuse_another(a)
    first = opening(c)
    openings.begin(a, c, first)
    for run in (Run(a.path), Run(c.path)):
        assert openings.openings(run) == [first]
    with pytest.raises(RunError, match="opened for a already") as refused:
        openings.refuse_another(a)
    assert "--open-test-again" in str(refused.value)
    assert "by c at 2026-03-01" in str(refused.value)
    known = first.model_copy(update={"results": {"relu": [0.5, 0.25]}})
    openings.complete(a, c, known)
    for run in (Run(a.path), Run(c.path)):
        assert openings.openings(run) == [known], "the same opening, now with its results"


def test_openings_add_up_and_every_confirmation_shows_all(tmp_path: Path) -> None:
    a = search(tmp_path, "a")
    first, second = confirmation(tmp_path, "c", "a"), confirmation(tmp_path, "d", "a")
    openings.begin(a, first, opening(first))
    openings.begin(a, second, opening(second, when="2026-03-02T12:00:00.000+00:00"))
    for run in (a, first, second):
        assert [o.by for o in openings.shown(run)] == ["c", "d"]
    for gone in a.path.iterdir():
        gone.unlink()
    a.path.rmdir()
    assert [o.by for o in openings.shown(second)] == ["c", "d"], "kept without the search as well"


def test_a_repetition_of_the_search_under_another_name_is_the_same_search(tmp_path: Path) -> None:
    a, twin = search(tmp_path, "a"), search(tmp_path, "b", trials=9, threads=2)
    other = search(tmp_path, "o", protocol=PROTOCOL.model_copy(update={"seed": 4}))
    c = confirmation(tmp_path, "c", "a")
    openings.begin(a, c, opening(c))
    with pytest.raises(RunError, match="opened for b already"):
        openings.refuse_another(twin)
    openings.refuse_another(other)
    d = confirmation(tmp_path, "d", "b")
    openings.begin(twin, d, opening(d, when="2026-03-02T12:00:00.000+00:00"))
    assert [o.by for o in openings.openings(twin)] == ["c", "d"], "what the other run knew is kept here, too"


def test_a_new_run_of_an_old_name_does_not_own_its_opening(tmp_path: Path) -> None:
    a, c = search(tmp_path, "a"), confirmation(tmp_path, "c", "a")
    openings.begin(a, c, opening(c))
    key = openings.key_of(c)
    c.rewrite_config(c.config.model_copy(update={"created": "2027-01-01T00:00:00.000+00:00"}))
    assert openings.key_of(c) != key
    assert openings.openings(a)[0].key == key


def test_a_damaged_ledger_is_told(tmp_path: Path) -> None:
    a = search(tmp_path, "a")
    a.note("test_set", [{"when": 3}])
    with pytest.raises(RunError, match="ledger of the test set of run a is damaged"):
        openings.openings(a)


def test_a_roster_outlives_the_file_and_numbers_its_trials(tmp_path: Path) -> None:
    entries = {
        "a:3": Entry(
            expression="x*sigmoid(x)", complexity=4, origin="sampler",
            settings={"lr": 0.03, "nesterov": True}, trial=3, val_acc=0.61, seeds=2,
        ),
        "relu": Entry(expression="max(x, 0)", name="ReLU", complexity=3, origin="baseline"),
    }  # fmt: skip
    deeper = PROTOCOL.model_copy(update={"net": "resnet20"})
    protocols = {"digits/small": PROTOCOL, "digits/resnet20": deeper}
    roster = Roster(search="a", selected_among=2, candidates=entries, protocols=protocols)
    config = RunConfig(kind="transfer", protocol=PROTOCOL, roster=roster)
    back = RunConfig.from_toml(config.to_toml()).roster
    assert back == roster
    assert list(back.trials()) == [
        (0, "digits/small", "a:3"),
        (1, "digits/small", "relu"),
        (2, "digits/resnet20", "a:3"),
        (3, "digits/resnet20", "relu"),
    ]
    assert len(back) == 4
    assert back.winners() == ["a:3"]
    assert back.search_folder(tmp_path / "runs" / "c") == tmp_path / "runs" / "a"
