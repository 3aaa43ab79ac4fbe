"""The command `nas`: a table of commands, each imported when it is called, and what an error exits with.

Exit codes: 0 done; 2 wrong input (message on stderr); 130 interrupted with Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

import click

from nas.cli.lazy import LazyGroup
from nas.errors import NasError

#: name -> what `nas --help` says about it; the command itself is `command` in nas/cli/commands/<name>.py
COMMANDS = {
    "search": "Search a space: activation functions, inits, update rules, networks.",
    "train": "Train one function under the recipe and seeds of a search.",
    "resume": "Go on with a run, or extend its budget.",
    "leaderboard": "Rank the candidates of a run.",
    "compare": "Train candidates under the same seeds: differences, intervals, verdicts.",
    "reproduce": "Try a paper's claims: its search or comparison, its figures beside those from here.",
    "confirm": "Train the winners of a search on fresh seeds, then open the test set, once.",
    "transfer": "Train the winners of a search on other networks and data.",
    "importance": "Which decisions of a search mattered, alone and in pairs, and how sure that is.",
    "power": "How many paired seeds a difference needs, from the spread measured in a run.",
    "show": "Show a run's configuration and provenance, or one trial with its curve.",
    "inspect": "The health card of a function: formula, name, properties, moments, init gain, cost, graph.",
    "describe": "Explain an optimizer, an init, a network and more: formula, source, what it does.",
    "soften": "The smooth relative of a function made of max and min, step by step.",
    "export": "A function or a trial as one file of its own: torch, LaTeX or JSON.",
    "score": "Score architectures before training: counts, gradients, a very short training.",
    "runs": "List the runs.",
    "spaces": "List the search spaces, or describe one.",
    "data": "List the data sets and where they are; fetch one.",
}

WRONG_INPUT = 2
INTERRUPTED = 130
CLOSED_PIPE = 1  # as click has it


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"nas {version('nas')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    prefix="nas.cli.commands.",
    what="Commands",
    missing="there is no command {name}",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def nas() -> None:
    """Search for activation functions, inits, update rules and small networks by training on real images."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run `nas` with `args` (the process's own by default) and exit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a sign shows a mark, not a traceback
            stream.reconfigure(errors="replace")
    try:
        code = run(sys.argv[1:] if args is None else args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has enough; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = CLOSED_PIPE
    sys.exit(code)


def run(args: Sequence[str]) -> int:
    """Run `nas` with `args`; the exit code. What is neither the product's nor click's error goes up."""
    try:
        # args are passed, so that click expands no * of a formula into file names on Windows
        result = nas.main(list(args), prog_name="nas", standalone_mode=False)
    except NasError as error:
        return _refuse(str(error))
    except click.UsageError as error:
        context = error.ctx.command_path if error.ctx is not None else "nas"
        return _refuse(f"{error.format_message()}\n  help: {context} --help")
    except click.ClickException as error:
        return _refuse(error.format_message())
    except click.Abort as abort:
        how_to_go_on = "; ".join(str(text) for text in getattr(abort.__cause__, "args", ()))
        click.echo(f"nas: interrupted{how_to_go_on and '; ' + how_to_go_on}", err=True)
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _refuse(message: str) -> int:
    click.echo(f"nas: error: {message}", err=True)
    return WRONG_INPUT
