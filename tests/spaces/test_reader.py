"""Space files are strict: what is wrong is said with its place, what is allowed and what is near."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nas.errors import SpaceError
from nas.spaces.library import names, read
from nas.spaces.reader import LARGEST_FILE, from_data, read_file, read_text
from nas.spaces.schema import MAX_DEPTH, SpaceFile

GOOD = """
schema = 1
name = "mine"
[activation.core_unit]
unary = ["x", "beta*x"]
binary = ["x1 + x2"]
"""
HEAD = 'schema = 1\nname = "mine"\n'
UNIT = '[activation.core_unit]\nunary = ["x"]\nbinary = ["x1 + x2"]\n'
PAIR = "[activation.smooth_max]\n"
SHAPES = "[activation.shapes]\n"
LIMITS = "[activation.limits]\n"


def test_defaults() -> None:
    file = read_text(GOOD, "mine.toml")
    unit = file.activation.core_unit
    assert unit is not None
    assert (unit.depth, unit.parameters, file.activation.smooth_max) == ((1,), ("channel",), None)
    assert (file.summary, file.source, file.settings.fixed(), file.settings.dimensions()) == ("", "", {}, {})


MALFORMED = [
    ("", ["schema is missing", "name is missing", "activation is missing"]),
    ("schema = ", ["mine.toml is not valid TOML: Invalid value"]),
    ("schema = 1\nschema = 1\n", ["not valid TOML"]),
    ("a = " + "[" * 3000, ["not valid TOML"]),
    ("schema = " + "9" * 5000, ["not valid TOML"]),
    ("schema = 0x" + "f" * 6000 + "\nnonsense = 3", ["schema is newer", "schema = 1", "upgrade"]),
    ('schema = 2\nname = "mine"\nnew_thing = 3', ["schema is newer"]),
    (f'schema = 0\nname = "mine"\n{UNIT}', ["schema: should be greater than or equal to 1", "got: 0"]),
    (f'schema = "1"\nname = "mine"\n{UNIT}', ["schema: should be a valid integer"]),
    (f'schema = true\nname = "mine"\n{UNIT}', ["schema: should be a valid integer"]),
    (
        f"{HEAD}sumary = 'x'\n{UNIT}",
        ["sumary is an unknown key", "did you mean summary?", "allowed: schema,"],
    ),
    (f"schema = 1\nname = 3\n{UNIT}", ["name: should be a valid string", "got: 3"]),
    (f"schema = 1\nname = 'a b'\n{UNIT}", ["name: should be letters"]),
    (f"schema = 1\nname = '{'a' * 65}'\n{UNIT}", ["name: ", "64"]),
    (f'{HEAD}summary = "a\\u001b[31m"\n{UNIT}', ["summary: ", "printable"]),
    (HEAD, ["activation is missing"]),
    (f"{HEAD}activation = 3", ["activation: should be a table", "got: 3"]),
    (f"{HEAD}[activation]", ["activation: there is nothing to search", "[activation.core_unit]"]),
    (f"{HEAD}[activation.coreunit]", ["activation.coreunit is an unknown key", "did you mean core_unit?"]),
    (f"{HEAD}[activation]\ncore_unit = 'x'", ["activation.core_unit: should be a table"]),
    (f"{HEAD}[activation.core_unit]\nunary = ['x']", ["activation.core_unit.binary is missing"]),
    (
        f"{HEAD}{UNIT}depht = 1",
        ["core_unit.depht is an unknown key", "did you mean depth?", "allowed: depth,"],
    ),
    (f"{HEAD}{UNIT}depth = 0", ["core_unit.depth[1]: ", "greater than or equal to 1", "got: 0"]),
    (f"{HEAD}{UNIT}depth = [1, {MAX_DEPTH + 1}]", ["core_unit.depth[2]: ", f"equal to {MAX_DEPTH}"]),
    (f"{HEAD}{UNIT}depth = [2, 2]", ["core_unit.depth: 2 is there twice"]),
    (f"{HEAD}{UNIT}depth = []", ["core_unit.depth: should not be empty"]),
    (f"{HEAD}{UNIT}depth = 1.0", ["core_unit.depth[1]: should be a valid integer"]),
    (f"{HEAD}{UNIT}depth = true", ["core_unit.depth[1]: should be a valid integer"]),
    (f"{HEAD}{UNIT}depth = {{ low = 1 }}", ["core_unit.depth: should be a list"]),
    (f"{HEAD}{UNIT}depth = 0x{'f' * 6000}", ["core_unit.depth[1]: "]),
    (f"{HEAD}{UNIT}parameters = ['chanel']", ["core_unit.parameters[1]", "channel, scalar", "mean channel?"]),
    (f"{HEAD}{UNIT}parameters = []", ["core_unit.parameters: should not be empty"]),
    (f"{HEAD}{UNIT.replace('x1 + x2', 'x1 + y')}", ["core_unit.binary[1]: not a formula", "got: x1 + y"]),
    (f"{HEAD}{UNIT.replace('x1 + x2', 'x + x1')}", ["core_unit.binary[1]: not a formula", "x1 and x2"]),
    (
        f"{HEAD}{UNIT.replace('[]', '')}".replace('["x"]', '["x", "x1"]'),
        ["core_unit.unary[2]: not a formula"],
    ),
    (f"{HEAD}{UNIT}".replace('["x"]', '["tahn(x)"]'), ["unary[1]: not a formula", "did you mean tanh?"]),
    (f"{HEAD}{UNIT}".replace('["x"]', '["1/0"]'), ["unary[1]: not a formula"]),
    (f"{HEAD}{UNIT}".replace('["x"]', '[""]'), ["unary[1]: not a formula", "got: nothing"]),
    (f"{HEAD}{UNIT}".replace('["x"]', "[\"__import__('os')\"]"), ["unary[1]: not a formula"]),
    (f"{HEAD}{UNIT}".replace('["x"]', "[3]"), ["unary[1]: should be a valid string"]),
    (f"{HEAD}{UNIT}".replace('["x"]', "[]"), ["unary: should not be empty"]),
    (f"{HEAD}{UNIT}".replace('["x"]', '["x", "x"]'), ["unary: x is there twice"]),
    (f"{HEAD}{UNIT}".replace('["x"]', '["x^2", "x", "x*x"]'), ["unary: x*x and x^2 are one function"]),
    (f"{HEAD}{PAIR}pieces = []", ["smooth_max.pieces: should not be empty"]),
    (f"{HEAD}{PAIR}pieces = [['x']]", ["smooth_max.pieces[1]: takes 2 to 4 pieces"]),
    (f"{HEAD}{PAIR}pieces = [['x', '0', '1', '-x', 'x^2']]", ["smooth_max.pieces[1]: takes 2 to 4 pieces"]),
    (f"{HEAD}{PAIR}number = 2", ["smooth_max: needs pieces or any_of"]),
    (f"{HEAD}{PAIR}pieces = [['x', '0']]\nany_of = ['x', '0']", ["needs pieces or any_of", "only one"]),
    (f"{HEAD}{PAIR}any_of = ['x', '0']\nnumber = 5", ["smooth_max.number[1]: ", "equal to 4", "got: 5"]),
    (f"{HEAD}{PAIR}any_of = ['p*x', 'p[1]*x']\ntied = true", ["p is tied and has several start values"]),
    (f"{HEAD}{SHAPES}", ["shapes: needs shapes, formulas or both"]),
    (f"{HEAD}{SHAPES}shapes = ['u(x)']", ["shapes: unary is used by a shape and missing"]),
    (f"{HEAD}{SHAPES}formulas = 'x'\nunary = ['x']", ["shapes: unary is used by no shape"]),
    *(
        (f"{HEAD}{SHAPES}shapes = ['{text}']", ["shapes.shapes[1]: not a shape: ", problem, f"got: {text}"])
        for text, problem in [
            ("x", "x alone"),
            ("u", "ends too early"),
            ("u()", "expected u, b, n or x"),
            ("u(x", "ends too early"),
            ("u(x))", "behind its end"),
            ("u(x)x", "behind its end"),
            ("u x", "expected '('"),
            ("b(x)", "b takes 2 parts, not 1"),
            ("u(x, x)", "u takes 1 part, not 2"),
            ("n(x, x)", "n takes 3 parts"),
            ("f(x)", "found 'f'"),
            ("u(1)", "found '1'"),
            ("u(" * 9 + "x" + ")" * 9, "nested deeper than 8"),
        ]
    ),
    (f"{HEAD}{SHAPES}shapes = ['u(x){' ' * 200}']", ["not a shape: a shape is too long", "at most 200"]),
    (f"{HEAD}{SHAPES}shapes = ['n(x, x, x)']\nnary = ['x1*x4']", ["nary[1]: not a formula", "x1, x2 and x3"]),
    (f"{HEAD}{UNIT}{LIMITS}complexity = 0", ["limits.complexity: ", "greater than or equal to 1"]),
    (f"{HEAD}{UNIT}{LIMITS}complexty = 3", ["limits.complexty is an unknown key", "mean complexity?"]),
    (f"{HEAD}{UNIT}{LIMITS}nested = {{ epx = ['sin'] }}", ["epx is no operator", "did you mean exp?"]),
    (f"{HEAD}{UNIT}{LIMITS}nested = {{ exp = ['sinhh'] }}", ["sinhh is no operator", "mean sinh?"]),
    (f"{HEAD}{PAIR}pieces = ['x', '0']", ["smooth_max.pieces[1]: should be a list"]),
    (f"{HEAD}{PAIR}pieces = [['x', '0'], ['x', '0']]", ["is there twice"]),
    (f"{HEAD}{PAIR}pieces = [['x', 'y']]", ["smooth_max.pieces[1][2]: not a formula"]),
    (f"{HEAD}{UNIT}[recipe]\nlearning_rate = 1", ["recipe.learning_rate is an unknown key", "allowed: lr,"]),
    (f"{HEAD}{UNIT}[recipe]\nwieght_decay = 1", ["recipe.wieght_decay", "did you mean weight_decay?"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = 0", ["recipe.lr: should be greater than 0", "got: 0"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = inf", ["recipe.lr: should be a finite number"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = nan", ["recipe.lr: "]),
    (f"{HEAD}{UNIT}[recipe]\nlr = true", ["recipe.lr: should be a valid number"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = 1979-05-27", ["recipe.lr: should be a valid number"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = []", ["recipe.lr: should not be empty"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = [0.1, 0.1]", ["recipe.lr: 0.1 is there twice"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = [0.1, 200]", ["recipe.lr[2]: should be less than or equal to 100"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = {{ low = 0.1 }}", ["recipe.lr.high is missing"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = {{ low = 0.1, hihg = 1 }}", ["recipe.lr.hihg", "did you mean high?"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = {{ low = 0.2, high = 0.1 }}", ["recipe.lr: low should be less than high"]),
    (f"{HEAD}{UNIT}[recipe]\nlr = {{ low = 0.1, high = 500 }}", ["recipe.lr.high: should be less than"]),
    (
        f"{HEAD}{UNIT}[recipe]\nlabel_smoothing = {{ low = 0, high = 0.9, log = true }}",
        ["recipe.label_smoothing: low should be greater than 0 where log is true"],
    ),
    (f"{HEAD}{UNIT}[recipe]\nbatch_size = {{ low = 8, high = 64 }}", ["recipe.batch_size: takes no range"]),
    (f"{HEAD}{UNIT}[recipe]\nbatch_size = 64.0", ["recipe.batch_size: should be a valid integer"]),
    (f"{HEAD}{UNIT}[recipe]\nflip = 1", ["recipe.flip: should be a valid boolean"]),
    (f"{HEAD}{UNIT}recipe = 1", ["core_unit.recipe is an unknown key"]),
    (f"{HEAD}recipe = 1\n{UNIT}", ["recipe: should be a table"]),
]


@pytest.mark.parametrize(("text", "fragments"), MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_file_is_explained(text: str, fragments: list[str]) -> None:
    with pytest.raises(SpaceError) as error:
        read_text(text, "mine.toml")
    shown = str(error.value)
    assert shown.startswith("mine.toml")
    for fragment in fragments:
        assert fragment in shown
    for foreign in ("pydantic", "Input ", "tuple", "Tuple", "dictionary"):
        assert foreign not in shown


def test_several_faults_are_all_listed() -> None:
    text = f"{HEAD}{UNIT}depht = 2\n[recipe]\nlr = -1\ncrop = 'big'\n"
    with pytest.raises(SpaceError, match=r"mine\.toml has 3 faults") as error:
        read_text(text, "mine.toml")
    for fragment in ("core_unit.depht", "did you mean depth?", "recipe.lr", "recipe.crop", "got: big"):
        assert fragment in str(error.value)


@pytest.mark.parametrize("name", names())
def test_plain_data_and_toml_read_back(name: str) -> None:
    file = read(name, ["lr={low=0.01,high=1,log=true}", "crop=[0,2]", "flip=false"])
    data = file.to_data()
    assert from_data(data, "config.toml").to_data() == data
    assert from_data(json.loads(json.dumps(data)), "config.toml").to_data() == data
    again = read_text(tomli_w.dumps(data), "config.toml")
    assert again.activation == file.activation
    assert again.settings == file.settings
    assert again.settings.dimensions() == file.settings.dimensions()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="is a folder"):
        read_file(tmp_path)
    with pytest.raises(SpaceError, match="cannot read the space file"):
        read_file(tmp_path / "missing.toml")
    with pytest.raises(SpaceError, match="cannot read the space file"):
        read_file(Path("a\0b"))
    path = tmp_path / "latin.toml"
    path.write_bytes(b"name = '\xe9'")
    with pytest.raises(SpaceError, match="not UTF-8"):
        read_file(path)
    path.write_text("# " + "a" * LARGEST_FILE)
    with pytest.raises(SpaceError, match="too large"):
        read_file(path)
    path.write_text(GOOD)
    assert read_file(path).name == "mine"


SOURCES = [
    GOOD,
    *(Path(__file__).parents[2].joinpath("search_spaces", f"{n}.toml").read_text() for n in names()),
]
FRAGMENTS = st.one_of(
    st.text(max_size=4),
    st.sampled_from(
        ["[", "]", '"', "=", "\n", "{", "}", ",", "x", "1e999", "nan", "[recipe]\n", "lr = ", "(", "^"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    source=st.sampled_from(SOURCES),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), FRAGMENTS), min_size=1, max_size=3),
)
def test_mutated_text_is_a_space_or_an_error(source: str, edits: list[tuple[float, int, str]]) -> None:
    for place, length, put in edits:
        start = int(place * len(source))
        source = source[:start] + put + source[start + length :]
    assert _told(lambda: read_text(source, "mutated.toml")).startswith("mutated.toml")


def _told(reads: Callable[[], SpaceFile]) -> str:
    """What is said of the file; whatever is not a SpaceError fails the test."""
    try:
        return f"mutated.toml is the space {reads().to_data()['name']}"
    except SpaceError as error:
        return str(error)


VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["x", "x1", "beta", "channel", datetime.date(2026, 1, 1)]),
        st.just(5000).map(lambda digits: 16**digits),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = [
    *(
        ("activation", p, k)
        for p in ("core_unit", "smooth_max", "shapes", "limits")
        for k in (
            "depth",
            "unary",
            "pieces",
            "parameters",
            "tied",
            "shapes",
            "any_of",
            "complexity",
            "nested",
        )
    ),
    *(("recipe", k) for k in ("lr", "flip", "batch_size", "crop", "nothing")),
    *((k,) for k in ("schema", "name", "summary", "activation", "recipe", "nothing")),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(KEYS), value=VALUES)
def test_mutated_data_is_a_space_or_an_error(path: tuple[str, ...], value: Any) -> None:
    data: dict[str, Any] = read("activations").to_data()
    table = data
    for step in path[:-1]:
        table = table.setdefault(step, {})
    table[path[-1]] = value
    assert _told(lambda: from_data(data, "mutated.toml")).startswith("mutated.toml")
