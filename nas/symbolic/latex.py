"""LaTeX of a formula, in the field's notation."""

from __future__ import annotations

from typing import Any

from sympy.printing.latex import LatexPrinter

_NAMES = {"sigmoid": r"\sigma", "softplus": r"\operatorname{softplus}", "expm1": r"\operatorname{expm1}",
          "log1p": r"\operatorname{log1p}", "sinc_slope": r"\operatorname{sinc}'"}  # fmt: skip


class _Printer(LatexPrinter):  # type: ignore[misc]  # sympy is untyped
    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        name = type(expr).__name__
        if name == "sqrt":
            written = rf"\sqrt{{{self._print(expr.args[0])}}}"
        elif name == "choose":
            a, b, t, e = (self._print(v) for v in expr.args)
            written = (
                rf"\begin{{cases}} {t} & \text{{for}}\: {a} > {b} \\ {e} & \text{{otherwise}} \end{{cases}}"
            )
            return written if exp is None else rf"\left({written}\right)^{{{exp}}}"
        elif name in _NAMES:
            power = "" if exp is None else f"^{{{exp}}}"
            return rf"{_NAMES[name]}{power}\left({self._print(expr.args[0])}\right)"
        else:
            return str(super()._print_Function(expr, exp))
        return written if exp is None else f"{written}^{{{exp}}}"


def latex(tree: Any) -> str:
    """LaTeX of a sympy tree of this product's functions."""
    return str(_Printer({"ln_notation": False}).doprint(tree))
