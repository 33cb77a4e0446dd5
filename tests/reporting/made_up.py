"""Made-up evidence on committed papers at tier ``full``: runs that nobody trained, in agreement with themselves.

Budgets are cut to a few hundred iterations, so that the evidence of all papers is made in seconds; everything else of
a paper stays. What a score comes out as is chosen by its experiment's place, so that every verdict occurs.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.judging.audit import audit
from benchmark.judging.judge import JudgedPaper, judge
from benchmark.runs.files import packed, sha256
from benchmark.runs.plan import Run, make_plan
from benchmark.runs.records import CURVES, SAMPLES, RunRecord, ScoreRecord, Stored, Timing, write_record
from benchmark.runs.sidecars import Anchor, Companions, Extrapolated, ProtocolGrid, Variant, identity
from benchmark.spec.dataflow import curve_names
from benchmark.spec.experiments import Every, Score
from benchmark.spec.paper import PaperSpec
from tests.specs import load

PAPERS = Path(__file__).parents[2] / "papers"
ENVIRONMENT: dict[str, Any] = {
    "device": "cuda:0",
    "gpu": {"name": "Some GPU", "driver": "600.1", "other_processes": 0},
    "processor": "Some processor",
    "threads": 4,
    "packages": {"torch": "2.15.0"},
    "source": {"commit": "0123abc", "dirty": False},
}
#: how far from the published number an experiment's runs end, and how widely they spread, both as shares of it
ENDS = ((0.02, 0.006), (0.3, 0.02), (-0.3, 0.02), (0.08, 0.12), (-0.04, 0.01))
_USUAL = {
    "frechet_inception_distance": 35.0,
    "kernel_inception_distance": 0.03,
    "proxy_frechet_distance": 60.0,
    "inception_score": 6.5,
    "proxy_inception_score": 7.0,
    "ms_ssim": 0.24,
    "modes_found": 8.0,
}


def shortened(spec: PaperSpec, iterations: int, snapshots: int) -> PaperSpec:
    """The paper with a budget of ``iterations``, eight evaluations of recurring scores and so many snapshots."""

    def score(one: Score) -> Score:
        return one if one.every is None else one.model_copy(update={"every": Every(iterations=iterations // 8)})

    experiments = {
        name: one.model_copy(
            update={
                "budget": Every(iterations=iterations),
                "scores": {key: score(value) for key, value in one.scores.items()},
                "snapshots": one.snapshots.model_copy(update={"every": Every(iterations=iterations // snapshots)}),
            }
        )
        for name, one in spec.experiments.items()
    }
    return spec.model_copy(update={"experiments": experiments})


def evidence(
    results: Path,
    paper: str,
    iterations: int = 400,
    seeds: int = 5,
    experiments: Sequence[str] | None = None,
    snapshots: int = 4,
) -> JudgedPaper:
    """Runs of all or some experiments of a committed paper at tier ``full``, judged; some failed, some diverged."""
    loaded = load(PAPERS / f"{paper}.yaml")
    spec = shortened(loaded.spec, iterations, snapshots)
    plan = make_plan(spec, "full", experiments=experiments, seeds=range(seeds))
    places = {name: index for index, name in enumerate(spec.experiments)}
    stored = [_stored(results, spec, run, places[run.experiment]) for run in plan]
    expected: dict[str, dict[str, dict[int, str]]] = {}
    for run in plan:
        for name in (run.experiment, *run.also):
            expected.setdefault(name, {}).setdefault("full", {})[run.seed] = run.run_id
    verdicts = judge(spec, "12" * 32, stored, expected)
    return JudgedPaper(spec, verdicts, stored, audit(loaded.spec, loaded.source.data), _beside(stored))


def _stored(results: Path, spec: PaperSpec, run: Run, place: int) -> Stored:
    random = np.random.default_rng([place, run.seed])
    folder = results / run.folder
    folder.mkdir(parents=True)
    status, reason = "finished", None
    if place % 5 == 3 and run.seed == 0:
        status, reason = "diverged", "iteration 210: the parameters of generator are not finite"
    elif place % 7 == 5 and run.seed == 1:
        status, reason = "failed", f"OutOfMemoryError: no room for what has SHA-256 {'0123456789abcdef' * 4}"
    reached = {"finished": run.iterations, "diverged": run.iterations // 2, "failed": 0}[status]
    files: dict[str, Mapping[str, np.ndarray]] = {}
    if reached:
        files = {CURVES: _curves(run, reached, random), SAMPLES: _samples(run, place, random)}
    for name, arrays in files.items():
        (folder / name).write_bytes(packed(arrays))
    seconds = reached * (0.02 + 0.004 * (place % 6)) * (1 + 0.02 * random.normal())
    record = RunRecord.model_validate(
        {
            "schema_version": 1,
            "run_id": run.run_id,
            "paper": run.paper,
            "experiment": run.experiment,
            "tier": run.tier,
            "seed": run.seed,
            "numerics": run.numerics,
            "status": status,
            "reason": reason,
            "determinant": run.determinant(),
            "iterations": reached,
            "planned_iterations": run.iterations,
            "iterations_per_epoch": run.iterations_per_epoch,
            "scores": {name: _score(spec, run, name, place, reason, random).model_dump() for name in run.setup.scores},
            "timing": Timing(
                training_seconds=seconds,
                evaluation_seconds=0.1 * seconds,
                redone_seconds=0.0,
                warmup_seconds=0.05 * seconds,
                warmup_iterations=min(20, reached),
                sessions=1,
            ).model_dump(),
            "hashes": {"dataset": _fingerprint(run), "code": "ef" * 32},
            "environment": ENVIRONMENT,
            "files": {name: sha256(folder / name) for name in files},
        }
    )
    write_record(folder, record)
    return Stored(record, folder)


def _fingerprint(run: Run) -> str:
    return f"{len(run.setup.dataset.name):02x}" * 32


def _score(
    spec: PaperSpec, run: Run, name: str, place: int, reason: str | None, random: np.random.Generator
) -> ScoreRecord:
    score = run.setup.scores[name]
    metric = score.metric
    about = {"metric": metric.name, "checkpoint": score.checkpoint}
    if reason is not None:
        return ScoreRecord(**about, value=None, reason=f"the run ended early: {reason}")
    centre = _published(spec, run.experiment, name) or _USUAL.get(metric.name, 0.6)
    off, spread = ENDS[place % len(ENDS)]
    end = centre * (1 + off + spread * random.normal())
    steps = run.moments(score.every)
    fall = 1.5 if metric.direction == "lower" else -0.5
    values = [
        float(end * (1 + fall * (1 - step / run.iterations) ** 2 + 0.01 * random.normal())) for step in steps[:-1]
    ] + [float(end)]
    at = len(steps) - 1
    if score.checkpoint == "best":
        at = int(np.argmin(values) if metric.direction == "lower" else np.argmax(values))
    protocol = {
        "metric": metric.name,
        **metric.model_dump(mode="json"),
        "checkpoint": score.checkpoint,
        "generator_mode": run.setup.generator_mode,
        "dataset": _fingerprint(run),
        "n_real": 50000,
    }
    series = list(zip(steps, values, strict=True)) if score.every is not None else [(steps[-1], values[-1])]
    return ScoreRecord(**about, value=values[at], iteration=steps[at], protocol=protocol, series=series)


@functools.cache
def _printed(paper: str) -> dict[tuple[str, str], float]:
    spec = load(PAPERS / f"{paper}.yaml").spec
    return {
        (cell.experiment, cell.score): cell.value
        for table in spec.tables.values()
        for row in table.rows
        for cell in row.cells.values()
        if cell.experiment and cell.score and table.quantity not in ("iterations", "setting")
    }


def _published(spec: PaperSpec, experiment: str, score: str) -> float | None:
    return _printed(spec.paper.id).get((experiment, score))


def _curves(run: Run, length: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Curves under their names, every loss the weighted sum of its terms."""
    found: dict[str, np.ndarray] = {}
    time = np.linspace(0, 1, length)
    for name, player in run.system.players.items():
        terms = [*player.minimise, *player.penalties]
        total = np.zeros(length, np.float32)
        seen: list[str] = []
        for term in terms:
            values = (0.7 + random.uniform(0, 1) * np.exp(-4 * time) + random.normal(0, 0.06, length)).astype(
                np.float32
            )
            again = seen.count(term.name)
            seen.append(term.name)
            if len(terms) > 1:
                found[f"{name}_{term.name}" + (f"_{again + 1}" if again else "")] = values
            total += np.float32(getattr(term, "weight", 1.0)) * values
        found[f"{name}_loss"] = total
    for name in run.system.observe:
        found[name] = np.clip(0.5 + 0.4 * np.exp(-3 * time) + random.normal(0, 0.04, length), 0, 1).astype(np.float32)
    assert set(found) == set(curve_names(run.system))
    return found


def _samples(run: Run, place: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    shape = run.setup.dataset.example_shape()
    count = min(run.setup.snapshots.samples, 64 if shape[-1] <= 32 else 9 if shape[-1] <= 128 else 4)
    iterations = np.array([0, *run.moments(run.setup.snapshots.every)])
    if len(shape) == 1:
        return _points(iterations, place, random)
    return images(iterations, count, shape, random)


def images(
    iterations: np.ndarray, count: int, shape: tuple[int, ...], random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Discs in front of noise that fades over training, and the nearest of 60 clean ones beside the last."""
    channels, height, width = shape
    zoom = max(1, width // 32)
    row, column = np.mgrid[: height // zoom, : width // zoom] * zoom / height - 0.5

    def discs(number: int) -> np.ndarray:
        centre = random.uniform(-0.2, 0.2, (2, number, 1, 1))
        far = np.hypot(row - centre[0], column - centre[1]) < random.uniform(0.12, 0.4, (number, 1, 1))
        return far[:, None] * random.uniform(0.35, 1, (number, channels, 1, 1))

    def levels(shares: np.ndarray) -> np.ndarray:
        small = (255 * shares).astype(np.uint8)
        return small.repeat(zoom, axis=-1).repeat(zoom, axis=-2)

    clean, training = discs(count), discs(60)
    mix = np.linspace(0.95, 0.15, len(iterations))[:, None, None, None, None]
    fake = mix * random.uniform(0, 1, (1, *clean.shape)) + (1 - mix) * clean
    squared = ((fake[-1][: 6 if width <= 32 else 3, None] - training) ** 2).sum(axis=(2, 3, 4))
    nearest = np.argsort(squared, axis=1)[:, :5]
    return {
        "iterations": iterations,
        "samples": levels(fake),
        "real": levels(discs(count)),
        "neighbours": levels(training[nearest]),
        "neighbour_distances": 255 * zoom * np.sqrt(np.take_along_axis(squared, nearest, axis=1)).astype(np.float32),
        "neighbours_searched": np.array([60, 60]),
    }


def _points(iterations: np.ndarray, place: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    modes = 1.41 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)
    which = random.integers(0, 1 if place == 0 else 8, 500)
    growth = np.linspace(0.2, 1, len(iterations))[:, None, None]
    samples = growth * modes[which] + random.normal(0, 0.25, (len(iterations), 500, 2)) * (1.1 - growth)
    axis = np.linspace(-2.2, 2.2, 40)
    x, y = np.meshgrid(axis, axis)
    near = np.exp(-((x[..., None] - modes[:, 0]) ** 2 + (y[..., None] - modes[:, 1]) ** 2) / 0.1).sum(axis=-1)
    surface = np.stack([(6 * near - 3) * (step + 1) / len(iterations) for step in range(len(iterations))])
    real = modes[np.arange(500) % 8] + random.normal(0, 0.02, (500, 2))
    return {
        "iterations": iterations,
        "samples": samples.astype(np.float32),
        "real": real.astype(np.float32),
        "value_surface": surface.astype(np.float32),
        "extent": np.array(2.2, np.float32),
    }


def _beside(stored: list[Stored]) -> Companions:
    """Anchors of every score, and a grid of the first finished run that has a score over training."""
    anchors: dict[str, Anchor] = {}
    for one in stored:
        for name, score in one.record.scores.items():
            if score.value is None:
                continue
            worse = 5.0 if score.direction == "lower" else 0.3
            for kind, factor in (
                ("real", 1 / worse),
                ("copier", 1.1 / worse),
                ("untrained", worse),
                ("noise", 2 * worse),
            ):
                known = identity(kind, one.record.determinant, one.record.hashes["dataset"], name)  # type: ignore[arg-type]
                key = str(sorted(known.items(), key=str))
                if key not in anchors:
                    anchors[key] = Anchor(
                        schema_version=1,
                        identity=known,
                        code="ab" * 32,
                        values=[score.value * factor, 1.01 * score.value * factor],
                        reason=None,
                        protocol={},
                        reduced={"samples": [20000, 5000]} if kind == "real" else {},
                        seconds=1.0,
                    )
    grids = []
    first = next((one.record for one in stored if one.record.status == "finished" and one.record.scores), None)
    if first is not None:
        name, score = next(iter(first.scores.items()))
        value = score.value or 1.0
        axes = itertools.product(("samples", "reference"), ("5000", "10000"))
        grids.append(
            ProtocolGrid(
                schema_version=1,
                run_id=first.run_id,
                paper=first.paper,
                experiment=first.experiment,
                tier=first.tier,
                seed=first.seed,
                iteration=first.iterations,
                device="cpu",
                code="ab" * 32,
                recorded={name: value},
                again={name: value},
                variants=[
                    Variant(score=name, axis=axis, setting=setting, value=1.05 * value, change=0.05 * value)
                    for axis, setting in axes
                ],
                extrapolated=[
                    Extrapolated(
                        score=name,
                        counts=[1000, 2000, 5000],
                        values=[1.2 * value, 1.1 * value, 1.05 * value],
                        intercept=0.98 * value,
                        intercept_error=0.01 * value,
                        slope=0.1,
                    )
                ],
            )
        )
    return Companions(tuple(anchors.values()), tuple(grids))
