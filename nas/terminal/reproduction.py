"""A reproduction: what the search met, how it got better, and each claim beside what was found.

Drawn from the record as `nas reproduce --format json` prints it, so a stored one looks like a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Group, RenderableType

from nas.symbolic.numeric import evaluate
from nas.symbolic.parse import parse
from nas.terminal.canvas import BEST, DIM, HEADING, TROUBLE, Canvas, Column, Drawing, Part
from nas.terminal.plot import Curve, graph, sparkline
from nas.terminal.text import NONE, duration, formula, percent, points, short_count, spread

_STYLES = {"supported": BEST, "not supported": TROUBLE}
_GRAPH = np.linspace(-4.0, 4.0, 81)
_SHAPE = 12  #: cells of a small graph
_ROWS = 8
_GUESSING = "A training that has not learned counts as guessing. "

Data = Mapping[str, Any]


def reproduction(data: Data) -> Drawing:
    """The screen of `nas reproduce`."""

    def draw(canvas: Canvas) -> RenderableType:
        seeds = data["protocol"]["comparison"]["seeds"]
        heading = canvas.line(
            (f"reproduce {data['reproduction']}", HEADING),
            f"   {data['source']} · scale {data['scale']} · seed {data['seed']}",
        )
        parts: list[RenderableType] = [heading, _facts(canvas, data), ""]
        if data["search"] is not None:
            parts += [*_search(canvas, data["search"]), ""]
        tuned = all("learned" in f for f in data["functions"])
        if tuned:
            parts += [_tuned(canvas, data["functions"], seeds), ""]
        supported = sum(c["verdict"] == "supported" for c in data["claims"])
        refuted = sum(c["verdict"] == "not supported" for c in data["claims"])
        count = len(data["claims"])
        return Group(
            *parts,
            _claims(canvas, data["claims"]),
            "",
            canvas.line(
                (f"of {count} claims {supported} supported, {refuted} not supported", HEADING),
                f", {count - supported - refuted} cannot be told at this scale",
            ),
            canvas.paragraph(
                f"a > b: difference in points of validation accuracy with its 95 % interval over {seeds} "
                f"paired seeds; p: corrected (Holm) over the claims of one {'source' if tuned else 'table'}. "
                f"{_GUESSING if tuned else ''}The rules were fixed before any result; --format json has them."
            ),
        )

    return Drawing(draw)


def pool(data: Data) -> Drawing:
    """Several reproductions as one: the differences over all their seeds beside those of each."""

    def draw(canvas: Canvas) -> RenderableType:
        seeds = data["seeds"]
        heading = canvas.line(
            (f"reproduce {data['reproduction']}", HEADING),
            f"   {data['source']} · scale {data['scale']} · seeds {', '.join(map(str, seeds))} pooled",
        )
        claims = data["claims"]
        each = [
            Column(f"seed {seed}", [points(c["each"][place]["effect"]) for c in claims], right=True)
            for place, seed in enumerate(seeds)
        ]
        table = [
            Column("claim", [c["claim"] for c in claims], least=16),
            *each,
            Column("pooled", [c["here"] for c in claims], least=18),
            Column("p", [_p(c["p_holm"]) for c in claims], right=True),
            Column("verdict", [_verdict(c) for c in claims]),
        ]
        return Group(heading, "", *_pooled_family(canvas, data), canvas.table(table))

    return Drawing(draw)


def _pooled_family(canvas: Canvas, data: Data) -> list[RenderableType]:
    family = data["swish_family"]
    if family is None:
        return []
    until = [
        f"not in {budget}" if n is None else f"{n} (rank {rank})"
        for n, rank, budget in zip(family["trainings"], family["ranks"], family["budgets"], strict=True)
    ]
    median = family["median_trainings"]
    words = "beyond the budget" if median is None else f"{median:g}"
    return [
        canvas.paragraph(f"trainings until the Swish family was met: {', '.join(until)}; median {words}", ""),
        "",
    ]


def _facts(canvas: Canvas, data: Data) -> RenderableType:
    protocol = data["protocol"]["comparison"]
    return canvas.paragraph(
        f"{protocol['data']} · {protocol['net']} of width {protocol['width']} · {protocol['epochs']} epochs "
        f"of {protocol['train_size']:,} images · {protocol['seeds']} paired seeds{_rates(data)}"
    )


def _rates(data: Data) -> str:
    """How many learning rates each candidate was given, where they were tuned."""
    tried = len(data["functions"][0].get("lr_tried", ()))
    return f" · each at the best of {tried} learning rates" if tried else ""


def _tuned(canvas: Canvas, rows: Sequence[Data], seeds: int) -> RenderableType:
    """What was compared: at which learning rate, how often it learned, how well."""

    def learned(row: Data) -> Part:
        if row["lr"] is None:
            return ("at no rate", TROUBLE)
        return f"{row['learned']} of {seeds}", TROUBLE if row["learned"] < seeds else ""

    return canvas.table(
        [
            Column("candidate", [row["label"] for row in rows], least=12),
            Column("lr", [NONE if row["lr"] is None else f"{row['lr']:g}" for row in rows], right=True),
            Column("learned", [learned(row) for row in rows]),
            Column(
                "val acc %",
                [f"{percent(row['val_acc'])} {spread(row['val_acc_std'])}" for row in rows],
            ),
        ]
    )


def _search(canvas: Canvas, search: Data) -> list[RenderableType]:
    family = search["swish_family"]
    met = [family, *search["named"]]
    columns = [
        Column("looked for", [m["looked_for"] for m in met], least=12),
        Column("after", [NONE if m["trainings"] is None else str(m["trainings"]) for m in met], right=True),
        Column("rank", [NONE if m["rank"] is None else str(m["rank"]) for m in met], right=True),
        Column("val acc %", [percent(m["val_acc"]) for m in met], right=True),
        Column("the best of it", [formula(m["expression"] or "") for m in met], least=8),
    ]
    best = search["best"]
    top = [
        Column("rank", [str(b["rank"]) for b in best], right=True),
        Column("val acc %", [percent(b["val_acc"]) for b in best], right=True),
        Column("f on [-4, 4]", [_shape(canvas, b["expression"]) for b in best]),
        Column("formula", [formula(b["expression"]) for b in best], least=12),
        Column("name", [b["name"] or "" for b in best], least=6),
    ]
    drawn: list[RenderableType] = [
        canvas.paragraph(
            f"{search['trainings']} functions trained by {search['sampler']} over {search['space']}, "
            f"{search['trained_in_full']} of them in full: {short_count(search['train_images'])} training "
            f"images in {duration(search['seconds'])}. As many uniform draws meet the family "
            f"x sigmoid(s x) with probability {family['chance']:.2f}.",
            "",
        ),
        "",
        canvas.table(columns),
    ]
    if best:
        drawn += ["", canvas.table(top)]
    if len(search["curve"]) > 1:
        drawn += ["", _curve(search)]
    return drawn


def _curve(search: Data) -> RenderableType:
    """The best score in full so far, a step each time that it rises, and where the family was met."""
    n = np.arange(1, search["trainings"] + 1, dtype=np.float64)
    steps = np.array(search["curve"], dtype=np.float64)
    place = np.searchsorted(steps[:, 0], n, side="right")
    best = np.where(place > 0, 100 * steps[np.maximum(place - 1, 0), 1], np.nan)
    limits = float(np.nanmin(best)), float(np.nanmax(best))
    curves = [Curve("best val acc % so far, against trainings", best)]
    met = search["swish_family"]["trainings"]
    if met is not None:
        mark = np.full_like(n, np.nan)
        first = max(met - 2, 0)
        mark[first : first + 2] = limits
        curves.append(Curve(f"Swish met after {met}", mark))
    return graph(n, curves, rows=_ROWS, limits=limits)


def _shape(canvas: Canvas, text: str) -> str:
    return sparkline(evaluate(parse(text), _GRAPH), _SHAPE, unicode=canvas.unicode)


def _claims(canvas: Canvas, claims: Sequence[Data]) -> RenderableType:
    def column(of: Callable[[Data], Part]) -> list[Part]:
        return [of(claim) for claim in claims]

    return canvas.table(
        [
            Column("claim", column(lambda c: c["claim"]), least=16),
            Column("paper", column(lambda c: c["paper"]), least=8),
            Column("here", column(lambda c: c["here"]), least=18),
            Column("p", column(lambda c: _p(c["p_holm"])), right=True),
            Column("verdict", column(_verdict)),
        ]
    )


def _verdict(claim: Data) -> Part:
    words = claim["verdict"].removesuffix(" at this scale")
    return words, _STYLES.get(claim["verdict"], DIM)


def _p(p: float | None) -> str:
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}".replace("e-0", "e-")
