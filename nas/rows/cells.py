"""The cells of NAS-Bench-201: six edges, five operations, written as text (Dong & Yang, ICLR 2020).

A cell has four nodes of one shape. Node 0 is what comes in, node 3 what goes out; from every node an edge
with one operation leads to every later one, and a node is the sum of what its edges bring:

    |nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|

lists the nodes 1, 2, 3 and for each of them `operation~node it comes from`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from nas.errors import SettingError
from nas.registry import Table


@dataclass(frozen=True)
class Operation:
    """What one edge does to the signal; shapes stay."""

    name: str
    summary: str
    source: str


OPERATIONS = Table(
    "cell operation",
    [
        Operation("none", "no edge: brings 0", "DongYang2020"),
        Operation("skip_connect", "the identity", "DongYang2020"),
        Operation("nor_conv_1x1", "activation, 1x1 convolution, batch norm", "DongYang2020"),
        Operation("nor_conv_3x3", "activation, 3x3 convolution, batch norm", "DongYang2020"),
        Operation("avg_pool_3x3", "mean of the 3x3 pixels around, those outside left out", "DongYang2020"),
    ],
)

#: (from, to) of each edge, in the order in which a cell is written
EDGES = tuple((start, end) for end in range(1, 4) for start in range(end))

_EDGE = re.compile(r"([^~|+\s]+)~(\d+)")
_FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"


@dataclass(frozen=True)
class Cell:
    """A cell by the operation on each of `EDGES`."""

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.operations) != len(EDGES):
            raise SettingError(
                "a cell has one operation for each edge", got=len(self.operations), allowed=f"{len(EDGES)}"
            )
        for name in self.operations:
            OPERATIONS.find(name)

    def __str__(self) -> str:
        return "+".join(
            "|" + "".join(f"{name}~{start}|" for (start, to), name in self.edges() if to == end)
            for end in range(1, 4)
        )

    def edges(self) -> Iterator[tuple[tuple[int, int], str]]:
        """((from, to), operation), in the order of `EDGES`."""
        return zip(EDGES, self.operations, strict=True)

    @cached_property
    def key(self) -> str:
        """What the cell computes, as a sum of terms in its input x: equal for cells that are one network.

        Edges of no effect are left out (`none`, and whatever nothing enters), identities are drawn together,
        an average is that of each term, sums are sorted. The paper, which keeps zeros in its sums, counts
        6,466 different cells; here they are 4,660. That a convolution of nothing still brings the shift of
        its batch norm, which is 0 at the start, is disregarded.
        """
        nodes: list[list[str]] = [["x"]]
        for end in range(1, 4):
            nodes.append([])
            for (start, to), name in self.edges():
                if to == end and name != "none" and nodes[start]:
                    nodes[end] += _terms(name, nodes[start])
            nodes[end].sort()
        return "+".join(nodes[-1]) or "0"

    @property
    def connected(self) -> bool:
        """Whether anything of the input comes out."""
        return self.key != "0"

    def used(self) -> tuple[bool, ...]:
        """For each edge whether it lies on a way from the input to the output."""
        forward, backward = {0}, {3}
        for (start, end), name in self.edges():  # ends rise along EDGES: every way in comes before the way on
            if name != "none" and start in forward:
                forward.add(end)
        for (start, end), name in reversed(list(self.edges())):
            if name != "none" and end in backward:
                backward.add(start)
        return tuple(
            name != "none" and start in forward and end in backward for (start, end), name in self.edges()
        )

    def pruned(self) -> Cell:
        """The cell with `none` on every edge that lies on no way from the input to the output."""
        return Cell(
            tuple(name if used else "none" for name, used in zip(self.operations, self.used(), strict=True))
        )

    def neighbors(self) -> list[Cell]:
        """The 24 cells that differ in one operation: the moves of a local search or an evolution."""
        return [
            replace(self, operations=(*self.operations[:i], name, *self.operations[i + 1 :]))
            for i, old in enumerate(self.operations)
            for name in OPERATIONS
            if name != old
        ]


def _terms(operation: str, of: list[str]) -> list[str]:
    if operation == "skip_connect":
        return of
    if operation == "avg_pool_3x3":
        return [f"{operation}({term})" for term in of]
    return [f"{operation}({'+'.join(of)})"]


def parse_cell(text: str) -> Cell:
    """The cell written as `text`.

    Raises:
        SettingError: anything but three nodes with 1, 2 and 3 edges from the nodes 0, 1, 2 in this order.
    """
    nodes = text.strip().split("+")
    if len(nodes) != 3:
        raise SettingError("a cell has three nodes, joined by +", got=text, allowed=_FORM)
    return Cell(tuple(name for end, node in enumerate(nodes, start=1) for name in _edges_of(node, end)))


def _edges_of(node: str, end: int) -> Iterator[str]:
    words = node.strip().split("|")
    if len(words) != end + 2 or words[0] or words[-1]:
        raise SettingError(
            f"node {end} of a cell has {end} {'edge' if end == 1 else 'edges'} between bars",
            got=node,
            allowed="|" + "".join(f"op~{start}|" for start in range(end)),
        )
    for start, word in enumerate(words[1:-1]):
        found = _EDGE.fullmatch(word)
        if found is None or found[2] != str(start):
            raise SettingError(
                f"edge {start + 1} of node {end} is an operation and comes from node {start}",
                got=word,
                allowed=f"OPERATION~{start}, such as nor_conv_3x3~{start}",
            )
        yield OPERATIONS.find(found[1]).name


def is_cell(text: str) -> bool:
    """Whether `text` means to be a cell."""
    return text.strip().startswith("|")


def all_cells() -> Iterator[Cell]:
    """All 15,625 cells."""
    return (Cell(operations) for operations in product(OPERATIONS, repeat=len(EDGES)))


def decision(edge: tuple[int, int]) -> str:
    """The name of the decision for the operation on `edge`, such as edge_0_1."""
    return f"edge_{edge[0]}_{edge[1]}"


def draw_cell(choose: Callable[[str, Sequence[str]], object]) -> Cell:
    """A cell decided edge by edge: choose(name of the decision, options) -> one of the options."""
    return Cell(tuple(str(choose(decision(edge), tuple(OPERATIONS))) for edge in EDGES))
