"""Runs whose results another run's record holds: it trained longer, or its scores can be computed by another rule.

Two runs share a training if they differ in nothing but scores, snapshots and length. The longer one's evaluations and
curves begin with the shorter one's, and what a metric makes of what it kept can be made again by another rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.runs.files import StoreError, read_arrays
from benchmark.runs.plan import Run
from benchmark.runs.records import CURVES, MEASURED, RECOUNTED, SAMPLES, ScoreRecord, Stored, Timing
from benchmark.spec.base import canonical, grouped
from benchmark.spec.experiments import Every, Score
from benchmark.spec.parts import MetricError

#: what a training does not depend on, as far as samples are drawn alike
_NOT_TRAINING = ("scores", "snapshots", "budget")


def training(determinant: Mapping[str, Any]) -> str:
    """What a training and its samples depend on, but for its length and seed."""
    setup = {key: value for key, value in determinant["setup"].items() if key not in _NOT_TRAINING}
    return canonical({**determinant, "setup": setup, "seed": None})


def training_alone(determinant: Mapping[str, Any]) -> str:
    """What a training depends on and the statistics that may be sampled with, but for its length and seed."""
    return training({**determinant, "setup": {**determinant["setup"], "generator_mode": None}})


def optimisation(determinant: Mapping[str, Any]) -> str:
    """What weights and curves depend on, whatever is sampled of them, but for their length and seed."""
    averaged = determinant["system"]["average"]  # then running statistics are copied at every update
    networks = determinant["networks"] if averaged else _without_momenta(determinant["networks"])
    return training_alone({**determinant, "networks": networks})


def holds(determinant: Mapping[str, Any], iterations: int, run: Run, folder: Path | None) -> bool:
    """Whether the record in ``folder``, of this determinant and length, with the training of ``run`` holds its results.

    Without a folder: whether it will once it is trained.
    """
    scores = determinant["setup"]["scores"]
    return iterations >= run.iterations and all(
        name in scores and _readable(name, scores[name], iterations, run, folder) for name in run.setup.scores
    )


def to_train(runs: Sequence[Run], stored: Iterable[Stored]) -> tuple[list[Run], list[Run]]:
    """Those of ``runs`` whose results no finished run and no other of them holds, and those that a finished run holds.

    Runs of the base are all trained. What another paper's run holds is not this one's.
    """
    finished = _by_training(stored)
    planned: dict[tuple[str, str, int], list[tuple[Mapping[str, Any], int]]] = {}
    kept, held = [], []
    for run in sorted(runs, key=lambda run: run.reading is not None):
        facts = run.determinant()
        key = (run.paper, training(facts), run.seed)
        if run.reading is not None and any(_gives(one, run) for one in finished.get(key, ())):
            held.append(run)
        elif run.reading is None or not any(holds(*other, run, None) for other in planned.get(key, ())):
            kept.append(run)
            planned.setdefault(key, []).append((facts, run.iterations))
    order = {run.folder: place for place, run in enumerate(runs)}
    return sorted(kept, key=lambda run: order[run.folder]), held


def together(runs: Sequence[Run]) -> list[list[Run]]:
    """``runs`` in groups of one paper's training each, sampled and scored in several ways; the longest run first."""
    groups: dict[tuple[str, int, str], list[Run]] = {}
    known: dict[tuple[str | None, ...], str] = {}
    for run in runs:
        of = (run.paper, run.experiment, run.reading, run.tier, run.numerics)  # what runs of other seeds share
        if of not in known:
            known[of] = optimisation(run.determinant())
        groups.setdefault((run.paper, run.seed, known[of]), []).append(run)
    return [sorted(group, key=lambda run: -run.iterations) for group in groups.values()]


def _without_momenta(value: Any) -> Any:
    """Parts as written, with no momentum of batch normalisation: it moves running statistics, which do not train."""
    if isinstance(value, dict):
        return {
            key: {**inner, "momentum": None} if key == "batch_norm" and "momentum" in inner else _without_momenta(inner)
            for key, inner in value.items()
        }
    return [_without_momenta(inner) for inner in value] if isinstance(value, list) else value


def derived(runs: Iterable[Run], stored: Sequence[Stored]) -> Iterator[Stored]:
    """Records of ``runs`` made from the records of others, with the files of those; of several the shortest tells."""
    known = _by_training(sorted(stored, key=lambda one: one.record.iterations))
    keys: dict[tuple[str | None, str, str], str] = {}
    for run in runs if known else ():
        place = (run.reading, run.experiment, run.tier)
        if place not in keys:
            keys[place] = training(run.determinant())
        for stored_run in known.get((run.paper, keys[place], run.seed), ()):
            if _gives(stored_run, run):
                yield _derived(run, stored_run)
                break


def _by_training(stored: Iterable[Stored]) -> dict[tuple[str, str, int], list[Stored]]:
    finished = (one for one in stored if one.record.status == "finished")
    return grouped(((one.record.paper, training(one.record.determinant), one.record.seed), one) for one in finished)


def _gives(one: Stored, run: Run) -> bool:
    return holds(one.record.determinant, one.record.iterations, run, one.folder)


def _readable(name: str, wanted: Mapping[str, Any], iterations: int, run: Run, folder: Path | None) -> bool:
    """Whether a score of ``run`` can be had from the score of that name, ``wanted``, of a longer run."""
    score = run.setup.scores[name]
    ((metric, settings),), ((other, others),) = wanted["metric"].items(), _metric(score).items()
    if metric != other:
        return False
    if settings != others:
        changed = {key for key in {*settings, *others} if settings.get(key) != others.get(key)}
        alike = wanted["checkpoint"] == score.checkpoint == "last" and iterations == run.iterations
        if not alike or not changed <= score.metric.of_kept.keys():
            return False
        return folder is None or _recounted(score, folder, name, changed) is not None
    if wanted["every"] is None:
        return iterations == run.iterations and wanted["checkpoint"] == score.checkpoint and score.every is None
    evaluated = set(replace(run, iterations=iterations).moments(Every.model_validate(wanted["every"])))
    return set(run.moments(score.every)) <= evaluated


def _recounted(score: Score, folder: Path, name: str, changed: Iterable[str]) -> float | None:
    """The value from what a run kept of a score under other settings; None where that gives none."""
    try:
        arrays = read_arrays(folder / MEASURED).items()
        kept = {key.partition(".")[2]: array for key, array in arrays if key.startswith(f"{name}.")}
        enough = all(score.metric.of_kept[key] & kept.keys() for key in changed)
        return float(score.metric.recomputed(kept)) if enough else None
    except (StoreError, MetricError, KeyError, ValueError, TypeError, IndexError):  # no file of ours
        return None


def _metric(score: Score) -> dict[str, Any]:
    settings: dict[str, Any] = score.model_dump(mode="json")["metric"]
    return settings


def _derived(run: Run, stored_run: Stored) -> Stored:
    old = stored_run.record
    rate = old.timing.rate(old.iterations)
    timing = old.timing.model_dump()
    if rate is not None and run.iterations < old.iterations:
        rest = max(0, run.iterations - old.timing.warmup_iterations)
        timing["training_seconds"] = old.timing.warmup_seconds + rate * rest
    facts = {
        "run_id": run.run_id,
        "experiment": run.experiment,
        "reading": run.reading,
        "determinant": run.determinant(),
        "iterations": run.iterations,
        "planned_iterations": run.iterations,
        "scores": {name: _score(run, name, score, stored_run) for name, score in run.setup.scores.items()},
        "timing": Timing(**timing),
        "files": {name: digest for name, digest in old.files.items() if name in (CURVES, SAMPLES)},
    }
    return Stored(old.model_copy(update=facts), stored_run.folder, run.iterations)


def _score(run: Run, name: str, score: Score, stored_run: Stored) -> ScoreRecord:
    old = stored_run.record.scores[name]
    settings = _metric(score)
    protocol = {**old.protocol, **settings[old.metric], "checkpoint": score.checkpoint}
    about: dict[str, Any] = {"checkpoint": score.checkpoint, "protocol": protocol, "details": {}}
    if old.value is None:
        return old.model_copy(update=about)
    if settings != stored_run.record.determinant["setup"]["scores"][name]["metric"]:
        value = _recounted(score, stored_run.folder, name, ())
        if old.series and value is not None:
            about |= {"series": [(run.iterations, value)], "details": {RECOUNTED: "of its evaluations the last one"}}
        return old.model_copy(update={**about, "value": value})
    if not old.series:
        return old.model_copy(update=about)
    moments = set(run.moments(score.every))
    series = [(iteration, value) for iteration, value in old.series if iteration in moments]
    if len(series) < len(moments):
        reason = f"not measured at all of {len(moments)} evaluations"
        return old.model_copy(update={**about, "value": None, "reason": reason, "iteration": None, "series": []})
    best = max if score.metric.direction == "higher" else min
    at, value = best(series, key=lambda pair: pair[1]) if score.checkpoint == "best" else series[-1]
    return old.model_copy(update={**about, "value": value, "iteration": at, "series": series})
