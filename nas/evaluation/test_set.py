"""Networks of a confirmation on the test part. The only code that scores anything on test images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from nas.datasets import test_part
from nas.datasets.images import Images
from nas.datasets.library import Location
from nas.errors import DataError, RunError
from nas.evaluation.checkpoint import keep_only, load_weights
from nas.evaluation.objective import Evaluator
from nas.outcomes import Outcome
from nas.runs import openings
from nas.runs.config import now
from nas.runs.folders import is_run
from nas.runs.openings import Opening
from nas.runs.roster import Roster
from nas.runs.store import Run
from nas.symbolic.parse import parse
from nas.training.loop import evaluate

Weights = Mapping[str, Tensor]


def readable(location: Location) -> tuple[str, tuple[str, ...]]:
    """Fingerprint and notices of the test images at `location`: they are there and whole. Nothing is scored.

    Raises DataError where they are not, so that no training is spent before.
    """
    images = test_part.load(location)
    return images.fingerprint, images.notices


def open_test_set(run: Run, roster: Roster, evaluator: Evaluator, location: Location, command: str) -> None:
    """Score every network of the confirmation `run` on the test part and store it, once; see `openings`.

    The caller holds the lock of `run`, whose trainings have all ended. Only trials that finished are scored;
    where no winner did, the test set stays closed. The weights are deleted when the results are stored.

    Raises:
        RunError: the search is gone or in use, another confirmation has opened the test set meanwhile,
            weights are missing.
        DataError: the test images are missing or other than at the start.
    """
    search = Run(roster.search_folder(run.path))
    if not is_run(search.path):
        raise RunError(
            "the search that is confirmed here is gone: an opening of the test set could not be kept with it",
            got=search.path.name,
            cure=f"put it back beside {run.name}, and go on with: nas resume {run.name}",
        )
    with search.lock():
        opening = _own(run, search)
        if opening is None and not roster.again:
            openings.refuse_another(search)
        if opening is None or opening.results is None:
            networks = _networks(run, roster, evaluator)
            if not any(label in networks for label in roster.winners()):
                return
            images = _images(location, roster.test_fingerprint)
            if opening is None:
                opening = _new(run, command, images)
                openings.begin(search, run, opening)
            results = {label: _accuracies(some, evaluator, images) for label, some in networks.items()}
            opening = opening.model_copy(update={"results": results})
        openings.complete(search, run, opening)
    keep_only(run, ())


def flat(weights: Mapping[int, Weights]) -> dict[str, Tensor]:
    """The weights of several seeds in one mapping: `seed/name of the tensor`."""
    return {f"{seed}/{name}": tensor for seed, named in weights.items() for name, tensor in named.items()}


def _own(run: Run, search: Run) -> Opening | None:
    """The opening by `run`, whose own ledger has the results first."""
    known = [*openings.openings(run), *openings.openings(search)]
    return next((opening for opening in known if opening.key == openings.key_of(run)), None)


def _new(run: Run, command: str, images: Images) -> Opening:
    by, created = openings.key_of(run)
    return Opening(
        when=now(),
        by=by,
        by_created=created,
        command=command,
        images=len(images),
        fingerprint=images.fingerprint,
    )


def _images(location: Location, fingerprint: str) -> Images:
    images = test_part.load(location)
    if images.fingerprint != fingerprint:
        raise DataError(
            "these are not the test images that the confirmation began with",
            got=images.fingerprint[:12],
            allowed=fingerprint[:12],
            cure="name their folder with --data-dir",
        )
    return images


def _networks(run: Run, roster: Roster, evaluator: Evaluator) -> dict[str, list[nn.Module]]:
    """The trained networks of every candidate that finished, in the order of the seeds."""
    finished = {record.number for record in run.records() if record.outcome is Outcome.FINISHED}
    found: dict[str, list[nn.Module]] = {}
    for number, _, label in roster.trials():
        if number in finished:
            entry = roster.candidates[label]
            found[label] = []
            for weights in _by_seed(load_weights(run, number)):
                network = evaluator.network(parse(entry.expression), entry.settings)
                network.load_state_dict(weights)
                found[label].append(network)
    return found


def _accuracies(networks: Sequence[nn.Module], evaluator: Evaluator, test: Images) -> list[float]:
    """Of each network on `test`, whose images are normalized by mean and spread of the training part."""
    data = replace(
        evaluator.data,
        x_val=torch.from_numpy(test.x).to(evaluator.data.device),
        y_val=torch.from_numpy(test.y).to(evaluator.data.device),
    )
    moved = (n.to(data.device, memory_format=torch.channels_last) for n in networks)  # type: ignore[call-overload]
    return [evaluate(network, data)[1] for network in moved]


def _by_seed(weights: Weights) -> list[dict[str, Tensor]]:
    """The inverse of `flat`, in the order of the seeds."""
    found: dict[int, dict[str, Tensor]] = {}
    for key, tensor in weights.items():
        seed, _, name = key.partition("/")
        found.setdefault(int(seed), {})[name] = tensor
    return [found[seed] for seed in sorted(found)]
