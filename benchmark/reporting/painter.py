"""One paper's drawings and pictures: curves, scores over training, grids of images, points of the plane."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import numpy as np

from benchmark.judging import published
from benchmark.reporting.charts import Line, curves, reach
from benchmark.reporting.curve_charts import bands, score_bands
from benchmark.reporting.drawing import Drawing
from benchmark.reporting.pictures import (
    Arrays,
    Panel,
    Picture,
    has_images,
    has_points,
    image_grid,
    neighbour_rows,
    point_panels,
    progress_strip,
    shrunk,
    spaced,
)
from benchmark.reporting.run_groups import Group, PaperRecords
from benchmark.spec import names
from benchmark.spec.base import canonical
from benchmark.spec.dataflow import curve_names
from benchmark.spec.paper import PaperSpec
from benchmark.spec.words import counted, seed_list, short

T = TypeVar("T")

_SHARE_RANGE = (-0.02, 1.02)
#: what an observed curve is measured in
_UNITS = {
    "mean": "mean of the batch",
    "mean_probability": "probability",
    "share_positive": "share of the batch",
    "gradient_norm": "L2 norm of the gradient",
}
_CUT = 4.0
#: times its own reach at which a scale that charts share would flatten one
_FLAT = 8.0
_MOST_LINES = 7
_MOST_SYSTEMS = 4
#: seeds shown at their end, and the side of their images
_MOST_SEEDS, _SEED_SIDE = 10, 48
#: width of a grid of images of which several stand side by side, and of such a chart
_PANEL, _CHART = 186, (312.0, 205.0)


@dataclass(frozen=True)
class Detail:
    """How much pictures hold: points of a curve, side of a shown image, snapshots, points of the plane."""

    curve_points: int
    side: int
    shots: int
    scatter: int
    #: terms of the losses and observations beside the losses
    terms: bool = True
    #: of a page on more experiments than this, not worth trying
    experiments: int = 25


#: from fine to coarse; the first that keeps the page within its size is taken
DETAILS = (
    Detail(300, 96, 6, 800),
    Detail(150, 64, 5, 500, experiments=50),
    Detail(80, 48, 4, 300, terms=False, experiments=120),
    Detail(40, 28, 3, 100, terms=False, experiments=1000),
)


class Painter:
    """Draws one paper's curves and samples, which are read once an experiment."""

    def __init__(self, spec: PaperSpec, evidence: PaperRecords, detail: Detail) -> None:
        self.spec, self.evidence, self.detail = spec, evidence, detail
        self._curves = cache(lambda group: bands(evidence, group, detail.curve_points))
        self._kept = cache(self._samples_at_hand)
        self._ends = cache(self._samples_at_end)
        self._grid_of_samples = cache(self._draw_samples)

    def chosen(self, groups: Sequence[Group], wanted: Sequence[str]) -> dict[str, list[Drawing]]:
        """By experiment one chart of the named curves, or of the losses where a figure names none, on one scale.

        Each has its own where one scale would flatten some of them.
        """
        keys = {group: self._shown_of(group, wanted) for group in groups}
        drawn = {group: some for group, some in keys.items() if some}
        ranges = [self._range(self._lines(group, some)) for group, some in drawn.items()]
        whole = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else (0.0, 0.0)
        flat = any(whole[1] - whole[0] > _FLAT * (high - low) for low, high in ranges)
        small, shared = len(groups) > 1, None if flat else whole
        return {
            group.experiment: [self._chart(group, some, small, shared)] if some else [] for group, some in keys.items()
        }

    def _shown_of(self, group: Group, wanted: Sequence[str]) -> list[str]:
        losses = [f"{player}_loss" for player in self.spec.systems[group.setup.system].players]
        return [key for key in wanted or losses if key in self._curves(group)]

    def _lines(self, group: Group, keys: Sequence[str]) -> list[Line]:
        return [Line(names.made(key), self._curves(group)[key]) for key in keys]

    def _range(self, lines: Sequence[Line]) -> tuple[float, float]:
        return _without_spikes(lines)[0] or reach(lines)

    def panels(self, group: Group) -> list[Drawing]:
        """Losses together, their terms together, observations by what they measure."""
        system = self.spec.systems[group.setup.system]
        losses = [f"{player}_loss" for player in system.players]
        sorts: dict[str, list[str]] = {"losses": losses}
        if self.detail.terms:
            sorts["terms"] = [key for key in curve_names(system) if key not in losses and key not in system.observe]
            for key, observation in system.observe.items():
                sorts.setdefault(observation.statistic, []).append(key)
        known = self._curves(group)
        kept = [[key for key in keys if key in known] for keys in sorts.values()]
        return [self._chart(group, keys, True) for keys in kept if keys]

    def _chart(
        self, group: Group, keys: Sequence[str], small: bool, shared: tuple[float, float] | None = None
    ) -> Drawing:
        system = self.spec.systems[group.setup.system]
        statistics = {system.observe[key].statistic for key in keys if key in system.observe}
        observed = all(key in system.observe for key in keys)
        unit = "loss"
        if observed:
            unit = _UNITS[statistics.copy().pop()] if len(statistics) == 1 else "value"
        lines = [replace(line, label=line.label.removesuffix(f" {unit}")) for line in self._lines(group, keys)]
        x_label, per = self._axis(group)
        lines = [replace(line, band=replace(line.band, positions=line.band.positions / per)) for line in lines]
        y_range, note = _without_spikes(lines)
        y_range = shared or y_range
        if observed and statistics <= {"mean_probability", "share_positive"}:
            y_range, note = _SHARE_RANGE, ""
        title = f"{unit} ({', '.join(line.label for line in lines)})"
        width, height = _CHART if small else (460.0, 250.0)
        where = f"{group.label}, {group.tier} tier, {counted(len(group.runs), 'seed')}"
        return curves(
            lines, x_label, unit, f"Line chart of the {title}, {where}", caption=f"{where}{note}", y_range=y_range,
            width=width, height=height,
        )  # fmt: skip

    def _axis(self, group: Group) -> tuple[str, float]:
        """What an experiment counts its training in, and how many iterations that is."""
        per_epoch = group.runs[0].record.iterations_per_epoch
        return ("epoch", per_epoch) if group.setup.budget.epochs is not None and per_epoch else ("iteration", 1.0)

    def scores(self, groups: Sequence[Group]) -> list[Drawing]:
        """Scores over training, experiments on the same data and tier together."""
        kinds: dict[tuple[str, str, str], list[Line]] = {}
        labels: dict[str, str] = {}
        for group in groups:
            data = f"{group.setup.dataset.name} {canonical(group.setup.dataset.model_dump(mode='json'))}"
            for key, band in score_bands(group).items():
                line = Line(group.label, band, printed(self.spec, group, key))
                kinds.setdefault((key, data, group.tier), []).append(line)
                labels[key] = names.of_score(self.spec, group.experiment, key)
        drawn = []
        for (key, data, tier), lines in kinds.items():
            for some in _chunks(lines, _MOST_LINES):
                where = f"{data.split(' ')[0]}, {tier} tier"
                y_range, note = _without_spikes(some)
                says, caption = f"Line chart of {labels[key]}, {where}", f"{labels[key]}, {where}{note}"
                drawn.append(curves(some, "iteration", labels[key], says, caption=caption, y_range=y_range))
        return drawn

    def _samples_at_hand(self, group: Group) -> tuple[int, Arrays]:
        """Seed and samples of the lowest seed that kept any: chosen by its number, never by its looks."""
        kept = ((stored.record.seed, self.evidence.samples(stored)) for stored in group.runs)
        return next((shots for shots in kept if len(shots[1].get("samples", ()))), (group.seeds[0], {}))

    def samples(self, group: Group, epoch: int | None = None) -> Picture | None:
        """A grid of generated images at the end, or after ``epoch``; None where no snapshot was taken then."""
        return self._grid_of_samples(group, epoch)

    def _draw_samples(self, group: Group, epoch: int | None) -> Picture | None:
        seed, arrays = self._kept(group)
        if not has_images(arrays):
            return None
        at = len(arrays["iterations"]) - 1
        if epoch is not None:
            per_epoch = group.runs[0].record.iterations_per_epoch
            then = np.flatnonzero(arrays["iterations"] == (round(epoch * per_epoch) if per_epoch is not None else 0))
            if not len(then):
                return None
            at = int(then[0])
        iteration, label = int(arrays["iterations"][at]), group.label
        return self._grid(
            arrays["samples"][at],
            f"generated images, {label}, {group.tier} tier, seed {seed}, iteration {iteration:,}, uncurated.",
            f"{label}, iteration {iteration:,}",
        )

    def real(self, group: Group) -> Picture | None:
        arrays = self._kept(group)[1]
        return self._grid(arrays["real"], "real images of the same data.", "real data") if has_images(arrays) else None

    def _grid(self, images: np.ndarray, says: str, caption: str) -> Picture:
        side = min(self.detail.side, images.shape[-1])
        columns = max(2, min(8, _PANEL // (max(28, side) + 1)))
        small = shrunk(images[: columns**2], side)
        size, kept = images.shape[-1], small.shape[-1]
        note = f" (at {kept} of {size} pixels)" if kept < size else ""
        return image_grid(small, columns, f"Grid of {len(small)} {says}", f"{caption}{note}")

    def images(self, group: Group) -> list[Picture]:
        """Samples at the end, over training, and beside their nearest neighbours, where they are images."""
        seed, arrays = self._kept(group)
        last = self.samples(group)
        if last is None:
            return []
        chosen, side = [last], self.detail.side
        where = f"{group.label}, {group.tier} tier, seed {seed}"
        if len(arrays["samples"]) > 1:
            shown = [int(arrays["iterations"][index]) for index in spaced(len(arrays["samples"]), self.detail.shots)]
            at = ", ".join(f"{iteration:,}" for iteration in shown)
            says = f"Progress of 5 fixed noises over training, {where}, columns at iterations {at}."
            caption = f"over training, one noise a row; columns: iterations {at}"
            chosen.append(progress_strip(arrays, self.detail.shots, 5, side, says, caption))
        chosen += [self._neighbours(arrays, where)] if "neighbours" in arrays else []
        return [*chosen, self._seeds(group)] if len(self._ends(group)) > 1 else chosen

    def _samples_at_end(self, group: Group) -> dict[int, Arrays]:
        """Samples of the end by seed, of the lowest seeds that kept any: so many as a page is wide."""
        kept = ((stored.record.seed, self.evidence.samples(stored)) for stored in group.runs)
        ends = ((seed, _last(arrays)) for seed, arrays in kept if len(arrays.get("samples", ())))
        return dict(itertools.islice(ends, _MOST_SEEDS))

    def _seeds(self, group: Group) -> Picture:
        """What each seed draws at the end: one seed may say nothing of the others."""
        ends = self._ends(group)
        columns, side = 12, min(self.detail.side, _SEED_SIDE)
        rows = [shrunk(arrays["samples"][0][:columns], side) for arrays in ends.values()]
        columns = min(columns, *map(len, rows))
        seeds = f"seeds {seed_list(list(ends))}"
        says = f"{columns} generated images of each seed at its end, {group.label}, {group.tier} tier, rows: {seeds}."
        return image_grid(
            np.concatenate([row[:columns] for row in rows]), columns, says, f"each seed at its end, a row each: {seeds}"
        )

    def _neighbours(self, arrays: Arrays, where: str) -> Picture:
        """Generated images beside the training images nearest to them, with how near and among how many."""
        rows = min(len(arrays["neighbours"]), 5)
        # a distance per pixel and channel, in levels of 0 to 255
        levels = arrays["neighbour_distances"][:rows] / np.sqrt(np.prod(arrays["neighbours"].shape[2:]))
        searched, held = (int(number) for number in arrays["neighbours_searched"])
        among = f"all {held:,}" if searched == held else f"{searched:,} of {held:,}"
        ends = dict.fromkeys(short(float(end)) for end in (levels[:, 0].min(), levels[:, 0].max()))
        far = f"the nearest differ by {' to '.join(ends)} levels of 255 a pixel"
        count = levels.shape[1]
        says = (
            f"{rows} generated images, {where}, each beside its {count} nearest among {among} training images; {far}."
        )
        caption = (
            f"left: generated; right: the nearest of {among} training images in pixel space; {far} (root mean square)"
        )
        return neighbour_rows(arrays, rows, self.detail.side, says, caption)

    def with_points(self, groups: Sequence[Group]) -> list[Group]:
        """The experiments whose samples are points of the plane."""
        return [group for group in groups if has_points(self._kept(group)[1])]

    def points(self, groups: Sequence[Group]) -> list[Picture]:
        """Panels of points, a few systems of one tier together: one seed over training, and every seed at its end."""
        clouds = []
        for tier in dict.fromkeys(group.tier for group in groups):
            of_tier = [group for group in groups if group.tier == tier]
            for some in _chunks(of_tier, _MOST_SYSTEMS):
                kept = {group.label: self._kept(group) for group in some}
                over = [(label, self._over_training(arrays)) for label, (_, arrays) in kept.items()]
                text = f"{tier} tier, seed {seed_list(sorted({seed for seed, _ in kept.values()}))}"
                caption = f"{text}, the lowest one and not a selected one"
                clouds.append(self._panels(over, "iteration", text, caption))
                ends = {group.label: self._ends(group) for group in some}
                if max(map(len, ends.values())) > 1:
                    at_end = [
                        (label, [Panel(str(seed), arrays, 0) for seed, arrays in of.items()])
                        for label, of in ends.items()
                    ]
                    seeds = seed_list(sorted({seed for of in ends.values() for seed in of}))
                    text = f"{tier} tier, seeds {seeds}, each at its end"
                    clouds.append(self._panels(at_end, "seed", text, text))
        return clouds

    def _over_training(self, arrays: Arrays) -> list[Panel]:
        shots = spaced(len(arrays["samples"]), self.detail.shots)
        return [Panel(f"{int(arrays['iterations'][shot]):,}", arrays, shot) for shot in shots]

    def _panels(self, rows: Sequence[tuple[str, Sequence[Panel]]], columns: str, text: str, caption: str) -> Picture:
        says = (
            f"Generated points over real ones on the discriminator's probability, rows "
            f"{', '.join(label for label, _ in rows)}, columns are {columns}s, {text}."
        )
        return point_panels(rows, columns, self.detail.scatter, says, caption)


def printed(spec: PaperSpec, group: Group, score: str) -> float | None:
    """The paper's number, where it may be set beside this score: not a proxy, and the paper's own budget."""
    proxy = any(score in run.record.scores and run.record.scores[score].proxy for run in group.runs)
    values = {number.cell.value for number in published.Numbers(spec).scores.get((group.experiment, score), [])}
    return values.pop() if len(values) == 1 and group.tier == "full" and not proxy else None


def _last(arrays: Arrays) -> Arrays:
    """Of samples over training a copy of those at the end, with what a picture of them needs."""
    ends = {name: arrays[name][-1:].copy() for name in ("samples", "value_surface") if name in arrays}
    return ends | {name: arrays[name] for name in ("real", "extent") if name in arrays}


def _chunks(items: Sequence[T], most: int) -> list[Sequence[T]]:
    """As few pieces as ``most`` allows, of nearly equal length."""
    pieces = -(-len(items) // most)
    ends = [round(index * len(items) / pieces) for index in range(pieces + 1)]
    return [items[start:end] for start, end in itertools.pairwise(ends)]


def _without_spikes(lines: Sequence[Line]) -> tuple[tuple[float, float] | None, str]:
    """An axis that a few extreme values do not flatten, and a note of what it leaves out; None for all."""
    values = np.concatenate([np.concatenate([line.band.low, line.band.high]) for line in lines])
    least, most = float(values.min()), float(values.max())
    low, high = (float(number) for number in np.percentile(values, [1, 99]))
    room = 0.15 * (high - low)
    if room == 0 or most - least <= _CUT * (high - low):
        return None, ""
    return (low - room, high + room), f"; the axis leaves out extremes, they reach {short(least)} and {short(most)}"
