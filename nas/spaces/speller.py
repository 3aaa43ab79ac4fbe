"""Texts put into texts, with the parameters of different places kept apart until they are numbered."""

from __future__ import annotations

import re
from itertools import count

from nas.spaces.formulas import Learning, template
from nas.symbolic.expression import Parameter, Scope

_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(\s*\[[^\]]*\])?")
_MARK = re.compile(r"@\d+:\w+@")
_TIGHT = re.compile(r"[\w.]+(\([^()]*\))?")


class Speller:
    """Parameters stay apart by the place of the formula they come from; `tied` ones only by their name."""

    def __init__(self, learning: Learning, tied: bool) -> None:
        self._learning, self._tied = learning, tied
        self._places = count()
        self._parameters: dict[str, Parameter] = {}

    def fill(self, text: str, names: tuple[str, ...], parts: dict[str, str]) -> str:
        """`text` with its variables replaced and its parameters marked with a new place."""
        expression = template(text, names)
        words = {m[1] for m in _WORD.finditer(text)}
        if not {s.name for s in expression.tree.free_symbols} <= words:
            text = expression.short  # a function of the catalogue by its name: spell it out
        place = 0 if self._tied else next(self._places)
        marks = {p.name: f"@{place}:{p.name}@" for p in expression.parameters}
        self._parameters |= {marks[p.name]: p for p in expression.parameters}

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name in marks:
                return marks[name]
            if name not in parts:
                return match[0]
            return parts[name] if _alone(match) else _bracketed(parts[name])

        return _WORD.sub(replaced, text)

    def finish(self, text: str) -> str:
        """Every mark as what it stands for, in the order of the places."""
        written = self._starts() if self._learning == "fixed" else self._names(text, self._learning)
        return _MARK.sub(lambda m: written[m[0]], text)

    def _starts(self) -> dict[str, str]:
        values = {mark: f"{p.start:.12g}" for mark, p in self._parameters.items()}
        return {mark: f"({value})" if value.startswith("-") else value for mark, value in values.items()}

    def _names(self, text: str, scope: Scope) -> dict[str, str]:
        """Numbered within their family: beta1, beta2, … or just beta; tied ones keep their names."""
        families: dict[str, list[str]] = {}
        for mark in filter(text.__contains__, self._parameters):
            name = self._parameters[mark].name
            families.setdefault(name if self._tied else name.rstrip("0123456789"), []).append(mark)
        written: dict[str, str] = {}
        for family, marks in families.items():
            for number, mark in enumerate(marks, start=1):
                name = f"{family}{number}" if len(marks) > 1 else family
                written[mark] = Parameter(name, scope, self._parameters[mark].start).text
        return written


def _alone(match: re.Match[str]) -> bool:
    """Whether the word is a whole argument, or the whole text."""
    before, after = match.string[: match.start()].rstrip(), match.string[match.end() :].lstrip()
    return before[-1:] in ("", "(", ",") and after[:1] in ("", ")", ",")


def _bracketed(text: str) -> str:
    return text if _TIGHT.fullmatch(text) else f"({text})"
