"""Everything the catalogue claims of its functions, decided by the engine; bounds against dense samples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nas.health.shape import shape_of
from nas.symbolic.catalogue import CATALOGUE, Activation
from nas.symbolic.numeric import evaluate, evaluate_derivative
from nas.symbolic.parse import parse

ROWS = pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.name)

#: on no kink of the catalogue, where f' is only one of its limits; dense where functions turn
_AWAY = np.geomspace(12.7, 900, 999)
X = np.sort(np.concatenate([np.linspace(-12.3, 12.1, 60_007), _AWAY, -_AWAY]))


@ROWS
def test_claims(row: Activation) -> None:
    shape, claims = shape_of(parse(row.text)), row.claims
    assert shape.parity == claims.parity
    assert (shape.monotone in ("rising", "constant")) == claims.monotone
    assert shape.smoothness == claims.smoothness
    for bound, claimed, without in (
        (shape.lower, claims.lower, -math.inf),
        (shape.upper, claims.upper, math.inf),
    ):
        assert bound is not None
        assert bound.value == pytest.approx(without if claimed is None else claimed, rel=1e-12, abs=1e-15)
    ((whole,)) = shape.domain
    assert (whole.low, whole.high) == (-math.inf, math.inf)
    assert "unknown" not in (shape.left.kind, shape.right.kind)


@ROWS
def test_lipschitz_bound_holds_and_is_tight(row: Activation) -> None:
    f = parse(row.text)
    bound = shape_of(f).lipschitz
    with np.errstate(all="ignore"):
        slopes = np.abs(evaluate_derivative(f, X))
    if row.claims.smoothness == -1:
        assert bound == math.inf
        return
    assert bound is not None
    steepest = float(np.nanmax(slopes))
    if bound == math.inf:
        assert steepest > 50  # it grows with the interval
        return
    assert steepest <= bound * (1 + 1e-12)
    peak = X[np.nanargmax(slopes)]
    near = np.linspace(
        peak - 5e-4, peak + 5e-4, 20_001
    )  # as close as sampling comes; limits far out are only approached
    closest = max(steepest, float(np.nanmax(np.abs(evaluate_derivative(f, near)))))
    # a slope may come closest to its bound far out
    far = np.array([s * 10.0**k for s in (-1, 1) for k in range(3, 12)])
    closest = max(closest, float(np.nanmax(np.abs(evaluate_derivative(f, far)), initial=0)))
    assert closest >= bound * (1 - 1e-6)


@ROWS
def test_stretches_and_bounds_agree_with_samples(row: Activation) -> None:
    f = parse(row.text)
    shape, y = shape_of(f), evaluate(f, X)
    assert shape.lower is not None
    assert shape.upper is not None
    finite = y[np.isfinite(y)]
    assert shape.lower.value - 1e-12 <= finite.min()
    assert finite.max() <= shape.upper.value + 1e-12
    assert shape.stretches is not None
    for stretch in shape.stretches:
        inside = y[(stretch.low < X) & (stretch.high > X) & np.isfinite(y)]
        steps = np.diff(inside)
        noise = 1e-13 * (1 + np.abs(inside[1:]))
        assert {"rising": steps >= -noise, "falling": steps <= noise, "constant": np.abs(steps) <= noise}[
            stretch.direction
        ].all()


@ROWS
def test_far_out_it_is_what_the_ends_say(row: Activation) -> None:
    f = parse(row.text)
    shape = shape_of(f)
    for end, side in ((shape.left, -1), (shape.right, 1)):
        x = side * 1e7
        y = float(evaluate(f, np.array(x)))
        if end.kind in ("constant", "line"):
            assert end.intercept is not None
            assert y == pytest.approx((end.slope or 0) * x + end.intercept, abs=1e-6, rel=1e-12)
        elif end.kind == "logarithm":
            assert end.factor is not None
            assert end.intercept is not None
            assert y == pytest.approx(end.factor * math.log(abs(x)) + end.intercept, rel=1e-6)
        elif end.kind == "power":
            assert end.factor is not None
            assert end.power is not None
            assert y == pytest.approx(end.factor * abs(x) ** end.power, rel=1e-6)
        elif end.kind == "exponential":
            assert not math.isfinite(y)
        else:
            assert end.kind == "oscillating"
            assert any(word in row.formula for word in ("sin", "cos"))
