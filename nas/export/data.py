"""A function and all that is known of it as plain data, for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nas.export.subject import Subject
from nas.runs.records import plain
from nas.symbolic.derivative import derivative
from nas.symbolic.expression import Expression, X


def data(subject: Subject) -> dict[str, Any]:
    """What `torch_file` has, in the same words; None for what is not known or not finite."""
    f = subject.expression
    slope = Expression(derivative(f.tree, X), f.parameters)
    found = {
        "nas": subject.version,
        "expression": f.text,
        "latex": f.latex,
        "derivative": slope.text,
        "derivative_latex": slope.latex,
        "name": subject.name,
        "source": None if subject.source is None else asdict(subject.source),
        "complexity": f.complexity,
        "parameters": [asdict(p) for p in f.parameters],
        "gain": subject.gain,
        "found": None if subject.found is None else subject.found.facts,
        "checks": [asdict(check) for check in subject.checks],
    }
    return {key: plain(value) for key, value in found.items()}


def latex_line(subject: Subject) -> str:
    """`f(x) = ...`, to stand in a formula of a paper."""
    return f"f(x) = {subject.expression.latex}\n"
