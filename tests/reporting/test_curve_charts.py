from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.reporting.curve_charts import band_of, band_of_series, block_means
from benchmark.reporting.drawing import Text
from benchmark.reporting.painter import DETAILS, Painter
from benchmark.reporting.run_groups import PaperRecords
from tests.reporting.factory import gan_rl, images_of, stored_run


def test_block_means_by_hand() -> None:
    values = np.array([1.0, 3.0, 5.0, 7.0, 100.0])
    assert block_means(values, np.array([0, 2, 4, 5])).tolist() == [2.0, 6.0, 100.0]


def test_a_block_that_is_not_finite_or_not_all_there_has_no_mean() -> None:
    values = np.array([1.0, np.inf, 2.0, 4.0, 5.0])
    means = block_means(values, np.array([0, 2, 4, 6]))
    assert np.isnan(means[[0, 2]]).all()
    assert means[1] == 3.0


def test_band_takes_median_and_range_over_seeds_at_the_blocks_mean_iterations() -> None:
    band = band_of([np.array([0.0, 2, 4, 6]), np.array([1.0, 1, 1, 1]), np.array([3.0, 3, 9, 9])], 2)
    assert band is not None
    assert band.positions.tolist() == [1.5, 3.5]
    assert band.median.tolist() == [1.0, 5.0]
    assert band.low.tolist() == [1.0, 1.0]
    assert band.high.tolist() == [3.0, 9.0]
    assert band.seeds == 3


@pytest.mark.parametrize("length", [1, 399, 400, 401, 100_003])
def test_no_more_points_than_asked_for_and_none_outside_the_range_of_the_curve(length: int) -> None:
    values = np.random.default_rng(0).normal(size=length)
    band = band_of([values], 400)
    assert band is not None
    assert len(band.positions) == min(400, length)
    assert values.min() <= band.median.min() <= band.median.max() <= values.max()
    assert 1 <= band.positions[0] <= band.positions[-1] <= length


def test_a_seed_that_diverged_counts_as_far_as_it_went() -> None:
    band = band_of([np.array([1.0, 1, 1, 1]), np.array([3.0, 3])], 2)
    assert band is not None
    assert band.high.tolist() == [3.0, 1.0]
    assert band_of([np.array([np.nan, np.inf])], 2) is None
    assert band_of([], 2) is None


def test_series_of_seeds_that_were_measured_at_other_iterations() -> None:
    band = band_of_series([[(10, 1.0), (20, 2.0)], [(20, 4.0)], []])
    assert band is not None
    assert band.positions.tolist() == [10.0, 20.0]
    assert band.median.tolist() == [1.0, 3.0]


@pytest.mark.parametrize(("most", "shared"), [(4.0, True), (400.0, False)])
def test_charts_of_a_figure_have_one_scale_unless_that_flattens_one(tmp_path: Path, most: float, shared: bool) -> None:
    """Losses that reach 1 beside losses that reach 4 can be compared by eye; beside such that reach 400 they cannot."""
    spec = gan_rl().spec
    reach = {"toy_minimax": 1.0, "toy_non_saturating": most}
    stored = [
        stored_run(
            tmp_path,
            spec,
            name,
            "full",
            0,
            curves={f"{player}_loss": np.linspace(0.0, top, 200) for player in ("discriminator", "generator")},
            samples=images_of(1, 200, shots=1),
        )
        for name, top in reach.items()
    ]
    painter = Painter(spec, PaperRecords(spec, stored), DETAILS[0])
    groups = [group for name in reach if (group := painter.evidence.group(name)) is not None]
    charts = painter.chosen(groups, ["discriminator_loss", "generator_loss"])
    (first,), (second,) = charts["toy_minimax"], charts["toy_non_saturating"]
    scales = [
        [mark.text for mark in one.marks if isinstance(mark, Text) and mark.anchor == "end"] for one in (first, second)
    ]
    assert (scales[0] == scales[1]) == shared
    assert scales[0]
