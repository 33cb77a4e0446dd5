"""What the records say beside the verdicts: scores, times, runs that did not end well, provenance."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.judging.published import Numbers
from benchmark.reporting.run_groups import Group, PaperRecords
from benchmark.reporting.sidecars import anchors, warning
from benchmark.reporting.tables import SeedValue, seed_value
from benchmark.runs.records import RunRecord, ScoreRecord, Stored, device_of
from benchmark.runs.sidecars import Anchor, Companions, Kind
from benchmark.spec.base import canonical, grouped
from benchmark.spec.parts import Dataset
from benchmark.spec.printed import Printed
from benchmark.spec.words import PLUS_MINUS, counted, duration, fixed, seed_list, short, with_spread


@dataclass(frozen=True)
class ScoreRow:
    """One score of one experiment over its seeds."""

    group: Group
    score: str
    #: of the first seed; its label, direction and checkpoint are those of all
    first: ScoreRecord
    summary: str | None
    seeds: Sequence[SeedValue]
    protocols_agree: bool
    anchors: Mapping[Kind, Anchor]
    #: a warning where a seed is better than real data are
    flag: str | None = None


@dataclass(frozen=True)
class TimeRow:
    """Training time of one experiment. ``ratio`` is to the first experiment on the same data, tier and device."""

    group: Group
    device: str
    seeds: str
    seconds: str
    per_thousand: str | None
    evaluation: str
    ratio: str | None
    against: str | None
    #: the same ratio of the paper's own seconds
    published: str | None


def score_rows(evidence: PaperRecords, beside: Companions | None = None) -> list[ScoreRow]:
    """Every score of every experiment that has runs, measured or not, with its floors and ceilings."""
    known = beside or Companions()
    return [_score_row(group, name, known) for group in evidence.groups for name in _score_names(group)]


@dataclass(frozen=True)
class ScoreTable:
    """Scores of experiments on the same data at one tier side by side."""

    title: str
    columns: Sequence[str]
    #: experiment, and under each column what was measured or None
    rows: Sequence[tuple[str, Sequence[str | None]]]


def score_tables(evidence: PaperRecords) -> list[ScoreTable]:
    """Every score that was measured, a row an experiment."""
    tables: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    datasets: dict[str, Dataset] = {}
    for group in evidence.groups:
        cells: dict[str, str] = {}
        for row in (_score_row(group, name, Companions()) for name in _score_names(group)):
            if row.summary is not None:
                label = row.first.label
                proxy = " (proxy)" if row.first.proxy and "proxy" not in label else ""
                arrow = {"lower": " \N{DOWNWARDS ARROW}", "higher": " \N{UPWARDS ARROW}"}.get(row.first.direction, "")
                cells[f"{label}{proxy}{arrow}"] = row.summary
        key = (group.tier, canonical(group.setup.dataset.model_dump(mode="json")))
        if cells:
            datasets[key[1]] = group.setup.dataset
            scored = sum(any(score.value is not None for score in run.record.scores.values()) for run in group.runs)
            begun = len(group.runs)
            seeds = counted(begun, "seed") if scored == begun else f"{scored} of {counted(begun, 'seed')}"
            tables.setdefault(key, {})[f"{group.label}, {seeds}"] = cells
    views = []
    for (tier, data), table in tables.items():
        columns = list(dict.fromkeys(column for cells in table.values() for column in cells))
        rows = [(name, [cells.get(column) for column in columns]) for name, cells in table.items()]
        on = f", on {_told_apart(datasets[data], datasets.values())}" if len(datasets) > 1 else ""
        views.append(ScoreTable(f"tier {tier}{on}", columns, rows))
    return views


def _told_apart(dataset: Dataset, among: Iterable[Dataset]) -> str:
    """The name of a dataset, with what in it differs from others of that name."""
    own = dataset.model_dump(mode="json")
    others = [other.model_dump(mode="json") for other in among if other.name == dataset.name]
    apart = [f"{key} {value}" for key, value in own.items() if any(other.get(key) != value for other in others)]
    return ", ".join([dataset.name, *apart])


def _score_names(group: Group) -> list[str]:
    return sorted({name for stored in group.runs for name in stored.record.scores})


def _score_row(group: Group, name: str, beside: Companions) -> ScoreRow:
    by_seed = [
        (stored.record.seed, stored.record.scores[name]) for stored in group.runs if name in stored.record.scores
    ]
    first = by_seed[0][1]
    values = [score.value for _, score in by_seed if score.value is not None]
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return ScoreRow(
        group=group,
        score=name,
        first=first,
        summary=with_spread(statistics.fmean(values), deviation) if values else None,
        seeds=[seed_value(seed, score.value, score.reason) for seed, score in by_seed],
        protocols_agree=len({canonical(score.protocol) for _, score in by_seed}) == 1,
        anchors=anchors(beside, group, name),
        flag=warning(beside, group, name),
    )


def time_rows(evidence: PaperRecords) -> list[TimeRow]:
    """Training times; a ratio only within one device, one numerics, one tier and one dataset."""
    firsts: dict[tuple[str, ...], tuple[Group, float]] = {}
    printed = Numbers(evidence.spec).times
    rows = []
    for group in evidence.groups:
        finished = group.finished
        if not finished:
            continue
        devices = sorted({device_of(stored.record.environment) for stored in finished})
        seconds = [stored.record.timing.training_seconds for stored in finished]
        rates = [stored.record.timing.rate(stored.record.iterations) for stored in finished]
        known = [rate for rate in rates if rate is not None]
        rate = statistics.fmean(known) if known else None
        ratio = against = published = None
        if rate and len(devices) == 1:
            data = canonical(group.setup.dataset.model_dump(mode="json"))
            kind = (group.setup.dataset.name, data, group.tier, group.numerics, devices[0])
            if kind in firsts:
                first, base = firsts[kind]
                against, ratio = first.label, fixed(rate / base, 2)
                published = _printed_ratio(printed, group.experiment, first.experiment)
            else:
                firsts[kind] = (group, rate)
        spread = f" {PLUS_MINUS} {duration(statistics.stdev(seconds))}" if len(seconds) > 1 else ""
        rows.append(
            TimeRow(
                group=group,
                device=", ".join(devices),
                seeds=seed_list([stored.record.seed for stored in finished]),
                seconds=duration(statistics.fmean(seconds)) + spread,
                per_thousand=None if rate is None else f"{short(1000 * rate)} s",
                evaluation=duration(
                    statistics.fmean(stored.record.timing.evaluation_seconds for stored in finished)
                ),
                ratio=ratio,
                against=against,
                published=published,
            )
        )  # fmt: skip
    return rows


def _printed_ratio(printed: Mapping[str, Sequence[Printed]], experiment: str, against: str) -> str | None:
    """Of the seconds that the paper prints of two experiments; None unless it prints one number of each."""
    seconds = [{number.cell.value for number in printed.get(name, ())} for name in (experiment, against)]
    if any(len(values) != 1 for values in seconds):
        return None
    ours, theirs = (values.pop() for values in seconds)
    return fixed(ours / theirs, 2) if theirs else None


def unmeasured(rows: Iterable[ScoreRow]) -> list[tuple[str, str, str, str, str]]:
    """(experiment, tier, score, seeds, reason) of scores without a number; seeds with one reason are joined."""
    by_place = grouped(
        ((row.group.experiment, row.group.tier, row.score, seed.reason), seed.seed)
        for row in rows
        for seed in row.seeds
        if seed.reason is not None
    )
    return [(name, tier, score, seed_list(seeds), reason) for (name, tier, score, reason), seeds in by_place.items()]


def unfinished(stored: Sequence[Stored]) -> list[RunRecord]:
    """Runs that failed or diverged, by experiment, tier and seed."""
    return [record for record in run_rows(stored) if record.status != "finished"]


def run_rows(stored: Sequence[Stored]) -> list[RunRecord]:
    """All runs, by experiment, tier and seed."""
    return sorted(
        (run.record for run in stored), key=lambda record: (record.experiment, record.tier, record.seed, record.run_id)
    )


def environments(stored: Sequence[Stored]) -> list[tuple[int, list[tuple[str, str]]]]:
    """Distinct environments with the number of runs each, the most used first."""
    groups = grouped((canonical(run.record.environment), run.record) for run in stored)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(len(records), flat(records[0].environment)) for _, records in ordered]


def hashes(stored: Sequence[Stored]) -> list[tuple[str, list[tuple[str, int]]]]:
    """(what, [(SHA-256, runs)]) over all runs: datasets, extractors, sources of parts."""
    files = grouped(pair for run in stored for pair in run.record.hashes.items())
    return [(what, sorted(Counter(values).items())) for what, values in sorted(files.items())]


def flat(data: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested data as sorted (dotted key, text) pairs."""
    pairs: list[tuple[str, str]] = []
    for key, value in sorted(data.items()):
        if isinstance(value, dict):
            pairs += flat(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value, sort_keys=True)))
    return pairs
