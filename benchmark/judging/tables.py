"""What a paper prints, seen by itself: its tables (protocols, quotations, bold print, repeats, spreads) and its times.

Published training times are held against what their device can do at most, a plausibility test that needs no run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from benchmark.judging.published import unequal_protocols
from benchmark.runs.plan import make_run
from benchmark.spec import words
from benchmark.spec.base import Model, grouped
from benchmark.spec.fields import written
from benchmark.spec.operations import operations_per_iteration
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Device, Printed
from benchmark.spec.shapes import layout

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
    findings = []
    for name in spec.tables:
        printed = [number for number in spec.printed if number.table == name]
        for kind, lines in (
            ("quoted", _quoted(printed)),
            ("protocol", unequal_protocols(printed)),
            ("regenerated", _regenerated(spec, printed)),
            ("bold", _bold(printed)),
            ("spread", _spreads(printed)),
        ):
            findings += [TableFinding(table=name, kind=kind, says=says) for says in lines]  # type: ignore[arg-type]
    return findings + list(_repeats(spec))


def _quoted(printed: Sequence[Printed]) -> Iterator[str]:
    quoted = grouped((number.cell.quoted_from, number) for number in printed if number.cell.quoted_from is not None)
    for source, numbers in quoted.items():
        places = ", ".join(f"{number.row} / {number.column}" for number in numbers)
        yield f"{len(numbers)} of {words.counted(len(printed), 'number')} taken from {source}: {places}"


def _regenerated(spec: PaperSpec, printed: Sequence[Printed]) -> Iterator[str]:
    """Settings with which the numbers of one table are measured here: where they differ, or are not as stated."""
    settings: list[dict[str, Any]] = []
    for number in printed:
        if number.cell.experiment is None or number.cell.score is None or number.cell.quoted_from is not None:
            continue
        experiment = spec.experiments[number.cell.experiment]
        score = experiment.scores[number.cell.score]
        ((metric, details),) = written(score.metric).items()
        about = {"metric": metric, "checkpoint": score.checkpoint, "generator_mode": experiment.generator_mode}
        settings.append(about | details)
    for name in sorted({name for setting in settings for name in setting}):
        values = {words.shown(setting.get(name)) for setting in settings}
        if len(values) > 1:
            yield f"the experiments here measure its numbers with unequal '{name}': {', '.join(sorted(values))}"
        stated = printed[0].source.protocol.get(name)
        for value in sorted(values) if stated is not None else ():
            if value != words.shown(stated):
                yield f"'{name}' is stated as {words.shown(stated)}, the experiments here measure with {value}"


def _bold(printed: Sequence[Printed]) -> Iterator[str]:
    """Bold print that does not mark the best of its row (or column: whichever the table's bold print fits better)."""
    direction = printed[0].source.direction
    marked = [number for number in printed if number.cell.bold]
    if direction not in ("lower", "higher") or not marked:
        return
    ways = (grouped((number.row, number) for number in printed), grouped((number.column, number) for number in printed))
    groups = max(ways, key=lambda lines: _well_marked([*lines.values()], direction)).values()
    for group in groups:
        if len(group) < 2 or not any(run.cell.bold for run in group):
            continue
        best = _best(group, direction)
        named = f"{best.row} / {best.column} {best.text}"
        for run in group:
            if run.cell.bold and run.cell.value != best.cell.value:
                yield f"{run.row} / {run.column} {run.text} is bold, {named} is {direction}"
            elif not run.cell.bold and run.cell.value == best.cell.value:
                yield f"{run.row} / {run.column} {run.text} is the best and not bold"


def _well_marked(groups: Sequence[Sequence[Printed]], direction: str) -> int:
    """Bold numbers that are their group's best, less those that are not."""
    score = 0
    for group in groups:
        if len(group) >= 2:
            best = _best(group, direction).cell.value
            score += sum(1 if run.cell.value == best else -1 for run in group if run.cell.bold)
    return score


def _best(group: Sequence[Printed], direction: str) -> Printed:
    return (min if direction == "lower" else max)(group, key=lambda number: number.cell.value)


def _spreads(printed: Sequence[Printed]) -> Iterator[str]:
    unclear = [
        number for number in printed if number.cell.spread is not None and number.cell.spread_means in (None, "unknown")
    ]
    if unclear:
        places = ", ".join(f"{number.row} / {number.column}" for number in unclear)
        yield f"{words.counted(len(unclear), 'spread')} without a meaning (seeds, splits or subsets?): {places}"


def _repeats(spec: PaperSpec) -> Iterator[TableFinding]:
    """The same quantity printed twice with different values."""
    groups = grouped(
        ((number.cell.experiment, number.cell.score, number.source.quantity), number)
        for number in spec.printed
        if number.cell.experiment is not None and number.source.quantity != "setting"
    )
    for (experiment, score, quantity), numbers in groups.items():
        if len({number.cell.value for number in numbers}) > 1:
            values = ", ".join(f"{number.text} ({number.place})" for number in numbers)
            says = f"{score or quantity} of {experiment} is printed with different values: {values}"
            places = [number.place for number in numbers]
            yield TableFinding(table=numbers[0].table, kind="repeat", says=says, cells=places)


class PublishedTime(Model):
    """A published time and the rate of computing that it implies for the networks and the budget declared here."""

    table: str
    row: str
    column: str
    seconds: float
    device: str
    #: what the declared networks cannot do without, over the declared budget; see ``spec.operations``
    operations: float
    implied_teraflops: float
    peak_teraflops: float
    source: str
    #: what the paper does not say of the networks, as chosen here
    assumes: list[str]

    @property
    def place(self) -> str:
        """``T4, CIFAR-10, GAN``."""
        return f"{self.table}, {self.row}, {self.column}"

    @property
    def share_of_peak(self) -> float:
        """Above 1 it cannot be true of what is declared: other networks, another budget or another device."""
        return self.implied_teraflops / self.peak_teraflops

    @property
    def beyond_peak(self) -> bool:
        return self.share_of_peak > 1


def published_times(spec: PaperSpec) -> list[PublishedTime]:
    """Every published time whose experiment and device are declared, in reading order."""
    return [
        _against(spec, number, number.source.device)
        for number in spec.printed
        if number.source.device is not None and number.cell.experiment is not None and number.cell.quoted_from is None
    ]


def _against(spec: PaperSpec, number: Printed, device: Device) -> PublishedTime:
    assert number.cell.experiment is not None
    run = make_run(spec, number.cell.experiment, "full", 0, "fp32")
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    operations = run.iterations * operations_per_iteration(run.system, layouts, run.setup.batch_size)
    return PublishedTime(
        table=number.table,
        row=number.row,
        column=number.column,
        seconds=number.cell.value,
        device=device.name,
        operations=operations,
        implied_teraflops=operations / number.cell.value / 1e12,
        peak_teraflops=device.peak_teraflops,
        source=device.source,
        assumes=_assumed(spec, set(run.system.networks.values())),
    )


def _assumed(spec: PaperSpec, networks: set[str]) -> list[str]:
    """What was chosen for these networks' sizes and layers, with what else it could be."""
    assumptions = []
    for pattern, entry in spec.unstated.items():
        section, *steps = pattern.split(".")
        named = not steps or steps[0] == "*" or steps[0] in networks
        if (
            section == "networks"
            and named
            and (len(steps) < 2 or (steps[1] in ("sizes", "layers") and len(steps) == 2))
        ):
            others = f"; else {', or '.join(entry.alternatives)}" if entry.alternatives else ""
            assumptions.append(f"{entry.chosen}{others}")
    return list(dict.fromkeys(assumptions))
