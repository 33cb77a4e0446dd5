"""Which drawings and pictures a paper's page shows: its declared figures, then training, experiment by experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmark.reporting.curve_charts import score_bands
from benchmark.reporting.drawing import Drawing
from benchmark.reporting.painter import Detail, Painter
from benchmark.reporting.pictures import Picture
from benchmark.reporting.run_groups import Group, PaperRecords
from benchmark.spec import names
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Figure

Shown = Drawing | Picture


@dataclass(frozen=True)
class FigureView:
    """A published figure, and ours of the same; ``missing`` names experiments without anything to draw."""

    id: str
    figure: Figure
    shown: Sequence[Shown]
    missing: Sequence[str]
    #: the earlier figure whose pictures would be repeated
    same_as: str | None = None


@dataclass(frozen=True)
class Gallery:
    """All drawings and pictures of one paper."""

    figures: Sequence[FigureView] = ()
    #: what each experiment's runs look like
    training: Sequence[tuple[Group, Sequence[Shown]]] = ()
    scores: Sequence[Drawing] = ()


def gallery(spec: PaperSpec, evidence: PaperRecords, detail: Detail) -> Gallery:
    painter = Painter(spec, evidence, detail)
    figures = _once([_figure(painter, name, figure) for name, figure in spec.figures.items()])
    drawn = {id(drawing) for view in figures for drawing in view.shown}
    training: list[tuple[Group, list[Shown]]] = []
    for group in evidence.groups:
        drawings: list[Shown] = [*painter.panels(group), *painter.images(group)]
        training.append((group, [drawing for drawing in drawings if id(drawing) not in drawn]))
    pointed = painter.with_points(evidence.groups)
    shown = {name for view in figures if view.figure.by == "value_surface" for name in view.figure.experiments}
    if pointed and not {group.experiment for group in pointed} <= shown:
        next(drawings for group, drawings in training if group == pointed[0]).extend(painter.points(pointed))
    told = {drawing.says for view in figures for drawing in view.shown}
    return Gallery(
        figures, training, [drawing for drawing in painter.scores(evidence.groups) if drawing.says not in told]
    )


def _figure(painter: Painter, name: str, figure: Figure) -> FigureView:
    groups = [group for experiment in figure.experiments if (group := painter.evidence.group(experiment)) is not None]
    shown: list[Shown] = []
    if figure.by == "scores":
        shown += painter.scores(groups)
        have = {group.experiment for group in groups if score_bands(group)}
    elif figure.by == "curves":
        charts = painter.chosen(groups, figure.curves)
        shown += [drawing for some in charts.values() for drawing in some]
        have = {name for name, some in charts.items() if some}
    else:
        pointed = painter.with_points(groups)
        grids = {group.experiment: grid for group in groups if (grid := painter.samples(group, figure.epoch))}
        shown += [*painter.points(pointed), *grids.values()]
        shown += [real for group in groups[:1] if grids and (real := painter.real(group))]
        have = {group.experiment for group in pointed} | set(grids)
    missing = [
        names.of_experiment(painter.spec, experiment) for experiment in figure.experiments if experiment not in have
    ]
    return FigureView(name, figure, shown, missing)


def _once(figures: Sequence[FigureView]) -> list[FigureView]:
    """Figures of which none repeats everything that an earlier one shows."""
    first: dict[tuple[str, ...], str] = {}
    kept = []
    for view in figures:
        key = tuple(drawing.says for drawing in view.shown)
        same = first.setdefault(key, view.id) if key else view.id
        kept.append(view if same == view.id else replace(view, shown=(), same_as=same))
    return kept
