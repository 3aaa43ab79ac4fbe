"""Reproductions of candidates that differ in their settings: a run that tunes each, a run that compares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas.cli.protocol import Images, share
from nas.cli.reproduction import Asked, done
from nas.reproductions import entrants, init, optimizers
from nas.reproductions.entrants import Entrant, Guessing, Trained
from nas.reproductions.record import Record, record
from nas.reproductions.scales import SCALES
from nas.runs.config import RunConfig
from nas.runs.roster import Roster
from nas.runs.store import Run
from nas.spaces import library
from nas.spaces.schema import SpaceFile
from nas.symbolic.parse import parse


def reproduce_init(*, scale: str, **asked: object) -> Record:
    """Measure the signal, tune, compare, judge; what has been done already is taken as it is."""
    ask = Asked(scale=SCALES.find(scale), **asked)  # type: ignore[arg-type]
    runs, trained = _tuned(ask, init.NAME, init.entrants(), init.SEEDS, init.RECIPE, init.NET)
    found = init.findings(trained, {s.claim.name: _factor(s) for s in init.SIGNALS})
    rows = [entrants.row(one) for one in trained]
    return record(init.NAME, init.SOURCE, scale, ask.seed, found, rows, runs)


def reproduce_optimizers(*, scale: str, **asked: object) -> Record:
    """Tune, compare, judge."""
    ask = Asked(scale=SCALES.find(scale), **asked)  # type: ignore[arg-type]
    runs, trained = _tuned(ask, optimizers.NAME, optimizers.entrants(), ask.scale.seeds)
    found = optimizers.findings(trained)
    rows = [entrants.row(one) for one in trained]
    return record(optimizers.NAME, optimizers.SOURCE, scale, ask.seed, found, rows, runs)


def _tuned(
    ask: Asked,
    paper: str,
    candidates: Sequence[Entrant],
    seeds: int,
    recipe: Sequence[str] = (),
    net: str | None = None,
) -> tuple[dict[str, Run], list[Trained]]:
    """The runs, and what they made of the candidates. `net`: in place of the scale's.

    One rung, the last: a training is judged at its end alone, as a start that is slow is no verdict here.
    """
    space = library.read("activations", ["schedule=wsd", *recipe])
    images = ask.images(space, ask.seed, seeds=1, net=net)
    name = f"reproduce-{paper}-{ask.scale.name}-{ask.seed}"
    protocol = images.protocol.model_copy(update={"rungs": (images.protocol.epochs,)})
    first = _run(ask, f"{name}-tune", space, images, entrants.tuning(candidates, protocol))
    found = entrants.tuned(candidates, first.records(), Guessing.under(protocol))
    roster = entrants.comparison(found, protocol, seeds)
    second = _run(ask, f"{name}-compare", space, images, roster)
    return {"tuning": first, "comparison": second}, entrants.trained(found, roster, second.records())


def _run(ask: Asked, name: str, space: SpaceFile, images: Images, roster: Roster) -> Run:
    config = RunConfig(
        name=name,
        kind="compare",
        trials=len(roster),
        baselines=(),
        device=ask.device,
        **share(ask.threads),
        space=space.to_data(),
        protocol=next(iter(roster.protocols.values())),
        roster=roster,
    )
    return done(ask, config, images.location.folder)


def _factor(signal: init.Signal) -> float:
    """The geometric mean over layers and draws."""
    from nas.initialization.depth import through_depth  # torch takes seconds
    from nas.rows.init_text import read

    expression = parse(signal.expression)
    measured = through_depth(
        read(signal.init), expression, depth=init.DEPTH, width=init.WIDTH, draws=init.DRAWS
    ).signal
    return float(np.exp(np.mean(np.log(measured[:, -1] / measured[:, 0])) / (measured.shape[1] - 1)))
