"""The source of what printed code calls besides torch, with all it needs, as `nas.activations` has it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib import resources


@cache
def _statements() -> dict[str, tuple[str, frozenset[str]]]:
    """name -> source of the statement that defines it, and the names that this uses; read, not imported."""
    source = resources.files("nas.activations").joinpath("functions.py").read_text(encoding="utf-8")
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name != "torch"]
        else:
            continue
        used = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
        for name in names:
            found[name] = (ast.get_source_segment(source, node) or "", used - set(names))
    return found


def definitions(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """(imports, statements) that define those of `names` that are functions of ours, in a working order."""
    known = _statements()
    needed: set[str] = set()
    open_names = set(names) & set(known)
    while open_names:
        needed |= open_names
        open_names = {used for name in open_names for used in known[name][1]} & set(known) - needed
    in_order = [known[name][0] for name in known if name in needed]
    return (
        [text for text in in_order if text.startswith("import")],
        [text for text in in_order if not text.startswith("import")],
    )
