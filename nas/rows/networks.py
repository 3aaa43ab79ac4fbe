"""The networks: by name, or written as text (a residual network's depth, a cell, a description)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nas.errors import SettingError
from nas.registry import Table
from nas.rows.cells import is_cell, parse_cell
from nas.rows.macros import is_macro, parse_macro


@dataclass(frozen=True)
class Network:
    """A network by name; it takes images of any shape from `smallest` pixels a side on."""

    name: str
    summary: str
    source: str
    smallest: int  #: the least image side it takes
    width: int = 16  #: channels of the first layer as its source has them
    norm: str = "batch"  #: the normalization that it has by itself
    channels: int = 3  #: of the images of its source
    size: int = 32  #: pixels a side of the images of its source


NETWORKS = Table(
    "network",
    [
        Network("small", "conv-BN-act, three conv-pool-BN-act of widths w, 2w, 4w, 4w, linear", "nas", 8),
        Network("resnet20", "He et al.'s 20-layer residual network for CIFAR; widths w, 2w, 4w", "He2016", 8),
        Network("mlp", "three hidden layers of 16w units", "nas", 1, 8),
        Network("deep_mlp", "twenty hidden layers of 16w units", "nas", 1, 8),
        Network("linear", "the linear model: every logit a weighted sum of pixels", "nas", 1, 1, "none"),
        Network(
            "lenet5", "LeNet-5: 5x5 convolutions of 6 and 16 maps, means, 120, 84", "LeCunBottou1998", 16, 6,
            "none", channels=1,
        ),
        Network(
            "lenet_blackboard", "as counted on a blackboard: 4 and 12 maps, weights without biases",
            "LeCunBottou1998", 16, 4, "none", channels=1,
        ),
        Network("alexnet", "a small AlexNet: five convolutions, three dense layers", "Krizhevsky2014", 8, 64),
        Network("vgg11", "VGG A: eight 3x3 convolutions, five poolings", "SimonyanZisserman2015", 32, 64),
        Network("nin", "Network in Network: 1x1 convolutions behind each other", "Lin2014", 8, 192, "none"),
        Network("inception", "five Inception blocks: 1x1, 3x3, 5x5 side by side", "Szegedy2015", 8, 32),
        Network("bottleneck29", "nine bottlenecks 1x1, 3x3, 1x1; shortcuts of type B", "He2016", 8),
        Network("resnext29", "ResNeXt-29, 8 groups of w channels: split, transform, merge", "Xie2017", 8, 64),
    ],
)  # fmt: skip

_RESNET = re.compile(r"resnet([0-9]{1,4})")
_SMALLEST = 8  #: image side of a network written as text


def network(text: str) -> Network:
    """The row of the network called, or written as, `text`.

    Beside the names: resnetN with N = 6n + 2 layers, the cell of a cell network
    (`|nor_conv_3x3~0|+|...|`), macro(block=..., depth=..., ...).

    Raises:
        SettingError: there is no such network.
    """
    if text in NETWORKS:
        return NETWORKS[text]
    if is_cell(text):
        cell = parse_cell(text)
        summary = "15 cells in three stages of widths w, 2w, 4w"
        return Network(str(cell), summary, "DongYang2020", _SMALLEST)
    if is_macro(text):
        macro = parse_macro(text)
        summary = f"three stages of {macro.depth} {macro.block} blocks"
        return Network(str(macro), summary, "nas", _SMALLEST, macro.width or 16, macro.norm or "batch")
    if _RESNET.fullmatch(text):
        depth = residual_depth(text)
        return Network(text, f"residual network of {depth} layers; widths w, 2w, 4w", "He2016", _SMALLEST)
    return NETWORKS.find(text)


def residual_depth(name: str) -> int | None:
    """The N of resnetN; None for another name. SettingError where N is not 6n + 2."""
    found = _RESNET.fullmatch(name)
    if found is None:
        return None
    depth = int(found[1])
    if depth < 8 or depth % 6 != 2:
        raise SettingError(
            "three stages of n blocks of two layers are 6n + 2 layers with the first and the last",
            got=name,
            allowed="resnet8, resnet14, resnet20, resnet26, resnet32, resnet44, resnet56, resnet110, ...",
        )
    return depth
