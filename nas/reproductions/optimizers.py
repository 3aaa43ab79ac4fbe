"""Update rules at equal budgets of learning rates, against each other and against Nesterov's momentum.

PowerSign and AddSign are trained as the formulas they were found as; the others by the rows of their names.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from nas.reproductions.compared import contrasted
from nas.reproductions.entrants import RATES, Entrant, Trained, above
from nas.reproductions.verdicts import Claim, Finding, Verdict, settle
from nas.rules.members import MEMBERS

NAME = "optimizers"
SOURCE = "Bello2017, Chen2023 and others"

NESTEROV, SGD, RMSPROP, ADAM, ADAMW, LION = "Nesterov", "SGD", "RMSprop", "Adam", "AdamW", "Lion"
FOUND = ("PowerSign", "AddSign")

#: decay beside the gradient: Lion's is ten times AdamW's, as its steps take a tenth of the rate
_DECAYS = {ADAMW: 0.1, LION: 1.0}

_ALMOST = 0.005  #: a gain that is next to none, a fraction of the validation part

_CONV, _VIT = "CIFAR-10, a small ConvNet", "ImageNet, ViT; a re-test"
CLAIMS: tuple[Claim, ...] = (
    *(
        above(rule, other, "better", _CONV, "Bello2017")
        for rule in FOUND
        for other in (NESTEROV, SGD, RMSPROP, ADAM)
    ),
    *(above(ADAMW, rule, "better", _VIT, "Chen2023") for rule in FOUND),
    above(LION, NESTEROV, "+0.23", "ImageNet, ResNet-50: 76.45 against 76.22", "Chen2023"),
    above(ADAMW, ADAM, "better", "CIFAR-10", "LoshchilovHutter2017"),
    above(NESTEROV, ADAM, "better", "CIFAR-10, VGG", "Wilson2017"),
    above(NESTEROV, RMSPROP, "better", "CIFAR-10, VGG", "Wilson2017"),
)
NOTHING = Claim(
    "Lion gains next to none",
    "Lion gains next to none",
    "+0.23",
    "ImageNet, ResNet-50: 76.45 against 76.22",
    f"the 95 % interval of Lion's gain over Nesterov's momentum, both tuned; supported: it ends below "
    f"{100 * _ALMOST:g} points; not supported: it begins above; else cannot tell",
)
BUDGET = Claim(
    "lr weighs as the rule",
    "lr weighs as the rule",
    "alike",
    "several rules untuned do about as well as one tuned",
    f"loss of accuracy one step of the {RATES} learning rates from the best, mean over rules and both sides, "
    "over the standard deviation between the tuned rules; supported: at least 1; not supported: below 1/2; "
    "else cannot tell",
)


def entrants() -> list[Entrant]:
    """The rules, each with ReLU."""
    rows = {NESTEROV: "nesterov", SGD: "sgd", RMSPROP: "rmsprop", ADAM: "adam", ADAMW: "adamw", LION: "lion"}
    texts = rows | {rule: MEMBERS.find(rule.lower()).text for rule in FOUND}
    return [
        Entrant(
            label,
            "max(x, 0)",
            {"optimizer": text} | ({"weight_decay": _DECAYS[label]} if label in _DECAYS else {}),
        )
        for label, text in texts.items()
    ]


def findings(trained: Sequence[Trained]) -> list[Finding]:
    """Every claim with its verdict."""
    scores = {one.label: one.scores for one in trained}
    return [*settle(contrasted(CLAIMS, scores)), _nothing(trained), _budget(trained)]


def _nothing(trained: Sequence[Trained]) -> Finding:
    scores = {one.label: one.scores for one in trained}
    (found,) = contrasted([replace(NOTHING, better=LION, worse=NESTEROV)], scores)
    verdict = Verdict.CANNOT_TELL
    if found.paired is not None and found.paired.ci_low is not None and found.paired.ci_high is not None:
        if found.paired.ci_high < _ALMOST:
            verdict = Verdict.SUPPORTED
        elif found.paired.ci_low > _ALMOST:
            verdict = Verdict.NOT_SUPPORTED
    return Finding(NOTHING, found.here, verdict=verdict)


def _budget(trained: Sequence[Trained]) -> Finding:
    """Over the rules that have learned at some rate."""
    losses, best = [], []
    for one in trained:
        if one.tuned.lr is None:
            continue
        accs = [one.guessing.score(acc) for _, acc in one.tuned.tried]
        place = [lr for lr, _ in one.tuned.tried].index(one.tuned.lr)
        losses += [accs[place] - accs[other] for other in (place - 1, place + 1) if 0 <= other < len(accs)]
        best.append(accs[place])
    if len(best) < 2 or not losses:
        return Finding(BUDGET, "too few have learned")
    step, between = statistics.fmean(losses), statistics.stdev(best)
    ratio = math.inf if between == 0 else step / between
    verdict = (
        Verdict.SUPPORTED if ratio >= 1 else Verdict.NOT_SUPPORTED if ratio < 0.5 else Verdict.CANNOT_TELL
    )
    return Finding(BUDGET, f"{100 * step:.2f} : {100 * between:.2f} points", verdict=verdict)
