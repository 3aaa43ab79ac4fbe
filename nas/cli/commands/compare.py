"""`nas compare`: candidates side by side under the same seeds, with intervals and a verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from nas.analysis.comparison import compare, members, to_dict
from nas.cli.options import ExpressionCommand, format_option, note, print_json
from nas.cli.protocol import protocol_options, resolve, share
from nas.errors import RunError, SettingError
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.spaces import library
from nas.spaces.reader import from_data
from nas.symbolic.parse import parse

DEFAULT_SEEDS = 8
_TRIAL = re.compile(r"\s*(?P<run>[^:]+):(?P<trial>[0-9]+)\s*")


@dataclass(frozen=True)
class _Asked:
    """A candidate as the command line names it."""

    label: str
    expression: str
    run: Run | None = None  #: where it was found


@click.command("compare", cls=ExpressionCommand)
@click.argument("candidates", metavar="A B ...", nargs=-1, required=True)
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, min_open=True),
    default=0.1,
    show_default=True,
    metavar="POINTS",
    help="The difference that matters, in percentage points.",
)
@format_option("table", "json")
@protocol_options
@click.pass_context
def command(
    context: click.Context,
    /,
    candidates: tuple[str, ...],
    margin: float,
    format_: str,
    runs_dir: Path,
    name: str,
    device: str,
    threads: int | None,
    quiet: bool,
    settings: tuple[str, ...],
    **protocol: Any,
) -> None:
    """Train candidates anew under the same seeds and say how far apart they are, and how sure that is.

    A candidate is a formula, a known name, or RUN:TRIAL. Every pair is compared seed by seed (paired t test,
    95 % interval), and the p values of all pairs are corrected together (Holm). With RUN:TRIAL the run's own
    protocol is the default, under fresh seeds. [default: 8 seeds]
    """
    asked = [_asked(text, runs_dir) for text in candidates]
    if len(asked) < 2:
        raise SettingError("a comparison takes two candidates or more", got=candidates[0])
    given = {k: v for k, v in protocol.items() if context.get_parameter_source(k) != ParameterSource.DEFAULT}
    base = next((one.run for one in asked if one.run is not None), None)
    space = library.read("activations", settings)
    if base is not None:
        old = base.config.protocol
        space = from_data(base.config.space, f"run {base.name}", settings)
        if any(one.run and one.run.config.protocol.key != old.key for one in asked):
            note(f"the runs differ in their protocol; all are trained under that of {base.name}")
        kept = {k: getattr(old, k) for k in ("data", "net", "width", "epochs", "train_size", "val_size")}
        protocol |= {**kept, "data_dir": base.data_dir, "seed": old.seed + 1, **given}
    images = resolve(space, **(protocol | {"seeds": protocol["seeds"] or DEFAULT_SEEDS}))
    own = tuple(dict.fromkeys(one.expression for one in asked))
    config = RunConfig(
        name=name,
        kind="compare",
        trials=len(own),
        own=own,
        baselines=(),
        device=device,
        **share(threads),
        space=space.to_data(),
        protocol=images.protocol,
    )
    run = Run.create(runs_dir, config, images.location.folder)
    run.note("comparison", {"candidates": [[o.label, o.expression] for o in asked], "margin": margin / 100})
    from nas.cli.session import begin  # torch and Optuna take seconds: the run is there before them

    begin(run, quiet or format_ == "json", silent=format_ == "json")
    if format_ == "json":
        found = compare(members([(one.label, one.expression) for one in asked], run.records()), margin / 100)
        print_json({"pairs": [to_dict(p) for p in found], "protocol": run.config.protocol.model_dump()})


def _asked(text: str, runs_dir: Path) -> _Asked:
    found = _TRIAL.fullmatch(text)
    if found is None:
        expression = parse(text)
        return _Asked(text.strip(), expression.text)
    run = Run.open(runs_dir, found["run"])
    if run.config.kind == "transfer":
        raise SettingError("a transfer has several protocols; name a trial of its search", got=text.strip())
    records = {record.number: record for record in run.records()}
    record = records.get(int(found["trial"]))
    if record is None:
        allowed = f"0 to {max(records)}" if records else "none yet"
        raise RunError(f"run {run.name} has no trial of this number", got=found["trial"], allowed=allowed)
    if record.settings:
        note(f"{text}: the settings it was found with are not used; all are trained under one recipe")
    return _Asked(text.strip(), record.expression, run)
