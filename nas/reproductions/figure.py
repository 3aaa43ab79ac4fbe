"""The picture of a search as SVG: how the best score rose, and the best functions as small graphs.

Drawn from a record. Written as plain SVG, so that a picture needs no plotting library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

from nas.errors import SettingError
from nas.symbolic.numeric import Array, evaluate
from nas.symbolic.parse import parse

_WIDTH, _HEIGHT = 900, 340
_INK, _FAINT, _LINE, _MARK = "#222222", "#bbbbbb", "#1f6feb", "#c2410c"
_COLUMNS, _ROWS = 3, 3
_REACH = 4.0  #: of x in the small graphs
_CAPTION = 24  #: signs of a formula

Data = Mapping[str, Any]
Element = ElementTree.Element


@dataclass(frozen=True)
class _Frame:
    """A rectangle of the picture, and the part of the plane that it shows."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of (x, y) in the picture."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height


def draw(data: Data) -> str:
    """The text of an SVG file. Raises SettingError for a record without a search that got anywhere."""
    search = data["search"]
    if search is None or not search["curve"]:
        raise SettingError("there is no search with a score to draw", got=data["reproduction"])
    size = {"width": str(_WIDTH), "height": str(_HEIGHT), "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    svg.set("font-family", "system-ui, sans-serif")
    ElementTree.SubElement(svg, "title").text = f"What {search['run']} found"
    ElementTree.SubElement(svg, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    _discovery(svg, search)
    _best(svg, search["best"][: _COLUMNS * _ROWS])
    ElementTree.indent(svg)
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _discovery(svg: Element, search: Data) -> None:
    """The best score in full against trainings, a step each time that it rises."""
    steps = [(n, 100 * score) for n, score in search["curve"]]
    last, (low, high) = search["trainings"], (steps[0][1], steps[-1][1])
    margin = max(high - low, 0.5) / 8
    frame = _Frame(60, 50, 370, 230, (0, last), (low - margin, high + margin))
    _text(svg, 60, 30, f"best validation accuracy so far, {search['sampler']}", size=14)
    _box(svg, frame)
    path: list[tuple[float, float]] = []
    for (n, score), (after, _) in zip(steps, [*steps[1:], (last, 0.0)], strict=True):
        path += [(n, score), (after, score)]
    _polyline(svg, frame, path, _LINE, 2)
    for value in (low, high):
        x, y = frame.at(0, value)
        _text(svg, x - 6, y + 4, f"{value:.1f}", size=11, anchor="end")
    for count in (0, last):
        x, y = frame.at(count, frame.y[0])
        _text(svg, x, y + 16, str(count), size=11, anchor="middle")
    _text(svg, frame.left + frame.width / 2, 300, "functions trained", size=12, anchor="middle")
    _text(svg, 60, 44, "%", size=11, anchor="end")
    _met(svg, frame, search)


def _met(svg: Element, frame: _Frame, search: Data) -> None:
    """A line where the Swish family was met, or a word that it was not."""
    family = search["swish_family"]
    if family["trainings"] is None:
        words = f"the Swish family was not met in {search['trainings']}"
        _text(svg, frame.left + 8, frame.top + 16, words, size=12, color=_MARK)
        return
    at = family["trainings"]
    _polyline(svg, frame, [(at, frame.y[0]), (at, frame.y[1])], _MARK, 1, dashed=True)
    x, _ = frame.at(at, 0)
    beyond = at > search["trainings"] / 2
    words = f"Swish family met after {at}, its best ranks {family['rank']}"
    _text(
        svg, x - 6 if beyond else x + 6, 322, words, size=12, color=_MARK, anchor="end" if beyond else "start"
    )


def _best(svg: Element, best: Sequence[Data]) -> None:
    """The best functions, each over [-4, 4]."""
    _text(svg, 480, 30, "the best functions of the search", size=14)
    xs = np.linspace(-_REACH, _REACH, 161)
    for place, row in enumerate(best):
        column, line = place % _COLUMNS, place // _COLUMNS
        left, top = 480 + 138 * column, 44 + 98 * line
        ys = evaluate(parse(row["expression"]), xs)
        frame = _Frame(left, top, 124, 58, (-_REACH, _REACH), _extent(ys))
        _box(svg, frame)
        for axis in ([(-_REACH, 0.0), (_REACH, 0.0)], [(0.0, frame.y[0]), (0.0, frame.y[1])]):
            if frame.y[0] <= 0 <= frame.y[1]:
                _polyline(svg, frame, axis, _FAINT, 0.7)
        inside = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True) if frame.y[0] <= y <= frame.y[1]]
        _polyline(svg, frame, inside, _LINE, 1.6)
        formula = row["expression"].replace("[channel]", "")
        short = formula if len(formula) <= _CAPTION else f"{formula[: _CAPTION - 1]}…"
        _text(svg, left, top + 71, short, size=10)
        _text(svg, left, top + 83, f"{100 * row['val_acc']:.1f} %", size=10, color="#666666")


def _extent(ys: Array) -> tuple[float, float]:
    """What to show of the values: between -6 and 6, and never nothing."""
    finite = np.clip(ys[np.isfinite(ys)], -6.0, 6.0)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
    margin = max(high - low, 0.1) / 12
    return low - margin, high + margin


def _box(svg: Element, frame: _Frame) -> None:
    place = {"x": frame.left, "y": frame.top, "width": frame.width, "height": frame.height}
    drawn = {key: f"{value:g}" for key, value in place.items()}
    ElementTree.SubElement(svg, "rect", {**drawn, "fill": "none", "stroke": _FAINT})


def _polyline(
    svg: Element,
    frame: _Frame,
    points: Sequence[tuple[float, float]],
    color: str,
    width: float,
    dashed: bool = False,
) -> None:
    places = " ".join("{:.1f},{:.1f}".format(*frame.at(x, y)) for x, y in points)
    look = {"fill": "none", "stroke": color, "stroke-width": f"{width:g}"}
    if dashed:
        look["stroke-dasharray"] = "4 3"
    ElementTree.SubElement(svg, "polyline", {"points": places, **look})


def _text(
    svg: Element, x: float, y: float, words: str, *, size: int, anchor: str = "start", color: str = _INK
) -> None:
    look = {"font-size": str(size), "text-anchor": anchor, "fill": color}
    ElementTree.SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **look}).text = words
