"""`nas describe arch`: a network layer by layer."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import click
from torch import nn

from nas.architectures.accounting import account
from nas.architectures.library import build
from nas.cli.options import format_option, print_json
from nas.references import REFERENCES
from nas.rows.networks import NETWORKS, network
from nas.terminal import architecture, console, tables

_MOST_CHANNELS, _MOST_SIDE = 1024, 1024


class Shape(click.ParamType[tuple[int, int, int]]):
    """Channels, height and width of an image, such as 3x32x32."""

    name = "shape"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int]:
        """(channels, height, width), each at least 1."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})x([0-9]{1,4})", value)
        sizes = tuple(map(int, found.groups())) if found else (0, 0, 0)
        if not (1 <= sizes[0] <= _MOST_CHANNELS and all(1 <= side <= _MOST_SIDE for side in sizes[1:])):
            self.fail(f"{value!r} is no image; write channels x height x width, as 3x32x32", param, ctx)
        return sizes[0], sizes[1], sizes[2]


@click.command("arch")
@click.argument("name", required=False)
@click.option("--input", "shape", type=Shape(), help="Channels x height x width.  [default: the source's]")
@click.option("--classes", type=click.IntRange(2, 100_000), default=10, show_default=True, help="Logits.")
@click.option(
    "--width", type=click.IntRange(1, 1024), help="Channels of the first layer.  [default: the source's]"
)
@format_option("table", "json")
def command(
    name: str | None, shape: tuple[int, int, int] | None, classes: int, width: int | None, format_: str
) -> None:
    """Show what each layer of the network NAME gives and costs, for one image.

    NAME is a network, resnetN with N = 6n + 2, a cell such as
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|skip_connect~2|", or a description
    such as "macro(block=basic, depth=2, width=16, pooling=max, norm=batch)". Without NAME the networks are
    listed.

    MACs count the multiplications of weights alone, bytes what a layer gives at 4 a number; dense is the
    number of weights of a linear layer between the same shapes.
    """
    if name is None:
        _list(format_)
        return
    row = network(name)
    shape = shape or (row.channels, row.size, row.size)
    width = width or row.width
    costs = account(
        build(
            row.name,
            channels=shape[0],
            size=shape[1:],
            classes=classes,
            width=width,
            activation=lambda channels: nn.ReLU(),
        ),
        shape,
    )
    if format_ == "json":
        print_json(
            {
                "name": row.name,
                "summary": row.summary,
                "source": str(REFERENCES[row.source]),
                "input": list(shape),
                "classes": classes,
                "width": width,
                "parameters": costs.parameters,
                "macs": costs.macs,
                "activation_bytes": costs.activation_bytes,
                "layers": [asdict(layer) for layer in costs.layers],
            }
        )
        return
    lines = [architecture.LayerLine(**asdict(layer)) for layer in costs.layers]
    source = f"{row.summary}; width {width}, {classes} classes. {REFERENCES[row.source]}"
    console.stdout().print(architecture.layers(row.name, source, shape, lines, costs.parameters))


def _list(format_: str) -> None:
    if format_ == "json":
        print_json([{"name": row.name, "summary": row.summary} for row in NETWORKS.values()])
    else:
        console.stdout().print(tables.facts([(row.name, row.summary) for row in NETWORKS.values()]))
