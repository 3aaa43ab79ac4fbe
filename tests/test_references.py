"""Every row that names a source names one that exists."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nas.rows
from nas.references import REFERENCES
from nas.registry import Table
from nas.symbolic.catalogue import CATALOGUE

SPACES = Path(__file__).parents[1] / "search_spaces"


def _cited() -> Iterator[tuple[str, str]]:
    tables = [CATALOGUE]
    for module in pkgutil.iter_modules(nas.rows.__path__):
        found = vars(importlib.import_module(f"nas.rows.{module.name}")).values()
        tables += [table for table in found if isinstance(table, Table)]
    for table in tables:
        for row in table.values():
            if hasattr(row, "source"):
                yield f"{table.kind} {row.name}", row.source
    for path in SPACES.glob("*.toml"):
        for source in tomllib.loads(path.read_text(encoding="utf-8")).get("source", "nas").split(","):
            yield path.name, source.strip()


def test_every_cited_source_is_a_row() -> None:
    cited = list(_cited())
    assert len({kind.split()[0] for kind, _ in cited}) >= 4, "tables are not found any more"
    assert [(where, key) for where, key in cited if key not in REFERENCES] == []


def test_rows_are_complete() -> None:
    for reference in REFERENCES.values():
        assert reference.title
        assert reference.venue
        assert 1900 < reference.year < 2100
        assert reference.link == "" or reference.link.startswith(("https://", "http://yann.lecun.com/"))
        assert str(reference.year) in str(reference)
        if reference.name != "nas":
            assert reference.name.endswith(str(reference.year))
            first_author = re.split("[ ,-]", reference.authors)[0]
            assert reference.name.startswith(first_author)


def test_no_source_is_there_twice() -> None:
    titles = [reference.title.lower() for reference in REFERENCES.values()]
    links = [reference.link for reference in REFERENCES.values() if reference.link]
    assert len(set(titles)) == len(titles)
    assert len(set(links)) == len(links)
