"""Curves over training, made fit for a page: block means over iterations, median and range over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.spec.base import grouped

if TYPE_CHECKING:
    from benchmark.reporting.run_groups import Group, PaperRecords


@dataclass(frozen=True)
class Band:
    """A curve over seeds: positions (k,), median, least and greatest of the seeds' values there (k,), all finite."""

    positions: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seeds: int


def block_means(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Means of ``values`` between neighbouring ``edges``; NaN where a block is not all there and finite."""
    padded = np.full(int(edges[-1]), np.nan)
    kept = min(len(values), len(padded))
    padded[:kept] = np.where(np.isfinite(values[:kept]), values[:kept], np.nan)
    sums: np.ndarray = np.add.reduceat(padded, edges[:-1])
    return sums / np.diff(edges)


def band_of(seeds: Sequence[np.ndarray], points: int) -> Band | None:
    """Band of per-iteration curves, element i being iteration i + 1, at no more than ``points`` positions.

    A seed that ended early or left the finite numbers counts as far as it went. None where nothing is finite.
    """
    length = max((len(values) for values in seeds), default=0)
    if length == 0:
        return None
    edges = np.unique(np.linspace(0, length, min(points, length) + 1).astype(int))
    positions = (edges[:-1] + edges[1:] + 1) / 2  # a block's mean iteration
    return _over_seeds(positions, np.stack([block_means(values, edges) for values in seeds]))


def band_of_series(seeds: Sequence[Sequence[tuple[int, float]]]) -> Band | None:
    """Band of (iteration, value) pairs that need not be at the same iterations in every seed."""
    filled = [dict(series) for series in seeds if series]
    positions = sorted({iteration for series in filled for iteration in series})
    if not positions:
        return None
    values = np.array([[series.get(position, np.nan) for position in positions] for series in filled])
    return _over_seeds(np.array(positions, dtype=float), values)


def _over_seeds(positions: np.ndarray, values: np.ndarray) -> Band | None:
    known = np.isfinite(values).any(axis=0)
    if not known.any():
        return None
    seen = values[:, known]
    median = np.median if np.isfinite(seen).all() else np.nanmedian  # the second is many times as slow
    return Band(
        positions[known], median(seen, axis=0), np.nanmin(seen, axis=0), np.nanmax(seen, axis=0), len(values)
    )  # fmt: skip


def bands(evidence: PaperRecords, group: Group, points: int) -> dict[str, Band]:
    """Every curve of an experiment that has a finite value, by name."""
    curves = (curve for stored in group.runs for curve in evidence.curves(stored).items())
    by_seed = grouped((name, values.astype(np.float64)) for name, values in curves)
    return _known({name: band_of(seeds, points) for name, seeds in by_seed.items()})


def score_bands(group: Group) -> dict[str, Band]:
    """Every score of an experiment that was measured repeatedly, by name."""
    scores = grouped((name, score.series) for stored in group.runs for name, score in stored.record.scores.items())
    return _known(
        {name: band_of_series(seeds) for name, seeds in sorted(scores.items()) if any(len(seed) > 1 for seed in seeds)}
    )


def _known(maybe: Mapping[str, Band | None]) -> dict[str, Band]:
    return {name: band for name, band in maybe.items() if band is not None}
