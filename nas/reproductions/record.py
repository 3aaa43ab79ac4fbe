"""A reproduction as one JSON file: claims beside figures, protocols, provenance; no absolute paths."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from nas.analysis.comparison import Member
from nas.errors import RunError
from nas.reproductions.discovery import Met, Trained
from nas.reproductions.verdicts import Finding
from nas.runs.files import write_atomically
from nas.runs.records import TrialRecord, plain
from nas.runs.store import Run

SCHEMA = 1
_SHOWN = 10  #: of the best functions of a search

Record = dict[str, Any]


def record(
    paper: str,
    source: str,
    scale: str,
    seed: int,
    findings: Sequence[Finding],
    functions: Sequence[Mapping[str, object]],
    runs: Mapping[str, Run],
    search: Mapping[str, object] | None = None,
) -> Record:
    """Everything that a reproduction found.

    functions  a row for each candidate that was compared: `label`, `outcome`, `val_accs` and more
    runs       those that it is made of, "comparison" among them
    """
    data = {
        "schema": SCHEMA,
        "reproduction": paper,
        "source": source,
        "scale": scale,
        "seed": seed,
        "claims": [claim_row(finding) for finding in findings],
        "search": search,
        "functions": functions,
        "protocol": {key: _protocol(run) for key, run in runs.items()},
        "provenance": {key: run.provenance() for key, run in runs.items()},
    }
    return cast(Record, plain(data))


def search_facts(run: Run, trained: Trained, named: Sequence[Met], chance: float) -> dict[str, object]:
    """What a search met. `chance`: that uniform draws of as many functions meet the first of `named`."""
    family, *others = named
    records = run.records()
    return {
        "run": run.name,
        "space": run.config.space.get("name"),
        "sampler": run.config.sampler,
        "trainings": len(trained),
        "budget": run.config.trials,
        "ended": run.notes().get("ended"),
        "distinct": len(trained),
        "trained_in_full": len(trained.finished),
        "train_images": sum(r.train_images for r in records),
        "seconds": round(sum(r.seconds for r in records), 1),
        "swish_family": {**_met(family), "chance": round(chance, 4)},
        "named": [_met(met) for met in others],
        "curve": trained.curve(),
        "best": [_best(trained, r) for r in trained.finished[:_SHOWN]],
    }


def save(data: Record, file: Path) -> None:
    """Write the record: whole or not at all."""
    write_atomically(file, json.dumps(data, indent=2, allow_nan=False) + "\n")


def load(file: Path) -> Record:
    """A record that `save` has written. Raises RunError for anything else."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{file} cannot be read as a record: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or "reproduction" not in data:
        raise RunError(
            f"{file} is no record of a reproduction", cure="write one with nas reproduce ... --record"
        )
    return data


def claim_row(found: Finding) -> dict[str, object]:
    """As JSON has it."""
    claim, paired = found.claim, found.paired
    return {
        "claim": claim.says,
        "paper": claim.paper,
        "here": found.here,
        "verdict": found.verdict.value,
        "where": claim.where,
        "rule": claim.rule,
        "family": claim.family or None,
        "better": claim.better or None,
        "worse": claim.worse or None,
        "effect": found.effect,
        "ci_low": paired and paired.ci_low,
        "ci_high": paired and paired.ci_high,
        "n_seeds": paired and paired.n_seeds,
        "p": found.p,
        "p_holm": found.p_holm,
    }


def _protocol(run: Run) -> dict[str, object]:
    """That of `run`; a roster has one for each of its seeds, alike in everything else."""
    protocol, roster = run.config.protocol, run.config.roster
    return protocol.model_dump() | ({} if roster is None else {"seeds": len(roster.protocols)})


def _met(met: Met) -> dict[str, object]:
    return {
        "name": met.name,
        "looked_for": met.looked_for,
        "found": met.found,
        "trainings": met.trainings,
        "rank": met.rank,
        "expression": met.expression,
        "val_acc": met.score,
    }


def _best(trained: Trained, record: TrialRecord) -> dict[str, object]:
    return {
        "rank": trained.rank(record),
        "trial": record.number,
        "expression": record.expression,
        "name": record.name,
        "complexity": record.complexity,
        "val_acc": record.val_acc,
    }


def function_row(member: Member) -> dict[str, object]:
    """A function of a comparison."""
    found = member.record
    return {
        "label": member.label,
        "expression": found.expression,
        "name": found.name,
        "outcome": found.outcome.value,
        "val_acc": found.val_acc,
        "val_acc_std": found.val_acc_std,
        "val_accs": found.val_accs,
        "train_images": found.train_images,
        "seconds": round(found.seconds, 2),
    }
