"""Rewriting towards stable atoms: the same function in a form that survives float32.

x/(1 + e^-x) has a NaN gradient from x = -90 on and log(1 + e^x) is infinite at 90, while x sigmoid(x) and
softplus(x) are fine; so whatever a person or the grammar writes is brought to the atoms of the table first.
"""

from __future__ import annotations

from typing import Any

import sympy

from nas.symbolic import functions as f


def stabilize(tree: Any) -> Any:
    """The same real function with sigmoid, softplus, expm1, log1p, erfc, sinh, cosh, tanh in place of what
    overflows or cancels."""
    if not tree.args:
        return tree
    arguments = [stabilize(a) for a in tree.args]
    rebuilt = (
        tree.func(*arguments) if any(a is not b for a, b in zip(arguments, tree.args, strict=True)) else tree
    )
    for rule in _RULES.get(rebuilt.func, ()):
        better = rule(rebuilt)
        if better is not None:
            return better
    return rebuilt


def _exponential(term: Any) -> tuple[Any, Any] | None:
    """(c, u) for a term c e^u with a rational c."""
    coefficient, rest = term.as_coeff_Mul()
    return (coefficient, rest.args[0]) if isinstance(rest, sympy.exp) else None


def _sum_of_exponentials(tree: Any) -> Any:
    """c e^u - c -> c expm1(u);  c e^u + c e^-u -> 2c cosh(u);  c e^u - c e^-u -> 2c sinh(u)."""
    terms = list(tree.args)
    found = [(i, e) for i, t in enumerate(terms) if (e := _exponential(t)) is not None]
    for position, (i, (c, u)) in enumerate(found):
        for j, (d, v) in found[position + 1 :]:
            if u == -v and abs(c) == abs(d):
                rest = [t for k, t in enumerate(terms) if k not in (i, j)]
                pair = 2 * c * (sympy.cosh(u) if c == d else sympy.sinh(u))
                return stabilize(sympy.Add(pair, *rest))
        if -c in terms:
            terms[i], terms[terms.index(-c)] = c * f.expm1(u), sympy.S.Zero
            return stabilize(sympy.Add(*terms))
    return None


def _complements(tree: Any) -> Any:
    """c - c sigmoid(u) -> c sigmoid(-u);  c -+ c erf(u) -> c erfc(+-u);  c e^u + c stays for the quotient."""
    for term in tree.args:
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, f.sigmoid) and -coefficient in tree.args:
            new = -coefficient * f.sigmoid(-rest.args[0])
            return sympy.Add(new, *_without(tree.args, term, -coefficient))
        if isinstance(rest, sympy.erf):
            constant = next((a for a in tree.args if a.is_Rational and abs(a) == abs(coefficient)), None)
            if constant is not None:
                sign = -1 if constant == coefficient else 1
                new = constant * f.erfc(sign * rest.args[0])
                return sympy.Add(new, *_without(tree.args, term, constant))
    return None


def _without(terms: Any, *gone: Any) -> list[Any]:
    return [t for t in terms if t not in gone]


def _reciprocal(tree: Any) -> Any:
    """(c + c e^u)^-n -> c^-n sigmoid(-u)^n."""
    base, exponent = tree.args
    if exponent.is_Integer and exponent < 0 and base.is_Add and len(base.args) == 2:
        constant, term = base.args if base.args[0].is_Rational else base.args[::-1]
        found = _exponential(term)
        if constant.is_Rational and found is not None and found[0] == constant and constant > 0:
            return constant**exponent * f.sigmoid(-found[1]) ** (-exponent)
    return None


def _half_power(tree: Any) -> Any:
    """u^(n/2) -> sqrt(u)^n, the real root."""
    base, exponent = tree.args
    if exponent.is_Rational and exponent.q == 2 and not base.is_number:
        return f.sqrt(base) ** exponent.p
    return None


def _product(tree: Any) -> Any:
    """e^u sigmoid(-u) -> sigmoid(u);  sinh(u)/cosh(u) -> tanh(u);  u sign(u) -> |u|."""
    factors = list(tree.args)
    for i, factor in enumerate(factors):
        rest = factors[:i] + factors[i + 1 :]
        if isinstance(factor, f.sigmoid):
            u = -factor.args[0]
            for j, other in enumerate(rest):
                if isinstance(other, sympy.exp) and other.args[0] == u:
                    return stabilize(sympy.Mul(f.sigmoid(u), *rest[:j], *rest[j + 1 :]))
        if isinstance(factor, sympy.sinh) and sympy.cosh(factor.args[0]) ** -1 in rest:
            rest.remove(sympy.cosh(factor.args[0]) ** -1)
            return stabilize(sympy.Mul(sympy.tanh(factor.args[0]), *rest))
        if isinstance(factor, sympy.sign) and factor.args[0] in rest:
            rest.remove(factor.args[0])
            return stabilize(sympy.Mul(sympy.Abs(factor.args[0]), *rest))
    return None


def _logarithm(tree: Any) -> Any:
    """log(1 + e^u) -> softplus(u);  log(sigmoid(u)) -> -softplus(-u);  log(1 + u) -> log1p(u)."""
    (u,) = tree.args
    if isinstance(u, f.sigmoid):
        return -f.softplus(-u.args[0])
    if u.is_Add and sympy.S.One in u.args:
        return _log1p(f.log1p(u - 1))
    return None


def _log1p(tree: Any) -> Any:
    (u,) = tree.args
    return f.softplus(u.args[0]) if isinstance(u, sympy.exp) else tree


def _bounded_expm1(tree: Any) -> Any:
    """min(c expm1(u), 0) -> c expm1(min(u, 0)), max likewise (c > 0): what is not taken cannot overflow."""
    if sympy.S.Zero not in tree.args or len(tree.args) != 2:
        return None
    (other,) = [a for a in tree.args if a is not sympy.S.Zero]
    coefficient, rest = other.as_coeff_Mul()
    if isinstance(rest, f.expm1) and coefficient > 0:
        return coefficient * f.expm1(tree.func(rest.args[0], 0))
    return None


_RULES: dict[Any, tuple[Any, ...]] = {
    sympy.Add: (_sum_of_exponentials, _complements),
    sympy.Mul: (_product,),
    sympy.Pow: (_reciprocal, _half_power),
    f.log: (_logarithm,),
    f.log1p: (_log1p,),
    sympy.Min: (_bounded_expm1,),
    sympy.Max: (_bounded_expm1,),
}
