"""What generated C needs before its loops: the primitives that C's mathematics lacks, branch-free."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Real = Literal["float", "double"]

#: `expf(` in a template, which is `exp(` of a double; calls of the prelude's own end in an underscore
FLOAT_CALL = re.compile(r"\b([a-z0-9]+)f\(")

#: what libmvec has
_VECTOR = ["exp", "expm1", "log", "log1p", "sin", "cos", "sinh", "cosh", "tanh", "asinh", "atan", "erf"]
_VECTOR += ["erfc"]

# A branch around a call stops the vectorizer, so choices are made in the bits.
_TEXT = """
#define fabs{f} __builtin_fabs{f}
#define sqrt{f} __builtin_sqrt{f}
typedef union {{ {real} f; {bits} i; }} word;
{declarations}
static inline {real} pick({bits} first, {real} t, {real} e) {{
  const word T = {{.f = t}}, E = {{.f = e}}, picked = {{.i = E.i ^ ((E.i ^ T.i) & -first)}};
  return picked.f;
}}
static inline {real} choose_({real} a, {real} b, {real} t, {real} e) {{ return pick(a > b, t, e); }}
static inline {real} max_({real} a, {real} b) {{ return pick((a > b) | (a != a), a, b); }}
static inline {real} min_({real} a, {real} b) {{ return pick((a < b) | (a != a), a, b); }}
static inline {real} sign_({real} u) {{ return pick(u > 0, 1.0{f}, pick(u < 0, -1.0{f}, u)); }}
static inline {real} sigmoid_({real} u) {{ /* of u and of -u by one exp and one division */
  const {real} e = exp{f}(-fabs{f}(u)), above = 1.0{f} / (1.0{f} + e);
  return pick(u < 0, e * above, above);
}}
static inline {real} softplus_({real} u) {{ return max_(u, 0.0{f}) + log1p{f}(exp{f}(-fabs{f}(u))); }}
static inline {real} sinc_({real} u) {{
  const {real} v = pick(u == 0, 1e-20{f}, u);
  return sin{f}(v) / v;
}}
static inline {real} sinc_slope_({real} u) {{ /* Taylor series below 1, where the quotient cancels */
  const {real} v = u * u;
  const {real} high = (v / -3991680.0{f} + 1.0{f} / 45360) * v - 1.0{f} / 840;
  const {real} s = (high * v + 1.0{f} / 30) * v - 1.0{f} / 3;
  return pick(fabs{f}(u) < 1, s * u, (cos{f}(u) - sin{f}(u) / u) / u);
}}
"""


@lru_cache(maxsize=2)
def prelude(real: Real = "float") -> str:
    """The functions of the table of primitives whose C form ends in an underscore, and declarations.

    sinc_slope_ has the series that a float needs; no loop over doubles calls it.
    """
    suffix, bits = ("f", "int32_t") if real == "float" else ("", "int64_t")
    declarations = "\n".join(
        f'__attribute__((simd("notinbranch"), const)) {real} {name}{suffix}({real});' for name in _VECTOR
    )
    return _TEXT.format(real=real, f=suffix, bits=bits, declarations=declarations)
