"""C source of an expression over rows of numbers, on all threads: forward, backward, also behind batch norm.

A tensor is a list of pixels, the channels of each side by side. A row is as many whole pixels as make about
256 numbers, over which the compiler's vectors run; what a channel has of its own is repeated to that length.
"""

from __future__ import annotations

from nas.symbolic.expression import Expression
from nas.symbolic.prelude import prelude
from nas.symbolic.printer import C, slope_trees, straight_line, value_tree

ROWS = """
#include <stddef.h>
#include <stdint.h>
int omp_get_thread_num(void);
/* Numbers a row: long enough for vectors, short enough to stay in a cache. */
static inline long row_of(long channels) { return channels * (channels < 256 ? 256 / channels : 1); }
static inline void repeat(float *restrict row, long length, const float *restrict values, long channels) {
  for (long at = 0; at < length; at += channels)
    for (long c = 0; c < channels; c++) row[at + c] = values[c];
}
/* Sums over lanes of a row, added to those of this thread for each channel. */
static inline void gather(double *restrict sums, const double *restrict lanes, long length, long channels) {
  for (long at = 0; at < length; at += channels)
    for (long c = 0; c < channels; c++) sums[c] += lanes[at + c];
}
/* Float sums of a block of rows go to those in double and begin anew: BLOCK / 2 ulp of error at most. */
#define BLOCK 16
static inline void empty(float *restrict lanes, double *restrict sums, long length) {
  for (long j = 0; j < length; j++) sums[j] += lanes[j], lanes[j] = 0;
}
"""

_LOOP = """
void {name}(int threads, long numbers, long channels, {arguments}) {{
  const long row = row_of(channels), rows = numbers / row;
#pragma omp parallel num_threads(threads)
  {{
    /* 16 bits a position, of no use but that gcc takes as many positions at once as a vector has of these:
       two vectors of floats, of which one goes on while the other waits for its last result. */
    short pace[row];
    for (long j = 0; j < row; j++) pace[j] = 0;
    {begin}
#pragma omp for schedule(static)
    for (long block = 0; block <= rows / BLOCK; block++) {{
      const long last = block < rows / BLOCK ? (block + 1) * BLOCK - 1 : rows;
      for (long r = block * BLOCK; r <= last; r++) {{
        const size_t at = (size_t)r * row;
        const long length = r < rows ? row : numbers - rows * row;
#pragma omp simd
        for (long j = 0; j < length; j++) {{
          {body}
          pace[j]++;
        }}
        __asm__ volatile("" : : "r"(pace) : "memory"); /* as if it were read */
      }}
      {after_block}
    }}
    {end}
  }}
}}
"""


def source(expression: Expression, *, normalized: bool = False) -> str:
    """C source of `forward` and `backward` of y = f(x), or of y = f(u), u = (x - mean) scale + bias.

    forward(…, xs, ys, [mean, scale, bias,] p…)
    backward(…, xs, gs, dxs, [mean, scale, bias, inverse,] p…, sums)
        dxs = gs f'(x), or gs f'(u); sums[thread, k, channel], from zeros, of gs df/dp for each p; normalized
        has two before them: of h = gs f'(u) and of h (x - mean) inverse
    """
    names = [p.name for p in expression.parameters]
    channelwise = [p.name for p in expression.parameters if p.scope == "channel"]
    norm = ["mean", "scale", "bias"] if normalized else []
    given = [f"const float *restrict {name}s" for name in (*norm, *names)]
    # a variable of its own for each thread and row position, or one for all
    repeated = [_repeated(name) for name in (*norm, *channelwise)]
    scalars = [f"const float {name} = {name}s[0];" for name in names if name not in channelwise]
    read = [f"const float {name} = {name}_row[j];" for name in (*norm, *channelwise)]
    read += [
        "const float x = (xs[at + j] - mean) * scale + bias;" if normalized else "const float x = xs[at + j];"
    ]
    lines, (value,) = straight_line(value_tree(expression), C())
    forward = _LOOP.format(
        name="forward",
        arguments=", ".join(["const float *restrict xs", "float *restrict ys", *given]),
        begin=_joined(4, scalars + repeated),
        body=_joined(10, [*read, *lines, f"ys[at + j] = {value};"]),
        after_block="",
        end="",
    )
    lines, (slope, *others) = straight_line(slope_trees(expression), C())
    terms = [f"g * {other}" for other in others]
    if normalized:
        given.insert(3, "const float *restrict inverses")
        repeated.append(_repeated("inverse"))
        terms = ["h", "h * ((xs[at + j] - mean) * inverse_row[j])", *terms]
    backward = _LOOP.format(
        name="backward",
        arguments=", ".join(
            [
                "const float *restrict xs",
                "const float *restrict gs",
                "float *restrict dxs",
                *given,
                "double *restrict sums",
            ]
        ),
        begin=_joined(
            4,
            [*scalars, *repeated]
            + [f"float lanes{k}[row]; double sums{k}[row];" for k in range(len(terms))]
            + [f"for (long j = 0; j < row; j++) lanes{k}[j] = 0, sums{k}[j] = 0;" for k in range(len(terms))],
        ),
        body=_joined(
            10,
            [
                *read,
                "const float g = gs[at + j];",
                *lines,
                f"const float h = g * {slope};",
                "dxs[at + j] = h;",
            ]
            + [f"lanes{k}[j] += {term};" for k, term in enumerate(terms)],
        ),
        after_block=_joined(6, [f"empty(lanes{k}, sums{k}, row);" for k in range(len(terms))]),
        end=_joined(
            4,
            [f"double *restrict mine = sums + omp_get_thread_num() * {len(terms)} * channels;"]
            + [f"gather(mine + {k} * channels, sums{k}, row, channels);" for k in range(len(terms))],
        ),
    )
    return f"{ROWS}{prelude()}{forward}{backward}"


def _repeated(name: str) -> str:
    return f"float {name}_row[row]; repeat({name}_row, row, {name}s, channels);"


def _joined(indent: int, lines: list[str]) -> str:
    return f"\n{' ' * indent}".join(lines)
