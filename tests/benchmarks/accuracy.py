"""How exact the torch code is: eager and compiled float32 against 80 digits of mpmath.

    python -m tests.benchmarks.accuracy [--points 240] [--candidates 1000] > runs/records/accuracy.json

The whole catalogue is evaluated from -10^4 to 10^4, and random candidates of the space `activations` within
the range where float32 holds them: points of both signs, their sizes even in the logarithm, and random ones.
Compared are f, df/dx and the slope by each parameter, parameters at their start.

Errors are in units of an ulp (2^-23 of the value) times a condition number, of which there are two:

* of the function, max(1, |x f'(x)/f(x)|): what the rounding of x alone would do;
* of the calculation, sum_i |v_i df/dv_i| / |f| over all its steps v_i: what rounding each step once would
  do. It is larger where steps cancel, as in x - tanh(x) near 0, which no code of that formula can mend.

Where a step falls below float32's normal numbers it may be lost whole: the units allow for it. Points where
a step overflows are left out and counted.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nas.activations import functions
from nas.activations.compiled import compiled_code
from nas.activations.eager import eager_code
from nas.spaces import library
from nas.spaces.candidate import UndefinedCandidate
from nas.spaces.decisions import RandomChooser
from nas.spaces.space import SearchSpace
from nas.symbolic.catalogue import CATALOGUE
from nas.symbolic.expression import Expression, X
from nas.symbolic.form import Node, fold, form
from nas.symbolic.numeric import evaluate_mpmath
from nas.symbolic.parse import parse
from nas.symbolic.primitives import PRIMITIVES
from nas.symbolic.printer import slope_trees, value_tree

ULP = 2.0**-23
SMALLEST = 2.0**-126  #: the least normal number
LARGEST = 3.0e38
FAR = 1e4
LIMIT = 64  #: units of the function's condition number beyond which a point is listed as an exception


@dataclass(frozen=True)
class Error:
    """One number against its exact value."""

    function: str
    code: str  #: eager or compiled
    what: str  #: f, df/dx, df/dp
    x: float
    got: float
    exact: float
    of_function: float  #: in ulp x condition number of the function
    of_calculation: float  #: in ulp x condition number of the calculation


def points(count: int, seed: int, low: float = -FAR, high: float = FAR) -> Any:
    """`count` numbers of float32 between low and high: half even in the logarithm, half random."""
    random = np.random.default_rng(seed)
    ends = (abs(low), abs(high))
    spaced = [
        s * np.geomspace(1e-6, max(end, 1e-5), count // 4) for s, end in zip((-1, 1), ends, strict=True)
    ]
    normal = 3 * random.standard_normal(count // 4)
    uniform = random.uniform(low, high, count - 3 * (count // 4))
    drawn = np.concatenate([*spaced, normal, uniform]).astype(np.float32)
    return np.unique(drawn[(drawn >= low) & (drawn <= high)])


def errors(expression: Expression, x: Any) -> tuple[list[Error], int]:
    """The errors of every form at the points x, and how many were left out."""
    starts = [torch.tensor(np.float32(p.start)) for p in expression.parameters]
    names = [None, X.name, *(p.name for p in expression.parameters)]
    tensor = torch.from_numpy(x)
    results = {"eager": _eager(expression, tensor, starts)}
    code = compiled_code(expression)
    if code is not None and not any(p.scope == "channel" for p in expression.parameters):
        ones = torch.ones_like(tensor)
        results["compiled"] = [code.forward(tensor, *starts), code.backward(tensor, ones, *starts)[0]]
    values = {p.name: float(s) for p, s in zip(expression.parameters, starts, strict=True)}
    found, left_out = [], 0
    trees = [*value_tree(expression), *slope_trees(expression)]
    for i, (name, tree) in enumerate(zip(names, trees, strict=True)):
        exact = [float(evaluate_mpmath(expression, float(v), values, by=name)) for v in x]
        scale, floor, held = _scale(tree, x, values)
        change = _change(expression, x, values, name)
        held &= np.isfinite(exact) & np.isfinite(change) & (np.abs(exact) < LARGEST)
        left_out += int(np.sum(~held))
        for j in np.flatnonzero(held):
            at, size = abs(float(x[j])), abs(exact[j])
            of_function = ULP * max(size, at * abs(change[j]), SMALLEST) + SMALLEST * (1 + at)
            of_calculation = ULP * max(scale[j], size) + floor[j]
            what = "f" if name is None else f"df/d{name}"
            for code_name, columns in results.items():
                if i < len(columns):
                    got = float(columns[i][j])
                    off = abs(got - exact[j])
                    units = off / of_function, off / of_calculation
                    found.append(Error(expression.text, code_name, what, float(x[j]), got, exact[j], *units))
    return found, left_out


def _eager(expression: Expression, x: Tensor, starts: Sequence[Tensor]) -> list[Tensor]:
    code = eager_code(expression)
    both = [*code.forward(x, *starts), *code.backward(x, *starts)]
    return [torch.as_tensor(v, dtype=torch.float32).expand(x.shape) for v in both]


def _change(expression: Expression, x: Any, values: dict[str, float], name: str | None) -> list[float]:
    """The derivative by x of what is compared: f', or by a difference of exact numbers that of a slope."""
    if name is None:
        return [float(evaluate_mpmath(expression, float(v), values, by=X.name)) for v in x]
    h = 1e-12
    ends = [[evaluate_mpmath(expression, float(v) * (1 + s), values, by=name) for v in x] for s in (-h, h)]
    return [float((b - a) / (2 * h * float(v))) if v else 0.0 for v, a, b in zip(x, *ends, strict=True)]


def _scale(tree: Any, x: Any, values: dict[str, float]) -> tuple[Any, Any, Any]:
    """(sum |v_i df/dv_i|, what underflow may cost, whether no step overflows), in float64."""
    point = torch.from_numpy(x).double()
    steps: list[Tensor] = []

    def keep(value: Any) -> Tensor:
        full = (torch.as_tensor(value, dtype=torch.float64) + torch.zeros_like(point)).requires_grad_()
        full.retain_grad()
        steps.append(full)
        return full

    def leaf(node: Node) -> Tensor:
        if node.op == "symbol":
            return keep(point.clone() if node.value == X.name else values[node.value])
        return keep(float(node.value))

    def apply(node: Node, arguments: list[Tensor]) -> Tensor:
        if node.op == "pow":
            return keep(arguments[0] ** int(node.args[1].value))
        names = {f"a{i}": argument for i, argument in enumerate(arguments)}
        code = PRIMITIVES[node.op].torch.format(*names)
        return keep(eval(code, {"torch": torch, "F": F, **functions.BY_NAME, "choose": _choose, **names}))

    result = fold(form(tree), leaf, apply)
    result.sum().backward()
    held = torch.ones_like(point, dtype=torch.bool)
    scale, floor = torch.zeros_like(point), torch.full_like(point, SMALLEST)
    for step in steps:
        held &= step.detach().abs() < LARGEST
        gradient = torch.zeros_like(point) if step.grad is None else step.grad.abs()
        used = gradient > 0
        scale[used] += (gradient * step.detach().abs())[used]
        floor[used] += SMALLEST * gradient[used]
    return scale.numpy(), floor.numpy(), (held & torch.isfinite(scale)).numpy()


def _choose(a: Tensor, b: Tensor, t: Tensor, e: Tensor) -> Tensor:
    return torch.where(a > b, t, e)


def candidates(count: int, seed: int = 0) -> Iterator[Expression]:
    """Random functions of the space `activations`, all different."""
    space, chooser, seen = SearchSpace(library.read("activations", ())), RandomChooser(seed), set()
    while len(seen) < count:
        try:
            expression = space.propose(chooser).activation.with_scope("scalar")
        except UndefinedCandidate:
            continue
        if expression not in seen and X in expression.tree.free_symbols:
            seen.add(expression)
            yield expression


def catalogue() -> Iterator[Expression]:
    """Every row, learned constants as parameters of the layer."""
    for row in CATALOGUE.values():
        yield parse(row.text).with_scope("scalar")


def summary(found: Sequence[Error], left_out: int) -> dict[str, object]:
    """Figures by code and quantity, and the worst points."""
    table = {}
    for code in sorted({e.code for e in found}):
        for slope in (False, True):
            chosen = [e for e in found if e.code == code and (e.what != "f") == slope]
            if chosen:
                table[f"{code} {'slopes' if slope else 'values'}"] = {
                    "numbers": len(chosen),
                    **_figures("ulp_times_condition_of_the_function", [e.of_function for e in chosen]),
                    **_figures("ulp_times_condition_of_the_calculation", [e.of_calculation for e in chosen]),
                }
    beyond: dict[str, Error] = {}
    for error in sorted(found, key=lambda e: -e.of_function):
        if error.of_function > LIMIT:
            beyond.setdefault(error.function, error)
    return {
        **table,
        "left_out_as_a_step_overflows_or_is_undefined": left_out,
        "functions_beyond_64_units_of_the_function": len(beyond),
        "worst_of_each": [_shown(e) for e in list(beyond.values())[:40]],
        "worst_of_the_calculation": [_shown(e) for e in sorted(found, key=lambda e: -e.of_calculation)[:8]],
    }


def _figures(name: str, units: Sequence[float]) -> dict[str, object]:
    ordered = np.sort(units)
    return {
        name: {
            "median": _round(np.median(ordered)),
            "p99": _round(np.quantile(ordered, 0.99)),
            "max": _round(ordered[-1]),
            "share_within_8": _round(np.mean(ordered <= 8)),
            "share_within_64": _round(np.mean(ordered <= 64)),
        }
    }


def _round(value: Any) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _shown(error: Error) -> dict[str, object]:
    return {
        "function": error.function,
        "code": error.code,
        "what": error.what,
        "x": error.x,
        "got": _round(error.got),
        "exact": _round(error.exact),
        "of_function": _round(error.of_function),
        "of_calculation": _round(error.of_calculation),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--points", type=int, default=240, help="of each row of the catalogue")
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--candidate-points", type=int, default=24)
    options = parser.parse_args()
    from nas.health.finite import finite_range

    result: dict[str, object] = {
        "command": f"python -m tests.benchmarks.accuracy {' '.join(sys.argv[1:])}".strip(),
        "machine": {
            "cpu": platform.machine(),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
    found, left_out = [], 0
    for number, expression in enumerate(catalogue()):
        more, left = errors(expression, points(options.points, number))
        found, left_out = [*found, *more], left_out + left
    result["catalogue from -1e4 to 1e4"] = {"functions": len(CATALOGUE), **summary(found, left_out)}
    print(f"catalogue: {len(found):,} numbers", file=sys.stderr)
    found, left_out, without = [], 0, 0
    for number, expression in enumerate(candidates(options.candidates)):
        reach = finite_range(expression, torch.float32)
        if reach is None:
            without += 1
            continue
        low, high = max(reach.low, -FAR), min(reach.high, FAR)
        more, left = errors(expression, points(options.candidate_points, number, low, high))
        found, left_out = [*found, *more], left_out + left
    result["random candidates in their finite range"] = {
        "candidates": options.candidates,
        "without_a_finite_range_around_0": without,
        **summary(found, left_out),
    }
    print(json.dumps(result, indent=2, allow_nan=False))


if __name__ == "__main__":
    main()
