"""Runs of a reproduction: begun, gone on with, or found finished under their own names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nas.analysis.comparison import Member, members
from nas.cli.options import note
from nas.cli.protocol import Images, resolve, share, with_rungs
from nas.errors import RunError
from nas.protocol import Protocol
from nas.reproductions import acon, swish
from nas.reproductions.claims import SOURCE
from nas.reproductions.discovery import Trained, chance
from nas.reproductions.record import Record, function_row, record, search_facts
from nas.reproductions.scales import SCALES, Scale
from nas.reproductions.verdicts import MARGIN
from nas.runs.config import RunConfig
from nas.runs.store import Run
from nas.spaces import library
from nas.spaces.schema import SpaceFile

if TYPE_CHECKING:
    from nas.cli.session import Work

#: of a run's configuration, what may differ where a reproduction goes on with it
_MAY_DIFFER = {"created", "data_dir", "device", "threads", "time_seconds"}


@dataclass(frozen=True)
class Asked:
    """What the command line says of every reproduction."""

    scale: Scale
    seed: int
    data_dir: Path | None
    device: str
    threads: int | None
    quiet: bool
    runs_dir: Path

    def images(self, space: SpaceFile, seed: int, seeds: int, net: str | None = None) -> Images:
        """The protocol of a full training at this scale. `net`: in place of the scale's."""
        row = self.scale
        return resolve(
            space,
            data=row.data,
            data_dir=self.data_dir,
            net=net or row.net,
            seed=seed,
            width=row.width,
            epochs=row.epochs,
            train_size=row.train_size,
            val_size=row.val_size,
            seeds=seeds,
        )


def reproduce_swish(*, sampler: str, time_seconds: float | None, scale: str, **asked: object) -> Record:
    """Search, compare, judge; what has been done already is taken as it is."""
    ask = Asked(scale=SCALES.find(scale), **asked)  # type: ignore[arg-type]
    name = f"reproduce-{swish.NAME}-{scale}-{ask.seed}"
    if sampler != swish.SAMPLER:
        name += f"-{sampler}"
    space = library.read(swish.SPACE, [swish.DEPTH])
    images = ask.images(space, ask.seed, seeds=1)
    if ask.scale.rungs:
        images = with_rungs(images, "epochs", ask.scale.rungs, ask.scale.reduction)
    config = RunConfig(
        name=name,
        sampler=sampler,
        trials=ask.scale.trials,
        time_seconds=time_seconds,
        baselines=swish.BASELINES,
        pruner=ask.scale.pruner,
        reduction=ask.scale.reduction,
        device=ask.device,
        **share(ask.threads),
        space=space.to_data(),
        protocol=images.protocol,
    )
    closed = (ask.runs_dir / f"{name}-compare").exists()  # what was compared came from the search as it was
    searched = done(ask, config, images.location.folder, closed=closed)
    trained = Trained.of(searched.records())
    compared, entered = compare(ask, f"{name}-compare", swish.candidates(trained))
    decisions = {trial.number: trial.params for trial in searched.study().get_trials(deepcopy=False)}
    odds = chance(swish.FAMILY, swish.TRAINABLE, len(trained))
    return record(
        swish.NAME,
        SOURCE,
        scale,
        ask.seed,
        swish.findings(trained, entered, decisions),
        [function_row(member) for member in entered],
        {"search": searched, "comparison": compared},
        search_facts(searched, trained, swish.named(trained), odds),
    )


def reproduce_acon(*, scale: str, **asked: object) -> Record:
    """Compare, judge; Meta-ACON in a run of its own, under the same seeds."""
    ask = Asked(scale=SCALES.find(scale), **asked)  # type: ignore[arg-type]
    name = f"reproduce-{acon.NAME}-{scale}-{ask.seed}"
    compared, entered = compare(ask, f"{name}-compare", acon.candidates())
    with_meta, meta = compare(ask, f"{name}-meta", [(acon.META, acon.META_EXPRESSION)], ["meta=true"])
    entered += meta
    runs = {"comparison": compared, "meta": with_meta}
    rows = [function_row(member) for member in entered]
    return record(acon.NAME, acon.SOURCE, scale, ask.seed, acon.findings(entered), rows, runs)


def compare(
    ask: Asked, name: str, candidates: list[tuple[str, str]], settings: Sequence[str] = ()
) -> tuple[Run, list[Member]]:
    """Train (label, expression) in full under fresh paired seeds, as `nas compare --set ...` does."""
    space = library.read("activations", settings)
    images = ask.images(space, ask.seed + 1, seeds=ask.scale.seeds)
    own = tuple(dict.fromkeys(expression for _, expression in candidates))
    config = RunConfig(
        name=name,
        kind="compare",
        trials=len(own),
        own=own,
        baselines=(),
        device=ask.device,
        **share(ask.threads),
        space=space.to_data(),
        protocol=images.protocol,
    )
    notes = {"candidates": [list(pair) for pair in candidates], "margin": MARGIN}
    run = done(ask, config, images.location.folder, notes={"comparison": notes})
    return run, members(candidates, run.records())


def done(
    ask: Asked,
    config: RunConfig,
    folder: Path | None,
    *,
    closed: bool = False,
    notes: dict[str, object] | None = None,
) -> Run:
    """The run of `config`, finished: as it is where it was, else begun or gone on with."""
    path = ask.runs_dir / config.name
    if path.exists():
        run = Run.open(ask.runs_dir, config.name)
        _check_same(run, config)
        ended = run.notes().get("ended")
        over = ended == "time" and config.time_seconds == run.config.time_seconds
        if ended is not None and not run.unfinished() and (closed or ended != "time" or over):
            return run
        from nas.cli.session import go_on

        note(f"going on with {run.name}")
        budget = run.config.model_copy(update={"time_seconds": config.time_seconds})
        go_on(run, budget, folder, ask.quiet, _work(config), silent=True)
        return run
    run = Run.create(ask.runs_dir, config, folder)
    for key, value in (notes or {}).items():
        run.note(key, value)
    from nas.cli.session import begin

    begin(run, ask.quiet, silent=True, work=_work(config))
    return run


def _work(config: RunConfig) -> Work | None:
    """What fills a run of this kind; None: a search does."""
    if config.roster is None:
        return None
    from nas.cli.rematch import work

    return work


def _check_same(run: Run, config: RunConfig) -> None:
    """RunError where the run at hand was begun with other settings than this command has."""
    old, new = run.config, config
    new = new.model_copy(update={"protocol": _as_read(new.protocol, old.protocol)})
    if new.roster is not None and old.roster is not None:
        known = old.roster.protocols
        protocols = {k: _as_read(asked, known.get(k, asked)) for k, asked in new.roster.protocols.items()}
        new = new.model_copy(update={"roster": new.roster.model_copy(update={"protocols": protocols})})
    for key in RunConfig.model_fields.keys() - _MAY_DIFFER:
        ours, theirs = getattr(new, key), getattr(old, key)
        if ours != theirs:
            raise RunError(
                f"the run {run.name} was begun with another {key}",
                got=theirs,
                allowed=str(ours),
                cure="take another --runs-dir for this one",
            )


def _as_read(asked: Protocol, known: Protocol) -> Protocol:
    """`asked` with what is known of it once its images have been read."""
    read: dict[str, object] = {"data_fingerprint": known.data_fingerprint}
    if asked.train_size is None:
        read["train_size"] = known.train_size
    return asked.model_copy(update=read)
