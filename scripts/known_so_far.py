"""Write what the committed evidence says into README.md, between its two marks: python scripts/known_so_far.py"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark import judge, load
from benchmark.runs.records import read_records

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- known so far: scripts/known_so_far.py writes this table -->", "<!-- end -->"
_EMPTY = ("NOT RUN", "NOT ASSESSABLE", "NOT COMPARABLE", "NOT MEASURED", "VERIFIED BY TEST")


def table() -> str:
    """Claims that evidence at tier full in results/reference decides, or looks at before all seeds are there."""
    rows = ["| claim | what the paper says | verdict | seeds |", "|---|---|---|---|"]
    for folder in sorted((ROOT / "results" / "reference").iterdir()):
        if folder.is_dir():
            for paper in sorted({one.record.paper for one in read_records(folder) if one.record.tier == "full"}):
                for claim in judge(load(ROOT / "papers" / f"{paper}.yaml"), folder).claims:
                    if claim.state not in _EMPTY:
                        seeds = f"{claim.seeds} of {claim.planned}" if claim.planned else f"{claim.seeds}"
                        rows.append(f"| {claim.claim} | {claim.says.replace('|', '/')} | {claim.state} | {seeds} |")
    return "\n".join(rows)


def written(text: str) -> str:
    """``text`` of the README with today's table."""
    return re.sub(f"({BEGIN}\n).*?({END})", lambda marks: f"{marks[1]}{table()}\n{marks[2]}", text, flags=re.DOTALL)


if __name__ == "__main__":
    file = ROOT / "README.md"
    file.write_text(written(file.read_text(encoding="utf-8")), encoding="utf-8")
