"""A small record, as a search and a comparison of three functions would leave it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas.reproductions import init
from nas.reproductions.compared import Scores, contrasted, versus
from nas.reproductions.entrants import Guessing, Trained, Tuned, row
from nas.reproductions.record import claim_row
from nas.reproductions.verdicts import Claim, Finding, Verdict, settle
from nas.runs.records import plain

FUNCTIONS = {
    "Swish": ("x*sigmoid(beta[channel]*x)", 0.61),
    "ReLU": ("max(x, 0)", 0.59),
    "cosid": ("cos(x) - x", 0.6),
}
CLAIMS = [
    versus("Swish", "ReLU", "+0.7", "table 1", "one"),
    versus("cosid", "ReLU", "+0.3", "table 1", "one"),
]
FOUND = Claim("family found", "a search finds Swish", "found", "section 3.2", "met")


def example(seed: int) -> dict[str, Any]:
    """With figures that depend on `seed`."""
    generator = np.random.default_rng(seed)
    accs = {
        label: tuple(mean + 0.004 * generator.standard_normal(3)) for label, (_, mean) in FUNCTIONS.items()
    }
    scores = {label: Scores("finished", values) for label, values in accs.items()}
    met = Finding(FOUND, "after 20 trainings", verdict=Verdict.SUPPORTED)
    family = {"looked_for": "x*sigmoid(s*x)", "found": True, "trainings": 20, "rank": 2, "val_acc": 0.62}
    best = [
        {
            "rank": 1,
            "trial": 7,
            "expression": "max(x, sigmoid(x))",
            "name": "maxsig",
            "complexity": 4,
            "val_acc": 0.63,
        },
        {
            "rank": 2,
            "trial": 21,
            "expression": FUNCTIONS["Swish"][0],
            "name": "Swish",
            "complexity": 5,
            "val_acc": 0.62,
        },
        {"rank": 3, "trial": 9, "expression": "exp(x)/x", "name": None, "complexity": 4, "val_acc": 0.5},
    ]
    data = {
        "schema": 1,
        "reproduction": "swish",
        "source": "Ramachandran2017",
        "scale": "hour",
        "seed": seed,
        "claims": [claim_row(f) for f in settle([met, *contrasted(CLAIMS, scores)])],
        "search": {
            "run": f"reproduce-swish-hour-{seed}",
            "space": "ramachandran",
            "sampler": "tpe",
            "trainings": 30,
            "trained_in_full": 12,
            "train_images": 1_234_000,
            "seconds": 754.2,
            "swish_family": {"name": "Swish", **family, "expression": FUNCTIONS["Swish"][0], "chance": 0.21},
            "named": [
                {"name": "cosid", "looked_for": "cos(x) - x", "found": False, "trainings": None, "rank": None,
                 "expression": None, "val_acc": None},
            ],
            "curve": [(1, 0.41), (5, 0.57), (7, 0.63)],
            "best": best,
        },
        "functions": [
            {"label": label, "expression": text, "outcome": "finished", "val_accs": accs[label]}
            for label, (text, _) in FUNCTIONS.items()
        ],
        "protocol": {
            "comparison": {"data": "cifar10", "net": "small", "width": 8, "epochs": 3, "train_size": 10_000,
                           "seeds": 3, "seed": seed + 1},
        },
        "provenance": {},
    }  # fmt: skip
    result = plain(data)
    assert isinstance(result, dict)
    return result


def tuned_example(seed: int) -> dict[str, Any]:
    """As `nas reproduce init` would leave it: "ReLU Glorot" never learns, "small tanh He" with seed 1."""
    generator = np.random.default_rng(seed)
    guessing = Guessing(0.1, 0.15)
    means = {"ReLU He": 0.9, "tanh Glorot": 0.8, "small tanh own": 0.85}
    means |= {"small tanh He": 0.7} if seed == 1 else {}
    rows = []
    for one in init.entrants():
        accs = 0.01 * generator.standard_normal(3) + means.get(one.label, 0)
        learned = one.label in means
        tuned = Tuned(one, ((0.01, 0.3 if learned else 0.1), (0.1, None)), 0.01 if learned else None)
        rows.append(Trained(tuned, tuple(map(float, accs)) if learned else (None,) * 3, guessing))
    found = init.findings(rows, {s.claim.name: s.factor for s in init.SIGNALS})
    changed = {
        "reproduction": init.NAME,
        "source": init.SOURCE,
        "claims": [claim_row(f) for f in found],
        "search": None,
        "functions": [row(one) for one in rows],
    }
    result = plain(example(seed) | changed)
    assert isinstance(result, dict)
    return result
