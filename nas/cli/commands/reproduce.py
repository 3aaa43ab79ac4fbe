"""`nas reproduce`: a paper as one command: what it claims beside what comes out here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nas.cli.options import (
    all_of,
    data_dir_option,
    format_option,
    print_json,
    runs_dir_option,
    work_options,
)
from nas.cli.protocol import Duration
from nas.reproductions.scales import SCALES
from nas.rows.samplers import SAMPLERS

_OPTIONS = (
    click.option(
        "--scale",
        type=click.Choice(list(SCALES)),
        default="minutes",
        show_default=True,
        help="; ".join(f"{row.name}: {row.summary}" for row in SCALES.values()) + ".",
    ),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the search."),
    data_dir_option,
    *work_options,
    click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Write all as JSON."),
    format_option("table", "json"),
    runs_dir_option,
)


_options = all_of(_OPTIONS)


@click.group("reproduce")
def command() -> None:
    """Try a paper's claims: search or compare as it did, and print its figures beside those from here.

    The same command again goes on where it was; when all is done it prints at once.
    """


@command.command("swish")
@click.option(
    "--sampler",
    type=click.Choice([name for name in SAMPLERS if name != "exhaustive"]),
    default="tpe",
    show_default=True,
    help="Who proposes.",
)
@click.option(
    "--time", "time_seconds", type=Duration(), metavar="TIME", help="Stop the search after this time, as 6h."
)
@click.option(
    "--figure", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw what the search found."
)
@_options
def swish(record: Path | None, figure: Path | None, format_: str, **asked: Any) -> None:
    """The search that found Swish (Ramachandran, Zoph & Le 2017), over its plain 25 x 10 grammar.

    300 functions are trained, Swish not named to the search; then the best of them, the paper's own and the
    hand-made ones are compared under paired seeds.
    """
    from nas.cli.reproduction import reproduce_swish

    _show(reproduce_swish(quiet=asked.pop("quiet") or format_ == "json", **asked), record, figure, format_)


@command.command("acon")
@_options
def acon(record: Path | None, format_: str, **asked: Any) -> None:
    """The smooth maximum against what it smooths (Ma et al. 2021), under paired seeds.

    Then ACON-C and Meta-ACON against Swish and ReLU.
    """
    from nas.cli.reproduction import reproduce_acon

    _show(reproduce_acon(quiet=asked.pop("quiet") or format_ == "json", **asked), record, None, format_)


@command.command("init")
@_options
def init(record: Path | None, format_: str, **asked: Any) -> None:
    """Which gain trains deep networks without normalization (Glorot & Bengio 2010, He et al. 2015, ...).

    Glorot's, He's, the activation's own, orthogonal and torch's default through twenty layers and through
    four, Fixup in a residual network; each at the best of five learning rates, then under fresh paired seeds.
    """
    from nas.cli.tuning import reproduce_init

    _show(reproduce_init(quiet=asked.pop("quiet") or format_ == "json", **asked), record, None, format_)


@command.command("optimizers")
@_options
def optimizers(record: Path | None, format_: str, **asked: Any) -> None:
    """Update rules at equal tuning against Nesterov's momentum (Bello et al. 2017, Chen et al. 2023, ...).

    Each at the best of five learning rates; then under fresh paired seeds.
    """
    from nas.cli.tuning import reproduce_optimizers

    _show(reproduce_optimizers(quiet=asked.pop("quiet") or format_ == "json", **asked), record, None, format_)


@command.command("pool")
@click.argument("files", metavar="RECORD ...", nargs=-1, required=True, type=click.Path(path_type=Path))
@format_option("table", "json")
def pool(files: tuple[Path, ...], format_: str) -> None:
    """Records of one reproduction under several seeds as one: medians, and differences over all seeds."""
    from nas.reproductions.pool import pool as pooled
    from nas.reproductions.record import load
    from nas.terminal import console
    from nas.terminal.reproduction import pool as view

    data = pooled([load(file) for file in files])
    if format_ == "json":
        print_json(data)
    else:
        console.stdout().print(view(data))


def _show(data: dict[str, Any], record: Path | None, figure: Path | None, format_: str) -> None:
    from nas.reproductions.figure import draw
    from nas.reproductions.record import save
    from nas.runs.files import write_atomically
    from nas.terminal import console
    from nas.terminal.reproduction import reproduction

    if record is not None:
        save(data, record)
    if format_ == "json":
        print_json(data)
    else:
        console.stdout().print(reproduction(data))
    if figure is not None:
        write_atomically(figure, draw(data))
