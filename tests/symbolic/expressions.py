"""Formulas for the tests of the mathematics, simple to nasty, and random ones for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

FORMULAS = [
    "x",
    "-x^2",
    "max(x, 0)",
    "max(x, 0.01*x)",
    "max(x, 0) + min(exp(x) - 1, 0)",
    "1.0507*(max(x, 0) + min(1.67*(exp(x) - 1), 0))",
    "0.5*x*(1 + erf(x/sqrt(2)))",
    "x/(1 + exp(-x))",
    "log(1 + exp(x))",
    "x*tanh(log(1 + exp(x)))",
    "(exp(x) - exp(-x))/(exp(x) + exp(-x))",
    "x/(1 + abs(x))",
    "x/(x + 0.001)",
    "log(abs(x) + 1e-3)",
    "sqrt(abs(x) + 0.25)",
    "sinc(pi*x)",
    "sinc(x)*x + cos(x)/3",
    "asinh(x)^3 - atan(x)^2",
    "sinh(x)/cosh(x)^2",
    "max(x, min(x, 1), sin(x), -x)",
    "min(max(x + 3, 0), 6)*x/6",
    "beta*x + (1 - beta)*tanh(x)",
    "p1*x*sigmoid(beta[scalar]*x) + p2",
    "(p1 - p2)*x*sigmoid(beta*(p1 - p2)*x) + p2*x",
    "exp(-beta*(x - 1)^2)",
    "erfc(x)*expm1(x/2) - log1p(x^2)",
    "sign(x)*abs(x)^1.5",
    "x^7/(1 + x^8)",
    "2^0.5*x - pi/4",
]

_LEAVES = st.sampled_from(["x", "x", "x", "2", "0.5", "1e-3", "pi", "beta", "p[scalar]"])
_FUNCTIONS = [
    "abs",
    "exp",
    "sin",
    "cos",
    "tanh",
    "asinh",
    "atan",
    "sinc",
    "sigmoid",
    "softplus",
    "erf",
    "erfc",
    "sinh",
]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(st.sampled_from(_FUNCTIONS), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from("+-*"), pair).map(lambda t: f"({t[1][0]} {t[0]} {t[1][1]})"),
        pair.map(lambda t: f"({t[0]})/(1.5 + abs({t[1]}))"),
        st.tuples(st.sampled_from(["max", "min"]), pair).map(lambda t: f"{t[0]}({t[1][0]}, {t[1][1]})"),
        st.tuples(inner, st.sampled_from([2, 3, -1])).map(lambda t: f"({t[0]})^{t[1]}"),
        inner.map(lambda t: f"-{t}"),
    )


#: texts of the syntax; some have no real value, which is part of the test
TEXTS = st.recursive(_LEAVES, _larger, max_leaves=7)
