"""`nas describe optimizer`: the list of update rules, or one explained, drawn and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from nas.cli.options import format_option, print_json
from nas.references import REFERENCES
from nas.rows.optimizers import OPTIMIZERS, Rule
from nas.rows.tasks import TASKS
from nas.terminal import console
from nas.terminal.optimizer import Described, Rival, Walk, description, listing

if TYPE_CHECKING:
    from nas.tasks.tuning import Tuned

_DRAWN = ("quadratic", "rosenbrock")
_RIVALS = ("sgd", "nesterov", "rmsprop", "adam", "gd_exact", "lbfgs", "newton")
_BUDGET = 200  #: evaluations of F that each learning rate has
_RATES = 5  #: learning rates for each rule
_DECAY, _NOISE, _BATCH = 0.05, 0.1, 8  #: of the findings
_STEPS, _NOISY_STEPS = 50, 200
_SAME = 1e-4  #: distance below which two ends are one: eps counts more beside a smaller gradient
_EQUAL = 1e-9  #: the same, but for rounding


@click.command("optimizer")
@click.argument("name", required=False)
@click.option("--all", "everyone", is_flag=True, help="Compare with all rules, which takes a while.")
@format_option("table", "json")
def command(name: str | None, everyone: bool, format_: str) -> None:
    """Explain the update rule NAME: formula, source, hyperparameters, state; without NAME list the rules.

    NAME may be a formula, such as "exp(sign(g)*sign(m))*g".

    It walks from the start of two functions with known optimum, at the best of five learning rates, and so do
    the others: each has as many rates over the range of its own lr and as many evaluations of the function. A
    gradient is one evaluation, each trial of a line search another, a Hessian one for each weight.
    """
    if name is None:
        if format_ == "json":
            print_json([_row(rule) for rule in OPTIMIZERS.values()])
        else:
            console.stdout().print(listing(OPTIMIZERS))
        return
    rule = _found(name)
    tuned = _tuned(list(dict.fromkeys((rule.name, *(OPTIMIZERS if everyone else _RIVALS)))))
    if format_ == "json":
        print_json(_as_json(rule, tuned))
    else:
        console.stdout().print(description(_described(rule, tuned)))


def _found(name: str) -> Rule:
    """The row called `name`, or one for the rule that it writes, such as exp(sign(g)*sign(m))*g."""
    if name in OPTIMIZERS or name.isidentifier():
        return OPTIMIZERS.find(name)
    from nas.rules.explain import row
    from nas.rules.rule import read

    return row(read(name))


def _tuned(names: Sequence[str]) -> dict[str, list[Tuned]]:
    """Each rule at its best learning rate on each of the drawn tasks, best first."""
    import torch

    from nas.tasks.library import load
    from nas.tasks.tuning import tune

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # vectors of two
    try:
        found = {
            name: [tune(load(task), name, budget=_BUDGET, count=_RATES) for task in _DRAWN] for name in names
        }
    finally:
        torch.set_num_threads(threads)

    def cost(name: str) -> tuple[float, ...]:
        return tuple(float("inf") if one.path.cost is None else one.path.cost for one in found[name])

    return {name: found[name] for name in sorted(names, key=cost)}


def _described(rule: Rule, tuned: dict[str, list[Tuned]]) -> Described:
    from nas.cli.landscape import landscape
    from nas.tasks.library import load

    rivals = [
        Rival(name, [(one.lr, one.path.reached, one.path.cost) for one in results])
        for name, results in tuned.items()
    ]
    walks = [
        Walk(task, one.lr, one.path.reached, landscape(load(task), one.path.points))
        for task, one in zip(_DRAWN, tuned[rule.name], strict=True)
    ]
    tolerances = ", ".join(f"{TASKS[task].tolerance:g} on {task}" for task in _DRAWN)
    terms = (
        f"F - F* within a share of F(start) - F*: {tolerances}. Each rule had {_RATES} learning rates over "
        f"its range and {_BUDGET} evaluations of F for each; the best is shown, \N{EN DASH} is not reached."
    )
    return Described(rule, _said(rule, findings(rule.name, tuned[rule.name][0].lr)), walks, rivals, terms)


def findings(name: str, lr: float) -> dict[str, float | None]:
    """Measured on the quadratic, decay on linear regression, whose optimum is not 0; None: a run diverged.

    decay_forms_apart  distance between the ends of coupled and decoupled decay
    noisy_share        F at the end of a falling lr under noise, as a share of F(start), of three seeds
    sum_as_mean        distance between the ends with a sum and with the mean over each mini-batch
    sum_as_rate        the same, the sum at lr / batch
    """
    import numpy as np

    from nas.tasks.library import load
    from nas.tasks.objective import View
    from nas.tasks.running import Path, run

    o = load("quadratic")

    def walk(steps: int, rate: float = lr, **options: Any) -> Path:
        return run(o, name, lr=rate, budget=steps, **options)

    def apart(a: Path, b: Path) -> float | None:
        known = not (a.diverged or b.diverged)
        return float(np.linalg.norm(a.points[-1] - b.points[-1])) if known else None

    coupled, decoupled = (
        run(load("linear-regression"), name, lr=lr, budget=_STEPS, weight_decay=_DECAY, decoupled=kind)
        for kind in (False, True)
    )
    noisy = [walk(_NOISY_STEPS, view=View(noise=_NOISE), seed=seed, schedule="cosine") for seed in range(3)]
    mean, total = (walk(_STEPS, view=View(batch=_BATCH, total=total)) for total in (False, True))
    slowed = walk(_STEPS, lr / _BATCH, view=View(batch=_BATCH, total=True))
    lasts = [float(path.loss[-20:].mean()) / o.gap() for path in noisy]
    return {
        "decay_forms_apart": apart(coupled, decoupled),
        "noisy_share": None if any(path.diverged for path in noisy) else sum(lasts) / len(lasts),
        "sum_as_mean": apart(mean, total),
        "sum_as_rate": apart(mean, slowed),
    }


def _said(rule: Rule, found: dict[str, float | None]) -> list[tuple[str, str]]:
    """The findings in words."""
    decay, noisy = found["decay_forms_apart"], found["noisy_share"]
    forms = {True: "decoupled, w <- (1 - lr decay) w", False: "coupled, g + decay w: an L2 penalty"}
    differ = "the same" if decay is not None and decay < _EQUAL else f"{_or_never(decay)} apart"
    if _close(found["sum_as_mean"]):
        batches = "a sum over a mini-batch in place of the mean makes no difference"
    elif _close(found["sum_as_rate"]):
        batches = "a sum over a mini-batch of B in place of the mean is B times the lr"
    else:
        batches = "a sum over a mini-batch in place of the mean changes it, and no lr undoes that"
    share = "it diverges" if noisy is None else f"F ends at {100 * noisy:.2g} % of where it began"
    return [
        ("weight decay", f"{forms[rule.decoupled]}; after {_STEPS} evaluations both forms are {differ}"),
        ("noise", f"errors of deviation {_NOISE:g} in F and its gradient, falling lr: {share}"),
        ("mini-batches", batches),
    ]


def _close(distance: float | None) -> bool:
    return distance is not None and distance < _SAME


def _or_never(distance: float | None) -> str:
    return "infinitely far" if distance is None else f"{distance:.2g}"


def _row(rule: Rule) -> dict[str, Any]:
    return asdict(rule) | {"reference": str(REFERENCES[rule.source])}


def _as_json(rule: Rule, tuned: dict[str, list[Tuned]]) -> dict[str, Any]:
    tasks = {
        task: {
            "tolerance": TASKS[task].tolerance,
            "lr": one.lr,
            "path": [
                [x if abs(x) < float("inf") else None for x in point] for point in one.path.points.tolist()
            ],
            "rules": {name: _result(results[i]) for name, results in tuned.items()},
        }
        for i, (task, one) in enumerate(zip(_DRAWN, tuned[rule.name], strict=True))
    }
    return _row(rule) | {
        "findings": findings(rule.name, tuned[rule.name][0].lr),
        "learning_rates": _RATES,
        "budget": _BUDGET,
        "tasks": tasks,
    }


def _result(one: Tuned) -> dict[str, Any]:
    return {
        "lr": one.lr,
        "tried": list(one.tried),
        "steps": one.path.reached,
        "evaluations": one.path.cost,
        "diverged": one.path.diverged,
    }
