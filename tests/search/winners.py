"""A search that has ended, in the store only, and confirmations of it."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from nas.analysis.selection import selected
from nas.protocol import Protocol, Recipe
from nas.runs.config import RunConfig
from nas.runs.roster import Roster
from nas.runs.store import Run
from nas.spaces import library
from nas.symbolic.parse import parse

#: eight steps a training: too few to be held against chance
PROTOCOL = Protocol(
    data="digits", width=4, epochs=1, train_size=128, val_size=200, seeds=2,
    recipe=Recipe(lr=0.2, batch_size=16, flip=False, crop=0),
)  # fmt: skip

#: formula, name, origin, score of each seed, settings; ReLU is the only baseline
FOUND = [
    ("max(x, 0)", "ReLU", "baseline", (0.61, 0.63), {}),
    ("tanh(x)", "tanh", "sampler", (0.66, 0.64), {}),
    ("max(x, 0.3*x)", None, "sampler", (0.71, 0.69), {"lr": 0.1}),
    ("atan(x)", "arctan", "own", (0.62, 0.60), {}),
]


def stored_search(folder: Path, protocol: Protocol, name: str = "a", data_dir: Path | None = None) -> Run:
    """A run of `FOUND` whose trials were never trained."""
    config = RunConfig(name=name, protocol=protocol, space=library.read("activations").to_data())
    run = Run.create(folder, config, data_dir)
    (run.path / "study.db").write_bytes(_study())
    return run


@lru_cache(maxsize=1)
def _study() -> bytes:
    """Of that run, made once: it takes Optuna half a second."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder), RunConfig(name="a", protocol=PROTOCOL))
        for text, known, origin, scores, settings in FOUND:
            expression = parse(text)
            fields = {"expression": expression.text, "name": known, "complexity": expression.complexity}
            number = run.begin({}, {}, {**fields, "origin": origin, "settings": settings})
            result = {"outcome": "finished", "val_accs": scores, "seconds": 1.0, "train_images": 100}
            run.finish(number, result)
        run.note("ended", "trials")
        whole = Path(folder) / "whole.db"
        with closing(sqlite3.connect(run.path / "study.db")) as database:
            database.execute("VACUUM INTO ?", [str(whole)])
        return whole.read_bytes()


def confirmation(
    search: Run, name: str = "c", *, top: int = 1, test: bool = True, again: bool = False
) -> Run:
    """A confirmation of `search` with its first `top` winners, nothing trained."""
    old = search.config.protocol
    protocol = old.model_copy(update={"seed": old.seed + 1})
    roster = Roster(
        search=search.name,
        selected_among=3,
        candidates=selected(search.name, search.records(), old.val_size, top),
        protocols={f"{old.data}/{old.net}": protocol},
        test=test,
        again=again,
    )
    config = RunConfig(
        name=name, kind="confirm", trials=len(roster), baselines=(), protocol=protocol, roster=roster
    )
    return Run.create(search.path.parent, config)
