"""Records that contradict themselves in length or value, one field at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.judging import consistency, inspection
from benchmark.judging.consistency import contradictions
from benchmark.judging.inspection import Inspected
from benchmark.runs.plan import make_run
from benchmark.runs.records import Stored
from benchmark.spec.curve_statistics import CurveError
from benchmark.spec.load import loads
from benchmark.spec.statistic import Mean, Median, Window
from tests.spec.small import TEXT

from .factory import run, score

FID = "frechet_inception_distance"


def told(one: Stored, **changes: Any) -> list[str]:
    return contradictions(Stored(one.record.model_copy(update=changes), one.folder))


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "planned"), [(10, 10.0, 100), (10, 9.96, 100), (3, 10.0, 30), (0.01, 10.0, 1)]
)
def test_a_budget_in_epochs_is_iterations_of_the_data(
    tmp_path: Path, epochs: float, per_epoch: float, planned: int
) -> None:
    one = run(tmp_path, "a", 0)
    setup = {**one.record.determinant, "setup": {"budget": {"epochs": epochs}}}
    found = told(one, determinant=setup, iterations_per_epoch=per_epoch)
    assert found == ([] if planned == 100 else [f"planned 100 iterations, its budget is {planned}"])


@pytest.mark.parametrize(("experiment", "per_epoch", "planned"), [("scans", 29.0, 58), ("ring", None, 100)])
def test_a_record_cannot_count_its_epochs_otherwise(
    tmp_path: Path, experiment: str, per_epoch: float | None, planned: int
) -> None:
    """Two epochs of 1,797 digits in batches of 64 are 58 iterations; points are drawn without end.

    A record that agrees with itself on epochs of 10 iterations stopped early.
    """
    planned_run = make_run(loads(TEXT, "x.yaml").spec, experiment, "full", 0, "fp32")
    facts = {"determinant": planned_run.determinant(), "scores": {}}
    one = run(tmp_path, "a", 0, iterations=planned, iterations_per_epoch=per_epoch)
    assert told(one, **facts) == []
    short = {"iterations": 20, "planned_iterations": 20, "iterations_per_epoch": 10.0}
    assert told(one, **facts, **short) == [
        f"iterations_per_epoch is 10.0, its batches and data make it {per_epoch}",
        f"planned 20 iterations, its budget is {planned}",
    ]


def asked(metric: str = FID, checkpoint: str = "last", every: int | None = 50) -> dict[str, Any]:
    """A determinant as far as it asks for one score."""
    interval = None if every is None else {"iterations": every}
    return {"setup": {"scores": {"fid": {"metric": {metric: {}}, "checkpoint": checkpoint, "every": interval}}}}


@pytest.mark.parametrize(
    ("checkpoint", "over", "problem"),
    [
        ("last", {}, None),
        ("best", {}, None),
        ("last", {"series": []}, "was to be evaluated over training, its series is empty"),
        ("last", {"series": [(100, 10.0), (50, 12.0)]}, "the iterations of its series do not rise to the end"),
        ("last", {"series": [(50, 12.0), (50, 12.0), (100, 10.0)]}, "the iterations of its series do not rise"),
        ("last", {"series": [(100, 10.0), (150, 9.0)]}, "the iterations of its series do not rise to the end"),
        ("last", {"iteration": 50, "value": 12.0}, "last checkpoint taken at iteration 50 of 100"),
        ("best", {"series": [(25, 12.0), (50, 10.0)], "iteration": 50}, "its series ends at iteration 50 of 100"),
        ("last", {"value": 9.0}, "value 9.0, its series has 10.0 at that iteration"),
        ("best", {"iteration": 75}, "iteration 75 is not in its series"),
        ("best", {"iteration": 50, "value": 12.0}, "value 12.0 is not the best of its series, 10.0"),
    ],
)
def test_a_score_and_its_series_by_hand(
    tmp_path: Path, checkpoint: str, over: dict[str, Any], problem: str | None
) -> None:
    """100 iterations, evaluated at 50 and 100; lower is better, and one change at a time."""
    written = {"checkpoint": checkpoint, "series": [(50, 12.0), (100, 10.0)], **over}
    one = run(tmp_path, "a", 0, scores={"fid": score(written.pop("value", 10.0), **written)})
    found = told(one, determinant=asked(checkpoint=checkpoint))
    assert len(found) == (problem is not None), found
    assert all(line.startswith(f"score fid: {problem}") for line in found)


def test_what_is_asked_once_has_no_series_and_what_rises_has_its_best_above(tmp_path: Path) -> None:
    once = run(tmp_path, "a", 0, scores={"fid": score(10.0)})
    assert told(once, determinant=asked(every=None)) == []
    rising = score(3.0, metric="inception_score", checkpoint="best", iteration=50, series=[(50, 3.0), (100, 2.0)])
    assert told(run(tmp_path, "a", 1, scores={"fid": rising}), determinant=asked("inception_score", "best")) == []
    falling = {**rising, "value": 2.0, "iteration": 100}
    found = told(run(tmp_path, "a", 2, scores={"fid": falling}), determinant=asked("inception_score", "best"))
    assert found == ["score fid: value 2.0 is not the best of its series, 3.0"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iterations": 90}, "finished after 90 of 100 iterations"),
        ({"iterations": 110}, "110 iterations of 100 planned"),
        ({"status": "diverged", "reason": "at 7", "iterations": 90}, None),
        ({"status": "diverged"}, "diverged, with the reason 'None'"),
        ({"reason": "at 7"}, "finished, with the reason 'at 7'"),
    ],
)
def test_an_end_by_hand(tmp_path: Path, changes: dict[str, Any], problem: str | None) -> None:
    found = told(run(tmp_path, "a", 0), **changes)
    assert problem is None or problem in found
    assert bool(found) == (problem is not None)


@pytest.mark.parametrize(
    ("scale", "off", "fine"), [(3.0, 2.9e-3, True), (3.0, 3.2e-3, False), (0.0, 8e-6, True), (0.0, 1.2e-5, False)]
)
def test_a_loss_is_the_weighted_sum_of_its_terms_within_a_thousandth(
    tmp_path: Path, scale: float, off: float, fine: bool
) -> None:
    """2 a + 2 b - c with a = 1, b = 0, c = -1, all times a third of the scale: 3 in sum and in size."""
    level = np.full(10, scale / 3)
    loss = np.full(10, scale)
    loss[6] += off
    curves = {"g_loss": loss, "g_a": level, "g_b": 0 * level, "g_c": -level}
    one = run(tmp_path, "a", 0, curves=curves, iterations=10)
    terms = {"minimise": [{"a": {"weight": 2.0}}, {"b": {"weight": 2.0}}], "penalties": [{"c": {"weight": -1.0}}]}
    found = told(one, determinant={"system": {"players": {"g": terms}}})
    assert found == ([] if fine else ["g_loss is not the weighted sum of its terms (first at iteration 7): "
                                      "trained with other weights than stated"])  # fmt: skip


def test_values_at_the_ends_of_what_is_possible(tmp_path: Path) -> None:
    """A distance that is a difference may fall a little below 0; a share that is one may not exceed 1 by much."""
    for seed, (value, metric, fine) in enumerate(
        [
            (-0.009, "frechet_inception_distance", True),
            (-0.02, "frechet_inception_distance", False),
            (1.0, "recognised_share", True),
            (1.02, "recognised_share", False),
            (1e14, "a_metric_of_tomorrow", True),
            (-1e16, "a_metric_of_tomorrow", False),
        ]
    ):
        one = run(tmp_path, "a", seed, scores={"fid": score(value, metric=metric)})
        assert contradictions(one) == ([] if fine else [f"score fid: {value!r} is no value of {metric}"])
    early = run(tmp_path, "a", 9, scores={"fid": score(10.0, series=((50, -3.0), (100, 10.0)))})
    assert contradictions(early) == ["score fid: -3.0 is no value of frechet_inception_distance"]


def test_curves_that_are_a_link_are_not_opened(tmp_path: Path) -> None:
    """That they are one is told as damage; what lies behind it is nobody's evidence."""
    one = run(tmp_path, "a", 0, curves={"g": [float("nan")] * 100})
    assert contradictions(one) == ["finished, and curves.npz holds numbers that are not finite"]
    (one.folder / "curves.npz").rename(tmp_path / "elsewhere.npz")
    (one.folder / "curves.npz").symlink_to(tmp_path / "elsewhere.npz")
    assert contradictions(one) == []


@pytest.mark.parametrize(
    ("published", "trained", "problem"),
    [("ab", "ab", False), ("ab", "cd", True), (None, "cd", False), ("ab", None, False)],
)
def test_data_are_the_published_ones_where_these_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: str | None, trained: str | None, problem: bool
) -> None:
    monkeypatch.setattr(consistency, "_published", lambda _dataset: published)
    found = told(run(tmp_path, "a", 0), hashes={} if trained is None else {"dataset": trained})
    assert found == (["trained on other data than the published ones of that name"] if problem else [])


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ([12.3456789012], False),  # 13 characters with the point
        ([12.34567890123], True),
        ([12.345678, 1.2345], True),  # 9 and 6
        ([12.34567, 1.23], False),
        ([123456789012345.0], False),  # counts agree by chance
    ],
)
def test_two_seeds_share_fourteen_digits_of_their_scores_by_no_chance(
    tmp_path: Path, values: list[float], same: bool
) -> None:
    scores = {f"fid {index}": score(value) for index, value in enumerate(values)}
    first, second = (run(tmp_path, "a", seed, scores=scores) for seed in (3, 1))
    told_of = [(one.record.seed, text) for one, text in consistency.between([first, second])]
    says = f"same scores to the last digit as seed 1 in {second.folder}, no run of its own"
    assert told_of == ([(3, says)] if same else [])


@pytest.mark.parametrize(("off", "fine"), [(0.5e-9, True), (1.5e-9, False), (-0.5e-9, True), (-1.5e-9, False)])
def test_a_score_of_curves_is_what_they_give_to_nine_digits(tmp_path: Path, off: float, fine: bool) -> None:
    """Two losses that lie one half apart throughout."""
    value = 0.5 * (1 + off)
    curves = {"first": [1.5] * 100, "second": [1.0] * 100}
    settings = {"first": "first", "second": "second", "window": {"unit": "share", "start": 0, "end": 1}}
    one = run(tmp_path, "a", 0, curves=curves, scores={"gap": score(value, metric="loss_gap", protocol=settings)})
    wanted = {"metric": {"loss_gap": settings}, "checkpoint": "last", "every": None}
    found = told(one, determinant={"setup": {"scores": {"gap": wanted}}})
    assert found == ([] if fine else [f"score gap is {value!r} at iteration 100, its curves give 0.5"])


@pytest.mark.parametrize(
    ("contents", "told_of"),
    [
        ("xx", []),
        ("xxyz", [("y", "x"), ("z", "x")]),
        ("xyyz", [("x", "y"), ("z", "y")]),
        ("xy", [("x", "y"), ("y", "x")]),
        ("xxyy", [("x", "y"), ("x", "y"), ("y", "x"), ("y", "x")]),
    ],
)
def test_of_two_contents_of_one_dataset_that_of_most_runs_is_believed(
    tmp_path: Path, contents: str, told_of: list[tuple[str, str]]
) -> None:
    """Which run is named, and beside which: all, where no content has more runs than the others."""
    stored, content_of = [], {}
    for seed, content in enumerate(contents):
        one = run(tmp_path, "a", seed)
        changes = {"determinant": {"setup": {"dataset": {"digits": {}}}}, "hashes": {"dataset": content}}
        stored.append(Stored(one.record.model_copy(update=changes), one.folder))
        content_of[str(one.folder)] = content
    found = [(one, text.split(", though")[0].split(" than ")[1]) for one, text in consistency.between(stored)]
    assert sorted((content_of[str(one.folder)], content_of[other]) for one, other in found) == told_of


def test_a_loss_of_two_terms_is_their_sum_and_one_of_one_term_is_that(tmp_path: Path) -> None:
    """Of one term no curve is kept besides the loss."""
    curves = {"g_loss": [2.0] * 10, "g_a": [1.0] * 10, "g_b": [1.0] * 10}
    two = run(tmp_path, "a", 0, curves=curves, iterations=10)
    for weight, problems in ((1.0, 0), (3.0, 1)):
        players = {"g": {"minimise": [{"a": {"weight": weight}}, {"b": {}}]}}
        found = told(two, determinant={"system": {"players": players}})
        assert [line.split(" (first")[0] for line in found] == [
            "g_loss is not the weighted sum of its terms"
        ] * problems
    one = run(tmp_path, "b", 0, curves={"g_loss": [2.0] * 10}, iterations=10)
    assert told(one, determinant={"system": {"players": {"g": {"minimise": [{"a": {"weight": 3.0}}]}}}}) == []


def test_data_of_a_name_are_those_that_were_published(tmp_path: Path) -> None:
    """Their fingerprint is known as they come; resized, or by two names at once, nothing is known."""
    plain = {"mnist": {"split": "test", "size": 28, "resize": "none", "value_range": [0, 1]}}
    published = consistency._published(plain)
    assert published is not None
    one = run(tmp_path, "a", 0)
    determinant = {"setup": {"dataset": plain}}
    assert told(one, determinant=determinant, hashes={"dataset": published}) == []
    (problem,) = told(one, determinant=determinant, hashes={"dataset": "00"})
    assert problem == "trained on other data than the published ones of that name"
    assert consistency._published({**plain, "digits": {}}) is None
    assert consistency._published({"mnist": {}}) is None
    assert consistency._published(None) is None


@pytest.mark.parametrize(("checkpoint", "problem"), [("last", True), ("best", False)])
def test_a_run_that_diverged_has_no_value_at_its_end(tmp_path: Path, checkpoint: str, problem: bool) -> None:
    """A checkpoint from before may be the best."""
    scores = {"fid": score(10.0, checkpoint=checkpoint, iteration=100)}
    found = told(run(tmp_path, "a", 0, scores=scores), status="diverged", reason="at 7")
    assert found == (["diverged, and score fid has a value at its end"] if problem else [])


def test_a_score_has_a_value_or_a_reason(tmp_path: Path) -> None:
    for seed, (value, reason, fine) in enumerate(
        [(1.0, None, True), (None, "no weights", True), (1.0, "no weights", False), (None, None, False)]
    ):
        found = told(run(tmp_path, "a", seed, scores={"fid": score(value, reason=reason)}))
        assert found == ([] if fine else [f"score fid has value {value} and the reason '{reason}'"])


def test_an_id_is_the_beginning_of_the_hash_of_what_was_run(tmp_path: Path) -> None:
    record = run(tmp_path, "a", 0).record
    assert consistency.identity(record) is None
    for changes, problem in (
        ({"run_id": ""}, "run_id  is not the hash of its determinant"),
        ({"run_id": "0" * 16}, f"run_id {'0' * 16} is not the hash of its determinant"),
        ({"seed": 1}, "seed, tier or numerics differ from its determinant"),
        ({"tier": "short"}, "seed, tier or numerics differ from its determinant"),
        ({"numerics": "exact"}, "seed, tier or numerics differ from its determinant"),
    ):
        assert consistency.identity(record.model_copy(update=changes)) == problem


@pytest.mark.parametrize(
    ("setup", "contents", "told_of"),
    [
        ({"dataset": {"digits": {}}}, ("x", "y"), 2),
        ({"dataset": {"digits": {}}}, ("x", None), 0),
        ({}, ("x", "y"), 0),
        ({"dataset": {"digits": {}}}, (None, None), 0),
    ],
)
def test_only_contents_of_a_named_dataset_are_held_against_each_other(
    tmp_path: Path, setup: dict[str, Any], contents: tuple[str | None, ...], told_of: int
) -> None:
    stored = []
    for seed, content in enumerate(contents):
        one = run(tmp_path, "a", seed)
        changes = {"determinant": {"setup": setup}, "hashes": {} if content is None else {"dataset": content}}
        stored.append(Stored(one.record.model_copy(update=changes), one.folder))
    assert len([*consistency.between(stored)]) == told_of


def test_curves_are_kept_in_memory_as_far_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ones that were read first go first; a run that is the beginning of another's reads none of its own."""
    stored = [run(tmp_path, "a", seed, curves={"g": [float(seed)] * 4}) for seed in range(4)]
    read: list[int] = []

    def curves(one: Stored) -> dict[str, np.ndarray]:
        read.append(one.record.seed)
        return {"g": np.full(4, one.record.seed, np.float32)}

    monkeypatch.setattr(Stored, "curves", curves)
    monkeypatch.setattr(inspection, "_OPEN_BYTES", 3 * 4 * 4)
    inspected = Inspected()

    def levels(one: Stored) -> list[float]:
        return inspected.course(one).curves["g"].tolist()

    assert [levels(one) for one in stored[:3] * 2] == [[seed] * 4 for seed in range(3)] * 2
    assert read == [0, 1, 2]
    assert levels(Stored(stored[0].record, stored[0].folder, until=3)) == [0.0] * 3
    assert read == [0, 1, 2]
    levels(stored[3])
    levels(stored[1])
    assert read == [0, 1, 2, 3]
    assert levels(stored[0]) == [0.0] * 4
    assert read == [0, 1, 2, 3, 0]


def test_a_statistic_is_computed_once_for_each_length_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it has none; another curve, statistic or beginning is another one."""
    stored = run(tmp_path, "a", 0, curves={"g": [1.0, 2.0, 6.0], "h": [5.0, 5.0, 5.0]})
    begun = Stored(stored.record, stored.folder, until=2)
    whole = Window(unit="share", start=0.0, end=1.0)
    mean, median = Mean(mean=whole), Median(median=whole)
    inspected = Inspected()
    wanted = [(stored, "g", mean), (begun, "g", mean), (stored, "h", mean), (stored, "g", median)]
    assert [inspected.statistic(*one) for one in wanted] == [3.0, 1.5, 5.0, 2.0]
    for _ in range(2):
        with pytest.raises(CurveError, match="'k'"):
            inspected.statistic(stored, "k", mean)
    monkeypatch.setattr(inspection, "statistic_value", None)
    assert [inspected.statistic(*one) for one in wanted] == [3.0, 1.5, 5.0, 2.0]
    with pytest.raises(CurveError, match="'k'"):
        inspected.statistic(stored, "k", mean)
