"""What several commands share: the runs folder, output formats, expressions as arguments, notices, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def runs_dir_option(function: F) -> F:
    """`--runs-dir DIR`, by default `runs` under the current directory."""
    return click.option(
        "--runs-dir",
        type=click.Path(path_type=Path),
        default=Path("runs"),
        show_default=True,
        metavar="DIR",
        help="Folder of the runs.",
    )(function)


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder with CIFAR-10's binary files.",
)
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to train.",
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(1, 4096),
    help="Processor threads, of everything together.  [default: all cores]",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress, only the result.")
#: of every command that trains: where, with how much of the machine, and what is shown meanwhile
work_options = (device_option, threads_option, quiet_option)


def all_of(options: Sequence[Callable[[Any], Any]]) -> Callable[[F], F]:
    """A decorator for all `options`, in their order in the help."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format NAME`; the first of `formats` is the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the result.",
    )


class ExpressionCommand(click.Command):
    """A command whose arguments are expressions, which may begin with a minus sign.

    A word such as `-x` or `-tanh(x)` that is no option of the command is read as an expression: it gets a
    blank in front, which means nothing to the expression parser and keeps click from taking it for an option.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {
            word: option
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for word in (*option.opts, *option.secondary_opts)
        }
        words: list[str] = []
        value_follows = (
            False  # click takes the word after such an option as its value, whatever it begins with
        )
        for position, word in enumerate(args):
            if word == "--" and not value_follows:
                return super().parse_args(ctx, words + args[position:])
            is_expression = (
                word.startswith("-")
                and not word.startswith("--")
                and word not in options
                and not value_follows
            )
            option = options.get(word)
            value_follows = (
                not value_follows and option is not None and not option.is_flag and not option.count
            )
            words.append(f" {word}" if is_expression else word)
        return super().parse_args(ctx, words)


def note(text: str) -> None:
    """One line for the person, on stderr, so that stdout stays pure."""
    click.echo(f"nas: {text}", err=True)


def print_json(value: object) -> None:
    """Print `value` as JSON; a NaN or infinity is a fault of the caller and raises ValueError."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")
