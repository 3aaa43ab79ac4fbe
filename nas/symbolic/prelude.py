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
{exp}
static inline {real} sigmoid_({real} u) {{ /* of u and of -u by one exp and one division */
  const {real} e = exp_below_0(-fabs{f}(u)), above = 1.0{f} / (1.0{f} + e);
  return pick(u < 0, e * above, above);
}}
static inline {real} sech_({real} u) {{ /* 1/cosh; of the exp that sigmoid, tanh and softplus take too */
  const {real} e = exp_below_0(-fabs{f}(u));
  return 2.0{f} * e / (1.0{f} + e * e);
}}
{others}
static inline {real} softplus_({real} u) {{
  return max_(u, 0.0{f}) + log1p_of_share(exp_below_0(-fabs{f}(u)));
}}
static inline {real} sinc_({real} u) {{
  const {real} v = pick(u == 0, 1e-20{f}, u);
  return sin{f}(v) / v;
}}
static inline {real} sinc_slope_({real} u) {{ /* Taylor series below 1, where the quotient cancels */
  const {real} v = u * u;
  const {real} high = (v * (-1.0{f} / 3991680) + 1.0{f} / 45360) * v - 1.0{f} / 840;
  const {real} s = (high * v + 1.0{f} / 30) * v - 1.0{f} / 3;
  return pick(fabs{f}(u) < 1, s * u, (cos{f}(u) - sinc_(u)) / u);
}}
"""

# The coefficients are least squares at Chebyshev nodes, weighted until the largest relative errors are equal
# (Lawson 1961): 0.3 units of 2^-24 at most, before rounding.
_FLOAT_EXP = """
/* e^u = 2^n e^r, |r| <= ln(2)/2, in two factors; libmvec calls expf one by one beyond +-87. The comparisons
   are those of the machine's min and max, which let NaN through. */
static inline float exp_of_rest(float x, float n) {
  const float r = x - n * 0.693359375f + n * 0.00021219444170128554f;
  float p = r * 0.0013814467238262296f + 0.008368780836462975f;
  p = r * p + 0.04166839271783829f;
  p = r * p + 0.1666651964187622f;
  p = r * p + 0.4999999403953552f;
  return p * (r * r) + r + 1.0f;
}
static inline float exp_(float u) {
  const float low = -104.0f > u ? -104.0f : u, x = 89.0f < low ? 89.0f : low, shift = 12582912.0f;
  const word rounded = {.f = x * 1.4426950216293335f + shift};
  const int32_t whole = rounded.i - 0x4B400000, half = whole >> 1;
  const word a = {.i = (half + 127) << 23}, b = {.i = (whole - half + 127) << 23};
  return exp_of_rest(x, rounded.f - shift) * a.f * b.f;
}
static inline float exp_below_0(float u) { /* for u <= 0: 2^(n + 24) is no denormal */
  const float x = -104.0f > u ? -104.0f : u, shift = 12582912.0f;
  const word rounded = {.f = x * 1.4426950216293335f + shift};
  const word a = {.i = (int32_t)((uint32_t)rounded.i << 23) + (151 << 23)};
  return exp_of_rest(x, rounded.f - shift) * a.f * 5.9604644775390625e-8f;
}
"""
_FLOAT = """
static inline float tanh_(float u) { /* below 0.625 an odd polynomial, as 1 - e^2 cancels there */
  const float e = exp_below_0(-fabsf(u)), square = e * e, z = u * u;
  const float high = (z * -0.005704986862838268f + 0.0206390880048275f) * z - 0.05373971536755562f;
  const float small = u + u * (z * ((high * z + 0.13331441581249237f) * z - 0.3333328068256378f));
  const float large = (1.0f - square) / (1.0f + square);
  return pick(fabsf(u) < 0.625f, small, pick(u < 0, -large, large));
}
static inline float atan_(float u) { /* atan(u) = pi/2 - atan(1/u) above 1 */
  const float a = fabsf(u), v = pick(a > 1.0f, 1.0f / a, a), z = v * v;
  float p = z * 0.0029206920880824327f - 0.016367927193641663f;
  p = z * p + 0.043211858719587326f;
  p = z * p - 0.07552213966846466f;
  p = z * p + 0.10666004568338394f;
  p = z * p - 0.14211055636405945f;
  p = z * p + 0.19993773102760315f;
  p = z * p - 0.33333152532577515f;
  const float small = v + v * (z * p), angle = pick(a > 1.0f, 1.5707963267948966f - small, small);
  return pick(u < 0, -angle, angle);
}
static inline float log1p_of_share(float e) { /* log(1 + e) = 2 artanh(e / (2 + e)), for e from 0 to 1 */
  const float s = e / (2.0f + e), z = s * s;
  const float high = (z * 0.1400599330663681f + 0.14000903069972992f) * z + 0.2001076340675354f;
  return 2.0f * (s + s * (z * (high * z + 0.3333320915699005f)));
}
"""
_DOUBLE_EXP = "#define exp_ exp\n#define exp_below_0 exp"
_DOUBLE = """
#define tanh_ tanh
#define atan_ atan
#define log1p_of_share log1p
"""


@lru_cache(maxsize=2)
def prelude(real: Real = "float") -> str:
    """The functions of the table of primitives whose C form ends in an underscore, and declarations.

    sinc_slope_ has the series that a float needs; no loop over doubles calls it.
    """
    single = real == "float"
    suffix, bits = ("f", "int32_t") if single else ("", "int64_t")
    exp, others = (_FLOAT_EXP, _FLOAT) if single else (_DOUBLE_EXP, _DOUBLE)
    declarations = "\n".join(
        f'__attribute__((simd("notinbranch"), const)) {real} {name}{suffix}({real});' for name in _VECTOR
    )
    return _TEXT.format(real=real, f=suffix, bits=bits, declarations=declarations, exp=exp, others=others)
