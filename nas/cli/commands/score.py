"""`nas score`: architectures without training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import torch

from nas.cli.options import format_option, note, print_json
from nas.cli.protocol import available_threads
from nas.datasets.library import load, locate
from nas.errors import SettingError
from nas.rows.datasets import DATASETS
from nas.rows.networks import network
from nas.rows.scores import SCORES
from nas.scores.measure import Sample, measure
from nas.scores.ranking import score
from nas.terminal import architecture, console

_STDIN = "-"


@click.command("score")
@click.argument("archs", nargs=-1, metavar="[ARCH]...")
@click.option(
    "--file",
    "files",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    multiple=True,
    help="Architectures in a file, one a line; may be repeated.",
)
@click.option(
    "--data",
    type=click.Choice(["auto", *DATASETS]),
    default="auto",
    show_default=True,
    help="Images; auto takes CIFAR-10 where it is on disk, else digits.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder with CIFAR-10's binary files.",
)
@click.option("--threads", type=click.IntRange(1, 4096), help="Scored at a time.  [default: all cores]")
@format_option("table", "json")
def command(
    archs: Sequence[str],
    files: Sequence[Path],
    data: str,
    data_dir: Path | None,
    threads: int | None,
    format_: str,
) -> None:
    """Score architectures ARCH before any of them is trained in earnest; `score` is the one to rank by.

    ARCH is a cell such as "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|skip_connect~2|",
    or whatever `nas describe arch` takes; `-` reads them from stdin, one a line. The result has the order
    asked for. A `score` depends on its architecture alone: it is the mean logarithm of where the scores of an
    architecture lie among those of random cells on CIFAR-10, 0 at the top.
    """
    asked = [*_arguments(archs), *(line for file in files for line in _lines(file))]
    if not asked:
        raise SettingError(
            "no architecture to score", cure="name some, or --file FILE, or - for stdin; one a line"
        )
    for arch in asked:
        network(arch)  # wrong ones are found before anything is computed
    location = locate(data, data_dir, progress=True)
    if location.notice is not None:
        note(location.notice)
    sample = Sample.of(load(location))
    torch.set_num_threads(
        1
    )  # two for each small convolution would wait for one another, beside others for long
    with ThreadPoolExecutor(threads or available_threads()) as pool:
        found = list(pool.map(lambda arch: measure(arch, sample), asked))
    lines = [
        architecture.ScoreLine(arch, one.parameters, one.macs, one.scores, score(one.scores), one.seconds)
        for arch, one in zip(asked, found, strict=True)
    ]
    if format_ == "json":
        print_json([vars(line) for line in lines])
    else:
        rows = SCORES.values()
        console.stdout().print(
            architecture.scores(lines, [(row.name, f"{row.formula}: {row.summary}") for row in rows])
        )


def _arguments(archs: Sequence[str]) -> Iterator[str]:
    for arch in archs:
        if arch == _STDIN:
            yield from _lines(Path(_STDIN))
        else:
            yield arch


def _lines(file: Path) -> list[str]:
    """The lines of `file` that are not blank; of stdin for -."""
    try:
        with click.open_file(str(file), encoding="utf-8") as stream:
            return [line.strip() for line in stream if line.strip()]
    except UnicodeDecodeError as error:
        raise SettingError("a list of architectures is text in UTF-8", got=file) from error
