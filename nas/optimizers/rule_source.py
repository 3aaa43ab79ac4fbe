"""Source of one step of a rule, in C for a fused loop and in Python for whole tensors.

The source is assembled from the templates of the table of primitives and from numbers that the parser has
checked; no text of a user's reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nas.rules.language import Leaf
from nas.rules.rule import Rule
from nas.symbolic.expression import symbol
from nas.symbolic.prelude import Real, prelude
from nas.symbolic.printer import C, Language, Torch, straight_line

Decay = Literal["none", "coupled", "decoupled"]

# Each thread has an equal part of all numbers, which may begin and end inside a tensor.
_LOOP = """
#include <stddef.h>
#include <stdint.h>
int omp_get_thread_num(void);
int omp_get_num_threads(void);
{prelude}
void step(int threads, long tensors, const long *offsets, {real} *const *weights,
          const {real} *const *gradients, {real} *averages, const double *decays, const long *rows,
          const double *scalars, double rate) {{
  const long numbers = offsets[tensors];
#pragma omp parallel num_threads(threads)
  {{
    const long me = omp_get_thread_num(), all = omp_get_num_threads();
    const long first = numbers * me / all, last = numbers * (me + 1) / all;
    const {real} lr = rate;
    for (long i = 0; i < tensors; i++) {{
      const long begin = first > offsets[i] ? first : offsets[i];
      const long end = last < offsets[i + 1] ? last : offsets[i + 1];
      if (begin >= end || !gradients[i]) continue;
      {real} *restrict ws = weights[i] + (begin - offsets[i]);
      const {real} *restrict gs = gradients[i] + (begin - offsets[i]);
      const {real} decay = decays[i];
      {constants}
#pragma omp simd
      for (long j = 0; j < end - begin; j++) {{
        const {real} w = ws[j];
        {body}
      }}
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Program:
    """Lines that compute u and the new averages s0, s1, … from g, w, old0, old1, … and scalars k0, k1, …"""

    lines: tuple[str, ...]
    result: str
    scalars: tuple[Leaf, ...]  #: what k0, k1, … are


def program(rule: Rule, language: Language) -> Program:
    """The lines of `rule` in `language`, each average and each shared part once."""
    lines = []
    for number, state in enumerate(rule.states):
        decay, power = float(state.decay), " * ".join(["g"] * state.power)
        kept, new = language.literal(decay), language.literal(1 - decay)
        lines.append(language.assignment(f"s{number}", f"{kept} * old{number} + {new} * ({power})"))
    scalars: list[Leaf] = []
    names: dict[str, str] = {}
    for row in rule.leaves:
        if row.varies or row.operand.reads == "corrected":
            scalars.append(row)
        name = f"k{len(scalars) - 1}"
        if row.state is not None:
            place = rule.states.index(row.state)
            if row.operand.reads == "corrected":
                lines.append(language.assignment(f"c{place}", f"s{place} * {name}"))
            name = {"after": "s", "before": "old", "corrected": "c"}[row.operand.reads] + str(place)
        elif not row.varies:
            name = row.operand.name
        names[row.text] = name
    tree = rule.expression.tree.xreplace({symbol(old): symbol(new) for old, new in names.items()})
    more, (result,) = straight_line([tree], language)
    return Program((*lines, *more), result, tuple(scalars))


def c_source(rule: Rule, real: Real, decay: Decay) -> str:
    """C of `step`, which moves all tensors and updates their averages in one pass.

    offsets    where each tensor's numbers begin among all numbers, and their count: [tensors + 1]
    gradients  a null pointer where a tensor stays
    averages   [states, numbers]
    decays     of each tensor; rows, which row of `scalars` [rows, scalars] is its own
    """
    made = program(rule, C(real))
    count = len(made.scalars)
    constants = [f"const {real} k{n} = scalars[rows[i] * {count} + {n}];" for n in range(count)]
    constants += [
        f"{real} *restrict p{n} = averages + {n} * numbers + begin;" for n in range(len(rule.states))
    ]
    gradient = "gs[j] + decay * w" if decay == "coupled" else "gs[j]"
    u = f"({made.result} + decay * w)" if decay == "decoupled" else made.result
    body = [f"const {real} g = {gradient};"]
    body += [f"const {real} old{n} = p{n}[j];" for n in range(len(rule.states))]
    body += [*made.lines, *(f"p{n}[j] = s{n};" for n in range(len(rule.states))), f"ws[j] = w - lr * {u};"]
    return _LOOP.format(
        prelude=prelude(real), real=real, constants=_joined(6, constants), body=_joined(8, body)
    )


def torch_source(rule: Rule) -> tuple[str, tuple[Leaf, ...]]:
    """Python of `direction(g, w, averages, scalars) -> (u, new averages)` over flat tensors; the scalars."""
    made = program(rule, Torch())
    lines = [f"old{n} = averages[{n}]" for n in range(len(rule.states))]
    lines += [f"k{n} = scalars[{n}]" for n in range(len(made.scalars))]
    news = ", ".join(f"s{n}" for n in range(len(rule.states)))
    lines += [*made.lines, f"return {made.result}, [{news}]"]
    return f"def direction(g, w, averages, scalars):\n    {_joined(4, lines)}\n", made.scalars


def _joined(indent: int, lines: list[str]) -> str:
    return f"\n{' ' * indent}".join(lines)
