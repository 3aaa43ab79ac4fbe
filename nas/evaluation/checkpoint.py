"""The weights of the best candidate of a run, and the network that carries them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nas.errors import RunError
from nas.evaluation.builder import network_for_weights
from nas.runs.files import cannot_write
from nas.runs.store import Run
from nas.symbolic.parse import parse


def _file(run: Run, number: int) -> Path:
    return run.checkpoints / f"trial-{number}.pt"


def save_weights(run: Run, number: int, weights: Mapping[str, Tensor]) -> None:
    """Store the weights of trial `number`: whole or not at all. Raises RunError where the disk is full."""
    save_whole(_file(run, number), weights)


def save_whole(path: Path, tensors: Mapping[str, Any], *, durable: bool = True) -> None:
    """Store `tensors` at `path`, in a folder that may not be there yet: whole or not at all.

    durable  force it to the disk, so that it outlives a power cut
    Raises RunError where the disk is full.
    """
    unfinished = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(exist_ok=True)
        with unfinished.open("wb") as file:
            torch.save(dict(tensors), file)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        unfinished.unlink(missing_ok=True)
        raise cannot_write(path, error if isinstance(error, OSError) else OSError(str(error))) from error


def keep_only(run: Run, numbers: Collection[int]) -> None:
    """Delete the weights of every other trial."""
    kept = {_file(run, number) for number in numbers}
    for path in run.checkpoints.glob("trial-*"):
        if path not in kept:
            path.unlink(missing_ok=True)


def best_trial(run: Run) -> int | None:
    """The finished trial with the highest mean validation accuracy, the earliest of equals."""
    scored = [(r.val_acc, -r.number) for r in run.records(include_screened=False) if r.outcome == "finished"]
    return -max(scored)[1] if scored else None


def load_network(run: Run) -> nn.Module:
    """The best network of `run` as its first seed left it, in evaluation mode.

    Raises:
        RunError: no trial has finished yet, or the weights are missing or damaged.
    """
    number = best_trial(run)
    if number is None:
        raise RunError(f"no trial of {run.name} has finished yet", cure=f"nas resume {run.name}")
    record = next(r for r in run.records() if r.number == number)
    network = network_for_weights(run.config.protocol.under(record.settings), parse(record.expression))
    weights = load_weights(run, number)
    try:
        network.load_state_dict(weights)
    except Exception as error:  # torch raises many kinds for foreign weights
        raise _unreadable(run, number, error) from error
    return network.eval()


def load_weights(run: Run, number: int) -> dict[str, Tensor]:
    """What `save_weights` has stored for trial `number`. Raises RunError: it is missing or damaged."""
    path = _file(run, number)
    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        raise RunError(f"the weights of trial {number} of {run.name} are missing", got=path.name) from None
    except Exception as error:  # torch raises many kinds for a damaged file
        raise _unreadable(run, number, error) from error


def _unreadable(run: Run, number: int, error: Exception) -> RunError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return RunError(f"the weights in {_file(run, number).name} cannot be read: {reason}")
