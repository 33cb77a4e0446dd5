"""What a paper's tables show of themselves: unequal protocols, quoted numbers, bold print, repeats, unclear spreads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from benchmark.judging.published import Printed, cells, unequal_protocols
from benchmark.spec import words
from benchmark.spec.base import Model
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import written

Kind = Literal["quoted", "protocol", "regenerated", "bold", "repeat", "spread"]


class TableFinding(Model):
    """One observation on a published table."""

    table: str
    kind: Kind
    says: str
    #: places of the numbers that it is about, where it is about some of them
    cells: list[str] = []


def table_findings(spec: PaperSpec) -> list[TableFinding]:
    """Everything that a reader of the tables should know, table by table; repeats across tables at the end."""
    found = []
    for name in spec.tables:
        printed = [one for one in cells(spec) if one.table == name]
        for kind, lines in (
            ("quoted", _quoted(printed)),
            ("protocol", unequal_protocols(printed)),
            ("regenerated", _regenerated(spec, printed)),
            ("bold", _bold(printed)),
            ("spread", _spreads(printed)),
        ):
            found += [TableFinding(table=name, kind=kind, says=says) for says in lines]  # type: ignore[arg-type]
    return found + list(_repeats(spec))


def _quoted(printed: Sequence[Printed]) -> Iterator[str]:
    sources: dict[str, list[Printed]] = {}
    for one in printed:
        if one.cell.quoted_from is not None:
            sources.setdefault(one.cell.quoted_from, []).append(one)
    for source, several in sources.items():
        places = ", ".join(f"{one.row} / {one.column}" for one in several)
        yield f"{len(several)} of {words.counted(len(printed), 'number')} taken from {source}: {places}"


def _regenerated(spec: PaperSpec, printed: Sequence[Printed]) -> Iterator[str]:
    """Settings with which the numbers of one table are measured here: where they differ, or are not as stated."""
    settings: list[tuple[Printed, dict[str, Any]]] = []
    for one in printed:
        if one.cell.experiment is None or one.cell.score is None or one.cell.quoted_from is not None:
            continue
        experiment = spec.experiments[one.cell.experiment]
        score = experiment.scores[one.cell.score]
        ((metric, details),) = written(score.metric).items()
        settings.append(
            (
                one,
                {"metric": metric, "checkpoint": score.checkpoint, "generator_mode": experiment.generator_mode}
                | details,
            )
        )
    for name in sorted({name for _, one in settings for name in one}):
        values = {words.shown(one.get(name)) for _, one in settings}
        if len(values) > 1:
            yield f"the experiments here measure its numbers with unequal '{name}': {', '.join(sorted(values))}"
        stated = printed[0].source.protocol.get(name)
        for value in sorted(values) if stated is not None else ():
            if value != words.shown(stated):
                yield f"'{name}' is stated as {words.shown(stated)}, the experiments here measure with {value}"


def _bold(printed: Sequence[Printed]) -> Iterator[str]:
    """Bold print that does not mark the best of its row (or column: whichever the table's bold print fits better)."""
    direction = printed[0].source.direction
    marked = [one for one in printed if one.cell.bold]
    if direction not in ("lower", "higher") or not marked:
        return
    by_row = [[one for one in printed if one.row == row] for row in dict.fromkeys(one.row for one in printed)]
    by_column = [[one for one in printed if one.column == c] for c in dict.fromkeys(one.column for one in printed)]
    groups = max(by_row, by_column, key=lambda several: _well_marked(several, direction))
    for group in groups:
        if len(group) < 2 or not any(one.cell.bold for one in group):
            continue
        best = _best(group, direction)
        named = f"{best.row} / {best.column} {best.text}"
        for one in group:
            if one.cell.bold and one.cell.value != best.cell.value:
                yield f"{one.row} / {one.column} {one.text} is bold, {named} is {_better(direction)}"
            elif not one.cell.bold and one.cell.value == best.cell.value:
                yield f"{one.row} / {one.column} {one.text} is the best and not bold"


def _well_marked(groups: Sequence[Sequence[Printed]], direction: str) -> int:
    """Bold numbers that are their group's best, less those that are not."""
    score = 0
    for group in groups:
        if len(group) >= 2:
            best = _best(group, direction).cell.value
            score += sum(1 if one.cell.value == best else -1 for one in group if one.cell.bold)
    return score


def _best(group: Sequence[Printed], direction: str) -> Printed:
    return (min if direction == "lower" else max)(group, key=lambda one: one.cell.value)


def _better(direction: str) -> str:
    return "lower" if direction == "lower" else "higher"


def _spreads(printed: Sequence[Printed]) -> Iterator[str]:
    unclear = [one for one in printed if one.cell.spread is not None and one.cell.spread_means in (None, "unknown")]
    if unclear:
        places = ", ".join(f"{one.row} / {one.column}" for one in unclear)
        yield f"{words.counted(len(unclear), 'spread')} without a meaning (seeds, splits or subsets?): {places}"


def _repeats(spec: PaperSpec) -> Iterator[TableFinding]:
    """The same quantity printed twice with different values."""
    groups: dict[tuple[str, str, str], list[Printed]] = {}
    for one in cells(spec):
        if one.cell.experiment is not None and one.source.quantity != "setting":
            key = (one.cell.experiment, one.cell.score or "", one.source.quantity)
            groups.setdefault(key, []).append(one)
    for (experiment, score, quantity), several in groups.items():
        if len({one.cell.value for one in several}) > 1:
            values = ", ".join(f"{one.text} ({one.place})" for one in several)
            says = f"{score or quantity} of {experiment} is printed with different values: {values}"
            places = [one.place for one in several]
            yield TableFinding(table=several[0].table, kind="repeat", says=says, cells=places)
