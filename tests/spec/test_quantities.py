"""What statistics of curves accept, at their limits, and windows in words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from benchmark.spec.quantities import Quantity
from benchmark.spec.statistic import Statistic, Window

STATISTIC: TypeAdapter[Any] = TypeAdapter(Statistic)
WHOLE = {"unit": "share", "start": 0, "end": 1}


@pytest.mark.parametrize(
    ("written", "fits", "does_not"),
    [
        ({"quantile": WHOLE}, {"at": [0.01, 0.99]}, {"at": [0, 1]}),
        ({"lowest": WHOLE}, {"parts": [2, 3]}, {"parts": [0, 1]}),
        ({"highest": WHOLE}, {"parts": [2, 3]}, {"parts": [0, 1]}),
        ({"falling": WHOLE}, {"parts": [3, 4]}, {"parts": [1, 2]}),
        ({"fluctuation": WHOLE}, {"around": [3, 5, "line"]}, {"around": [1, 2, 4, "curve"]}),
        ({"fluctuation": WHOLE}, {"middle": [0.01, 0.99]}, {"middle": [0, 1]}),
        ({"fluctuation": WHOLE, "around": "line"}, {"parts": [3, 4]}, {"parts": [1, 2]}),
        ({"fluctuation": WHOLE, "around": 5}, {}, {"parts": [4]}),
        ({"settled": "epochs", "tolerance": 0.1}, {"average": [1, 2]}, {"average": [0]}),
    ],
)
def test_limits_of_settings(
    written: dict[str, Any], fits: dict[str, list[Any]], does_not: dict[str, list[Any]]
) -> None:
    for name, values in fits.items():
        for value in values:
            STATISTIC.validate_python({**written, name: value})
    for name, values in does_not.items():
        for value in values:
            with pytest.raises(ValidationError):
                STATISTIC.validate_python({**written, name: value})


def test_a_share_has_one_bound() -> None:
    for bounds, fits in (
        ({"below": 1.0}, True),
        ({"above": 1.0}, True),
        ({}, False),
        ({"below": 2.0, "above": 1.0}, False),
    ):
        if fits:
            STATISTIC.validate_python({"share": WHOLE, **bounds})
        else:
            with pytest.raises(ValidationError, match="exactly one of below and above"):
                STATISTIC.validate_python({"share": WHOLE, **bounds})


@pytest.mark.parametrize(
    ("unit", "start", "end", "words"),
    [
        ("share", 0, 1, "the whole run"),
        ("share", 0.9, 1, "the last 10 % of the run"),
        ("share", 0, 0.2, "the first 20 % of the run"),
        ("share", 0.25, 0.75, "25 to 75 % of the run"),
        ("epochs", 0, 1, "epochs 0 to 1"),
        ("iterations", 1, 5, "iterations 1 to 5"),
    ],
)
def test_a_window_in_words(unit: Any, start: float, end: float, words: str) -> None:
    assert str(Window(unit=unit, start=start, end=end)) == words


@pytest.mark.parametrize(
    ("unit", "start", "end"), [("share", 0.5, 1.01), ("share", 0.5, 0.5), ("epochs", 5, 4), ("iterations", -1, 4)]
)
def test_a_window_that_is_none(unit: Any, start: float, end: float) -> None:
    with pytest.raises(ValidationError, match="needs 0 <= start < end" + (" <= 1" if unit == "share" else "$|end ")):
        Window(unit=unit, start=start, end=end)


MEAN = {"mean": WHOLE}


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ({"experiment": "a", "score": "fid"}, True),
        ({"experiment": "a", "score": "fid", "statistic": MEAN}, True),
        ({"experiment": "a", "curve": "g", "statistic": MEAN}, True),
        ({"experiment": "a", "time": "training_seconds"}, True),
        ({"experiment": "a", "outcome": "diverged"}, True),
        ({"printed": "T1, row, column"}, True),
        ({"experiment": "a"}, False),
        ({"score": "fid"}, False),
        ({"experiment": "a", "score": "fid", "curve": "g", "statistic": MEAN}, False),
        ({"experiment": "a", "curve": "g"}, False),
        ({"experiment": "a", "time": "training_seconds", "statistic": MEAN}, False),
        ({"experiment": "a", "outcome": "diverged", "statistic": MEAN}, False),
        ({"experiment": "a", "score": "fid", "outcome": "diverged"}, False),
        ({"experiment": "a", "score": "fid", "statistic": {"first_below": 1.0, "average": 1}}, False),
        ({"experiment": "a", "printed": "T1, row, column"}, False),
        ({"printed": "T1, row, column", "score": "fid"}, False),
        ({"printed": "T1, row, column", "statistic": MEAN}, False),
    ],
)
def test_a_quantity_has_one_source(written: dict[str, Any], fits: bool) -> None:
    if fits:
        Quantity.model_validate(written)
    else:
        with pytest.raises(ValidationError):
            Quantity.model_validate(written)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"score": "fid"}, "fid (a)"),
        ({"time": "training_seconds"}, "training seconds (a)"),
        ({"outcome": "diverged"}, "diverged (a)"),
        ({"score": "fid", "statistic": MEAN}, "mean of fid over its evaluations over the whole run (a)"),
        ({"curve": "generator_loss", "statistic": MEAN}, "mean of generator_loss over the whole run (a)"),
    ],
)
def test_a_quantity_in_words(written: dict[str, Any], words: str) -> None:
    assert Quantity.model_validate({"experiment": "a", **written}).text == words
