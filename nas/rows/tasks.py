"""The tasks of the update rules: functions whose least value is known."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class Task:
    """A function to minimize, as the mean of `terms` parts, so that mini-batches of parts make sense.

    A rule has reached the optimum where F - F* <= tolerance (F(start) - F*).
    """

    name: str
    summary: str
    formula: str
    optimum: str
    source: str
    weights: int
    terms: int
    tolerance: float
    convex: bool
    condition: bool = False  #: whether its condition number can be chosen
    window: tuple[float, float, float, float] | None = None  #: to draw it in: x from, to, y from, to


TASKS = Table(
    "task",
    [
        Task(
            name="quadratic",
            summary="a bowl of a chosen condition number, turned against the axes by half a radian",
            formula="F(w) = w'Hw / 2, eigenvalues 1/condition to 1",
            optimum="w = 0, F = 0",
            source="NocedalWright2006",
            weights=2,
            terms=32,
            tolerance=1e-6,
            convex=True,
            condition=True,
            window=(-2.0, 2.0, -1.5, 1.5),
        ),
        Task(
            name="rosenbrock",
            summary="a bent valley: easy to enter, slow to follow",
            formula="F(x, y) = (1 - x)^2 + 100 (y - x^2)^2",
            optimum="(1, 1), F = 0",
            source="Rosenbrock1960",
            weights=2,
            terms=32,
            tolerance=1e-4,
            convex=False,
            window=(-2.0, 2.0, -1.0, 3.0),
        ),
        Task(
            name="beale",
            summary="flat plains with steep corners",
            formula="F(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
            optimum="(3, 0.5), F = 0",
            source="Beale1958",
            weights=2,
            terms=32,
            tolerance=1e-4,
            convex=False,
            window=(-0.5, 4.5, -1.5, 1.5),
        ),
        Task(
            name="linear-regression",
            summary="least squares on 256 points in 10 dimensions of unequal scale, with errors in y",
            formula="F(w) = |Aw - y|^2 / 2n",
            optimum="w = (A'A)^-1 A'y",
            source="Bishop2006",
            weights=10,
            terms=256,
            tolerance=1e-6,
            convex=True,
        ),
        Task(
            name="logistic",
            summary="softmax regression on the handwritten digits, weights and biases with an L2 penalty",
            formula="F(W, b) = mean of -log softmax(Wx + b)[label] + 0.005 (|W|^2 + |b|^2)",
            optimum="by scipy's L-BFGS-B, to a gradient below 1e-8",
            source="Bishop2006",
            weights=650,
            terms=1437,
            tolerance=1e-4,
            convex=True,
        ),
    ],
)
