"""The update rules that have a name, as formulas, and how one is recognized in any writing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations, product
from typing import Any

import sympy

from nas.errors import NasError
from nas.registry import Table
from nas.rules.fingerprint import factor
from nas.rules.language import OPERANDS, State, written
from nas.rules.rule import Rule, read
from nas.symbolic.expression import Expression, symbol


@dataclass(frozen=True)
class Member:
    """A rule with a name.

    texts    its writings, of which the first is the usual one. Slots: {m} {v} {c} decays of the averages,
             {e} {k} numbers, {f} a schedule or 1
    usual    the values of {e} and {k}, and of decays that are not the operand's own
    """

    name: str
    title: str
    texts: tuple[str, ...]
    source: str
    usual: tuple[tuple[str, str], ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The usual rule."""
        decays = {slot: str(float(OPERANDS[slot].usual or 0)) for slot in _AVERAGES.values()}
        return self.texts[0].format(**(decays | {"f": "1"} | dict(self.usual)))


_MOST_NUMBERS = 80  #: each is tried, 5 ms; a rule with a name has three
_AVERAGES = {1: "m", 2: "v", 3: "c"}

MEMBERS = Table(
    "member of the grammar",
    [
        Member("sgd", "gradient descent", ("g",), "RobbinsMonro1951"),
        Member(
            "momentum", "momentum", ("m({m})",), "Polyak1964", (), "torch's step is 1/(1 - b) times as long"
        ),
        Member(
            "nesterov",
            "Nesterov's momentum",
            ("{m}*m({m}) + (1 - {m})*g",),
            "Sutskever2013",
            (),
            "torch's step is 1/(1 - b) times as long",
        ),
        Member("signsgd", "signSGD", ("sign(g)",), "Bernstein2018"),
        Member("signum", "Signum", ("sign(m({m}))",), "Bernstein2018"),
        Member("normalized", "normalized step", ("g/sqrt(g^2 + {e})",), "nas", (("e", "1"),)),
        Member(
            "rmsprop",
            "RMSprop",
            ("g/(sqrt(v({v})) + {e})", "g/sqrt(v({v}) + {e})"),
            "TielemanHinton2012",
            (("e", "1e-8"), ("v", "0.99")),
        ),
        Member(
            "adam",
            "Adam",
            ("mhat({m})/(sqrt(vhat({v})) + {e})", "mhat({m})/sqrt(vhat({v}) + {e})"),
            "KingmaBa2014",
            (("e", "1e-8"),),
        ),
        Member(
            "adam-uncorrected",
            "Adam without correction of its start",
            ("m({m})/(sqrt(v({v})) + {e})", "m({m})/sqrt(v({v}) + {e})"),
            "KingmaBa2014",
            (("e", "1e-8"),),
        ),
        Member(
            "powersign", "PowerSign", ("exp({f}*sign(g)*sign(m({m})))*g",), "Bello2017", (), "to the base e"
        ),
        Member("addsign", "AddSign", ("(1 + {f}*sign(g)*sign(m({m})))*g",), "Bello2017"),
        Member(
            "lion",
            "Lion",
            ("sign({k}*last_m({m}) + (1 - {k})*g)",),
            "Chen2023",
            (("k", "0.9"), ("m", "0.99")),
        ),
    ],
)


@dataclass(frozen=True)
class Recognized:
    """`factor` times the member with these values, and `decay` w beside it (decoupled weight decay)."""

    member: Member
    values: tuple[tuple[str, str], ...]
    factor: float
    decay: float

    @property
    def text(self) -> str:
        """`Adam (m 0.9, v 0.999, e 1e-8) at 2 times the learning rate, weight decay 0.01`."""
        values = ", ".join(f"{slot} {value}" for slot, value in self.values)
        text = f"{self.member.title} ({values})" if values else self.member.title
        if abs(self.factor - 1) > 1e-9:
            text += f" at {self.factor:.6g} times the learning rate"
        return f"{text}, weight decay {self.decay:.6g}" if self.decay else text


@lru_cache(maxsize=1024)
def recognized(rule: Rule) -> Recognized | None:
    """The member that `rule` is a positive multiple of, weight decay apart; None where it is none."""
    bare, decay = _without_decay(rule)
    kept = {state.power: state for state in bare.states}
    if len(kept) < len(bare.states):
        return None
    for member in MEMBERS.values():
        for text in member.texts:
            if {p for p, slot in _AVERAGES.items() if f"{{{slot}}}" in text} != set(kept):
                continue
            for values in _fillings(text, bare, kept):
                found = _factor(bare, text.format(**values))
                if found is not None:
                    shown = tuple(
                        (slot, value) for slot, value in values.items() if (slot, value) != ("f", "1")
                    )
                    return Recognized(member, shown, found, decay / found)
    return None


def _factor(rule: Rule, text: str) -> float | None:
    try:
        return factor(rule, read(text))
    except NasError:  # a number too many for the formula, such as 0/0
        return None


def _without_decay(rule: Rule) -> tuple[Rule, float]:
    """The rule without its term of w, and the factor of w; (rule, 0.0) where w stands elsewhere."""
    w = symbol("w")
    tree = rule.expression.tree
    coefficient = tree.coeff(w)
    rest = tree - coefficient * w
    if not coefficient.is_Rational or coefficient <= 0 or w in rest.free_symbols or rest == 0:
        return rule, 0.0
    return Rule(Expression.of(rest)), float(coefficient)


def _fillings(text: str, rule: Rule, kept: dict[int, State]) -> Iterator[dict[str, str]]:
    """What may stand in the slots of `text`: the rule's own decays and schedule, numbers found in it."""
    options: dict[str, list[str]] = {}
    for power, slot in _AVERAGES.items():
        if power in kept:
            options[slot] = [written(kept[power].decay) or ""]
    if "{f}" in text:
        schedules = [row.text for row in rule.leaves if row.operand.schedule is not None]
        options["f"] = schedules[:1] or ["1"]
    if "{e}" in text:
        options["e"] = ["0", *map(_short, _numbers(rule.expression.tree, lambda a, b: a / b))]
    if "{k}" in text:
        decay = kept[1].decay
        found = _numbers(rule.expression.tree, lambda a, b: a / (a + b))
        shares = {share for n in found for share in (n, n * decay) if share < 1}
        options["k"] = [_short(share) for share in sorted(shares)]
    for values in product(*options.values()):
        yield dict(zip(options, values, strict=True))


def _short(number: Fraction) -> str:
    return written(number) or f"{number.numerator}/{number.denominator}"


def _numbers(tree: Any, quotient: Callable[[Any, Any], Any]) -> list[Fraction]:
    """Numbers of the formula, and quotients of the coefficients of its sums; none where they are too many."""
    found = {abs(q) for q in tree.atoms(sympy.Rational)}
    for node in tree.atoms(sympy.Add):
        factors = [abs(term.as_coeff_Mul()[0]) for term in node.args]
        found |= {quotient(a, b) for a, b in permutations(factors, 2) if a.is_Rational and b.is_Rational}
    return (
        [Fraction(int(q.p), int(q.q)) for q in sorted(found) if q != 0] if len(found) <= _MOST_NUMBERS else []
    )
