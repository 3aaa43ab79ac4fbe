"""Update rules, inits and networks as parts of a space: what is drawn, counted, refused and read back."""

from __future__ import annotations

from typing import Any

import pytest
import tomli_w

from nas.errors import SettingError, SpaceError
from nas.protocol import Protocol, Recipe
from nas.rows.init_text import read as read_init
from nas.rows.networks import network
from nas.rows.optimizers import OPTIMIZERS
from nas.rules.rule import read as read_rule
from nas.search.samplers.tpe import TpeSampler
from nas.spaces.decisions import Interval, Odometer, RandomChooser, Replay
from nas.spaces.library import names, read
from nas.spaces.listing import describe
from nas.spaces.reader import from_data, read_text
from nas.spaces.space import SearchSpace

PROTOCOL = Protocol(data="digits", val_size=100, recipe=Recipe(lr=0.3))
WITH_PARTS = ("architectures", "cells", "classical", "inits", "joint", "optimizers", "update_rules")


def space(**tables: Any) -> SearchSpace:
    """One function, and these tables."""
    data = {"schema": 1, "name": "mine", "activation": {"shapes": {"formulas": ["max(x, 0)"]}}, **tables}
    return SearchSpace(from_data(data, "mine.toml"))


@pytest.mark.parametrize("name", WITH_PARTS)
def test_every_draw_of_a_space_can_be_read_and_comes_back_from_its_decisions(name: str) -> None:
    searched = SearchSpace(read(name))
    for seed in range(40):
        draft = searched.draft(RandomChooser(seed))
        assert searched.draft(Replay(draft.decisions)).settings == draft.settings
        under = PROTOCOL.under(draft.settings)
        if "optimizer" in draft.settings and under.recipe.optimizer in OPTIMIZERS:
            rule = OPTIMIZERS[under.recipe.optimizer]
            assert set(under.recipe.hyper) <= {h.name for h in rule.hyper}
            assert all(h.low <= under.recipe.hyper.get(h.name, h.default) <= h.high for h in rule.hyper)
        if "init" in draft.settings:
            read_init(under.recipe.init)
        assert network(under.net).name == under.net


@pytest.mark.parametrize("name", WITH_PARTS)
def test_tpe_proposes_in_it(name: str) -> None:
    draft = TpeSampler(SearchSpace(read(name)), 3).ask(0, 0)
    assert draft.settings


def test_only_the_chosen_rule_has_hyperparameters() -> None:
    searched = space(optimizer={"rules": ["nesterov", "adam"], "tune": ["lr", "beta2", "momentum"]})
    seen = {}
    for seed in range(30):
        draft = searched.draft(RandomChooser(seed))
        seen[str(draft.settings["optimizer"])] = set(draft.decisions)
        assert draft.dimensions["optimizer.rule"]
    common = {"optimizer.rule"}
    assert seen == {
        "nesterov": common | {"optimizer.nesterov.lr", "optimizer.nesterov.momentum"},
        "adam": common | {"optimizer.adam.lr", "optimizer.adam.beta2"},
    }
    row = next(h for h in OPTIMIZERS["adam"].hyper if h.name == "beta2")
    adam = next(
        d
        for d in (searched.draft(RandomChooser(s)) for s in range(9))
        if "optimizer.adam.beta2" in d.dimensions
    )
    assert adam.dimensions["optimizer.adam.beta2"] == Interval(row.low, row.high, row.log)


def test_a_space_file_narrows_and_fixes_hyperparameters() -> None:
    hyper = {"momentum": [0.8, 0.95], "beta1": 0.7, "beta2": {"low": 0.9, "high": 0.99}}
    searched = space(optimizer={"rules": ["nesterov", "adam"], "tune": "beta2", "hyper": hyper})
    for seed in range(20):
        settings = searched.draft(RandomChooser(seed)).settings
        if settings["optimizer"] == "adam":
            assert settings["beta1"] == 0.7
            assert 0.9 <= float(settings["beta2"]) <= 0.99
        else:
            assert settings["momentum"] in (0.8, 0.95)


def test_a_fixed_learning_rate_is_that_of_every_rule_and_the_default_otherwise() -> None:
    rules = {"rules": ["nesterov", "adam"]}
    fixed = space(optimizer=rules, recipe={"lr": 0.07})
    assert {PROTOCOL.under(d.settings).recipe.lr for d in fixed.enumerate()} == {0.07}
    free = space(optimizer=rules)
    found = {d.settings["optimizer"]: PROTOCOL.under(d.settings).recipe.lr for d in free.enumerate()}
    assert found == {"nesterov": 0.3, "adam": OPTIMIZERS["adam"].lr.default}


def test_baselines_take_the_middle_of_a_range_of_learning_rates() -> None:
    """0.3, the default, was found for networks with batch norm; a space that searches lr knows better."""
    file = space(recipe={"lr": {"low": 0.01, "high": 0.25, "log": True}, "norm": "none"}).file
    assert file.protocol(PROTOCOL).recipe.lr == pytest.approx(0.05)
    even = space(recipe={"lr": {"low": 0.1, "high": 0.2}}).file
    assert even.protocol(PROTOCOL).recipe.lr == pytest.approx(0.15)


def test_baselines_take_the_first_options() -> None:
    file = space(optimizer={"rules": ["adam", "sgd"]}, init={"inits": ["orthogonal", "dirac"]}).file
    recipe = file.protocol(PROTOCOL).recipe
    assert (recipe.optimizer, recipe.init, recipe.lr) == ("adam", "orthogonal", OPTIMIZERS["adam"].lr.default)
    assert SearchSpace(file).baselines == ("max(x, 0)",)
    grammar = {"operands": ["g", "m"], "unary": ["x"], "binary": ["x1 + x2"]}
    assert space(optimizer={"grammar": grammar}).file.protocol(PROTOCOL) == PROTOCOL


def test_sizes_count_every_way() -> None:
    grammar = {"operands": ["g", "m"], "unary": ["x", "-x"], "binary": ["x1 + x2", "x1*x2"]}
    searched = space(optimizer={"rules": ["sgd", "adam"], "grammar": grammar, "hyper": {"beta1": [0.8, 0.9]}})
    assert searched.size() == 1 + 2 + 4 * 4 * 2
    assert len(list(searched.enumerate())) == searched.size()
    assert space(optimizer={"rules": ["adam"], "tune": "lr"}).size() is None
    nets = {
        "nets": ["small", "linear"],
        "macro": {"depth": [1, 2], "norm": ["batch", "none"]},
        "width": [4, 8],
    }
    assert space(network=nets).size() == (2 + 4) * 2
    assert space(network={"cells": True}).size() == 5**6
    laws = {"head": ["normal", "uniform"], "gain": ["he", 0.5]}
    assert space(init={"inits": ["lsuv"], "grammar": laws}).size() == 1 + 4


def test_one_init_or_rule_has_one_text() -> None:
    drawn = space(init={"inits": ["normal(gain=he, fan=in)", "he_normal(fan=out)"]}).enumerate()
    assert [d.settings["init"] for d in drawn] == ["he_normal", "normal(fan=out, gain=he)"]
    (rule,) = space(optimizer={"rules": ["g * exp(sign(m) * sign(g))"]}).enumerate()
    assert read_rule(str(rule.settings["optimizer"])).text == rule.settings["optimizer"]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"optimizer": {"rules": ["adm"]}}, ["optimizer.rules", "did you mean adam?"]),
        ({"optimizer": {"rules": ["g +"]}}, ["optimizer.rules[1]", "no update rule"]),
        ({"optimizer": {"rules": ["adam"], "tune": ["beta9"]}}, ["beta9", "did you mean beta"]),
        ({"optimizer": {"rules": ["adam"], "hyper": {"beta2": 1.5}}}, ["beta2 should be from 0.5"]),
        ({"optimizer": {"rules": ["adam"], "hyper": {"bta2": 0.9}}}, ["bta2"]),
        ({"optimizer": {"rule": ["adam"]}}, ["optimizer.rule", "did you mean rules?"]),
        ({"optimizer": {"grammar": {"operands": ["q"], "unary": ["x"], "binary": ["x1"]}}}, ["grammar"]),
        ({"init": {"inits": ["he_normall"]}}, ["init.inits", "did you mean"]),
        ({"init": {}}, ["init", "needs inits"]),
        ({"init": {"grammar": {"fan": ["inn"]}}}, ["init.grammar.fan", "inn is no fan", "did you mean in?"]),
        ({"network": {"nets": ["smal"]}}, ["network.nets", "did you mean small?"]),
        ({"network": {"nets": ["|conv~0|"]}}, ["network.nets"]),
        ({"network": {"macro": {"block": ["brick"]}}}, ["network.macro.block", "brick is no block"]),
        ({"network": {"width": [8]}}, ["network", "needs nets"]),
        ({"recipe": {"optimizer": "adam"}}, ["recipe.optimizer is an unknown key"]),
    ],
)
def test_what_is_wrong_is_named(tables: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SpaceError) as caught:
        space(**tables)
    for word in words:
        assert word in str(caught.value)


def test_settings_on_the_command_line() -> None:
    assert read("activations", ["momentum=0.8"]).protocol(PROTOCOL).recipe.hyper == {"momentum": 0.8}
    assert read("activations", ["norm=none"]).protocol(PROTOCOL).recipe.norm == "none"
    assert read("joint", ["norm=none"]).protocol(PROTOCOL).recipe.norm == "none"  # of all, not of macros
    rules = read("optimizers", ["rules=['adam', 'lion']"]).optimizer
    assert rules is not None
    assert rules.rules == ("adam", "lion")
    with pytest.raises(SettingError, match="momentum"):
        read("activations", ["momentun=0.8"])


@pytest.mark.parametrize("name", names())
def test_every_space_is_listed_and_reads_back(name: str) -> None:
    file = read(name)
    again = read_text(tomli_w.dumps(file.to_data()), "copy")
    assert again == file
    sections = {entry.section.split()[0] for entry in describe(file) if entry.section}
    parts = [key for key in ("optimizer", "init", "network") if getattr(file, key) is not None]
    assert set(parts) <= sections


def test_a_walk_takes_every_conditional_way_once() -> None:
    searched = space(
        optimizer={"rules": ["sgd", "adam"], "hyper": {"beta1": [0.8, 0.9], "beta2": [0.9, 0.99]}}
    )
    walked = [tuple(sorted(d.settings.items())) for d in searched.enumerate()]
    assert len(walked) == len(set(walked)) == 1 + 4
    assert searched.draft(Odometer()).settings["optimizer"] == "sgd"
