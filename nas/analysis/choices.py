"""What the trials of a search decided, as groups of trials whose scores can be held against each other."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nas.analysis.variance import Groups
from nas.runs.decided import Decided

RARE = 3  #: trials below which an option is put together with the other rare ones
OTHERS = "others"
_PARTS = 4  #: of the trials, by a number that they decided
_PER_RULE = re.compile(r"optimizer\.(?!rule\b)[^.]+\.(\w+)")  # optimizer.adam.lr

Value = str | int | float | bool


@dataclass(frozen=True)
class Choices:
    """What the trials that took one decision chose."""

    name: str
    by_trial: Mapping[int, Value]
    ranged: bool  #: numbers of a range, not options

    def grouped(self, trials: Sequence[int], most: int | None = None) -> tuple[list[str], Groups]:
        """Names of groups, and the group of each of `trials`.

        Numbers of a range are cut into parts of equal size. Options stay, but for the rare ones and, where
        there are more than `most`, the less frequent ones: those are one group.
        """
        values = [self.by_trial[n] for n in trials]
        if self.ranged:
            return _cut([float(v) for v in values], min(most or _PARTS, _PARTS, len(values) // RARE))
        counts = Counter(values)
        kept = [value for value, count in counts.most_common() if count >= RARE]
        if most is not None and (len(kept) > most or len(kept) == most < len(counts)):
            kept = kept[: most - 1]
        labels = [_word(value) for value in kept] + ([OTHERS] if len(kept) < len(counts) else [])
        places = {value: place for place, value in enumerate(kept)}
        return labels, np.asarray([places.get(value, len(kept)) for value in values], dtype=np.int64)


def choices(decided: Mapping[int, Mapping[str, Decided]]) -> list[Choices]:
    """One entry a decision that came out in more than one way.

    Hyperparameters of one name that several update rules draw from ranges are one decision, `optimizer.*.lr`:
    where the value lies in its rule's own range, from 0 to 1.
    """
    found: dict[str, dict[int, Decided]] = defaultdict(dict)
    for number, taken in decided.items():
        for name, one in taken.items():
            found[name][number] = one
    rows: dict[str, Choices] = {}
    for name, by_trial in found.items():
        alike = _alike(name, found)
        if len(alike) > 1:
            shared = f"optimizer.*.{alike[0].rpartition('.')[2]}"
            places = {n: _place(one) for each in alike for n, one in found[each].items()}
            rows[shared] = Choices(shared, places, ranged=True)
        else:
            rows[name] = Choices(name, {n: one.value for n, one in by_trial.items()}, _ranged(by_trial))
    return [row for row in rows.values() if len(set(row.by_trial.values())) > 1]


def _alike(name: str, found: Mapping[str, Mapping[int, Decided]]) -> list[str]:
    """The decisions for a hyperparameter of this name, each under its rule and in its range."""
    own = _PER_RULE.fullmatch(name)
    if own is None or not _ranged(found[name]):
        return [name]
    matches = ((other, _PER_RULE.fullmatch(other)) for other in found)
    return [other for other, match in matches if match and match[1] == own[1] and _ranged(found[other])]


def _ranged(by_trial: Mapping[int, Decided]) -> bool:
    return not any(one.options for one in by_trial.values())


def _place(of: Decided) -> float:
    scale: Callable[[float], float] = math.log if of.log else float
    return (scale(float(of.value)) - scale(of.low)) / (scale(of.high) - scale(of.low))


def _cut(values: Iterable[float], parts: int) -> tuple[list[str], Groups]:
    numbers = np.asarray(values)
    edges = np.quantile(numbers, np.arange(1, max(parts, 1)) / max(parts, 1))
    groups = np.unique(np.searchsorted(edges, numbers), return_inverse=True)[1].reshape(-1)
    inside = [numbers[groups == group] for group in range(int(groups.max()) + 1)]
    return [f"{part.min():.2g} to {part.max():.2g}" for part in inside], groups.astype(np.int64)


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
