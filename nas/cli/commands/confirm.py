"""`nas confirm`: the winners of a search on fresh seeds, and then, once, on the test set."""

from __future__ import annotations

from typing import Any

import click

from nas.cli.winners import Start, search_of, winner_options
from nas.datasets.library import locate
from nas.errors import SettingError
from nas.runs import openings

DEFAULT_SEEDS = 8


@click.command("confirm")
@click.argument("run_name", metavar="RUN")
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=DEFAULT_SEEDS,
    show_default=True,
    help="Trainings of each.",
)
@click.option("--no-test", is_flag=True, help="Fresh seeds only: the test set stays closed.")
@click.option(
    "--open-test-again", is_flag=True, help="Open the test set even where it has been opened; shown for ever."
)
@winner_options
def command(run_name: str, seeds: int, no_test: bool, open_test_again: bool, **options: Any) -> None:
    """Train the best candidates of RUN and its baselines anew, then open the test set once.

    The best of many noisy scores was partly lucky; seeds that the search has not seen say what is left. All
    are trained in full under the protocol of RUN, each with the settings it was found with. Then every
    network is scored on the test set. Both runs keep when it was opened and by what, and another opening for
    the same search is refused. `nas resume` goes on with a confirmation that was cut off.
    """
    start = Start(**options)
    if no_test and open_test_again:
        raise SettingError("--no-test keeps the test set closed", got="--open-test-again beside it")
    search = search_of(start.runs_dir, run_name)
    old = search.config.protocol
    protocol = old.model_copy(update={"seeds": seeds, "seed": start.fresh_seed(search)})
    if not no_test and not open_test_again:
        openings.refuse_another(search)
    roster = start.roster(
        search, {f"{old.data}/{old.net}": protocol}, test=not no_test, again=open_test_again
    )
    folder = search.data_dir if start.data_dir is None else locate(old.data, start.data_dir).folder
    start.run("confirm", search, roster, folder)
