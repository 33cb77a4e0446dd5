"""What every registered metric owes, new ones included."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from benchmark.parts.extractors import inception
from benchmark.parts.metrics.frechet import frechet_distance, moments
from benchmark.parts.metrics.sharpness import laplacian_variances
from benchmark.spec.parts import DATASETS, METRICS, Measurement, Metric, MetricError

#: settings by field name at which a metric that needs no weights must give a number on the subject below
SETTINGS: dict[str, Any] = {
    "samples": 400,
    "pairs": 50,
    "size": 16,
    "filter": "bilinear",
    "reference": "training_data",
    "reference_images": 500,
    "classifier": "digits_8x8",
    "splits": 2,
    "subsets": 2,
    "subset_images": 100,
    "threshold": 0.0,
    "within_deviations": 3.0,
    "quantile": 0.05,
    "network": "discriminator",
    "window": {"unit": "share", "start": 0.0, "end": 1.0},
    "early": {"unit": "share", "start": 0.0, "end": 0.1},
    "first": "discriminator_loss",
    "second": "generator_loss",
    "curve": "generator_loss",
    "bound": 100.0,
    "average": 5,
    "around": 5,
}
GUESSES = (0.01, 1, 2, 100, "discriminator", "inception_2015_12_05", "tensorflow_bilinear", True)
NAMES = METRICS.names()
Kept = Mapping[str, np.ndarray]


def example_of(name: str) -> Metric:
    """The metric with the settings above, any other field at the first guess that fits."""
    part = METRICS.get(name)
    choices = [[SETTINGS[field]] if field in SETTINGS else GUESSES for field in part.model_fields]
    for chosen in itertools.product(*choices):
        with contextlib.suppress(ValidationError):
            return part.model_validate(dict(zip(part.model_fields, chosen, strict=True)))
    raise AssertionError(f"no settings found for '{name}': add its new fields to SETTINGS")


def images_subject(subject, digits: np.ndarray):
    return subject(digits[:900], digits[900:], DATASETS.get("digits").variants()[0], discriminator=_first_number)


def points_subject(subject):
    law = DATASETS.get("eight_gaussians")(radius=2.0, deviation=0.02, divisor=1.414)
    centres, deviation = law.modes()
    random = np.random.default_rng(0)
    points = centres[random.integers(0, 8, 1000)] + deviation * random.normal(size=(1000, 2))
    return subject(points[:500].astype(np.float32), points[500:].astype(np.float32), law, discriminator=_first_number)


def _first_number(examples: np.ndarray) -> np.ndarray:
    return examples.reshape(len(examples), -1)[:, :1].astype(np.float32) - 0.5


@pytest.mark.parametrize("name", NAMES)
def test_says_what_it_is(name: str) -> None:
    metric = METRICS.get(name)
    assert metric.__doc__
    assert metric.__doc__ != Metric.__doc__
    told = f"{sys.modules[metric.__module__].__doc__} {metric.__doc__}"
    assert re.search(r"\b(19|20)[0-9]{2}\b", told), "a metric names its source, with the year"
    assert metric.label.strip() == metric.label != ""
    assert metric.direction in ("lower", "higher", "two_sided", "none")
    assert metric.kinds
    assert set(metric.kinds) <= {"images", "points"}
    assert isinstance(metric.proxy, bool)


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_has_a_default(name: str) -> None:
    assert all(info.is_required() for info in METRICS.get(name).model_fields.values())


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in NAMES for kind in METRICS.get(name).kinds])
def test_measures_or_says_why_not(
    name: str, kind: str, subject, digits: np.ndarray, tmp_path: Path, monkeypatch
) -> None:
    metric = example_of(name)
    made = images_subject(subject, digits) if kind == "images" else points_subject(subject)
    made.recorded = {"discriminator_loss": np.linspace(2, 1, 60), "generator_loss": np.geomspace(1, 3, 60)}
    reason = metric.unavailable(tmp_path)
    if reason is not None:
        assert "minimum" in reason or "missing" in reason
        with pytest.raises(MetricError):
            metric.measure(made)
        return
    found = metric.measure(made)
    assert math.isfinite(found.value)
    json.dumps([dict(found.protocol), dict(found.details)], allow_nan=False)
    again = metric.measure(made)
    assert again == found
    kept = {**found.arrays, **found.shared}
    assert bool(kept) == (metric.not_recomputed is None)
    if metric.not_recomputed is None:
        _recomputes(metric, found, kept, monkeypatch)


def _recomputes(metric: Metric, found: Measurement, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value follows from what was kept, without torch, and from all of it: what changes nothing is padding."""
    assert not set(found.arrays) & set(found.shared)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        assert metric.recomputed(kept) == pytest.approx(found.value, rel=metric.rounding, abs=metric.rounding)
        for name in kept:
            without = {other: value for other, value in kept.items() if other != name}
            with pytest.raises((KeyError, ValueError)):
                metric.recomputed(without)


@pytest.mark.parametrize("name", NAMES)
def test_only_what_needs_inception_is_unavailable_without_it(name: str, tmp_path: Path) -> None:
    metric = example_of(name)
    if "extractor" in type(metric).model_fields:
        enough = metric.model_copy(update={"samples": 50_000})
        reason = enough.unavailable(tmp_path)
        assert reason is not None
        assert str(tmp_path / "weights" / inception.FILE) in reason
        assert inception.SHA256 in reason
        assert "ganrepro data fetch inception" in reason
    else:
        assert metric.unavailable(tmp_path) is None


@pytest.mark.parametrize("name", [name for name in NAMES if METRICS.get(name).proxy])
def test_a_proxy_says_so_and_never_bears_a_standard_name(name: str) -> None:
    assert METRICS.get(name).label not in ("FID", "IS", "KID", "MS-SSIM")


@pytest.mark.parametrize(
    ("names", "possible"),
    [
        (
            "discriminator_accuracy duplicates duplicate_features proxy_duplicate_features good_samples ms_ssim "
            "precision recall recognisability recognised_share",
            (0, 1),
        ),
        (
            "frechet_inception_distance proxy_frechet_distance frechet_over_real modes_found activation_drift collapse "
            "gradient_growth loss_fluctuation loss_gap nearest_training_distance nearest_training_features "
            "proxy_nearest_training_features sharpness_gap",
            (0, math.inf),
        ),
        ("loss_balance", (0, 1)),
        ("balance_iteration", (1, math.inf)),
        ("class_coverage", (1, 10)),
        ("sharpness", (0, 1020**2)),
        ("inception_score proxy_inception_score", (1, math.inf)),
        ("kernel_inception_distance", (-math.inf, math.inf)),
    ],
)
def test_what_is_possible_follows_from_what_is_measured(names: str, possible: tuple[float, float]) -> None:
    """Shares, distances and counts, exponentials of an information, and an unbiased estimate of a square."""
    assert {name: METRICS.get(name).possible for name in names.split()} == dict.fromkeys(names.split(), possible)


@pytest.mark.parametrize("name", NAMES)
def test_says_what_values_there_can_be(name: str) -> None:
    """Only the estimate of a square, which is unbiased, has no bound on either side."""
    low, high = METRICS.get(name).possible
    assert low < high
    assert math.isfinite(low) or name == "kernel_inception_distance"


def test_a_chequerboard_of_single_pixels_is_the_sharpest_image() -> None:
    """Its Laplacian is 4 * 255 and -4 * 255 by turns."""
    board = (np.indices((6, 6)).sum(axis=0) % 2 * 255).astype(np.uint8)[None, None]
    assert laplacian_variances(board)[0] == METRICS.get("sharpness").possible[1]


def test_a_ratio_of_two_distances_is_as_uncertain_as_both() -> None:
    ratio, distance = METRICS.get("frechet_over_real"), METRICS.get("frechet_inception_distance")
    assert ratio.rounding == distance.rounding + METRICS.get("proxy_frechet_distance").rounding


def test_values_of_a_perfect_generator_fall_with_counts_to_the_power_that_is_stated() -> None:
    """Generated and real examples of one law, 100 and 1,600 on either side: a Fréchet distance and a gap."""
    random = np.random.default_rng(0)

    def distance(count: int) -> float:
        return frechet_distance(*(moments(random.normal(size=(count, 3)), "real") for _ in range(2)))

    def gap(count: int) -> float:
        metric = METRICS.get("sharpness_gap")(samples=count, reference_images=count)
        return metric.recomputed({side: random.exponential(size=count) for side in ("generated", "real")})

    for measured, name in ((distance, "frechet_inception_distance"), (gap, "sharpness_gap")):
        few, many = (np.mean([measured(count) for _ in range(200)]) for count in (100, 1600))
        assert math.log(few / many, 16) == pytest.approx(METRICS.get(name).count_power, abs=0.1)


def test_usual_margins_are_those_of_the_documentation() -> None:
    """A share of the printed number, and at least so much."""
    told = {"frechet_inception_distance": (0.1, 0.5), "inception_score": (0.05, 0.1), "ms_ssim": (0, 0.02)}
    assert {name: METRICS.get(name).usual_margin for name in NAMES if METRICS.get(name).usual_margin} == told
