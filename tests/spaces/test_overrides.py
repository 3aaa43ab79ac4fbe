"""`--set key=value` reaches any value of a space file, and what results is checked like a file."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import NasError, SettingError, SpaceError
from nas.spaces.decisions import Choice, Interval
from nas.spaces.library import read
from nas.spaces.overrides import override


@pytest.mark.parametrize("key", ["activation.core_unit.depth", "core_unit.depth", "depth", " depth "])
@pytest.mark.parametrize(("value", "depth"), [("1", (1,)), ("[2, 3]", (2, 3)), (" [ 2 ] ", (2,))])
def test_keys_may_be_short(key: str, value: str, depth: tuple[int, ...]) -> None:
    unit = read("activations", [f"{key}={value}"]).activation.core_unit
    assert unit is not None
    assert unit.depth == depth


def test_texts_need_no_quotes() -> None:
    file = read(
        "activations", ["core_unit.parameters=scalar", 'smooth_max.parameters=["scalar"]', "name=mine"]
    )
    assert file.name == "mine"
    assert file.activation.core_unit is not None
    assert file.activation.smooth_max is not None
    assert file.activation.core_unit.parameters == file.activation.smooth_max.parameters == ("scalar",)


def test_a_value_cannot_bring_keys_along() -> None:
    changed = override(read("yardstick").to_data(), ["summary='a'\nname='b'"])
    assert (changed["summary"], changed["name"]) == ("'a'\nname='b'", "yardstick")


def test_recipe_keys_take_values_lists_and_ranges() -> None:
    texts = ["lr=0.05", "recipe.label_smoothing=[0.1, 0.2]", "weight_decay={low=1e-5,high=1e-2,log=true}"]
    found = read("yardstick", texts).settings
    assert found.fixed() == {"lr": 0.05}
    decay = Interval(1e-5, 1e-2, True)
    assert found.dimensions() == {"label_smoothing": Choice((0.1, 0.2)), "weight_decay": decay}


def test_the_last_one_wins() -> None:
    assert read("yardstick", ["lr=0.05", "recipe.lr=0.2"]).settings.fixed() == {"lr": 0.2}


def test_what_was_read_stays_as_it_was() -> None:
    data = read("yardstick").to_data()
    before = read("yardstick").to_data()
    changed = override(data, ["depth=3", "lr=0.5"])
    assert data == before
    assert changed["activation"]["core_unit"]["depth"] == 3
    assert changed["recipe"] == {"lr": 0.5}


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("lr", ["key=value", "got: lr"]),
        ("=3", ["key=value"]),
        ("depht=1", ["no such key", "did you mean depth?", "activation.core_unit.depth", "recipe.lr"]),
        ("recipe.lrr=1", ["no such key", "did you mean recipe.lr?"]),
        ("unit.depth=1", ["no such key"]),
        ("schema=3", ["no such key"]),
        (
            "parameters=scalar",
            ["several", "activation.core_unit.parameters, activation.smooth_max.parameters"],
        ),
    ],
)
def test_wrong_keys_are_explained(text: str, fragments: list[str]) -> None:
    with pytest.raises(SettingError) as error:
        read("activations", [text])
    for fragment in fragments:
        assert fragment in str(error.value)


def test_productions_that_a_file_lacks_cannot_be_set() -> None:
    with pytest.raises(SettingError, match="no such key") as error:
        read("yardstick", ["smooth_max.parameters=scalar"])
    assert "smooth_max" not in str(error.value.allowed)
    assert read("yardstick", ["parameters=scalar"]).activation.core_unit is not None


def test_wrong_values_are_explained_with_the_setting() -> None:
    with pytest.raises(SpaceError, match=r"yardstick.toml with --set lr=500: recipe.lr: should be less"):
        read("yardstick", ["lr=500"])


@settings(max_examples=100, deadline=None)
@given(
    key=st.one_of(
        st.text(max_size=8), st.sampled_from(["lr", "depth", "unary", "recipe.crop", "name", "summary"])
    ),
    value=st.one_of(
        st.text(max_size=8), st.sampled_from(["[", "1e999", "{low=1}", "1\nb=2", "[[1]]", "nan"])
    ),
)
def test_any_text_is_a_space_or_an_error(key: str, value: str) -> None:
    """Anything but the product's own error fails the test."""
    with suppress(NasError):
        assert read("yardstick", [f"{key}={value}"]).activation.core_unit is not None
