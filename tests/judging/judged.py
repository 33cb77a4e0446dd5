"""Verdicts on one claim or one number of a made-up paper, from records on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.judging.judge import judge
from benchmark.judging.verdict import CellVerdict, ClaimVerdict, PaperVerdicts
from benchmark.runs.files import to_json
from benchmark.runs.records import Stored
from benchmark.spec.claims import Claim
from benchmark.spec.paper import PaperSpec

from .factory import claim, expect, fid, paper, series, table

SEEDS = range(5)
PROXY = "proxy_frechet_distance"
GOOD = [10.0, 11.0, 10.5, 9.5, 10.2]
BAD = [20.0, 21.5, 19.0, 20.5, 20.1]
BETTER = claim({"order": [fid("a"), fid("b")]})


def verdicts(spec: PaperSpec, stored: Sequence[Stored], seeds: Sequence[int] = SEEDS, **over: Any) -> PaperVerdicts:
    found = judge(spec, "0" * 64, stored, expect({"a": seeds, "b": seeds, "c": seeds}, **over))
    assert PaperVerdicts.model_validate_json(to_json(found.model_dump(mode="json"))) == found
    return found


def one_claim(tested: Claim, stored: Sequence[Stored], metric: str | None = None, **over: Any) -> ClaimVerdict:
    return verdicts(paper({"C1": tested}, metric=metric), stored, **over).claims[0]


def one_cell(
    written: dict[str, Any],
    stored: Sequence[Stored],
    tiers: Sequence[str] = ("full",),
    seeds: Sequence[int] = SEEDS,
    **over: Any,
) -> CellVerdict:
    made = paper(tables={"T1": table({"row": {"A": written}}, **over)})
    return verdicts(made, stored, seeds, tiers=tiers).cells[0]


def measured(tmp_path: Path, values: Sequence[float | None], **over: Any) -> list[Stored]:
    return series(tmp_path, "a", values, **over)
