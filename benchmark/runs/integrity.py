"""Whether records and their files are still what was written, and what runs write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from benchmark.runs.files import StoreError, irregular, plain, read_arrays, sha256
from benchmark.runs.records import RECORD, RECORD_HASH, SAMPLES, RunRecord, Stored
from benchmark.spec.base import canonical
from benchmark.spec.experiments import Snapshots
from benchmark.spec.parts import DATASETS, METRICS


def edited(stored: Stored) -> str | None:
    """Why a record may not be the one that was written; None if its hash agrees, or it never was on disk."""
    file, written = stored.folder / RECORD, stored.folder / RECORD_HASH
    problem = irregular(file) or irregular(written)
    if problem is not None or not file.is_file():
        return problem
    if not written.is_file():
        return f"{written} is missing"
    changed = written.read_text(errors="replace").split()[:1] != [sha256(file)]
    return f"{file} has changed since it was written" if changed else None


def spoilt(stored: Stored) -> str | None:
    """Why a record is told of as no result without opening its files: it was edited, or one of them is gone."""
    gone = (stored.folder / name for name in sorted(stored.record.files) if misnamed(stored) is None)
    missing = next((f"{file} is missing" for file in gone if not file.is_file()), None)
    return edited(stored) or missing


def misnamed(stored: Stored) -> str | None:
    """Why no file that a record names may be opened: one may lie anywhere."""
    for name in sorted(stored.record.files):
        if not plain(name) or "/" in name:
            return f"{stored.folder}: '{ascii(name)[1:-1]}' is no name of a file of evidence"
    return None


def damage(stored: Stored) -> list[str]:
    """What does not agree between a record, its hash and its files: one line each, none if all is well."""
    if (problem := misnamed(stored)) is not None:
        return [problem]
    problem = edited(stored)
    problems = [problem] if problem is not None else []
    for name, expected in sorted(stored.record.files.items()):
        file = stored.folder / name
        if (problem := irregular(file)) is not None:
            problems.append(problem)
        elif not file.is_file():
            problems.append(f"{file} is missing")
        elif sha256(file) != expected:
            problems.append(f"{file} has changed since its record was written")
    return problems


def samples_problems(stored: Stored) -> Iterator[str]:
    """What ``samples.npz`` of a run trained here lacks, or has in another shape than its plan; nothing if edited."""
    record, file = stored.record, stored.folder / SAMPLES
    if record.origin is not None or irregular(file) is not None or not file.is_file():
        return
    if sha256(file) != record.files.get(SAMPLES):
        return
    try:
        setup = record.determinant["setup"]
        snapshots = Snapshots.model_validate(setup["snapshots"])
        ((name, settings),) = setup["dataset"].items()
        dataset = DATASETS.get(name).model_validate(settings)
        arrays = read_arrays(file)
    except StoreError as error:
        yield str(error)
        return
    except (KeyError, TypeError, ValueError, AttributeError):  # data or a plan that nobody here knows
        return
    moments = _moments(record, snapshots)
    taken = np.atleast_1d(arrays["iterations"]).tolist() if "iterations" in arrays else []
    if moments[: len(taken)] != taken or (record.status == "finished" and len(taken) < len(moments)):
        yield f"{file} has samples of iterations {taken}, its plan has {moments}"
        return
    count, kind = dataset.example_count(), "uint8" if dataset.kind == "images" else "float32"
    real = snapshots.samples if count is None else min(snapshots.samples, count)
    wanted = {"real": ((real, *dataset.example_shape()), kind)}
    if taken:
        wanted["samples"] = ((len(taken), snapshots.samples, *dataset.example_shape()), kind)
        if (surface := snapshots.value_surface) is not None:
            wanted["value_surface"] = ((len(taken), surface.points, surface.points), "float32")
    for key, (shape, kind) in wanted.items():
        if key not in arrays:
            yield f"{file} has no array '{key}'"
        elif (arrays[key].shape, arrays[key].dtype.name) != (shape, kind):
            yield f"{file}: {key} is {arrays[key].dtype.name} {arrays[key].shape}, its plan makes it {kind} {shape}"


def _moments(record: RunRecord, snapshots: Snapshots) -> list[int]:
    """Iterations up to a run's end at which its plan keeps samples."""
    every = snapshots.every
    step = every.iterations or max(1, round((every.epochs or 0) * (record.iterations_per_epoch or 0)))
    if "sampled_from" in record.environment:  # of a training that had ended: what lies between was not kept
        step = record.planned_iterations
    planned = [*range(0, record.planned_iterations, step), record.planned_iterations]
    return [moment for moment in planned if moment <= record.iterations]


def unsaid(record: RunRecord) -> Iterator[str]:
    """What a run trained here always writes of its scores, and this record does not say."""
    setup = record.determinant.get("setup")
    if record.origin is not None or not isinstance(setup, dict):
        return
    for name in sorted(setup.get("scores", {}).keys() - record.scores.keys()):
        yield f"score {name} was asked for, and nothing is said of it"
    for name, score in sorted(record.scores.items()):
        if score.value is None:
            continue
        if score.iteration is None:
            yield f"score {name} has a value, of no iteration"
        metric = METRICS.find(score.metric)
        of_samples = metric is not None and metric.looks_at == "samples"
        needed = ("metric", "checkpoint", "dataset", *(("generator_mode", "quantisation") if of_samples else ()))
        yield from (f"score {name}: its protocol has no '{key}'" for key in needed if key not in score.protocol)


def other_code(stored: Iterable[Stored]) -> Iterator[str]:
    """Runs that differ in nothing but their seed, from one clean commit, and say that other code trained them."""
    seen: dict[str, Stored] = {}
    for run in stored:
        source, code = run.record.environment.get("source"), run.record.hashes.get("code")
        if not isinstance(source, dict) or source.get("dirty") is not False or not source.get("commit"):
            continue
        recipe = canonical([source["commit"], {**run.record.determinant, "seed": None}])
        first = seen.setdefault(recipe, run)
        if code != first.record.hashes.get("code"):
            yield f"{run.folder}: its code is not that of {first.folder}, though both are of commit {source['commit']}"
