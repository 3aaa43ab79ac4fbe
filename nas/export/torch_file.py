"""A function as one Python file that needs nothing but torch.

The code in it is printed from the parsed expression and from numbers; texts of a run stand in it as literals.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from nas.export.definitions import definitions
from nas.export.literals import WIDTH, constant, literal
from nas.export.subject import Subject
from nas.export.torch_text import APPLY, GAIN, GAIN_TEST, SELF_TEST
from nas.symbolic.expression import Expression, Parameter, X
from nas.symbolic.printer import Torch, slope_trees, straight_line, value_tree


def torch_file(subject: Subject) -> str:
    """The text of the file: `activation(x)`, the module `Activation`, `gain()` and a self-test."""
    code = _code(subject.expression)
    imports, ours = definitions(re.findall(r"\b[a-z_0-9]+(?=\()", code))
    statements = "\n\n".join([*ours, code])
    functional = ["import torch.nn.functional as F"] if "F." in statements else []
    standard = sorted({"import math", "import sys", *imports})
    head = ["from __future__ import annotations", "", *standard, "", "import torch", *functional]
    parts = [
        "\n\n".join(
            [_docstring(subject), "\n".join([*head, "from torch import Tensor, nn"]), _facts(subject)]
        ),
        *ours,
        code,
        APPLY,
        _activation(subject.expression.parameters),
        _module(subject.expression.parameters),
        *([] if subject.gain is None else [GAIN]),
        _self_test(subject),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _docstring(subject: Subject) -> str:
    f = subject.expression
    paragraphs = [f"{subject.name or 'An activation function'}: f(x) = {f.short}"]
    learned = [f"{p.name}, {_SCOPES[p.scope]}, starting at {p.start:.12g}" for p in f.parameters]
    if learned:
        paragraphs.append(f"Learned: {'; '.join(learned)}.")
    if subject.source is not None:
        paragraphs.append(f"{subject.source}.")
    if subject.found is not None:
        paragraphs.append(f"Found by nas: validation accuracy {subject.found.score}; more under FOUND.")
    paragraphs.append(f"Exported by nas {subject.version}. Needs torch only; `python` on this file tests it.")
    text = "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs)
    return '"""' + text.replace("\\", "\\\\").replace('"', "'") + '\n"""'


_SCOPES = {"channel": "one for each channel", "scalar": "one for the layer"}


def _facts(subject: Subject) -> str:
    f = subject.expression
    checks = [[c.x, c.value, *c.slopes] for c in subject.checks]
    slopes = "".join(f", df/d{p.name}" for p in f.parameters)
    lines = [
        "#: in the syntax of nas",
        constant("EXPRESSION", f.text),
        constant("LATEX", f.latex),
        "#: the known function that it is, and where that was described",
        constant("NAME", subject.name),
        constant(
            "SOURCE", None if subject.source is None else f"{subject.source}. {subject.source.link}".strip()
        ),
        "#: the trial of a search that this function is from, and how it scored on the validation part",
        constant("FOUND", None if subject.found is None else subject.found.facts),
        "#: 1/sqrt(E f(z)^2), z ~ N(0, 1): weights of deviation GAIN/sqrt(fan_in) keep the size of a signal",
        constant("GAIN", subject.gain),
        "#: parameters and where they start",
        constant("START", {p.name: p.start for p in f.parameters}),
        f"#: x, f, df/dx{slopes}, calculated with 60 digits",
        constant("CHECKS", checks),
        "#: points where float32 has to hold f and its slopes",
        constant("REACH", subject.reach),
    ]
    return "\n".join(lines)


def _code(f: Expression) -> str:
    """`_value` and `_slopes`, from the stable form of the expression and of its derivatives."""
    names = "".join(f", {p.name}" for p in f.parameters)
    lines, (value,) = straight_line(value_tree(f), Torch())
    if value == X.name:
        value = "x.clone()"
    elif X not in f.tree.free_symbols:
        value = f"torch.zeros_like(x) + {value}"
    slopes, results = straight_line(slope_trees(f), Torch())
    about = "".join(f", df/d{p.name}" for p in f.parameters)
    return (
        _function(f"_value(x{names})", "f(x).", lines, value)
        + "\n\n\n"
        + _function(f"_slopes(x{names})", f"df/dx{about}.", slopes, f"{', '.join(results)},")
    )


def _function(signature: str, about: str, lines: Sequence[str], result: str) -> str:
    body = [f'"""{about}"""', *lines, f"return {result}"]
    return f"def {signature}:\n" + "\n".join(f"    {line}" for line in body)


def _activation(parameters: Sequence[Parameter]) -> str:
    taken = "".join(f", {p.name}: Tensor | float = {literal(p.start)}" for p in parameters)
    given = "".join(f", {p.name}" for p in parameters)
    about = "; a parameter is one number, or one a channel of x [batch, channels, ...]" if parameters else ""
    line = f"def activation(x: Tensor{taken}) -> Tensor:"
    signature = line if len(line) <= WIDTH else f"def activation(\n    x: Tensor{taken}\n) -> Tensor:"
    return (
        f"{signature}\n"
        f'    """f at every element of x{about}."""\n'
        f"    return _Function.apply(x, *_tensors(x{given}))"
    )


def _module(parameters: Sequence[Parameter]) -> str:
    per_channel = any(p.scope == "channel" for p in parameters)
    channels = "channels: int" if per_channel else "channels: int | None = None"
    lines = [
        "class Activation(nn.Module):",
        '    """f as a layer; x is [batch, channels, ...]."""'
        if per_channel
        else '    """f as a layer; `channels` is taken, as by other activations, and not needed."""',
        "",
        f"    def __init__(self, {channels}) -> None:",
        "        super().__init__()",
        *(f"        self.{p.name} = nn.Parameter({_start(p)})" for p in parameters),
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        f"        return activation({', '.join(['x', *(f'self.{p.name}' for p in parameters)])})",
    ]
    return "\n".join(lines)


def _start(parameter: Parameter) -> str:
    shape = "(channels,)" if parameter.scope == "channel" else "()"
    return f"torch.full({shape}, {literal(parameter.start)})"


def _self_test(subject: Subject) -> str:
    end = "    return wrong\n"
    return SELF_TEST if subject.gain is None else SELF_TEST.replace(end, GAIN_TEST.lstrip("\n") + end, 1)
