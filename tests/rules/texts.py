"""Rules as texts: the named ones in other words, ones of every kind, and a strategy that draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from nas.rules.grammar import BELLO, Grammar, meant
from nas.rules.members import MEMBERS

#: member -> equal writings of it, each with the factor it is of the member
WRITINGS: dict[str, list[tuple[str, float]]] = {
    "sgd": [("g", 1), ("2*g", 2), ("-(-g)", 1), ("g*exp(0)", 1), ("sign(g)*abs(g)", 1), ("g^3/g^2", 1)],
    "momentum": [("m(0.9)", 1), ("10*m", 10), ("0.9*last_m + 0.1*g", 1), ("mhat(0.8)*0 + m(0.8)", 1)],
    "nesterov": [("0.9*m + 0.1*g", 1), ("9*m + g", 10), ("0.81*last_m + 0.09*g + g/10", 1)],
    "signsgd": [("sign(g)", 1), ("g/abs(g)", 1), ("sign(g^3)", 1), ("3*sign(2*g)", 3)],
    "signum": [("sign(m)", 1), ("m/abs(m)", 1), ("sign(9*last_m + g)", 1)],
    "normalized": [("g/sqrt(g^2 + 1)", 1), ("g/sqrt(1 + g*g)", 1)],
    "rmsprop": [
        ("rmsprop", 1),
        ("g/(sqrt(v(0.99)) + 1e-8)", 1),
        ("g/sqrt(v(0.95) + 1e-6)", 1),
        ("2*g/(2*sqrt(v(0.9)) + 2e-7)", 1),
        ("g/sqrt(v)", 1),
    ],
    "adam": [
        ("adam", 1),
        ("mhat/(sqrt(vhat) + 1e-8)", 1),
        ("1/((sqrt(vhat) + 1e-8)/mhat)", 1),
        ("3*mhat(0.8)/(1e-6 + sqrt(vhat(0.99)))", 3),
    ],
    "adam-uncorrected": [("m/(sqrt(v) + 1e-8)", 1), ("m/sqrt(v + 1e-8)", 1)],
    "powersign": [
        ("exp(sign(g)*sign(m))*g", 1),
        ("exp(sign(g*m))*g", 1),
        ("exp(1 + sign(m)*sign(g))*g/exp(1)", 1),
        ("exp(linear*sign(g)*sign(m(0.95)))*g", 1),
        ("g*exp(sign(m*g)*restarts(20))", 1),
    ],
    "addsign": [("(1 + sign(g)*sign(m))*g", 1), ("g + abs(g)*sign(m)", 1), ("(2 + 2*cosine*sign(m*g))*g", 2)],
    "lion": [
        ("sign(0.9*last_m(0.99) + 0.1*g)", 1),
        ("sign(9*last_m(0.99) + g)", 1),
        ("sign(10*m(0.99) + g)", 1),
        ("sign(0.95*last_m(0.98) + 0.05*g)/2", 0.5),
    ],
}

#: rules without a name
OTHERS = (
    "g^3",
    "g/sqrt(t)",
    "m + 0.01*sign(g)",
    "mhat/(sqrt(vhat) + 1e-8) + 0.1*sign(w)",
    "exp(sign(g)*sign(m(0.9)))*m(0.99)",
    "cyclical(5)*g + (1 - cyclical(5))*m",
    "c/(v + 1e-8)",
    "max(min(g, 1e-3), -1e-3)",
    "tanh(g) + log1p(abs(w))*erf(m)",
    "sign(w)",
    "restarts(3)*g*t",
    "softplus(g) - softplus(-g) + sigmoid(m)",
)

#: two pairs within one another, of which many are met as depth 1 again
GRAMMAR = Grammar(BELLO.operands, BELLO.unary, BELLO.binary, BELLO.outer, depth=2)

TEXTS = [text for row in WRITINGS.values() for text, _ in row] + list(OTHERS)

#: formulas of the grammar that have a value
RULES = st.one_of(
    st.sampled_from([*TEXTS, *(row.text for row in MEMBERS.values())]),
    st.integers(0, BELLO.count() - 1).map(BELLO.writing),
    st.integers(0, GRAMMAR.count() - 1).map(GRAMMAR.writing),
).filter(lambda text: meant(text) is not None)
