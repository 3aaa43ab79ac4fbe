"""Networks described as text: what is written reads back, what is wrong is said."""

from __future__ import annotations

import itertools

import pytest

from nas.errors import SettingError
from nas.rows.macros import BLOCKS, POOLINGS, Macro, parse_macro
from nas.rows.networks import NETWORKS, network
from nas.rows.norms import NORMS


def test_every_description_reads_back() -> None:
    for block, pooling, norm, width in itertools.product(BLOCKS, POOLINGS, (*NORMS, None), (1, 16, None)):
        macro = Macro(block=block, depth=3, width=width, pooling=pooling, norm=norm)
        assert parse_macro(str(macro)) == macro


def test_order_and_blanks_are_no_matter_and_all_may_be_left_out() -> None:
    text = " macro( norm=layer,width = 8 , block=plain)"
    assert parse_macro(text) == Macro("plain", 2, 8, "max", "layer")
    assert parse_macro("macro()") == Macro()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("macro", "describes no network"),
        ("macro(block=basic", "describes no network"),
        ("macro(blok=basic)", "did you mean block?"),
        ("macro(block=basic,,depth=2)", "nothing between two commas"),
        ("macro(block)", "choice=value"),
        ("macro(block=basik)", "did you mean basic?"),
        ("macro(pooling=sum)", "no pooling"),
        ("macro(norm=group)", "no normalization"),
        ("macro(depth=two)", "depth is a whole number"),
        ("macro(depth=0)", "1 to 64"),
        ("macro(width=4096)", "1 to 1024"),
        ("macro(width=²)", "choice=value"),
        ("macro(depth=2, depth=2)", "made twice"),
    ],
)
def test_errors_say_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_macro(text)
    assert says in str(caught.value)


def test_a_network_is_found_by_name_or_text() -> None:
    for name, row in NETWORKS.items():
        assert network(name) is row
    assert network("macro(norm=none, width=5)").norm == "none"
    assert network("macro(norm=none, width=5)").width == 5
    assert network("resnet110").name == "resnet110"
    cell = "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
    assert network(f" {cell} ").name == cell
    for wrong in ("resnet", "resnet19", "cell", "|", "macro("):
        with pytest.raises(SettingError):
            network(wrong)
