"""Draws what one paper's records hold: curves, scores over training, samples, points on the value surface."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.judging import published
from benchmark.reporting.curve_charts import Band, bands, score_bands
from benchmark.reporting.figures import Line, Picture, line_chart
from benchmark.reporting.numbers import seed_list, short
from benchmark.reporting.pictures import (
    Arrays,
    has_images,
    has_points,
    image_grid,
    neighbour_rows,
    point_panels,
    progress_strip,
    shrunk,
    spaced,
)
from benchmark.reporting.run_groups import Evidence, Group
from benchmark.spec.base import canonical
from benchmark.spec.dataflow import curve_names
from benchmark.spec.paper import PaperSpec

_SHARE_RANGE = (-0.02, 1.02)
_CUT = 4.0
_MOST_LINES = 7
_MOST_SYSTEMS = 4


@dataclass(frozen=True)
class Detail:
    """How much the pictures hold: points of a curve, images of a grid and their pixels' side, snapshots, points."""

    curve_points: int
    images: int
    side: int
    shots: int
    scatter: int
    #: terms of the losses and observations beside the losses
    terms: bool = True
    #: of a report on more experiments than this, not worth trying
    experiments: int = 30


class TooLarge(Exception):
    """The pictures have more bytes than the page may have."""


class Budget:
    """Bytes that pictures may still take; equal pictures count once."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._drawn: set[str] = set()

    def spend(self, picture: Picture) -> Picture:
        """Count a picture; raises :class:`TooLarge` as soon as it is one too many."""
        if picture.uri not in self._drawn:
            self._drawn.add(picture.uri)
            self._left -= len(picture.uri)
            if self._left < 0:
                raise TooLarge
        return picture


class Painter:
    """Draws one paper's pictures within a budget; curves and samples are read once an experiment."""

    def __init__(self, spec: PaperSpec, evidence: Evidence, detail: Detail, budget: Budget) -> None:
        self.spec = spec
        self.evidence = evidence
        self.detail = detail
        self._budget = budget
        self._published = published.scores(spec)
        self._bands: dict[str, dict[str, Band]] = {}
        self._samples: dict[str, tuple[int, Arrays]] = {}
        self._grids: dict[tuple[str, int | None], list[Picture]] = {}

    def _curves(self, group: Group) -> dict[str, Band]:
        if group.experiment not in self._bands:
            self._bands[group.experiment] = bands(self.evidence, group, self.detail.curve_points)
        return self._bands[group.experiment]

    def chosen(self, group: Group, curves: Sequence[str]) -> list[Picture]:
        """One chart of the named curves, or of the losses where a figure names none."""
        known = self._curves(group)
        names = list(curves) or [f"{player}_loss" for player in self.spec.systems[group.setup.system].players]
        lines = [Line(name, known[name]) for name in names if name in known]
        return [self._chart(group, "", lines)] if lines else []

    def panels(self, group: Group) -> list[Picture]:
        """Losses together, their terms together, observations by what they measure."""
        system = self.spec.systems[group.setup.system]
        known = self._curves(group)
        losses = [f"{player}_loss" for player in system.players]
        named: dict[str, list[str]] = {"losses": losses}
        if self.detail.terms:
            named["terms of the losses"] = [
                name for name in curve_names(system) if name not in losses and name not in system.observe
            ]
            for name, observation in system.observe.items():
                named.setdefault(observation.statistic.replace("_", " "), []).append(name)
        return [
            self._chart(group, title, [Line(name, known[name]) for name in names if name in known])
            for title, names in named.items()
            if any(name in known for name in names)
        ]

    def _chart(self, group: Group, title: str, lines: Sequence[Line]) -> Picture:
        system = self.spec.systems[group.setup.system]
        statistics = {system.observe[line.label].statistic for line in lines if line.label in system.observe}
        observed = all(line.label in system.observe for line in lines)
        y_range: tuple[float, float] | None = None
        note = ""
        if observed and statistics <= {"mean_probability", "share_positive"}:
            y_range = _SHARE_RANGE
        else:
            y_range, note = _without_spikes(lines)
        seeds = "1 seed" if len(group.runs) == 1 else f"{len(group.runs)} seeds"
        where = f"{group.experiment}, {group.tier} tier, {seeds}"
        caption = ", ".join(part for part in (title, where) if part)
        return self._budget.spend(
            line_chart(
                title or ", ".join(line.label for line in lines),
                lines,
                where=where,
                caption=f"{caption}{note}",
                y_range=y_range,
            )
        )

    def scores(self, groups: Sequence[Group]) -> list[Picture]:
        """Scores over training, experiments on the same data and tier together."""
        kinds: dict[tuple[str, str, str], list[Line]] = {}
        labels: dict[str, str] = {}
        for group in groups:
            data = f"{group.setup.dataset.name} {canonical(group.setup.dataset.model_dump(mode='json'))}"
            for name, band in score_bands(group).items():
                line = Line(group.experiment, band, self._printed(group, name))
                kinds.setdefault((name, data, group.tier), []).append(line)
                record = next(one.record for one in group.runs if name in one.record.scores)
                score = record.scores[name]
                labels[name] = f"{score.label} ({name}{', proxy' if score.proxy else ''})"
        pictures = []
        for (name, data, tier), lines in kinds.items():
            for some in _chunks(lines, _MOST_LINES):
                where = f"{data.split(' ')[0]}, {tier} tier"
                y_range, note = _without_spikes(some)
                caption = f"{labels[name]}, {where}{note}"
                pictures.append(
                    self._budget.spend(line_chart(labels[name], some, where=where, caption=caption, y_range=y_range))
                )
        return pictures

    def _printed(self, group: Group, score: str) -> float | None:
        """The paper's number, where it may be set beside this score: not a proxy, and the paper's own budget."""
        proxy = any(score in one.record.scores and one.record.scores[score].proxy for one in group.runs)
        found = {one.cell.value for one in self._published.get((group.experiment, score), [])}
        return found.pop() if len(found) == 1 and group.tier == "full" and not proxy else None

    def _shown(self, group: Group) -> tuple[int, Arrays]:
        """Seed and samples of the lowest seed that kept any: chosen by its number, never by its looks."""
        if group.experiment not in self._samples:
            found: tuple[int, Arrays] = (group.seeds[0], {})
            for stored in group.runs:
                arrays = self.evidence.samples(stored)
                if "samples" in arrays and len(arrays["samples"]):
                    found = (stored.record.seed, arrays)
                    break
            self._samples[group.experiment] = found
        return self._samples[group.experiment]

    def images(self, group: Group, epoch: int | None = None) -> list[Picture]:
        """Samples beside real data, over training and beside their nearest neighbours, where they are images.

        Samples after ``epoch`` stand alone beside real data; there are none where no snapshot was taken then.
        """
        if (group.experiment, epoch) not in self._grids:
            self._grids[group.experiment, epoch] = self._draw_images(group, epoch)
        return self._grids[group.experiment, epoch]

    def _draw_images(self, group: Group, epoch: int | None) -> list[Picture]:
        seed, arrays = self._shown(group)
        if not has_images(arrays):
            return []
        if epoch is not None:
            per_epoch = group.runs[0].record.iterations_per_epoch
            then = arrays["iterations"] == (round(epoch * per_epoch) if per_epoch is not None else 0)
            if not then.any():
                return []
            arrays = {
                "samples": arrays["samples"][then],
                "iterations": arrays["iterations"][then],
                "real": arrays["real"],
            }
        last = int(arrays["iterations"][-1])
        where = f"{group.experiment}, {group.tier} tier, seed {seed}"
        count = self.detail.images
        columns = max(1, int(np.sqrt(count)))
        side = self.detail.side
        fake, real = (shrunk(images[:count], side) for images in (arrays["samples"][-1], arrays["real"]))
        size, kept = arrays["real"].shape[-1], real.shape[-1]
        small = f"; shown at {kept} of {size} pixels" if kept < size else ""
        pictures = [
            image_grid(
                fake,
                columns,
                f"Grid of {len(fake)} generated images, {where}, iteration {last:,}, uncurated.",
                f"generated, {where}, iteration {last:,}{small}",
            ),
            image_grid(real, columns, f"Grid of {len(real)} real images of the same dataset.", f"real data{small}"),
        ]
        if len(arrays["samples"]) > 1:
            shown = [int(arrays["iterations"][index]) for index in spaced(len(arrays["samples"]), self.detail.shots)]
            columns_say = ", ".join(f"{iteration:,}" for iteration in shown)
            pictures.append(
                progress_strip(
                    arrays,
                    self.detail.shots,
                    5,
                    side,
                    f"Progress of 5 fixed noises over training, {where}, columns at iterations {columns_say}.",
                    f"over training, one noise a row; columns: iterations {columns_say}{small}",
                )
            )
        if "neighbours" in arrays:
            pictures.append(self._neighbours(arrays, where, small))
        return [self._budget.spend(picture) for picture in pictures]

    def _neighbours(self, arrays: Arrays, where: str, small: str) -> Picture:
        """Generated images beside the training images nearest to them, with how near and among how many."""
        rows = min(len(arrays["neighbours"]), max(3, self.detail.images // 8))
        # a distance per pixel and channel, in levels of 0 to 255
        levels = arrays["neighbour_distances"][:rows] / np.sqrt(np.prod(arrays["neighbours"].shape[2:]))
        searched, held = (int(number) for number in arrays["neighbours_searched"])
        among = f"all {held:,}" if searched == held else f"{searched:,} of {held:,}"
        ends = dict.fromkeys(short(float(end)) for end in (levels[:, 0].min(), levels[:, 0].max()))
        far = f"the nearest differ by {' to '.join(ends)} levels"
        return neighbour_rows(
            arrays,
            rows,
            self.detail.side,
            f"{rows} generated images, {where}, each beside its {levels.shape[1]} nearest among {among} training "
            f"images, nearest first; {far} of 255 a pixel.",
            f"left: generated; right: the nearest of {among} training images in pixel space, nearest first; {far} of "
            f"255 (root mean square){small}",
        )

    def with_points(self, groups: Sequence[Group]) -> list[Group]:
        """The experiments whose samples are points of the plane."""
        return [group for group in groups if has_points(self._shown(group)[1])]

    def points(self, groups: Sequence[Group]) -> list[Picture]:
        """Panels of points, a few systems of one tier together."""
        pictures: list[Picture] = []
        pointed = self.with_points(groups)
        for tier in dict.fromkeys(group.tier for group in pointed):
            of_tier = [group for group in pointed if group.tier == tier]
            pictures += [
                self._budget.spend(self._point_panels(tier, of_tier[start : start + _MOST_SYSTEMS]))
                for start in range(0, len(of_tier), _MOST_SYSTEMS)
            ]
        return pictures

    def _point_panels(self, tier: str, some: Sequence[Group]) -> Picture:
        shown = [self._shown(group) for group in some]
        names = ", ".join(group.experiment for group in some)
        seeds = seed_list(sorted({seed for seed, _ in shown}))
        return point_panels(
            [(group.experiment, arrays) for group, (_, arrays) in zip(some, shown, strict=True)],
            self.detail.shots,
            self.detail.scatter,
            f"Generated points over real ones on the discriminator's probability, rows {names}, columns are "
            f"iterations, {tier} tier, seed {seeds}.",
            f"rows: {names}; {tier} tier, seed {seeds}, the lowest one and not a selected one",
        )


def _chunks(lines: Sequence[Line], most: int) -> list[Sequence[Line]]:
    """As few pieces as ``most`` allows, of nearly equal length."""
    pieces = -(-len(lines) // most)
    ends = [round(index * len(lines) / pieces) for index in range(pieces + 1)]
    return [lines[start:end] for start, end in itertools.pairwise(ends)]


def _without_spikes(lines: Sequence[Line]) -> tuple[tuple[float, float] | None, str]:
    """An axis that a few extreme values do not flatten, and a note of what it leaves out; None for all."""
    values = np.concatenate([np.concatenate([line.band.low, line.band.high]) for line in lines])
    least, most = float(values.min()), float(values.max())
    low, high = (float(number) for number in np.percentile(values, [1, 99]))
    room = 0.15 * (high - low)
    if room == 0 or most - least <= _CUT * (high - low):
        return None, ""
    return (low - room, high + room), f"; the axis leaves out extremes, they reach {short(least)} and {short(most)}"
