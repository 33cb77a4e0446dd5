"""Which pictures a paper's report shows: its declared figures, then curves, samples and scores by experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmark.reporting.curve_charts import score_bands
from benchmark.reporting.figures import Picture
from benchmark.reporting.numbers import seed_list
from benchmark.reporting.painter import Budget, Detail, Painter
from benchmark.reporting.run_groups import Evidence, Group
from benchmark.spec.paper import Figure, PaperSpec

#: from fine to coarse; the first that keeps the page within its size is taken
DETAILS = (
    Detail(400, 64, 96, 6, 1000),
    Detail(200, 36, 64, 5, 500, experiments=50),
    Detail(120, 16, 48, 4, 300, experiments=80),
    Detail(60, 9, 32, 3, 200, terms=False, experiments=200),
    Detail(30, 4, 28, 3, 100, terms=False, experiments=1000),
)


@dataclass(frozen=True)
class FigureView:
    """A published figure, and ours of the same; ``missing`` names experiments without anything to draw."""

    id: str
    figure: Figure
    pictures: Sequence[Picture]
    missing: Sequence[str]
    #: the earlier figure whose pictures would be repeated
    same_as: str | None = None


@dataclass(frozen=True)
class ExperimentPictures:
    """Pictures of one experiment."""

    group: Group
    seeds: str
    curves: Sequence[Picture]
    samples: Sequence[Picture]


@dataclass(frozen=True)
class Gallery:
    """All pictures of one paper."""

    figures: Sequence[FigureView]
    experiments: Sequence[ExperimentPictures]
    points: Sequence[Picture]
    scores: Sequence[Picture]


def gallery(spec: PaperSpec, evidence: Evidence, detail: Detail, budget: Budget) -> Gallery:
    """Draw everything; raises :class:`~benchmark.reporting.painter.TooLarge` where that takes more than ``budget``."""
    painter = Painter(spec, evidence, detail, budget)
    figures = _once([_figure(painter, name, figure) for name, figure in spec.figures.items()])
    drawn = {picture.uri for view in figures for picture in view.pictures}
    shown = {
        name
        for view in figures
        if view.figure.by in ("value_surface", "samples") and (view.pictures or view.same_as)
        for name in view.figure.experiments
    }
    groups = evidence.groups
    pointed = {group.experiment for group in painter.with_points(groups)}
    points = [] if pointed <= shown else painter.points(groups)
    experiments = []
    for group in groups:
        curves = [picture for picture in painter.panels(group) if picture.uri not in drawn]
        samples = painter.images(group)
        if samples and samples[0].uri in drawn:  # a declared figure shows them already
            samples = []
        experiments.append(ExperimentPictures(group, seed_list(group.seeds), curves, samples))
    return Gallery(
        figures, experiments, points, [picture for picture in painter.scores(groups) if picture.uri not in drawn]
    )


def _figure(painter: Painter, name: str, figure: Figure) -> FigureView:
    groups = [group for one in figure.experiments if (group := painter.evidence.group(one)) is not None]
    if figure.by == "scores":
        pictures = painter.scores(groups)
        have = {group.experiment for group in groups if score_bands(group)}
    elif figure.by == "curves":
        charts = {group.experiment: painter.chosen(group, figure.curves) for group in groups}
        pictures = [picture for some in charts.values() for picture in some]
        have = {one for one, some in charts.items() if some}
    else:
        pointed = painter.with_points(groups)
        grids = {group.experiment: painter.images(group, figure.epoch) for group in groups}
        pictures = [*painter.points(pointed), *(picture for some in grids.values() for picture in some)]
        have = {group.experiment for group in pointed} | {one for one, some in grids.items() if some}
    return FigureView(name, figure, pictures, [one for one in figure.experiments if one not in have])


def _once(figures: Sequence[FigureView]) -> list[FigureView]:
    """Figures of which none repeats all pictures of an earlier one."""
    first: dict[tuple[str, ...], str] = {}
    kept = []
    for view in figures:
        key = tuple(picture.uri for picture in view.pictures)
        same = first.setdefault(key, view.id) if key else view.id
        kept.append(view if same == view.id else replace(view, pictures=(), same_as=same))
    return kept
