"""A run folder may come from anybody: nothing in it becomes code, and what is damaged is refused."""

from __future__ import annotations

import ast
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nas.errors import ExpressionError, RunError
from nas.export.data import data
from nas.export.literals import constant, literal
from nas.export.pedigree import pedigree
from nas.export.subject import Subject
from nas.export.torch_file import torch_file
from nas.protocol import Protocol
from nas.runs.config import RunConfig
from nas.runs.store import Run

ATTACKS = [
    '"""\nimport os; os.system("touch pwned")\n"""',
    "'''\nraise SystemExit\n'''",
    '"; import os #',
    '\\"; import os #\\',
    "a\nb\rc\u2028d\x85e\x0cf\x00g",
    "\u202egnirts desrever",
    "{x}",
    "%s",
    "\\N{DIGIT ONE}",
    "#: import os",
    "\\",
    'r"\\',
    "\U0001f600" * 3,
    "\ud800",
]


@pytest.fixture
def run(tmp_path: Path, original: Run) -> Run:
    """A copy of its own."""
    return Run(Path(shutil.copytree(original.path, tmp_path / "first")))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with two finished trials, of two seeds and of one, and a screened one."""
    config = RunConfig(name="first", protocol=Protocol(data="digits"), space={"name": "activations"})
    run = Run.create(tmp_path_factory.mktemp("runs"), config)
    fields = {
        "expression": "x*sigmoid(beta[channel]*x)",
        "name": "Swish",
        "complexity": 5,
        "origin": "sampler",
    }
    for accuracies in ([0.66, 0.64], [0.5]):
        number = run.begin({}, {}, {**fields, "settings": {"lr": 0.1}})
        run.finish(number, {"outcome": "finished", "val_accs": accuracies, "epochs": 2, "seconds": 3.0})
    run.add_screened({}, {}, {**fields, "expression": "0*x"}, "constant")
    run.set_provenance({"nas": "0.1.0", "cpu": "a processor", "command": ["nas", "search"]})
    return run


def tamper(run: Run, key: str, value: object) -> Run:
    """Write `value` into the store as anybody can who has the file."""
    path = run.path / "study.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = connection.execute(
            "SELECT trial_user_attribute_id, key, value_json FROM trial_user_attributes"
        )
        for identity, name, text in rows.fetchall():
            content = json.loads(text)
            if name == key:
                content = value
            elif isinstance(content, dict) and key in content:
                content[key] = value
            connection.execute(
                "UPDATE trial_user_attributes SET value_json = ? WHERE trial_user_attribute_id = ?",
                (json.dumps(content), identity),
            )
    return Run(run.path)


def facts(source: str) -> dict[str, Any]:
    """The constants of an exported file, read without running it."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def shape(source: str) -> list[str]:
    """What the file does, statement by statement, without its texts."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").isupper():
            node.value = ast.Constant(0)
    return [ast.dump(node) for node in tree.body[1:]]


def export(run: Run, number: int = 0) -> Subject:
    found = pedigree(run, number)
    return Subject(found.expression, found)


def test_where_it_was_found_and_how_it_scored(run: Run) -> None:
    subject = export(run)
    found = facts(torch_file(subject))["FOUND"]
    assert (found["run"], found["trial"], found["n_seeds"], found["selected_among"]) == ("first", 0, 2, 2)
    assert found["val_acc"] == pytest.approx(0.65)
    assert found["val_acc_std"] == pytest.approx(2**0.5 * 0.01)
    assert found["protocol"]["data"] == "digits"
    assert found["machine"] == {"nas": "0.1.0", "cpu": "a processor"}
    assert found == data(subject)["found"]
    assert "0.6500 +- 0.0141 (n = 2 seeds)" in torch_file(subject).split('"""')[1]
    assert "0.5000 (n = 1 seed)" in torch_file(export(run, 1)).split('"""')[1]


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_of_a_run_stay_texts(run: Run, tmp_path: Path, attack: str) -> None:
    expected = shape(torch_file(export(run)))
    for key in ("settings", "name", "reason", "origin", "seconds"):
        value = {attack: [attack, {attack: attack}]} if key == "settings" else attack
        tamper(run, key, value)
    run.set_provenance({"cpu": attack, "nas": [attack], attack: attack})
    source = torch_file(export(Run(run.path)))
    assert source.isascii() or "\u202e" not in source
    assert shape(source) == expected
    found = facts(source)["FOUND"]
    assert found["machine"]["cpu"] in (attack, None)
    assert list(found["settings"]) in ([attack], ["None"])
    json.dumps(data(export(Run(run.path))), allow_nan=False)


@pytest.mark.parametrize(
    "attack", [a for a in ATTACKS if "\x00" not in a and "/" not in a and "\ud800" not in a]
)
def test_the_name_of_a_folder_stays_a_text(run: Run, attack: str) -> None:
    expected = shape(torch_file(export(run)))
    source = torch_file(export(Run(run.path.rename(run.path.parent / attack))))
    assert shape(source) == expected
    assert facts(source)["FOUND"]["run"] == (None if attack.startswith("\\") else attack)  # an absolute path


def test_absolute_paths_stay_behind(run: Run) -> None:
    tamper(run, "settings", {"cache": "/home/someone/images", "other": "C:\\Users\\someone"})
    run.set_provenance({"cpu": "/home/someone", "platform": "Linux"})
    assert "someone" not in torch_file(export(Run(run.path)))


@pytest.mark.parametrize("formula", ["__import__('os')", 'x"""', "x\n+ 1/0", ""])
def test_a_formula_that_is_none_is_refused(run: Run, formula: str) -> None:
    with pytest.raises(ExpressionError):
        export(tamper(run, "expression", formula))


@pytest.mark.parametrize(
    ("key", "value"),
    [("expression", ["x"]), ("expression", None), ("val_accs", ["0.5; import os"]), ("val_accs", [])],
)
def test_a_damaged_record_is_refused(run: Run, key: str, value: object) -> None:
    with pytest.raises(RunError):
        export(tamper(run, key, value))


def test_screened_and_absent_trials_are_refused(run: Run) -> None:
    with pytest.raises(RunError, match="screened") as caught:
        pedigree(run, 2)
    assert "constant" in str(caught.value)
    with pytest.raises(RunError, match="no trial of this number"):
        pedigree(run, 7)


@pytest.mark.parametrize(
    "value", [*ATTACKS, [], {}, [1, 2.5, None, True], {"a": ["b" * 300, 1e-300]}, "word " * 80]
)
def test_literals_read_back(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value
    text = constant("NAME", value)
    assert ast.literal_eval(text.removeprefix("NAME = ")) == value
    assert max(map(len, text.splitlines())) <= 110
