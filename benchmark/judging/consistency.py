"""What a record says against its own parts: what was asked, how long it trained, its curves, its series of scores.

These checks need neither the spec nor a second run. They find records that were edited in one place, trained with
other weights than they state, or stopped early. A record that is rewritten as a whole and in agreement with itself
passes; ``ganrepro selftest`` lists what that leaves open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from pydantic import ValidationError

from benchmark.runs.files import StoreError, irregular, sha256
from benchmark.runs.plan import iterations_per_epoch
from benchmark.runs.records import CURVES, RunRecord, ScoreRecord, Stored
from benchmark.spec.base import canonical, digest
from benchmark.spec.dataflow import term_curves
from benchmark.spec.parts import DATASETS, METRICS, MetricError, Subject

#: a loss is the sum of its float32 terms, in an order of operations of the device's own
_RELATIVE = 1e-3
_ABSOLUTE = 1e-5
#: nothing that training gives is larger
ABSURD = 1e15
#: how far a distance that is computed as a difference may fall below 0
_NUMERIC = 0.01
#: the same float64 arithmetic on the same float32 numbers, in another order at most
_SAME_CURVES = 1e-9
#: digits of scores that two runs do not share by chance
_DIGITS = 14


def contradictions(stored: Stored, curves: Callable[[], Mapping[str, np.ndarray]] | None = None) -> list[str]:
    """What cannot be true of one run, one line each; empty for a record that agrees with itself.

    ``curves`` gives the run's curves where they may have been read already.
    """
    record = stored.record
    of_curves = _curves(stored, curves or stored.curves)
    return [*_ending(record), *_length(record), *_scores(record), *_dataset(record), *of_curves]


def identity(record: RunRecord) -> str | None:
    """Why a record's id does not belong to what it says it ran; None where it does."""
    if not record.run_id or not digest(record.determinant).startswith(record.run_id):
        return f"run_id {record.run_id} is not the hash of its determinant"
    stated = {key: record.determinant.get(key) for key in ("seed", "tier", "numerics")}
    if stated != {"seed": record.seed, "tier": record.tier, "numerics": record.numerics}:
        return "seed, tier or numerics differ from its determinant"
    return None


def _ending(record: RunRecord) -> Iterator[str]:
    """A reason is given exactly where a run did not end well, or a score has no value."""
    if (record.status == "finished") == (record.reason is not None):
        yield f"{record.status}, with the reason '{record.reason}'"
    if record.iterations > record.planned_iterations:
        yield f"{record.iterations} iterations of {record.planned_iterations} planned"
    for name, score in sorted(record.scores.items()):
        if record.status == "diverged" and score.checkpoint == "last" and score.value is not None:
            yield f"diverged, and score {name} has a value at its end"
        if (score.value is None) == (score.reason is None):
            yield f"score {name} has value {score.value} and the reason '{score.reason}'"


def _length(record: RunRecord) -> Iterator[str]:
    """Iterations as planned. Epochs are counted by the size of the data, not by what the record says."""
    if record.status == "finished" and record.iterations != record.planned_iterations:
        yield f"finished after {record.iterations} of {record.planned_iterations} iterations"
    try:
        per_epoch = iterations_per_epoch(record.determinant)
    except (KeyError, TypeError, ValueError):  # of data or a system that nobody here knows
        per_epoch = record.iterations_per_epoch
    if per_epoch != record.iterations_per_epoch:
        yield f"iterations_per_epoch is {record.iterations_per_epoch}, its batches and data make it {per_epoch}"
    budget = _setup(record).get("budget", {})
    planned = budget.get("iterations")
    if planned is None and budget.get("epochs") is not None and per_epoch is not None:
        planned = max(1, round(budget["epochs"] * per_epoch))
    if planned is not None and planned != record.planned_iterations:
        yield f"planned {record.planned_iterations} iterations, its budget is {planned}"


def _setup(record: RunRecord) -> dict[str, Any]:
    setup = record.determinant.get("setup")
    return setup if isinstance(setup, dict) else {}


def _dataset(record: RunRecord) -> Iterator[str]:
    """Scores must refer to the data that was trained on."""
    trained = record.hashes.get("dataset")
    published = _published(_setup(record).get("dataset"))
    if None not in (trained, published) and trained != published:
        yield "trained on other data than the published ones of that name"
    for name, score in sorted(record.scores.items()):
        measured = score.protocol.get("dataset")
        if trained is None and measured is not None and record.origin is None:
            yield f"score {name} says on which data it was measured, the run does not say on which it was trained"
        if trained is not None and measured is not None and measured != trained:
            yield f"score {name} was measured on other data than it was trained on"


def _published(dataset: object) -> str | None:
    """Fingerprint that data of these settings must have, where it is known."""
    if not isinstance(dataset, dict) or len(dataset) != 1:
        return None
    ((name, settings),) = dataset.items()
    part = DATASETS.find(name)
    try:
        return None if part is None else part.model_validate(settings).published_fingerprint()
    except ValidationError:
        return None


def _scores(record: RunRecord) -> Iterator[str]:
    scores = _setup(record).get("scores", {})
    mode, complete = _setup(record).get("generator_mode"), record.origin is None
    for name, score in sorted(record.scores.items()):
        here = scores.get(name)
        for problem in (*_possible(score), *_asked(score, here, mode, complete), *_series(record, score, here or {})):
            yield f"score {name}: {problem}"


def _possible(score: ScoreRecord) -> Iterator[str]:
    """A score's value and evaluations are numbers that its metric can have."""
    metric = METRICS.find(score.metric)
    low, high = (-ABSURD, ABSURD) if metric is None else metric.possible
    low, high = max(low, -ABSURD), min(high, ABSURD)
    for value in (*(value for _, value in score.series), *([] if score.value is None else [score.value])):
        if not low - _NUMERIC <= value <= high + _NUMERIC:
            yield f"{value!r} is no value of {score.metric}"
            return


def _asked(score: ScoreRecord, needed: Mapping[str, Any] | None, mode: object, complete: bool) -> Iterator[str]:
    """Metric, checkpoint rule and protocol as the run's setup asks for; ``complete``: all of the metric's settings."""
    if needed is None:
        return
    ((metric, settings),) = needed["metric"].items()
    if score.metric != metric:
        yield f"is {score.metric}, asked was {metric}"
    if score.checkpoint != needed["checkpoint"]:
        yield f"checkpoint {score.checkpoint}, asked was {needed['checkpoint']}"
    wanted = {**settings, "metric": metric, "checkpoint": needed["checkpoint"], "generator_mode": mode}
    for field, value in sorted(wanted.items()):
        # a metric may complete what it was asked ("all" becomes a count) under another field, never under the same
        if score.value is None:
            continue
        if field not in score.protocol:
            if complete and field in settings:
                yield f"its protocol has no '{field}', asked was {value}"
        elif canonical(score.protocol[field]) != canonical(value):
            yield f"protocol field '{field}' is {score.protocol[field]}, asked was {value}"


def _series(record: RunRecord, score: ScoreRecord, settings: Mapping[str, Any]) -> Iterator[str]:
    if score.value is None:
        return
    ended = record.status == "finished" and score.checkpoint == "last"
    if ended and score.iteration not in (None, record.iterations):
        yield f"last checkpoint taken at iteration {score.iteration} of {record.iterations}"
    if not score.series:
        if settings.get("every") is not None and record.origin is None:
            yield "was to be evaluated over training, its series is empty"
        return
    steps = [step for step, _ in score.series]
    if steps != sorted(set(steps)) or steps[-1] > record.iterations:
        yield "the iterations of its series do not rise to the end of the run"
        return
    if settings.get("every") is not None and record.status == "finished" and steps[-1] != record.iterations:
        yield f"its series ends at iteration {steps[-1]} of {record.iterations}"
    values = dict(score.series)
    if score.iteration in values and values[score.iteration] != score.value:
        yield f"value {score.value!r}, its series has {values[score.iteration]!r} at that iteration"
    elif score.iteration is not None and score.iteration not in values:
        yield f"iteration {score.iteration} is not in its series"
    if score.checkpoint == "best" and score.direction in ("lower", "higher"):
        best = (min if score.direction == "lower" else max)(values.values())
        if score.value != best:
            yield f"value {score.value!r} is not the best of its series, {best!r}"


def _curves(stored: Stored, read: Callable[[], Mapping[str, np.ndarray]]) -> Iterator[str]:
    file, expected = stored.folder / CURVES, stored.record.files.get(CURVES)
    if expected is None or irregular(file) is not None or not file.is_file() or sha256(file) != expected:
        return  # what is not the record's file is told as damage, and not opened
    try:
        curves = read()
    except StoreError as error:
        yield str(error).removeprefix(f"{stored.folder}/")
        return
    lengths = sorted({len(curve) for curve in curves.values()} or {0})
    if lengths != [stored.record.iterations]:
        shown = ", ".join(map(str, lengths))
        yield f"{CURVES} holds {shown} iterations, the record says {stored.record.iterations}"
        return
    if stored.record.status == "finished" and not all(np.isfinite(curve).all() for curve in curves.values()):
        yield f"finished, and {CURVES} holds numbers that are not finite"
    yield from _losses(stored.record, curves)
    yield from _scores_of_curves(stored.record, curves)


@dataclass(frozen=True)
class _Recorded:
    """As much of the ``Subject`` contract as a record and its curves give."""

    recorded: Mapping[str, np.ndarray]
    iterations_per_epoch: float | None

    def curves(self) -> Mapping[str, np.ndarray]:
        return self.recorded


def _scores_of_curves(record: RunRecord, curves: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Scores that rest on curves alone are computed again, each of their evaluations."""
    for name, score in sorted(record.scores.items()):
        wanted = _setup(record).get("scores", {}).get(name)
        if score.value is None or wanted is None:
            continue
        ((metric, settings),) = wanted["metric"].items()
        if metric not in METRICS.names() or METRICS.get(metric).looks_at != "curves":
            continue
        evaluations = {**dict(score.series), score.iteration or record.iterations: score.value}
        for iteration, value in sorted(evaluations.items()):
            until = _Recorded(
                {curve: values[:iteration] for curve, values in curves.items()}, record.iterations_per_epoch
            )
            try:
                again = METRICS.get(metric).model_validate(settings).measure(cast("Subject", until)).value
            except (MetricError, ValidationError) as error:
                yield f"score {name} is {value!r} at iteration {iteration}, its curves give none ({error})"
                continue
            if not math.isclose(again, value, rel_tol=_SAME_CURVES):
                yield f"score {name} is {value!r} at iteration {iteration}, its curves give {again!r}"


def _losses(record: RunRecord, curves: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Every player's loss is the weighted sum of its terms: other weights than stated show here."""
    system = record.determinant.get("system")
    players = system.get("players", {}) if isinstance(system, dict) else {}
    known = set(system.get("observe", ())) if isinstance(system, dict) else set()
    for name, player in players.items():
        terms = [next(iter(term.items())) for term in (*player["minimise"], *player.get("penalties", ()))]
        names = [f"{name}_loss", *term_curves(name, [term for term, _ in terms])]
        known |= set(names)
        missing = sorted(set(names) - set(curves))
        if missing and record.origin is not None:  # others keep what they like
            continue
        if missing:
            yield f"{CURVES} has no curve '{missing[0]}'"
            continue
        if len(names) == 1:
            continue
        loss = curves[names[0]].astype(np.float64)
        parts = [
            float(settings.get("weight", 1.0)) * curves[column].astype(np.float64)
            for column, (_, settings) in zip(names[1:], terms, strict=True)
        ]
        scale = np.sum(np.abs(parts), axis=0)
        with np.errstate(invalid="ignore"):  # a run that diverged may end in numbers that are not finite
            off = np.abs(loss - np.sum(parts, axis=0)) > _RELATIVE * scale + _ABSOLUTE
        if off.any():
            iteration = int(off.argmax()) + 1
            yield (
                f"{names[0]} is not the weighted sum of its terms (first at iteration {iteration}): "
                "trained with other weights than stated"
            )
    if players and record.origin is None and (unknown := sorted(set(curves) - known)):
        yield f"{CURVES} has a curve '{unknown[0]}', which nothing in its system gives"


def between(stored: Sequence[Stored]) -> Iterator[tuple[Stored, str]]:
    """Records that cannot both be right: one dataset setting with two contents, or two seeds of one run.

    Where a dataset has two contents, those of the fewer records are named, and all if no content has more than the
    others. Of two equal runs that of the higher seed is named.
    """
    by_data: dict[str, dict[str, list[Stored]]] = {}
    by_curves: dict[str, Stored] = {}
    by_scores: dict[str, Stored] = {}
    for run in sorted(stored, key=lambda run: (run.record.seed, str(run.folder))):
        data, content = _setup(run.record).get("dataset"), run.record.hashes.get("dataset")
        if data is not None and content is not None:
            by_data.setdefault(canonical(data), {}).setdefault(content, []).append(run)
        curves = run.record.files.get(CURVES)
        known = by_curves.setdefault(curves, run) if curves is not None else run
        if known.record.seed != run.record.seed:
            yield run, f"same curves as seed {known.record.seed} in {known.folder}, not an independent run"
            continue
        digits = _digits(run.record)
        known = by_scores.setdefault(digits, run) if digits is not None else run
        if known.record.seed != run.record.seed:
            yield run, f"same scores to the last digit as seed {known.record.seed} in {known.folder}, no run of its own"
    for contents in by_data.values():
        groups = sorted(contents.values(), key=len)
        clear = len(groups) == 1 or len(groups[-1]) > len(groups[-2])
        for group in groups[: len(groups) - clear]:
            other = groups[-1] if group is not groups[-1] else groups[0]
            for run in group:
                yield run, f"trained on other data than {other[0].folder}, though both name the same dataset"


def _digits(record: RunRecord) -> str | None:
    """All scores of a run with their evaluations, to the last digit; None where so few digits may agree by chance."""
    values = {name: [score.value, *score.series] for name, score in sorted(record.scores.items())}
    numbers = {value for score in record.scores.values() for value in (score.value, *dict(score.series).values())}
    digits = sum(len(f"{value:.15g}") for value in numbers if value is not None and value % 1)
    return canonical([record.experiment, record.tier, values]) if digits >= _DIGITS else None
