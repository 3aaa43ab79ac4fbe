"""Sympy functions that sympy lacks, or has only for complex numbers or in an unstable form.

`sqrt` and `log` are the real ones: undefined, not imaginary, left of 0. `sigmoid`, `softplus`, `expm1`,
`log1p` stay whole, so that the code printed from them does not overflow where their expanded forms do.
"""

from __future__ import annotations

from typing import Any

import mpmath
import sympy


class _Real(sympy.Function):  # type: ignore[misc]  # sympy is untyped
    """A real function of real arguments that mpmath can evaluate."""

    is_real = True

    def _eval_evalf(self, prec: int) -> Any:
        values = [argument._eval_evalf(prec) for argument in self.args]
        if any(value is None or not value.is_number for value in values):
            return None
        with mpmath.workprec(prec):
            value = self.numeric(*[mpmath.mpf(v._mpf_) for v in values])
            return sympy.Float(value, precision=prec)


class sigmoid(_Real):
    """sigmoid(u) = 1 / (1 + e^-u)."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.Half if u.is_zero else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """Without cancellation on either side of 0."""
        return 1 / (1 + mpmath.exp(-u)) if u >= 0 else mpmath.exp(u) / (1 + mpmath.exp(u))


class softplus(_Real):
    """softplus(u) = log(1 + e^u)."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.log(2) if u.is_zero else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """max(u, 0) + log1p(e^-|u|)."""
        return max(u, mpmath.mpf(0)) + mpmath.log1p(mpmath.exp(-abs(u)))


class expm1(_Real):
    """expm1(u) = e^u - 1, exact near 0."""

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.Zero if u.is_zero else None

    numeric = staticmethod(mpmath.expm1)


class log1p(_Real):
    """log1p(u) = log(1 + u), exact near 0; undefined for u <= -1."""

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        return log(1 + u) if u.is_Number else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """Real part of the domain only."""
        return mpmath.log1p(u) if u > -1 else mpmath.nan


class sqrt(_Real):
    """The real square root, undefined for u < 0."""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def eval(cls, u: Any) -> Any:
        if u.is_Number:
            return sympy.nan if u.is_negative else sympy.sqrt(u)
        if u.is_Pow and u.exp.is_Integer and u.exp.is_even:
            return sympy.Abs(u.base) ** (u.exp / 2)
        return None

    @staticmethod
    def numeric(u: Any) -> Any:
        """Real part of the domain only."""
        return mpmath.sqrt(u) if u >= 0 else mpmath.nan


class log(_Real):
    """The real logarithm, undefined for u <= 0."""

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        if u.is_Number:
            return sympy.log(u) if u.is_positive else sympy.nan
        return u.args[0] if isinstance(u, sympy.exp) else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """Real part of the domain only."""
        return mpmath.log(u) if u > 0 else mpmath.nan


class erfc(_Real):
    """erfc(u) = 1 - erf(u), exact where erf(u) is near 1; sympy's own turns erfc(-u) into 2 - erfc(u)."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.One if u.is_zero else None

    numeric = staticmethod(mpmath.erfc)


class sinc_slope(_Real):
    """The derivative of sinc(u) = sin(u)/u: (cos(u) - sinc(u)) / u, and 0 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.Zero if u.is_zero else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """Twice the precision pays for the cancellation near 0."""
        with mpmath.workprec(2 * mpmath.mp.prec + 100):
            return mpmath.mpf(0) if u == 0 else (mpmath.cos(u) - mpmath.sin(u) / u) / u


class i0e(_Real):
    """i0e(u) = e^-|u| I0(u), the modified Bessel function of order 0, exponentially scaled."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.One if u.is_zero else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """mpmath's own at any size."""
        return mpmath.besseli(0, u) * mpmath.exp(-abs(u))


class i1e(_Real):
    """i1e(u) = e^-|u| I1(u), the modified Bessel function of order 1, exponentially scaled."""

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.Zero if u.is_zero else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """mpmath's own at any size."""
        return mpmath.besseli(1, u) * mpmath.exp(-abs(u))


class i1e_ratio(_Real):
    """i1e(u) / u, and 1/2 at 0."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, u: Any) -> Any:
        return sympy.S.Half if u.is_zero else None

    @staticmethod
    def numeric(u: Any) -> Any:
        """The quotient loses nothing."""
        return i1e.numeric(u) / u if u else mpmath.mpf(1) / 2


class power(_Real):
    """power(a, b) = a^b: for a < 0 only where b is a whole number, for a = 0 only where b >= 0.

    A negative number to a power that varies is real at isolated points only, so it is refused.
    """

    nargs = 2

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if b.is_zero or a == 1:
            return sympy.S.One
        if b.is_Integer:
            return a**b
        if b.is_Rational and b.q == 2:
            return sqrt(a) ** b.p
        if a.is_zero and b.is_Number:
            return sympy.S.Zero if b.is_positive else sympy.nan
        return sympy.nan if a.is_Number and a.is_negative else None

    @staticmethod
    def numeric(a: Any, b: Any) -> Any:
        """The sign apart, so that a whole b may be as large as it likes."""
        if a > 0 or b == 0:
            return abs(a) ** b
        if a == 0:
            return mpmath.mpf(0) if b > 0 else mpmath.nan
        if not mpmath.isint(b):
            return mpmath.nan
        return -(abs(a) ** b) if int(b) % 2 else abs(a) ** b


class choose(_Real):
    """choose(a, b, t, e) = t where a > b, else e; what is not chosen is dropped, not multiplied by 0."""

    nargs = 4

    @classmethod
    def eval(cls, a: Any, b: Any, t: Any, e: Any) -> Any:
        if a.is_Number and b.is_Number:
            return t if a > b else e
        return t if t == e else None

    @staticmethod
    def numeric(a: Any, b: Any, t: Any, e: Any) -> Any:
        """`e` also where a or b is undefined."""
        return t if a > b else e
