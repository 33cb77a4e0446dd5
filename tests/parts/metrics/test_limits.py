"""Which settings of metrics are refused: the smallest or largest that fits, and the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchmark.spec.parts import METRICS

INCEPTION = {"samples": 5000, "resize": "bilinear", "extractor": "inception_2015_12_05"}
REFERENCE = {**INCEPTION, "reference": "training_data", "reference_images": "all"}


@pytest.mark.parametrize(
    ("name", "settings", "field", "fits", "refused"),
    [
        ("modes_found", {"within_deviations": 4.0, "least_share": 0.01}, "samples", 100, 99),
        ("modes_found", {"within_deviations": 4.0, "samples": 100}, "least_share", 0.99, 1.0),
        ("recognised_share", {"samples": 9, "classifier": "digits_8x8", "reference_images": "all"}, "above", 0.99, 1.0),
        ("balance_iteration", {"first": "a", "second": "b", "bound": 1.0}, "average", 1, 0),
        ("duplicates", {"samples": 100}, "quantile", 0.99, 1.0),
        ("duplicates", {"samples": 100}, "quantile", 0.01, 0.0),
        ("duplicates", {"quantile": 0.1}, "samples", 1, 0),
        ("inception_score", INCEPTION, "splits", 1, 0),
        ("precision", REFERENCE, "neighbours", 1, 0),
        ("nearest_training_distance", {"samples": 100, "reference_images": 100}, "neighbours", 1, 0),
        ("kernel_inception_distance", {**REFERENCE, "subset_images": 100}, "subsets", 1, 0),
        ("kernel_inception_distance", {**REFERENCE, "subsets": 100}, "subset_images", 2, 1),
        ("ms_ssim", {"pairs": 10, "filter": "bilinear"}, "size", 16, 15),
    ],
)
def test_limits_of_settings(name: str, settings: dict[str, Any], field: str, fits: float, refused: float) -> None:
    metric = METRICS.get(name)
    assert getattr(metric.model_validate({**settings, field: fits}), field) == fits
    with pytest.raises(ValidationError) as caught:
        metric.model_validate({**settings, field: refused})
    assert field in [error["loc"][0] for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("name", "settings", "least"),
    [
        ("frechet_inception_distance", REFERENCE, 2049),
        ("frechet_over_real", INCEPTION, 2049),
        ("inception_score", {**INCEPTION, "splits": 10}, 1000),
        ("kernel_inception_distance", {**REFERENCE, "subsets": 10, "subset_images": 150}, 150),
        ("recall", {**REFERENCE, "neighbours": 3}, 4),
    ],
)
def test_one_image_less_than_the_minimum_is_too_few(
    name: str, settings: dict[str, Any], least: int, tmp_path: Path
) -> None:
    """With enough of them what is lacking are the weights."""
    metric = METRICS.get(name)
    reasons = [
        str(metric.model_validate({**settings, "samples": count}).unavailable(tmp_path)) for count in (least - 1, least)
    ]
    assert f"the minimum is {least}" in reasons[0]
    assert "missing" in reasons[1]
