"""Floors and ceilings beside each score, and how far the protocol alone moves it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.judging import hypothesis_tests
from benchmark.judging.hypothesis_tests import ALPHA
from benchmark.reporting.run_groups import Group
from benchmark.runs.anchored import anchor_code
from benchmark.runs.sidecars import Anchor, Calibration, Companions, Kind, ProtocolGrid
from benchmark.spec import words
from benchmark.spec.parts import METRICS
from benchmark.spec.words import MINUS, PLUS_MINUS, duration, fixed, short

ANCHOR_NAMES: dict[Kind, str] = {
    "real": "real against real",
    "copier": "copies of training data",
    "untrained": "untrained generator",
    "noise": "noise",
}


def warning(beside: Companions, group: Group, score: str) -> str | None:
    """What a reader must know of a score's values: better than real data can be, or raised by more than quality."""
    entries = [stored.record.scores[score] for stored in group.runs if score in stored.record.scores]
    metric = METRICS.find(entries[0].metric) if entries else None
    parts = (too_good(beside, group, score), None if metric is None else metric.rewards)
    return "; ".join(filter(None, parts)) or None


def too_good(beside: Companions, group: Group, score: str) -> str | None:
    """A warning where the seeds together score better than real data do against real data, by more than noise."""
    anchor = anchors(beside, group, score).get("real")
    if anchor is None or not anchor.values:
        return None
    entries = [stored.record.scores[score] for stored in group.runs if score in stored.record.scores]
    values = [entry.value for entry in entries if entry.value is not None]
    metric = METRICS.find(anchor.metric_name)
    power = metric.count_power if metric is not None else 0.0
    counts = (_per_image(entries[0].protocol), _per_image(anchor.protocol)) if values else (None, None)
    fewer = (counts[0] / counts[1]) ** power if counts[0] is not None and counts[1] is not None else 1.0
    p = better_than_real(values, statistics.fmean(anchor.values) * fewer, anchor.direction)
    if p is None or p > ALPHA:
        return None
    note = f" ({_note(anchor)})" if anchor.reduced else ""
    return (
        f"the {len(values)} seeds are better than real data against real data{note}, by more than their spread "
        f"explains ({words.p_value(p)}): look for the cause"
    )


def better_than_real(values: Sequence[float], real: float, direction: str) -> float | None:
    """p value of seeds being better than ``real``, one value that varies as much as theirs; None where nobody can tell.

    Two values or more are needed, for one tells nothing of its noise.
    """
    if len(values) < 2 or direction not in ("lower", "higher"):
        return None
    better = (real - statistics.fmean(values)) * (1 if direction == "lower" else -1)
    spread = statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    if spread == 0:
        return None
    return hypothesis_tests.tail(better / spread, len(values) - 1)


def _per_image(protocol: Mapping[str, Any]) -> float | None:
    """1 / samples + 1 / real images, which a perfect generator's value goes with; None where they are not given."""
    samples, real = protocol.get("samples"), protocol.get("n_real")
    return 1 / samples + 1 / real if isinstance(samples, int) and isinstance(real, int) and samples and real else None


def anchors(beside: Companions, group: Group, score: str) -> Mapping[Kind, Anchor]:
    """Anchors of one score of an experiment, by kind."""
    for stored in group.runs:
        known = beside.of(stored.record, score, anchor_code())
        if known:
            return known
    return {}


def anchor_value(anchor: Anchor | None) -> str | None:
    """The mean of an anchor's values; None where it was not measured."""
    return short(statistics.fmean(anchor.values)) if anchor is not None and anchor.values else None


def anchor_remarks(anchor: Anchor, beside: Companions) -> str:
    """The values that an anchor is the mean of, how it was measured unlike the score, why it was not measured, and
    what other versions of the code gave.
    """
    each = [short(value) for value in anchor.values]
    apart = " and ".join(each) if len(set(each)) > 1 else None
    others = [one for one in beside.by_other_code(anchor) if one.values != anchor.values]
    told = [f"another version of the code gave {anchor_value(one) or 'none'}" for one in others]
    return "; ".join(filter(None, (apart, _note(anchor), anchor.reason, *told)))


def _note(anchor: Anchor) -> str:
    return ", ".join(f"{name} {used} instead of {wanted}" for name, (wanted, used) in sorted(anchor.reduced.items()))


def grid_rows(grids: Iterable[ProtocolGrid], runs: Iterable[str]) -> list[tuple[str, str, str, str, str, str]]:
    """(run, score, axis, setting, value, change) of all that was scored again for the runs shown."""
    wanted = set(runs)
    rows = []
    for grid in (grid for grid in grids if grid.run_id in wanted):
        run = f"{grid.experiment}, seed {grid.seed}"
        for name, again in grid.again.items():
            rows.append(
                (run, name, "as in the spec", f"{_value(grid.recorded[name])} in the record", _value(again), "")
            )
            for variant in (variant for variant in grid.variants if variant.score == name):
                value = variant.reason if variant.value is None and variant.reason else _value(variant.value)
                axis = variant.axis.replace("_", " ")
                rows.append((run, name, axis, variant.setting, value, _signed(variant.change)))
            for line in (line for line in grid.extrapolated if line.score == name):
                setting = f"endless: line against 1/N from {line.counts[0]} to {line.counts[-1]}"
                value = f"{short(line.intercept)} {PLUS_MINUS} {short(line.intercept_error)} (of the fit alone)"
                rows.append(
                    (run, name, "count", setting, value, "" if again is None else _signed(line.intercept - again))
                )
    return rows


def _value(value: float | None) -> str:
    return "not measured" if value is None else short(value)


def _signed(change: float | None) -> str:
    if change is None:
        return ""
    return f"+{short(change)}" if change > 0 else short(change).replace("-", MINUS)


def calibration_rows(calibrations: Sequence[Calibration], paper: str) -> list[tuple[str, str]]:
    """(device, what it did) of every calibrated device, with the loops of one paper."""
    rows = []
    for calibration in calibrations:
        parts = [
            f"matrix product {fixed(calibration.matrix_product_gflops, 0)} GFLOP/s",
            f"convolution {fixed(calibration.convolution_gflops, 0)} GFLOP/s",
            f"copy {fixed(calibration.copy_gigabytes_per_second, 1)} GB/s",
            f"one operation {short(calibration.launch_microseconds)} microseconds",
        ]
        for name, loop in sorted(calibration.loops.items()):
            if name.startswith(f"{paper}/"):
                parts.append(
                    f"{name.partition('/')[2]}: the textbook loop takes {fixed(loop.ratio, 2)} times as "
                    f"long, a whole run would train for {duration(loop.full_run_seconds)}"
                )
        rows.append((f"{calibration.device}, {calibration.threads} threads", "; ".join(parts)))
    return rows
