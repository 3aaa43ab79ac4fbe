"""The one table of what an expression is made of: every form of every primitive stands in its row.

The parser, the printers, the numeric back ends and the derivative all read this table; a new primitive is
one row. Partial derivatives are given in forms that keep their relative accuracy in the tails, where 1 -
tanh^2 and sigmoid (1 - sigmoid) cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import scipy.special
import sympy

from nas.errors import ExpressionError
from nas.registry import Table
from nas.symbolic import functions as f


@dataclass(frozen=True)
class Primitive:
    """One operator or function.

    `torch` and `c` are source templates with {0}, {1}, … for the arguments, which are names or literals;
    `derivative[i]` maps the sympy arguments to the partial derivative by the i-th. An arity of None means two
    or more arguments. Where `c` is None the compiled loop knows no such function and the eager form serves.
    """

    name: str
    arity: int | None
    sympy: Callable[..., Any]
    numpy: Callable[..., Any]
    mpmath: Callable[..., Any]
    torch: str
    c: str | None
    derivative: tuple[Callable[..., Any], ...] = ()
    domain: str = "all real numbers"
    typed: bool = True  #: may stand in a formula a person types
    symbol: str | None = None  #: the infix or prefix operator that writes it


def _sinc(u: Any) -> Any:
    return np.where(u == 0, 1.0, np.sin(u) / np.where(u == 0, 1.0, u))


def _sinc_slope(u: Any) -> Any:
    """Taylor series of sinc' for |u| < 1 (error below 1e-17), the quotient beyond."""
    small = np.abs(u) < 1
    v = np.where(small, u, 0.0) ** 2
    terms = [-1 / 3, 1 / 30, -1 / 840, 1 / 45360, -1 / 3991680, 1 / 518918400, -1 / 93405312000]
    series = np.where(small, u, 0.0) * np.polynomial.polynomial.polyval(v, terms)
    w = np.where(small, 1.0, u)
    return np.where(small, series, (np.cos(w) - np.sin(w) / w) / w)


def _i1e_ratio(u: Any) -> Any:
    return np.where(u == 0, 0.5, scipy.special.i1e(u) / np.where(u == 0, 1.0, u))


def _masked(function: Callable[[Any], Any], inside: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def real(u: Any) -> Any:
        return function(np.where(inside(u), u, np.nan))

    return real


def _integer_power(base: Any, exponent: Any) -> Any:
    return base ** int(exponent)


PRIMITIVES = Table(
    "primitive",
    [
        Primitive("neg", 1, lambda a: -a, np.negative, lambda a: -a, "-{0}", "-{0}", symbol="-"),
        Primitive("add", 2, sympy.Add, np.add, lambda a, b: a + b, "{0} + {1}", "{0} + {1}", symbol="+"),
        Primitive(
            "sub",
            2,
            lambda a, b: a - b,
            np.subtract,
            lambda a, b: a - b,
            "{0} - {1}",
            "{0} - {1}",
            symbol="-",
        ),
        Primitive("mul", 2, sympy.Mul, np.multiply, lambda a, b: a * b, "{0} * {1}", "{0} * {1}", symbol="*"),
        Primitive(
            "div",
            2,
            lambda a, b: a / b,
            np.divide,
            lambda a, b: a / b if b else mpmath.nan,
            "{0} / {1}",
            "{0} / {1}",
            domain="nonzero denominator",
            symbol="/",
        ),
        Primitive(
            "pow", 2, sympy.Pow, _integer_power, _integer_power, "{0} ** {1}", "powf({0}, {1})", symbol="^"
        ),
        Primitive("abs", 1, sympy.Abs, np.abs, mpmath.fabs, "torch.abs({0})", "fabsf({0})", (sympy.sign,)),
        Primitive(
            "sign",
            1,
            sympy.sign,
            np.sign,
            mpmath.sign,
            "torch.sign({0})",
            "sign_({0})",
            (lambda u: sympy.S.Zero,),
        ),
        Primitive(
            "sqrt",
            1,
            f.sqrt,
            np.sqrt,
            f.sqrt.numeric,
            "torch.sqrt({0})",
            "sqrtf({0})",
            (lambda u: 1 / (2 * f.sqrt(u)),),
            domain="u >= 0",
        ),
        Primitive("exp", 1, sympy.exp, np.exp, mpmath.exp, "torch.exp({0})", "exp_({0})", (sympy.exp,)),
        Primitive(
            "expm1",
            1,
            f.expm1,
            np.expm1,
            mpmath.expm1,
            "torch.expm1({0})",
            "expm1f({0})",
            (sympy.exp,),
        ),
        Primitive(
            "log",
            1,
            f.log,
            _masked(np.log, lambda u: u > 0),
            f.log.numeric,
            "torch.log({0})",
            "logf({0})",
            (lambda u: 1 / u,),
            domain="u > 0",
        ),
        Primitive(
            "log1p",
            1,
            f.log1p,
            _masked(np.log1p, lambda u: u > -1),
            f.log1p.numeric,
            "torch.log1p({0})",
            "log1pf({0})",
            (lambda u: 1 / (1 + u),),
            domain="u > -1",
        ),
        Primitive("sin", 1, sympy.sin, np.sin, mpmath.sin, "torch.sin({0})", "sinf({0})", (sympy.cos,)),
        Primitive(
            "cos", 1, sympy.cos, np.cos, mpmath.cos, "torch.cos({0})", "cosf({0})", (lambda u: -sympy.sin(u),)
        ),
        Primitive(
            "sinh", 1, sympy.sinh, np.sinh, mpmath.sinh, "torch.sinh({0})", "sinhf({0})", (sympy.cosh,)
        ),
        Primitive(
            "cosh", 1, sympy.cosh, np.cosh, mpmath.cosh, "torch.cosh({0})", "coshf({0})", (sympy.sinh,)
        ),
        Primitive(
            "tanh",
            1,
            sympy.tanh,
            np.tanh,
            mpmath.tanh,
            "torch.tanh({0})",
            "tanh_({0})",
            (lambda u: sympy.cosh(u) ** -2,),
        ),
        Primitive(
            "asinh",
            1,
            sympy.asinh,
            np.arcsinh,
            mpmath.asinh,
            "asinh({0})",
            "asinhf({0})",
            (lambda u: 1 / f.sqrt(u**2 + 1),),
        ),
        Primitive(
            "atan",
            1,
            sympy.atan,
            np.arctan,
            mpmath.atan,
            "torch.atan({0})",
            "atan_({0})",
            (lambda u: 1 / (u**2 + 1),),
        ),
        Primitive("sinc", 1, sympy.sinc, _sinc, mpmath.sinc, "sinc({0})", "sinc_({0})", (f.sinc_slope,)),
        Primitive(
            "sinc_slope",
            1,
            f.sinc_slope,
            _sinc_slope,
            f.sinc_slope.numeric,
            "sinc_slope({0})",
            "sinc_slope_({0})",
            (lambda u: -sympy.sinc(u) - 2 * f.sinc_slope(u) / u,),
            typed=False,
        ),
        Primitive(
            "erf",
            1,
            sympy.erf,
            scipy.special.erf,
            mpmath.erf,
            "torch.erf({0})",
            "erff({0})",
            (lambda u: 2 / sympy.sqrt(sympy.pi) * sympy.exp(-(u**2)),),
        ),
        Primitive(
            "erfc",
            1,
            f.erfc,
            scipy.special.erfc,
            mpmath.erfc,
            "torch.erfc({0})",
            "erfcf({0})",
            (lambda u: -2 / sympy.sqrt(sympy.pi) * sympy.exp(-(u**2)),),
        ),
        Primitive(
            "sigmoid",
            1,
            f.sigmoid,
            scipy.special.expit,
            f.sigmoid.numeric,
            "torch.sigmoid({0})",
            "sigmoid_({0})",
            (lambda u: f.sigmoid(u) * f.sigmoid(-u),),
        ),
        Primitive(
            "softplus",
            1,
            f.softplus,
            lambda u: np.logaddexp(u, 0.0),
            f.softplus.numeric,
            # torch goes linear above its threshold; its default of 20 loses float64
            "F.softplus({0}, 1.0, 40.0)",
            "softplus_({0})",
            (f.sigmoid,),
        ),
        Primitive(
            "i0e",
            1,
            f.i0e,
            scipy.special.i0e,
            f.i0e.numeric,
            "torch.special.i0e({0})",
            None,
            (lambda u: f.i1e(u) - sympy.sign(u) * f.i0e(u),),
        ),
        Primitive(
            "i1e",
            1,
            f.i1e,
            scipy.special.i1e,
            f.i1e.numeric,
            "torch.special.i1e({0})",
            None,
            (lambda u: f.i0e(u) - sympy.sign(u) * f.i1e(u) - f.i1e_ratio(u),),
        ),
        Primitive(
            "i1e_ratio",
            1,
            f.i1e_ratio,
            _i1e_ratio,
            f.i1e_ratio.numeric,
            "i1e_ratio({0})",
            None,
            (lambda u: (f.i0e(u) - 2 * f.i1e_ratio(u)) / u - sympy.sign(u) * f.i1e_ratio(u),),
            typed=False,
        ),
        Primitive(
            "power",
            2,
            f.power,
            np.power,
            f.power.numeric,
            "torch.pow({0}, {1})",
            None,
            (
                lambda a, b: b * f.power(a, b - 1),
                lambda a, b: f.choose(sympy.Abs(a), 0, f.power(a, b) * f.log(a), 0),
            ),
            domain="a > 0, or a whole b",
        ),
        Primitive("max", None, sympy.Max, np.maximum, max, "torch.maximum({0}, {1})", "max_({0}, {1})"),
        Primitive("min", None, sympy.Min, np.minimum, min, "torch.minimum({0}, {1})", "min_({0}, {1})"),
        Primitive(
            "choose",
            4,
            f.choose,
            lambda a, b, t, e: np.where(a > b, t, e),
            f.choose.numeric,
            "choose({0}, {1}, {2}, {3})",
            "choose_({0}, {1}, {2}, {3})",
            typed=False,
        ),
    ],
    ExpressionError,
)

#: sympy class -> row, for the nodes that are called like functions
BY_CLASS: dict[Any, Primitive] = {
    row.sympy: row for row in PRIMITIVES.values() if row.symbol is None and isinstance(row.sympy, type)
} | {sympy.log: PRIMITIVES["log"]}  # sympy's own logarithm stands in constants such as log(2)
