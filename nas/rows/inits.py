"""The inits that have a name; each is a member of the grammar and read from its text."""

from __future__ import annotations

from dataclasses import dataclass

from nas.registry import Table


@dataclass(frozen=True)
class InitRow:
    """An init by name. Formula, variance and what it needs follow from `text` (see `init_law`)."""

    name: str
    summary: str
    source: str
    text: str  #: in the grammar, its parts spelled out


def _classical(name: str, gain: str, fan: str, source: str, summary: str) -> list[InitRow]:
    return [
        InitRow(f"{name}_{head}", f"{summary}, {head} numbers", source, f"{head}(fan={fan}, gain={gain})")
        for head in ("uniform", "normal")
    ]


INITS = Table(
    "init",
    [
        InitRow(
            "auto",
            "normal numbers, the activation's own gain where no normalization follows, He's where it does",
            "nas",
            "normal(fan=in, gain=auto)",
        ),
        *_classical("lecun", "one", "in", "LeCun1998", "keeps the signal of linear layers"),
        *_classical("glorot", "one", "avg", "GlorotBengio2010", "between signal and gradient, linear layers"),
        *_classical("he", "he", "in", "He2015", "keeps the signal behind ReLU"),
        InitRow(
            "torch",
            "Unif(-1/sqrt n, 1/sqrt n), the default of torch's layers: signals shrink threefold a layer",
            "Paszke2019",
            "uniform(fan=in, gain=torch)",
        ),
        InitRow(
            "truncated_normal",
            "normal numbers within two standard deviations, the variance that of lecun_normal",
            "Abadi2016",
            "truncated(fan=in, gain=one)",
        ),
        InitRow(
            "own",
            "normal numbers, the gain that keeps the signal behind this very activation",
            "nas",
            "normal(fan=in, gain=own)",
        ),
        InitRow(
            "own_backward",
            "normal numbers, the gain that keeps the gradient through this very activation",
            "nas",
            "normal(fan=out, gain=own_backward)",
        ),
        InitRow(
            "orthogonal",
            "random orthonormal rows or columns: lengths are kept, not in the mean but each",
            "SaxeMcClellandGanguli2014",
            "orthogonal(fan=none, gain=one)",
        ),
        InitRow(
            "delta_orthogonal",
            "orthogonal in the middle of each kernel: a convolution keeps the length of an image",
            "Xiao2018",
            "delta(fan=none, gain=one)",
        ),
        InitRow(
            "dirac",
            "each convolution hands its input on",
            "ZagoruykoKomodakis2017",
            "dirac(fan=in, gain=one)",
        ),
        InitRow(
            "lsuv",
            "orthogonal, then each layer scaled until its output has variance 1 on real images",
            "MishkinMatas2016",
            "lsuv(orthogonal(fan=none, gain=one))",
        ),
        InitRow(
            "fixup",
            "He's, for residual networks without normalization: every branch starts as 0, so each block as"
            " its shortcut",
            "ZhangDauphinMa2019",
            "normal(fan=in, gain=he, depth=fixup)",
        ),
        InitRow(
            "whitening",
            "He's, the first layer whitens patches of the images",
            "CoatesNg2011",
            "whitening(normal(fan=in, gain=he))",
        ),
        InitRow(
            "autoencoder",
            "layer by layer, trained without labels to give its input back, as in 2006 and 2007",
            "Bengio2007",
            "autoencoder(normal(fan=in, gain=he))",
        ),
        InitRow(
            "zeros",
            "all weights 0, a known bad example: nothing but the last bias is ever trained",
            "nas",
            "constant(fan=none, gain=0.0)",
        ),
        InitRow(
            "constant",
            "all weights 0.01, a known bad example: the units of a layer stay equal for ever",
            "nas",
            "constant(fan=none, gain=0.01)",
        ),
    ],
)
