"""Where an exported function was found and how it scored.

A run folder may come from anybody: what is taken from it is checked to be plain numbers, short texts and
lists of them, and holds no absolute paths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas.errors import RunError
from nas.outcomes import Outcome
from nas.runs.config import is_absolute
from nas.runs.records import TrialRecord
from nas.runs.store import Run
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse

_LONGEST_TEXT = 200
_MACHINE = ("nas", "revision", "cpu", "cores", "platform")  #: keys of provenance.json that are told


@dataclass(frozen=True)
class Pedigree:
    """A finished trial: its function, and its score with all that this depends on."""

    expression: Expression
    facts: Mapping[str, Any]  #: plain data, in the order to show it

    @property
    def score(self) -> str:
        """`0.6500 +- 0.0141 (n = 2 seeds, trial 3 of run first)`; +- is the standard deviation over seeds."""
        spread = self.facts["val_acc_std"]
        spread = "" if spread is None else f" +- {spread:.4f}"
        seeds = self.facts["n_seeds"]
        return f"{self.facts['val_acc']:.4f}{spread} (n = {seeds} seed{'s' * (seeds > 1)})"


def pedigree(run: Run, number: int) -> Pedigree:
    """Trial `number` of `run`.

    Raises:
        RunError: there is no such trial, it has no score, or its record is damaged.
    """
    record = run.record(number)
    if record.outcome is not Outcome.FINISHED or not record.val_accs:
        raise RunError(
            f"trial {number} of {run.name} has no score, it was {record.outcome.value}",
            got=record.reason,
            allowed="a trial that has finished",
            cure="export the function itself: nas export EXPR",
        )
    if run.config.protocol.recipe.meta or record.settings.get("meta"):
        raise RunError(
            f"trial {number} of {run.name} made its beta from its input: a module, not a function",
            cure="take nas.activations.meta_acon.MetaAcon",
        )
    if not isinstance(record.expression, str):
        raise RunError(f"trial {number} of {run.name} is damaged: its formula is no text")
    return Pedigree(parse(record.expression), _facts(run, record))


def _facts(run: Run, record: TrialRecord) -> dict[str, Any]:
    config, protocol = run.config, run.config.protocol
    facts = {
        "run": run.name,
        "trial": record.number,
        "expression": record.expression,
        "val_acc": record.val_acc,
        "val_acc_std": record.val_acc_std,
        "n_seeds": record.n_seeds,
        "val_accs": list(record.val_accs),
        "selected_among": sum(r.outcome is Outcome.FINISHED for r in run.records()),
        "settings": record.settings,
        "seconds": record.seconds,
        "created": config.created,
        "space": config.space.get("name"),
        "sampler": config.sampler,
        "device": config.device,
        "threads": config.threads,
        "protocol_key": protocol.key,
        "protocol": protocol.model_dump(),
        "machine": {key: value for key, value in run.provenance().items() if key in _MACHINE},
    }
    checked = _plain(facts)
    if not isinstance(checked, dict) or checked["val_acc"] is None:
        raise RunError(f"trial {record.number} of {run.name} is damaged: its score is no number")
    return checked


def _plain(value: object) -> Any:
    """`value` where it is plain and short; None where it is not, an absolute path or not finite."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return None if is_absolute(value) else value[:_LONGEST_TEXT]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:1000]]
    if isinstance(value, Mapping):
        return {str(_plain(str(key))): _plain(item) for key, item in list(value.items())[:100]}
    return None
