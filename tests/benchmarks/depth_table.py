"""The record of `tests.benchmarks.depth` for people."""

from __future__ import annotations

import math
from typing import Any

Record = dict[str, Any]


def holds(arm: Record) -> bool:
    """Whether the mean over the draws stays within a factor 2 at every layer that is recorded."""
    return all(m is not None and 0.5 <= m <= 2 for m in arm["mean"])


def table(record: Record) -> str:
    """The record for people, sorted by the depth slope."""
    settings = record["settings"]
    lines = [
        f"{settings['kind']}, width {settings['width']}: mean square after {settings['depth']} layers,",
        f"mean (least-most) of {record['n']} draws; in brackets what the recursion predicts",
        f"{'function':21}{'slope':>7}{'gain':>8}  {'own gain':41}{'He gain':20}what to do",
    ]
    unknown = math.inf
    functions = sorted(
        record["functions"], key=lambda f: unknown if f["depth_slope"] is None else f["depth_slope"]
    )
    for f in functions:
        by = {arm["gain_of"]: arm for arm in f["arms"]}
        slope = "-" if f["depth_slope"] is None else f"{f['depth_slope']:.3f}"
        own = "-" if f["gain"] is None else f"{f['gain']:.3f}"
        lines.append(
            f"{f['name']:21}{slope:>7}{own:>8}  {_cell(by.get('own')):41}{_short(by['he']):20}{_advice(by)}"
        )
    own_arms = [(f["depth_slope"], f["arms"][0]) for f in record["functions"] if f["gain"] is not None]
    below = [holds(arm) for slope, arm in own_arms if slope < 1 - 1e-9]
    above = [not holds(arm) for slope, arm in own_arms if slope > 1 + 1e-9]
    he = [holds(next(a for a in f["arms"] if a["gain_of"] == "he")) for f in record["functions"]]
    lines.append(
        f"within a factor 2 at every layer: {sum(below)} of {len(below)} with slope < 1 and the own gain, "
        f"{sum(he)} of {len(he)} with He's; leave it: {sum(above)} of {len(above)} with slope > 1"
    )
    return "\n".join(lines)


def _short(arm: Record) -> str:
    return "overflow" if arm["mean"][-1] is None else f"{arm['mean'][-1]:.3g}"


def _cell(arm: Record | None) -> str:
    if arm is None:
        return "none"
    last = [v for v in arm["last"] if v is not None]
    finite = arm["mean"][-1] is not None
    spread = f" ({min(last):.2g}-{max(last):.2g})" if finite else ""
    predicted = "overflow" if arm["predicted"] is None else f"{arm['predicted']:.3g}"
    return f"{_short(arm)}{spread} [{predicted}]{'' if holds(arm) else ' drifts'}"


def _advice(by: dict[str, Record]) -> str:
    if "own" in by and holds(by["own"]):
        alone = all(0.5 <= value <= 2 for value in by["own"]["last"])
        return "" if alone else "the mean holds, single draws do not"
    if "larger" in by:
        arm = by["larger"]
        kept = "holds" if holds(arm) else f"{_short(arm)} of it"
        return f"normalize, or gain {arm['gain']:.4g} at mean square {arm['start']:g}: {kept}"
    return "normalize"
