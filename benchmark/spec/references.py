"""What tables, figures, claims and the ledger of a paper refer to, and whether it exists."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.registry import did_you_mean
from benchmark.spec import dataflow, provenance
from benchmark.spec.claims import Claim, located, quantities
from benchmark.spec.expand import Complaint
from benchmark.spec.experiments import Score
from benchmark.spec.expression import names as expression_names
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import METRICS, Metric
from benchmark.spec.printed import OTHER_QUANTITIES, Cell, Table
from benchmark.spec.quantities import Quantity
from benchmark.spec.source import Path_, shorten
from benchmark.spec.words import counted

#: what can be printed at all of what is no metric: (lowest, highest)
_RANGES = {"seconds": (0.0, math.inf), "iterations": (0.0, math.inf), "setting": (-math.inf, math.inf)}


#: how an alternative begins that an unquoted comma has cut off from the one before
_REST = re.compile(r"(which|so|and|or|but|since)\b")


def absent(path: Path_, kind: str, name: str, valid: Collection[str]) -> Iterator[Complaint]:
    """Complain about a reference to what does not exist, with what does."""
    if name not in valid:
        known = sorted(valid)
        listed = f"known: {', '.join(known) or 'none'}{did_you_mean(name, known)}"
        yield Complaint(path, f"unknown {kind} '{shorten(name)}', {listed}")


@dataclass(frozen=True)
class Names:
    """The names that a spec defines, those included whose items were left out because they are broken."""

    spec: PaperSpec
    broken: Collection[tuple[str, str]]
    lost: Collection[str]

    def check(self, path: Path_, section: str, name: str) -> Iterator[Complaint]:
        """Complain where ``section`` has no ``name``."""
        if section not in self.lost:
            known = {*getattr(self.spec, section), *(other for place, other in self.broken if place == section)}
            yield from absent(path, section.removesuffix("s"), name, known)

    def score(self, experiment: str, name: str) -> Score | None:
        """A score of an experiment; None where it, or the experiment, is broken or unknown."""
        setup = self.spec.experiments.get(experiment)
        return None if setup is None else setup.scores.get(name)

    def curves(self, experiment: str) -> list[str] | None:
        """Names of an experiment's curves; None where it, or its system, is broken."""
        setup = self.spec.experiments.get(experiment)
        system = self.spec.systems.get(setup.system) if setup is not None else None
        return None if system is None else dataflow.curve_names(system)


def check(names: Names, data: dict[str, Any]) -> list[Complaint]:
    """All complaints about what ``names.spec`` refers to; ``data`` is the file as written."""
    spec = names.spec
    complaints: list[Complaint] = []
    for table_id, table in spec.tables.items():
        complaints += _table(names, ("tables", table_id), table)
    for figure_id, figure in spec.figures.items():
        path: Path_ = ("figures", figure_id)
        for index, experiment in enumerate(figure.experiments):
            complaints += names.check((*path, "experiments", index), "experiments", experiment)
            for place, curve in enumerate(figure.curves):
                complaints += _curve(names, (*path, "curves", place), experiment, {curve})
    for claim_id, claim in spec.claims.items():
        for index, figure_id in enumerate(claim.figures):
            complaints += names.check(("claims", claim_id, "figures", index), "figures", figure_id)
        for steps, quantity in located(claim.predicate) if claim.predicate is not None else ():
            complaints += _quantity(names, ("claims", claim_id, "predicate", *steps), quantity)
        complaints += _seeds(spec, ("claims", claim_id, "min_seeds"), claim)
    ledger = {"stated", "unstated"} & {*names.lost, *(section for section, _ in names.broken)}
    if not ledger and not {"networks", "systems", "experiments"} & set(names.lost):
        complaints += _ledger(spec, data)
    return complaints


def _table(names: Names, path: Path_, table: Table) -> Iterator[Complaint]:
    metric = METRICS.find(table.quantity)
    for complaint in absent((*path, "quantity"), "quantity", table.quantity, [*OTHER_QUANTITIES, *METRICS.names()]):
        labels = {metric.label.lower(): name for name, metric in METRICS.items()}
        meant = f"; did you mean '{labels[table.quantity]}'?" if table.quantity in labels else ""
        yield Complaint(complaint.path, complaint.message + meant)
    if metric is not None:
        yield from _of_metric(path, table, metric)
    yield from _twice(path, "columns", table.columns)
    yield from _twice(path, "rows", [row.label for row in table.rows])
    for index, row in enumerate(table.rows):
        for column, cell in row.cells.items():
            here: Path_ = (*path, "rows", index, "cells", column)
            yield from _cell(names, here, table, cell)
        for column in {**row.cells, **row.blank}:
            yield from absent((*path, "rows", index, "cells", column), "column", column, table.columns)


def _twice(path: Path_, section: str, labels: Sequence[str]) -> Iterator[Complaint]:
    """A number is named by its row and its column, so each has a label of its own."""
    for index, label in enumerate(labels):
        if label in labels[:index]:
            yield Complaint((*path, section, index), f"'{shorten(label)}' is the label of an earlier one")


def _of_metric(path: Path_, table: Table, metric: type[Metric]) -> Iterator[Complaint]:
    """What a table of a metric's values must say, and may not."""
    if metric.proxy:
        message = f"'{metric.name}' is a proxy, which stands beside no published number"
        yield Complaint((*path, "quantity"), message)
    if {metric.direction, table.direction} == {"lower", "higher"}:
        yield Complaint((*path, "direction"), f"{metric.label} is better {metric.direction}, found {table.direction}")
    measured = any(cell.experiment is not None for row in table.rows for cell in row.cells.values())
    if table.margin is None and measured and metric.usual_margin is None:
        yield Complaint((*path, "margin"), f"is missing: {metric.label} has no usual margin")


def _cell(names: Names, path: Path_, table: Table, cell: Cell) -> Iterator[Complaint]:
    metric = METRICS.find(table.quantity)
    low, high = metric.possible if metric is not None else _RANGES.get(table.quantity, (-math.inf, math.inf))
    if not low <= cell.value <= high:
        bounds = f"between {low} and {high}" if high < math.inf else f"at least {low}"
        yield Complaint((*path, "value"), f"{table.quantity} must be {bounds}, found {cell.value}")
    if round(cell.value, cell.decimals) != cell.value:
        given = f"'decimals' gives it {cell.decimals}"
        yield Complaint((*path, "value"), f"{cell.value} has more decimals than are printed, {given}")
    if cell.experiment is None:
        if cell.score is not None:
            yield Complaint((*path, "score"), "needs the experiment that it is a score of")
        return
    yield from names.check((*path, "experiment"), "experiments", cell.experiment)
    if cell.score is not None:
        yield from _score(names, (*path, "score"), cell.experiment, cell.score)
        yield from _same_metric(names, (*path, "score"), table, cell.experiment, cell.score)
    elif metric is not None and cell.quoted_from is None:
        yield Complaint((*path, "score"), f"is missing: which score of '{cell.experiment}' measures it")


def _same_metric(names: Names, path: Path_, table: Table, experiment: str, score: str) -> Iterator[Complaint]:
    """A published number is regenerated by a score of its own metric, and of no proxy."""
    entry = names.score(experiment, score)
    prints = METRICS.find(table.quantity)
    if entry is None or (prints.proxy if prints is not None else table.quantity not in OTHER_QUANTITIES):
        return
    measures = entry.metric.name
    if table.quantity in ("seconds", "setting"):
        yield Complaint(path, f"a table of {table.quantity} takes no score")
    elif entry.metric.proxy:
        yield Complaint(path, f"'{score}' is measured by {measures}, a proxy, which stands beside no published number")
    elif table.quantity != "iterations" and measures != table.quantity:
        yield Complaint(path, f"'{score}' is measured by {measures}, the table prints {table.quantity}")


def _quantity(names: Names, path: Path_, quantity: Quantity) -> Iterator[Complaint]:
    if quantity.printed is not None:
        if "tables" not in names.lost:
            known = {printed.place for printed in names.spec.printed}
            yield from absent((*path, "printed"), "printed number", quantity.printed, known)
        return
    yield from names.check((*path, "experiment"), "experiments", quantity.experiment)
    if quantity.score is not None:
        yield from _score(names, (*path, "score"), quantity.experiment, quantity.score)
        entry = names.score(quantity.experiment, quantity.score)
        if quantity.statistic is not None and entry is not None and entry.every is None:
            yield Complaint((*path, "statistic"), f"'{quantity.score}' is measured once, give it 'every'")
    if quantity.curve is not None:
        yield from _curve(names, (*path, "curve"), quantity.experiment, expression_names(quantity.curve))


def _seeds(spec: PaperSpec, path: Path_, claim: Claim) -> Iterator[Complaint]:
    """A claim that wants more seeds than an experiment plans would never be decided."""
    named = {} if claim.predicate is None else dict.fromkeys(one.experiment for one in quantities(claim.predicate))
    planned = {name: len(spec.experiments[name].seeds) for name in named if name in spec.experiments}
    fewest = min(planned, key=lambda name: planned[name], default=None)
    if fewest is not None and planned[fewest] < (claim.min_seeds or 0):
        what = f"is more than the {counted(planned[fewest], 'seed')} that '{fewest}' plans"
        yield Complaint(path, f"{what}: the claim would never be decided")


def _score(names: Names, path: Path_, experiment: str, score: str) -> Iterator[Complaint]:
    setup = names.spec.experiments.get(experiment)
    if setup is not None:
        yield from absent(path, f"score of '{experiment}':", score, setup.scores)


def _curve(names: Names, path: Path_, experiment: str, curves: set[str]) -> Iterator[Complaint]:
    known = names.curves(experiment)
    for name in sorted(curves):
        if known is not None:
            yield from absent(path, f"curve of '{experiment}':", name, known)


def _ledger(spec: PaperSpec, data: dict[str, Any]) -> Iterator[Complaint]:
    for pattern, entry in spec.unstated.items():
        for index, text in enumerate(entry.alternatives):
            if _REST.match(text):
                message = "is the rest of a sentence, cut off by a comma: quote the whole alternative"
                yield Complaint(("unstated", pattern, "alternatives", index), message)
    for pattern in sorted(set(spec.stated) & set(spec.unstated)):
        yield Complaint(("unstated", pattern), "is listed as stated too")
    written = {
        ".".join(str(step) for step in path[:depth])
        for path, _ in provenance.written_values(data)
        for depth in range(1, len(path) + 1)
    }
    for pattern in provenance.unused_patterns(spec, data):
        section = "stated" if pattern in spec.stated else "unstated"
        hint = did_you_mean(pattern, written)
        yield Complaint((section, pattern), f"covers no value of a recipe that this file writes{hint}")
    for path, count in provenance.uncovered(spec, data):
        values = "this value is" if count == 1 else f"these {count} values are"
        yield Complaint(path, f"neither 'stated' nor 'unstated' says how {values} known")
