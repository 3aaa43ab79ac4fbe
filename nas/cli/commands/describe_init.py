"""`nas describe init`: an init by name or text, and what becomes of signal and gradient through depth."""

from __future__ import annotations

from typing import Any

import click
import numpy as np
import numpy.typing as npt

from nas.cli.options import ExpressionCommand, format_option, print_json
from nas.initialization.apply import gain_of
from nas.initialization.depth import ThroughDepth, through_depth
from nas.references import REFERENCES
from nas.rows.init_law import Init
from nas.rows.init_text import name_of, read
from nas.rows.inits import INITS
from nas.symbolic.expression import Expression
from nas.symbolic.parse import parse
from nas.terminal import console, tables
from nas.terminal.initialization import InitSheet, init_sheet, verdict

_DRAWN, _TRAINED = (50, 5), (10, 1)  #: layers and networks; training layers one by one takes a while


@click.command("init", cls=ExpressionCommand)
@click.argument("text", metavar="[NAME|TEXT]", required=False)
@click.option(
    "--activation", default="max(x, 0)", show_default=True, metavar="EXPR", help="Between the layers."
)
@click.option("--depth", type=click.IntRange(2, 1000), help="Layers.  [default: 50; 10 with autoencoder]")
@click.option("--width", type=click.IntRange(2, 4096), default=256, show_default=True, help="Units a layer.")
@click.option(
    "--draws", type=click.IntRange(1, 1000), help="Networks measured.  [default: 5; 1 with autoencoder]"
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of weights and inputs."
)
@format_option("table", "json")
def command(
    text: str | None,
    activation: str,
    depth: int | None,
    width: int,
    draws: int | None,
    seed: int,
    format_: str,
) -> None:
    """Show an init: its variance, its source, and signal and gradient through depth without normalization.

    TEXT is a name, or written as "normal(fan=in, gain=he)", "he_uniform(fan=avg)" or "lsuv(orthogonal)":

    \b
    weights  normal, uniform, truncated, orthogonal, delta, dirac, constant
    fan      in, out, avg, none
    gain     one, he, torch, own, own_backward, auto, or a number
    depth    none, sqrt, fixup: scales the branches of residual networks
    steps    lsuv(...), whitening(...), autoencoder(...): need training images

    w = gain / sqrt(fan) S with Var[S] = 1. Without TEXT the inits with a name are listed. In JSON, null in
    "signal" and "gradient" is what float32 does not hold.
    """
    if text is None:
        _list(format_)
        return
    init, expression = read(text), parse(activation)
    usual = _TRAINED if "autoencoder" in init.steps else _DRAWN
    depth, draws = depth or usual[0], draws or usual[1]
    measured = through_depth(init, expression, depth=depth, width=width, draws=draws, seed=seed)
    if format_ == "json":
        print_json(_as_json(init, expression, measured, depth, width, seed))
    else:
        console.stdout().print(init_sheet(_sheet(init, expression, measured, depth, width)))


def _list(format_: str) -> None:
    if format_ == "json":
        print_json([{"name": row.name, "text": row.text, "summary": row.summary} for row in INITS.values()])
    else:
        console.stdout().print(tables.facts([(row.name, row.summary) for row in INITS.values()]))


def _sheet(init: Init, expression: Expression, of: ThroughDepth, depth: int, width: int) -> InitSheet:
    name = name_of(init)
    pairs: list[tuple[str, object]] = [("written", str(init))]
    if name is not None:
        pairs.append(("is", INITS[name].summary))
    pairs += [("variance", init.law.formula), *((part.name, part.formula) for part in init.parts)]
    gain = gain_of(init.law, expression)
    pairs.append(("gain", f"{gain:.6g} behind {expression.short}"))
    pairs.append(("needs", ", ".join(init.needs)))
    pairs += [("source", str(REFERENCES[key])) for key in _sources(init) if key != "nas"]
    note = f"{depth} layers" + (" in residual blocks of two" if of.residual else "")
    return InitSheet(
        name or str(init),
        pairs,
        of.layers,
        _mean(of.signal),
        _mean(of.gradient),
        f"{note}, {width} units, geometric mean over n = {len(of.signal)} networks",
        _unit(of),
    )


def _as_json(
    init: Init, expression: Expression, of: ThroughDepth, depth: int, width: int, seed: int
) -> dict[str, Any]:
    name = name_of(init)
    signal, gradient = _mean(of.signal), _mean(of.gradient)
    return {
        "name": name,
        "text": str(init),
        "summary": None if name is None else INITS[name].summary,
        "variance": init.law.formula,
        "needs": list(init.needs),
        "sources": [str(REFERENCES[key]) for key in _sources(init)],
        "activation": expression.short,
        "gain": gain_of(init.law, expression),
        "depth": depth,
        "width": width,
        "draws": len(of.signal),
        "seed": seed,
        "residual": of.residual,
        "layers": list(of.layers),
        "signal": _finite(signal),
        "gradient": _finite(gradient),
        "signal_verdict": verdict(signal, _unit(of)),
        "gradient_verdict": verdict(gradient[::-1], _unit(of)),
    }


def _unit(of: ThroughDepth) -> str:
    return "block" if of.residual else "layer"


def _sources(init: Init) -> tuple[str, ...]:
    name = name_of(init)
    return init.sources if name is None else (INITS[name].source,)


def _mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Geometric, over the draws; 0 or not finite where one of them is."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(np.log(values).mean(0)))


def _finite(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in values]
