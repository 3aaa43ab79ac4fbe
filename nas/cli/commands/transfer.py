"""`nas transfer`: the winners of a search on other networks and other data."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nas.cli.protocol import resolve
from nas.cli.winners import Start, search_of, winner_options
from nas.datasets.library import Location, locate
from nas.protocol import Protocol
from nas.rows.datasets import DATASETS
from nas.rows.networks import network
from nas.runs.roster import Roster
from nas.runs.store import Run
from nas.spaces.reader import from_data

DEFAULT_SEEDS = 3
_COMMA = re.compile(r",(?![^(]*\))")  # outside of parentheses: a network may be written with some


class Names(click.ParamType[tuple[str, ...]]):
    """Names joined by commas; `known` gives the name that a row has, or raises SettingError."""

    name = "names"

    def __init__(self, known: Callable[[str], str]) -> None:
        self._known = known

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, each once."""
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(self._known(word.strip()) for word in _COMMA.split(value)))


@click.command("transfer")
@click.argument("run_name", metavar="RUN")
@click.option(
    "--nets",
    type=Names(lambda name: network(name).name),
    metavar="A,B",
    help="Networks.  [default: that of RUN]",
)
@click.option(
    "--data",
    type=Names(lambda name: DATASETS.find(name).name),
    metavar="A,B",
    help="Data sets.  [default: that of RUN]",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=DEFAULT_SEEDS,
    show_default=True,
    help="Trainings of each.",
)
@click.option("--width", type=click.IntRange(1, 1024), help="Channels of the first layers.")
@click.option("--epochs", type=click.IntRange(1, 100_000), help="Passes over the training images.")
@click.option("--train-size", type=click.IntRange(min=2), help="Training images.")
@click.option("--val-size", type=click.IntRange(min=2), help="Validation images.")
@winner_options
def command(
    run_name: str,
    nets: tuple[str, ...] | None,
    data: tuple[str, ...] | None,
    seeds: int,
    width: int | None,
    epochs: int | None,
    train_size: int | None,
    val_size: int | None,
    **options: Any,
) -> None:
    """Train the best candidates of RUN and its baselines anew on every network and every data set named.

    On the data of RUN its own sizes and recipe are the default, elsewhere those of the data set. Candidates
    keep the settings they were found with, but for the network. The test set stays closed: scores are of the
    validation part, under seeds that the search has not seen.
    """
    start = Start(**options)
    search = search_of(start.runs_dir, run_name)
    old = search.config.protocol
    sizes = {"width": width, "epochs": epochs, "train_size": train_size, "val_size": val_size}
    given = {key: value for key, value in sizes.items() if value is not None}
    given |= {"seeds": seeds, "seed": start.fresh_seed(search)}
    places = {name: _place(search, name, start.data_dir) for name in data or (old.data,)}
    protocols = {
        f"{name}/{net}": _protocol(search, place, net, given)
        for name, place in places.items()
        for net in nets or (old.net,)
    }
    folder = next((place.folder for place in places.values() if place.folder is not None), None)
    start.run("transfer", search, _without_net(start.roster(search, protocols)), folder)


def _without_net(roster: Roster) -> Roster:
    """Candidates that chose a network for themselves meet the networks of the transfer as well."""
    candidates = {
        label: entry.model_copy(update={"settings": {k: v for k, v in entry.settings.items() if k != "net"}})
        for label, entry in roster.candidates.items()
    }
    return roster.model_copy(update={"candidates": candidates})


def _place(search: Run, data: str, data_dir: Path | None) -> Location:
    """Where the images called `data` lie; those of the search where it had them, unless told otherwise."""
    if data == "digits":
        return Location(data)
    if data_dir is None and data == search.config.protocol.data:
        return Location(data, search.data_dir)
    return locate(data, data_dir, progress=True)


def _protocol(search: Run, place: Location, net: str, given: dict[str, int]) -> Protocol:
    """On the data of the search its own, without rungs; elsewhere the data set's, with the space's recipe."""
    old = search.config.protocol
    if place.name == old.data:
        return old.model_copy(update={"net": net, "fidelity": "epochs", "rungs": (), **given})
    space = from_data(search.config.space, f"run {search.name}")
    return resolve(space, data=place.name, data_dir=place.folder, net=net, **given).protocol
