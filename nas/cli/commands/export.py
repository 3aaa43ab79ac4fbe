"""`nas export`: a function, or the function of a trial, to take along."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from nas.cli.options import ExpressionCommand, format_option, note, runs_dir_option
from nas.errors import ExpressionError
from nas.export.data import data, latex_line
from nas.export.file import write
from nas.export.pedigree import pedigree
from nas.export.subject import Subject
from nas.export.torch_file import torch_file
from nas.runs.folders import is_run
from nas.runs.store import Run
from nas.symbolic.parse import parse

FORMATS: dict[str, Callable[[Subject], str]] = {
    "torch": torch_file,
    "latex": latex_line,
    "json": lambda subject: json.dumps(data(subject), indent=2, allow_nan=False) + "\n",
}


@click.command("export", cls=ExpressionCommand)
@click.argument("first", metavar="EXPR | RUN TRIAL")
@click.argument("trial", metavar="", required=False, type=click.IntRange(min=0))
@format_option(*FORMATS)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE, not stdout."
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@runs_dir_option
def command(
    first: str, trial: int | None, format_: str, output: Path | None, force: bool, runs_dir: Path
) -> None:
    """Export the function EXPR, a formula or a known name, or that of trial number TRIAL of RUN.

    torch: one Python file that needs only torch, with `activation(x)`, the layer `Activation`, the gain of
    its initialization, and a test of itself that runs with `python FILE`. latex: a line for a paper. json:
    all that is known of it, as data.
    """
    text = FORMATS[format_](_function(first, runs_dir) if trial is None else _trial(first, trial, runs_dir))
    if output is None:
        click.echo(text, nl=False)
        return
    write(output, text, force=force)
    note(f"wrote {output}" + (f"; `python {output}` tests it" if format_ == "torch" else ""))


def _trial(run_name: str, trial: int, runs_dir: Path) -> Subject:
    found = pedigree(Run.open(runs_dir, run_name), trial)
    return Subject(found.expression, found)


def _function(text: str, runs_dir: Path) -> Subject:
    try:
        return Subject(parse(text))
    except ExpressionError as error:
        if is_run(runs_dir / text):
            raise ExpressionError(
                "a run has many functions", got=text, cure=f"say which trial: nas export {text} TRIAL"
            ) from error
        raise
