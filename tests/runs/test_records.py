from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.outcomes import Epoch, Outcome
from nas.runs.records import TrialRecord, plain

fractions = st.floats(0, 1)
losses = st.floats(allow_nan=True, allow_infinity=True)
epochs = st.builds(
    Epoch, st.integers(1, 99), losses, losses, st.one_of(fractions, st.just(math.nan)), st.floats(0, 9)
)
records = st.builds(
    TrialRecord,
    number=st.integers(0, 10_000),
    expression=st.text(),
    name=st.none() | st.text(),
    complexity=st.integers(1, 50),
    origin=st.sampled_from(["baseline", "own", "sampler"]),
    outcome=st.sampled_from(Outcome),
    reason=st.none() | st.text(),
    settings=st.dictionaries(st.text(), st.integers() | st.floats(-1, 1) | st.booleans() | st.text()),
    val_accs=st.lists(fractions, max_size=4).map(tuple),
    curves=st.lists(st.lists(epochs, max_size=3).map(tuple), max_size=3).map(tuple),
    epochs=st.integers(0, 300),
    seconds=st.floats(0, 1e6),
    train_images=st.integers(0, 10**12),
    equal_proposals=st.integers(0, 50),
)


@settings(deadline=None)
@given(records)
def test_a_record_survives_json_and_json_has_no_nan(record: TrialRecord) -> None:
    text = json.dumps(record.to_json(), allow_nan=False)
    back = TrialRecord.from_json(json.loads(text))
    assert back.to_json() == record.to_json()
    assert back.val_accs == record.val_accs
    for curve, again in zip(record.curves, back.curves, strict=True):
        for epoch, other in zip(curve, again, strict=True):
            for value, read in ((epoch.train_loss, other.train_loss), (epoch.val_acc, other.val_acc)):
                assert read == value or (math.isnan(read) and not math.isfinite(value))


def record(*val_accs: float) -> TrialRecord:
    return TrialRecord(3, "x", None, 1, "baseline", Outcome.FINISHED, val_accs=val_accs)


def test_mean_and_sample_deviation_over_the_seeds() -> None:
    three = record(0.5, 0.6, 0.73)
    assert three.n_seeds == 3
    assert three.val_acc == pytest.approx(0.61, abs=1e-15)
    # squares of -0.11, -0.01, 0.12 sum to 0.0266; over n - 1 = 2
    assert three.val_acc_std == pytest.approx(math.sqrt(0.0133), rel=1e-12)
    assert record(0.4).val_acc_std is None
    assert record(0.4).val_acc == 0.4
    assert record().val_acc is None


def test_only_a_baseline_is_a_baseline() -> None:
    assert record().baseline
    assert not TrialRecord(3, "x", None, 1, "own", Outcome.FINISHED).baseline


def test_what_is_no_record_is_refused_and_other_keys_are_left_aside() -> None:
    good = record(0.5).to_json()
    assert TrialRecord.from_json({**good, "proposal": [1, 2]}) == record(0.5)
    with pytest.raises(KeyError):
        TrialRecord.from_json({key: value for key, value in good.items() if key != "outcome"})
    with pytest.raises(TypeError):
        TrialRecord.from_json({key: value for key, value in good.items() if key != "expression"})
    with pytest.raises(ValueError, match="excellent"):
        TrialRecord.from_json({**good, "outcome": "excellent"})


def test_plain_reaches_into_every_container() -> None:
    assert plain({"a": (1.5, math.inf, [math.nan]), 2: Epoch(1, math.nan, 0.5, 0.25, 1.0)}) == {
        "a": [1.5, None, [None]],
        "2": {
            "number": 1,
            "train_loss": None,
            "val_loss": 0.5,
            "val_acc": 0.25,
            "seconds": 1.0,
            "val_images": None,
        },
    }
