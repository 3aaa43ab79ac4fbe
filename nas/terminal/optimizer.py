"""An update rule explained, and the list of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from nas.references import REFERENCES
from nas.rows.optimizers import Hyper, Rule
from nas.terminal.canvas import BEST, DIM, HEADING, Canvas, Column, Drawing, Part
from nas.terminal.landscape import Landscape, edges, lines
from nas.terminal.tables import facts, wrap
from nas.terminal.text import NONE, number

_NEEDS = {
    "gradient": "a gradient: of the whole task or of a mini-batch",
    "loss": "the loss again at other weights: the same data throughout a step",
    "curvature": "second derivatives: the same data throughout a step, few weights",
}
_ROWS = 13
_GAP = 3


@dataclass(frozen=True, eq=False)
class Walk:
    """The described rule on one task."""

    task: str
    lr: float
    steps: int | None  #: to the tolerance; None: not within the budget
    land: Landscape


@dataclass(frozen=True)
class Rival:
    """A rule in the comparison: for each task its lr, and steps and evaluations to the tolerance."""

    rule: str
    results: Sequence[tuple[float, int | None, int | None]]


@dataclass(frozen=True, eq=False)
class Described:
    """What is known of a rule."""

    rule: Rule
    findings: Sequence[tuple[str, str]]  #: what was measured of it: decay, noise, mini-batches
    walks: Sequence[Walk]
    rivals: Sequence[Rival]  #: best first
    terms: str  #: tolerance and budget of the comparison


def listing(rules: Mapping[str, Rule]) -> Drawing:
    """What each rule is, needs and keeps."""

    def draw(canvas: Canvas) -> RenderableType:
        widest = max(map(len, rules))
        parts: list[RenderableType] = []
        for rule in rules.values():
            needs = f"needs the {rule.needs}; keeps {rule.state}; {'torch.optim' if rule.torch else 'own'}"
            room = max(canvas.width - widest - 2, 1)
            said = [(line, "") for line in wrap(canvas.say(rule.summary), room)]
            said += [(line, DIM) for line in wrap(canvas.say(needs), room)]
            names = [rule.name, *[""] * (len(said) - 1)]
            parts += [
                canvas.line((name.ljust(widest + 2), HEADING), line)
                for name, line in zip(names, said, strict=True)
            ]
        return Group(*parts)

    return Drawing(draw)


def description(of: Described) -> Drawing:
    """Formula, source, hyperparameters, paths on two functions, and the steps of the others."""

    def draw(canvas: Canvas) -> RenderableType:
        rule = of.rule
        pairs = [
            ("rule", rule.formula),
            ("source", str(REFERENCES[rule.source])),
            ("this form", rule.form),
            ("code", f"the kernels of torch.optim.{rule.torch}" if rule.torch else "own: torch lacks it"),
            ("keeps", _state(rule)),
            ("needs", _NEEDS[rule.needs]),
        ]
        heading = canvas.line((rule.name, HEADING), f"   {rule.summary}")
        hyper = facts([hyperparameter(row) for row in (rule.lr, *rule.hyper)])
        parts: list[RenderableType] = [heading, "", facts(pairs), "", hyper, "", facts(of.findings), ""]
        return Group(*parts, *_walks(canvas, of.walks), "", *_rivals(canvas, of))

    return Drawing(draw)


def _state(rule: Rule) -> str:
    if rule.tensors is None or not rule.tensors:
        return rule.state
    return f"{rule.state}; {rule.tensors} tensor{'s' * (rule.tensors > 1)} of a weight's size"


def hyperparameter(row: Hyper) -> tuple[str, str]:
    """Its name, and default, range and meaning in words."""
    kind = f"{', log' if row.log else ''}{', whole' if row.whole else ''}"
    return row.name, f"{row.default:g} ({row.low:g} to {row.high:g}{kind}): {row.meaning}"


def _walks(canvas: Canvas, walks: Sequence[Walk]) -> list[Text]:
    """The drawings side by side where there is room for more than 30 cells each, else below each other."""
    beside = (canvas.width - _GAP * (len(walks) - 1)) // max(len(walks), 1)
    if beside >= 30:
        return _beside(canvas, walks, min(beside, 60))
    return [line for walk in walks for line in _beside(canvas, [walk], min(canvas.width, 60))]


def _beside(canvas: Canvas, walks: Sequence[Walk], width: int) -> list[Text]:
    blocks = [_block(canvas, walk, width) for walk in walks]
    drawn = []
    for row in zip(*blocks, strict=True):
        parts: list[Part] = []
        for i, cells in enumerate(row):
            used = sum(len(words if isinstance(words, str) else words[0]) for words in cells)
            parts += [*cells, " " * (width - used + _GAP) if i < len(row) - 1 else ""]
        drawn.append(canvas.line(*parts))
    return drawn


def _block(canvas: Canvas, walk: Walk, width: int) -> list[list[Part]]:
    outcome = "not reached" if walk.steps is None else f"{walk.steps} steps"
    below = canvas.short(edges(walk.land), width)
    head = canvas.short(f"{walk.task}: lr {number(walk.lr)}, {outcome}", width)
    return [[(head, HEADING)], *lines(canvas, walk.land, width, _ROWS), [(below, DIM)]]


def _rivals(canvas: Canvas, of: Described) -> list[RenderableType]:
    columns = [
        Column(
            "optimizer",
            [(r.rule, BEST if r.rule == of.rule.name else "") for r in of.rivals],
        )
    ]
    for i, walk in enumerate(of.walks):
        columns += [
            Column(walk.task, [_count(r.results[i][1]) for r in of.rivals], right=True),
            Column("evaluations", [_count(r.results[i][2]) for r in of.rivals], right=True),
            Column("lr", [(number(r.results[i][0]), DIM) for r in of.rivals], right=True),
        ]
    terms = [canvas.line((line, DIM)) for line in wrap(canvas.say(of.terms), canvas.width)]
    return [canvas.line(("steps to tolerance", HEADING)), canvas.table(columns), "", *terms]


def _count(value: int | None) -> str:
    return NONE if value is None else str(value)
