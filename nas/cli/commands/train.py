"""`nas train`: one function under the recipe and seeds of a search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nas.cli.options import ExpressionCommand
from nas.cli.protocol import protocol_options, resolve, share
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.spaces import library
from nas.symbolic.parse import parse


@click.command("train", cls=ExpressionCommand)
@click.argument("expression", metavar="EXPR")
@click.option("--space", "space_name", default="activations", show_default=True, help="Whose recipe to use.")
@protocol_options
def command(
    expression: str,
    space_name: str,
    runs_dir: Path,
    name: str,
    device: str,
    threads: int | None,
    quiet: bool,
    settings: tuple[str, ...],
    **protocol: Any,
) -> None:
    """Train EXPR, a formula such as "x*sigmoid(beta*x)" or a name such as gelu, and store it as a run."""
    space = library.read(space_name, settings)
    own = parse(expression).text
    images = resolve(space, **protocol)
    config = RunConfig(
        name=name,
        kind="train",
        trials=1,
        own=(own,),
        baselines=(),
        device=device,
        **share(threads, workers=1),
        space=space.to_data(),
        protocol=images.protocol,
    )
    run = Run.create(runs_dir, config, images.location.folder)
    from nas.cli.session import begin  # torch and Optuna take seconds: the run is there before them

    begin(run, quiet)
