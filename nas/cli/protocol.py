"""The options that say how candidates are scored, shared by `nas search` and `nas train`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import click

from nas.cli.options import (
    all_of,
    data_dir_option,
    note,
    runs_dir_option,
    work_options,
)
from nas.datasets.library import Location, locate
from nas.errors import SettingError
from nas.protocol import Protocol, Recipe, default_recipe
from nas.rows.datasets import DATASETS
from nas.rows.networks import network
from nas.rows.pruners import FIDELITIES, ladder
from nas.spaces.schema import SpaceFile

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[smhd])+")


class Duration(click.ParamType[float]):
    """A time such as 90s, 20m or 1h30m, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, above 0."""
        if isinstance(value, float):
            return value
        if not _DURATION.fullmatch(value):
            self.fail(f"{value!r} is no time; write it as 90s, 20m or 1h30m", param, ctx)
        parts = re.findall(r"([0-9.]+)([smhd])", value)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if not 0 < seconds < 1e9:
            self.fail(f"{value!r} is too short or too long", param, ctx)
        return float(seconds)


class Net(click.ParamType[str]):
    """A network by its name or text."""

    name = "net"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same text for the same network."""
        return network(value).name


class Rungs(click.ParamType[tuple[int, ...]]):
    """Whole numbers such as 1,3,9, rising."""

    name = "rungs"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """At least one number."""
        if isinstance(value, tuple):
            return value
        if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", value):
            self.fail(f"{value!r} are no rungs; write them as 1,3,9", param, ctx)
        return tuple(map(int, value.split(",")))


_OPTIONS = (
    click.option(
        "--data",
        type=click.Choice(["auto", *DATASETS]),
        default="auto",
        show_default=True,
        help="Images; auto takes CIFAR-10 where it is on disk, else digits.",
    ),
    data_dir_option,
    click.option(
        "--net",
        type=Net(),
        metavar="NAME|TEXT",
        default="small",
        show_default=True,
        help="Network: a name of `nas describe arch`, a cell, or macro(...).",
    ),
    click.option("--width", type=click.IntRange(1, 1024), help="Channels of the first layers."),
    click.option("--epochs", type=click.IntRange(1, 100_000), help="Passes over the training images."),
    click.option("--train-size", type=click.IntRange(min=2), help="Training images.  [default: all]"),
    click.option(
        "--val-size", type=click.IntRange(min=2), help="Validation images, cut from the training part."
    ),
    click.option("--seeds", type=click.IntRange(1, 1000), help="Trainings of each candidate."),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything random."
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Any value of the space file or recipe, such as lr=0.05; may be repeated.",
    ),
    click.option("--name", metavar="NAME", default="", help="Name of the run.  [default: space and time]"),
    *work_options,
    runs_dir_option,
)


protocol_options = all_of(_OPTIONS)


@dataclass(frozen=True)
class Images:
    """Which images, of which size of parts and under which seeds."""

    location: Location
    protocol: Protocol


def resolve(
    space: SpaceFile, *, data: str, data_dir: Path | None, net: str, seed: int, **sizes: int | None
) -> Images:
    """The protocol that the options ask for, what they leave open filled from the data set's row.

    Raises:
        DataError, SettingError: images that are not there, a value out of range.
    """
    location = locate(data, data_dir, progress=True)
    if location.notice is not None:
        note(location.notice)
    row = DATASETS.find(location.name)
    chosen: dict[str, Any] = {
        "data": row.name,
        "net": net,
        "seed": seed,
        "recipe": default_recipe(row.name),
        "width": row.width,
        "epochs": row.epochs,
        "val_size": row.val_size,
        "seeds": row.seeds,
    }
    given = {key: value for key, value in sizes.items() if value is not None}
    return Images(location, space.protocol(Protocol(**(chosen | given))))


TASK_EVALUATIONS = 300  #: of the function, by default


def resolve_task(space: SpaceFile, task: str, **options: Any) -> Images:
    """The protocol of a search that scores update rules on the function `task`, without images.

    Raises:
        SettingError: no such task, a space that searches no update rules.
    """
    from nas.tasks.text import read  # torch, which no other search needs so early

    if space.optimizer is None:
        raise SettingError(
            "a task scores update rules, and this space has none",
            got=space.name,
            cure="--space optimizers, classical or update_rules",
        )
    recipe = Recipe(lr=0.1, weight_decay=0.0)
    protocol = Protocol(
        data="task",
        task=str(read(task)),
        net="",
        epochs=options["epochs"] or TASK_EVALUATIONS,
        val_size=2,  # there are no images
        seeds=options["seeds"] or 1,
        seed=options["seed"],
        recipe=recipe,
    )
    return Images(Location("task", None), space.protocol(protocol))


def with_rungs(images: Images, fidelity: str, rungs: tuple[int, ...] | None, reduction: int) -> Images:
    """The same images under a protocol with rungs up to its own full value of `fidelity`.

    Raises:
        SettingError: the rungs do not rise to the full value, or there is only one.
    """
    protocol = images.protocol
    full = protocol.train_size or DATASETS.find(protocol.data).train_images - protocol.val_size
    full = full if fidelity == "train_size" else getattr(protocol, fidelity)
    values = ladder(full, fidelity, reduction) if rungs is None else tuple(dict.fromkeys((*rungs, full)))
    if len(values) < 2 or values[0] < 1 or any(a >= b for a, b in pairwise(values)):
        raise SettingError(
            "rungs rise from 1 or more to the full value, which is not the only one",
            got=", ".join(map(str, values)),
            allowed=f"whole numbers below {fidelity} = {full}",
            cure=f"raise --{fidelity.replace('_', '-')}, or name rungs below it with --rungs",
        )
    recipe = protocol.recipe
    if recipe.lr_budget > 1:
        raise SettingError(
            "a pruner takes one learning rate for each candidate",
            got=f"lr_budget = {recipe.lr_budget}",
            cure="--set lr_budget=1, or search without --pruner",
        )
    if FIDELITIES.find(fidelity).goes_on:
        recipe = recipe.model_copy(update={"schedule": "wsd"})
    return replace(
        images,
        protocol=protocol.model_copy(
            update={
                "fidelity": fidelity,
                "rungs": values,
                "recipe": recipe,
                **({"train_size": full} if fidelity == "train_size" else {}),
            }
        ),
    )


def available_threads() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


MOST_WORKERS = 4  #: by default; with more a sampler would know too little of what has just been trained


class Share(TypedDict):
    """The fields of a run that say how much of the machine it takes."""

    threads: int
    workers: int


def share(threads: int | None, workers: int | None = None) -> Share:
    """Fields of a run: processor threads (None: all there are), and the trainings that share them.

    Raises:
        SettingError: not a thread for each.
    """
    there = threads or available_threads()
    if workers is not None and workers > there:
        raise SettingError(
            "each training takes a thread of its own",
            got=f"--workers {workers}",
            allowed=f"1 to {there}",
            cure="raise --threads" if threads else None,
        )
    return {"threads": there, "workers": workers or min(there, MOST_WORKERS)}
