"""Opening the test set: right numbers, once, and not forgotten by any crash."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nas.activations.module import activation
from nas.architectures.library import build
from nas.datasets import digits
from nas.datasets.images import Images
from nas.datasets.library import Location
from nas.errors import DataError, RunError
from nas.evaluation import test_set
from nas.evaluation.checkpoint import load_weights
from nas.evaluation.objective import Evaluator
from nas.runs import openings
from nas.runs.config import now
from nas.runs.roster import Roster
from nas.runs.store import Run
from nas.symbolic.parse import parse
from nas.training.loop import evaluate
from tests.search.test_rematch import trained
from tests.search.winners import PROTOCOL, confirmation, stored_search

PLACE = Location("digits")
COMMAND = "nas confirm a"
Ready = Callable[..., tuple[Run, Roster, Evaluator]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, images: Images) -> Path:
    """A search and a confirmation whose trainings have ended."""
    folder = tmp_path_factory.mktemp("template")
    trained(confirmation(stored_search(folder, PROTOCOL)), images)
    return folder


@pytest.fixture
def search(tmp_path: Path, template: Path) -> Run:
    shutil.copytree(template / "a", tmp_path / "a")
    return Run(tmp_path / "a")


@pytest.fixture
def ready(tmp_path: Path, template: Path, images: Images) -> Ready:
    """Further confirmations whose trainings have ended."""

    def make(name: str = "c", again: bool = False) -> tuple[Run, Roster, Evaluator]:
        shutil.copytree(template / "c", tmp_path / name)
        run = Run(tmp_path / name)
        assert run.config.roster is not None
        update = {"again": again, "test_fingerprint": test_set.readable(PLACE)[0]}
        roster = run.config.roster.model_copy(update=update)
        run.rewrite_config(run.config.model_copy(update={"created": now(), "roster": roster}))
        return run, roster, Evaluator(run.config.protocol, images, torch.device("cpu"))

    return make


def by_hand(run: Run, number: int, evaluator: Evaluator) -> list[float]:
    """Accuracy of each stored network on the digits that were set aside, by NumPy's arithmetic and argmax."""
    test = digits.read_test()
    pixels = evaluator.data.x_train.numpy().astype(np.float64)
    x = torch.from_numpy((test.x - pixels.mean()) / pixels.std()).float()
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in load_weights(run, number).items():
        seed, _, name = key.partition("/")
        found.setdefault(seed, {})[name] = tensor
    accuracies = []
    for seed in sorted(found):
        network = build(
            "small", channels=1, size=8, classes=10, width=4,
            activation=activation(parse(run.record(number).expression)),
        ).eval()  # fmt: skip
        network.load_state_dict(found[seed])
        with torch.no_grad():
            accuracies.append(float(np.mean(network(x).argmax(1).numpy() == test.y)))
    return accuracies


def test_every_seed_of_every_candidate_is_scored_once_and_kept_in_both_runs(
    search: Run, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, roster, evaluator = ready()
    expected = {label: by_hand(run, number, evaluator) for number, _, label in roster.trials()}
    test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    (opening,) = openings.openings(Run(run.path))
    assert opening.results == expected
    assert all(len(scores) == 2 for scores in expected.values())
    assert (opening.images, opening.command, opening.by) == (360, COMMAND, "c")
    assert openings.openings(Run(search.path)) == [opening]
    assert list(run.checkpoints.iterdir()) == []

    def forbidden(*_: object) -> None:
        pytest.fail("a second look")

    monkeypatch.setattr(test_set, "evaluate", forbidden)
    test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    assert openings.openings(Run(run.path)) == [opening], "resumed after its end, nothing is looked at"


@pytest.mark.parametrize("settings", [{"net": "mlp"}, {"init": "lsuv"}, {"optimizer": "adam", "width": 3}])
def test_a_candidate_is_built_again_as_its_settings_have_it(
    images: Images, settings: dict[str, object]
) -> None:
    """The network takes the weights of its training and scores on validation what it scored there."""
    evaluator = Evaluator(PROTOCOL, images, torch.device("cpu"))
    trained_once = evaluator.evaluate(parse("tanh(x)"), settings, seeds=[0])
    network = evaluator.network(parse("tanh(x)"), settings)
    network.load_state_dict(trained_once.weights)
    assert evaluate(network, evaluator.data)[1] == trained_once.val_accs[0]


def test_another_confirmation_is_refused_unless_it_insists(search: Run, ready: Ready) -> None:
    first = ready()
    test_set.open_test_set(*first, PLACE, COMMAND)
    second = ready("d")
    with pytest.raises(RunError, match="opened for a already"):
        test_set.open_test_set(*second, PLACE, COMMAND)
    assert len(openings.openings(Run(search.path))) == 1
    assert len(list(second[0].checkpoints.iterdir())) == 2, "nothing is lost by the refusal"
    third = ready("e", again=True)
    test_set.open_test_set(*third, PLACE, "nas confirm a --open-test-again")
    for run in (search, third[0]):
        assert [o.by for o in openings.shown(Run(run.path))] == ["c", "e"]


@pytest.mark.parametrize("moment", ["after the note", "in the middle", "between the two results"])
def test_a_crash_is_completed_by_the_same_confirmation_and_no_other(
    search: Run, ready: Ready, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    run, roster, evaluator = ready()
    expected = {label: by_hand(run, number, evaluator) for number, _, label in roster.trials()}
    other = ready("d")
    calls = []

    def dies(*args: object) -> None:
        calls.append(args)
        if moment != "in the middle" or len(calls) > 1:
            raise SystemExit

    with monkeypatch.context() as crash:
        if moment == "between the two results":
            original = openings._write

            def second_write_dies(target: Run, new: list[openings.Opening]) -> None:
                if target.name == search.name and all(o.results for o in new):
                    raise SystemExit
                original(target, new)

            crash.setattr(openings, "_write", second_write_dies)
        elif moment == "after the note":
            crash.setattr(test_set, "evaluate", dies)
        else:
            real = test_set.evaluate
            crash.setattr(test_set, "evaluate", lambda *args: (dies(*args), real(*args))[1])
        with pytest.raises(SystemExit):
            test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    (begun,) = openings.openings(Run(search.path))
    assert (begun.by, begun.results) == ("c", None), "what began is known to the search"
    with pytest.raises(RunError, match="opened for a already"):
        test_set.open_test_set(*other, PLACE, COMMAND)
    again = Run(run.path)
    test_set.open_test_set(again, roster, evaluator, PLACE, "nas resume c")
    for ledger in (again, Run(search.path)):
        (opening,) = openings.openings(ledger)
        assert opening.when == begun.when, "the same opening, not a second one"
        assert opening.command == COMMAND
        assert opening.results == expected


def test_what_cannot_be_opened_fails_before_it_counts(search: Run, ready: Ready) -> None:
    run, roster, evaluator = ready()
    other = roster.model_copy(update={"test_fingerprint": "ab" * 32})
    with pytest.raises(DataError, match="not the test images"):
        test_set.open_test_set(run, other, evaluator, PLACE, COMMAND)
    kept = (run.checkpoints / "trial-1.pt").read_bytes()
    (run.checkpoints / "trial-1.pt").write_bytes(kept[:-100])
    with pytest.raises(RunError, match=r"trial-1\.pt cannot be read"):
        test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    (run.checkpoints / "trial-1.pt").unlink()
    with pytest.raises(RunError, match="weights of trial 1 of c are missing"):
        test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    assert openings.openings(Run(search.path)) == openings.openings(Run(run.path)) == []
    (run.checkpoints / "trial-1.pt").write_bytes(kept)
    hidden = search.path.rename(search.path.with_name("elsewhere"))
    with pytest.raises(RunError, match="search that is confirmed here is gone"):
        test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    hidden.rename(search.path)
    test_set.open_test_set(run, roster, evaluator, PLACE, COMMAND)
    assert len(openings.openings(Run(search.path))) == 1
