"""Several records of one reproduction, with other search seeds, as one summary."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, cast

from nas.errors import SettingError
from nas.reproductions.compared import Scores, contrasted
from nas.reproductions.record import Record, claim_row
from nas.reproductions.verdicts import Claim, settle
from nas.runs.records import plain


def pool(records: Sequence[Record]) -> dict[str, Any]:
    """What the records say together.

    Trainings until the Swish family was met: the median counts a search that did not meet it as longer than
    its budget, and is None where it lies among those. Claims about differences: all paired seeds of all
    records together, corrected anew. The seeds of two records are others, their images the same.

    Raises:
        SettingError: records of different papers, scales or protocols, or one seed twice.
    """
    first = _comparable(records)
    searches = [r["search"] for r in records if r["search"] is not None]
    pairs = [row for row in first["claims"] if row["better"]]
    claims = [_claim(row) for row in pairs]
    pooled = settle(contrasted(claims, _scores(records)))
    data = {
        "reproduction": first["reproduction"],
        "source": first["source"],
        "scale": first["scale"],
        "seeds": [r["seed"] for r in records],
        "swish_family": _family(searches) if searches else None,
        "claims": [
            {
                **claim_row(found),
                "each": [
                    _brief(row) for r in records for row in r["claims"] if row["claim"] == found.claim.says
                ],
            }
            for found in pooled
        ],
        "verdicts": {
            row["claim"]: [c["verdict"] for r in records for c in r["claims"] if c["claim"] == row["claim"]]
            for row in first["claims"]
        },
    }
    return cast(dict[str, Any], plain(data))


def _comparable(records: Sequence[Record]) -> Record:
    if not records:
        raise SettingError("there is no record to pool")
    first = records[0]
    for key in ("reproduction", "scale"):
        if any(r[key] != first[key] for r in records):
            raise SettingError(
                f"the records differ in their {key}", got=", ".join(str(r[key]) for r in records)
            )
    seeds = [r["seed"] for r in records]
    if len(set(seeds)) < len(seeds):
        raise SettingError("a seed is in more than one record", got=", ".join(map(str, seeds)))
    protocols = [{k: v for k, v in r["protocol"]["comparison"].items() if k != "seed"} for r in records]
    if any(p != protocols[0] for p in protocols):
        raise SettingError("the records differ in the protocol of their comparison")
    return first


def _family(searches: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    families = [search["swish_family"] for search in searches]
    until = [math.inf if f["trainings"] is None else f["trainings"] for f in families]
    return {
        "trainings": [f["trainings"] for f in families],
        "budgets": [search["trainings"] for search in searches],
        "median_trainings": statistics.median_high(until),
        "ranks": [f["rank"] for f in families],
        "chance": [f["chance"] for f in families],
    }


def _claim(row: Mapping[str, Any]) -> Claim:
    return Claim(
        row["claim"],
        row["claim"],
        row["paper"],
        row["where"],
        row["rule"],
        row["family"],
        row["better"],
        row["worse"],
    )


def _scores(records: Sequence[Record]) -> dict[str, Scores]:
    """The scores of each label, one record after the other; without any where it failed in one of them.

    Where failed trainings count as guessing, they do so in every record.
    """
    joined: dict[str, Scores] = {}
    labels = [row["label"] for row in records[0]["functions"]]
    for label in labels:
        rows = [row for r in records for row in r["functions"] if row["label"] == label]
        if all("learned" in row for row in rows):
            accs = tuple(acc for row in rows for acc in row["val_accs"])
            joined[label] = Scores("finished", accs, sum(row["learned"] for row in rows))
            continue
        failed = next((row["outcome"] for row in rows if row["outcome"] != "finished"), None)
        if failed is not None:
            joined[label] = Scores(failed, None)
        elif len(rows) == len(records):
            joined[label] = Scores("finished", tuple(acc for row in rows for acc in row["val_accs"]))
    return joined


def _brief(row: Mapping[str, Any]) -> dict[str, object]:
    return {key: row[key] for key in ("effect", "ci_low", "ci_high", "p_holm", "n_seeds", "here", "verdict")}
