"""A paper that nobody wrote, and runs of it that nobody trained: whole, in agreement with themselves, and made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.judging.evidence import Expected
from benchmark.runs.files import keep_shared, packed, sha256, write_atomic
from benchmark.runs.plan import Run, make_plan
from benchmark.runs.records import (
    CURVES,
    MEASURED,
    RECORD,
    SAMPLES,
    RunRecord,
    ScoreRecord,
    Stored,
    Timing,
    write_record,
)
from benchmark.spec.dataflow import curve_names
from benchmark.spec.fields import written
from benchmark.spec.load import Loaded, loads

PAPER = "made_up"
#: what the made-up paper prints, and the margin of every cell
PUBLISHED = 30.0
MARGIN = 3.0
SEEDS = (0, 1, 2, 3, 4)
ITERATIONS = 40
_EVERY = 5
_DATASET = "da" * 32

TEXT = Path(__file__).with_name("made_up.yaml").read_text(encoding="utf-8")


@cache
def loaded(text: str = TEXT) -> Loaded:
    """The made-up paper, or another text of it."""
    return loads(text, f"{PAPER}.yaml")


@cache
def runs(text: str = TEXT) -> dict[tuple[str, int], Run]:
    """Its planned runs by experiment and seed."""
    return {(run.experiment, run.seed): run for run in make_plan(loaded(text).spec, "full")}


def expected(text: str = TEXT) -> Expected:
    """Its run ids, as judging asks for them."""
    plans: dict[str, dict[str, dict[int, str]]] = {}
    for (experiment, seed), run in runs(text).items():
        plans.setdefault(experiment, {}).setdefault("full", {})[seed] = run.run_id
    return plans


def fid(run: Run, value: float, series: Sequence[float] = ()) -> ScoreRecord:
    """The score of a run that ended at ``value``; ``series`` holds the evaluations before the last."""
    score = run.setup.scores["fid"]
    ((metric, settings),) = written(score.metric).items()
    steps = [*range(_EVERY, run.iterations + 1, _EVERY)]
    values = [*(series or [value + 2.0 + 0.1 * (len(steps) - index) for index in range(len(steps) - 1)]), value]
    protocol = {
        **settings,
        "metric": metric,
        "checkpoint": score.checkpoint,
        "generator_mode": run.setup.generator_mode,
        "quantisation": "8 bit, rounded",
        "dataset": _DATASET,
        "n_real": 1797,
        "weights_sha256": "ee" * 32,
    }
    return ScoreRecord(
        metric=metric,
        value=value,
        iteration=run.iterations,
        checkpoint="last",
        protocol=protocol,
        series=list(zip(steps, values, strict=True)),
        details={"mean_term": value},
    )


def curves(run: Run, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Curves of a run, every loss the weighted sum of its terms."""
    arrays = {}
    time = np.arange(run.iterations)
    for name, player in run.system.players.items():
        total = np.zeros(run.iterations, np.float32)
        for term in player.minimise:
            values = (1 + np.exp(-time / 10) + random.normal(0, 0.05, run.iterations)).astype(np.float32)
            arrays[f"{name}_{term.name}"] = values
            total += np.float32(term.weight) * values
        arrays[f"{name}_loss"] = total
    assert set(arrays) == set(curve_names(run.system))
    return arrays


def moments(side: str, value: float, prefix: str = "") -> dict[str, np.ndarray]:
    """Moments in three dimensions at distance ``value`` from those of value 0: equal covariances, one mean moved."""
    covariance = np.array([1.0, 0.5, 0.0, 2.0, 0.0, 3.0])  # the upper triangle, row by row
    return {f"{prefix}{side}.mean": np.array([value**0.5, 0, 0]), f"{prefix}{side}.covariance": covariance}


def record(run: Run, score: ScoreRecord, **changes: Any) -> RunRecord:
    """A record that agrees with itself, without files."""
    facts: dict[str, Any] = {
        **run.facts(),
        "status": "finished",
        "reason": None,
        "iterations": run.iterations,
        "scores": {"fid": score},
        "timing": Timing.none().model_copy(update={"training_seconds": 1.0}),
        "hashes": {"dataset": _DATASET, "code": "c0" * 32},
        "environment": {},
        "files": {},
    }
    return RunRecord(**{**facts, **changes})


@dataclass(frozen=True)
class Made:
    """What one made-up run writes."""

    run: Run
    score: ScoreRecord
    curves: Mapping[str, np.ndarray]
    samples: Mapping[str, np.ndarray]
    changes: Mapping[str, Any]

    def write(self, results: Path) -> Stored:
        """Write the run below ``results``, every hash as it should be."""
        folder = results / self.run.folder
        write_atomic(folder / CURVES, packed(self.curves))
        write_atomic(folder / SAMPLES, packed(self.samples))
        write_atomic(folder / MEASURED, packed(moments("generated", self.score.value or 0.0, "fid.")))
        score = self.score.model_copy(update={"shared": keep_shared(results, moments("reference", 0.0))})
        files = {name: sha256(folder / name) for name in (CURVES, SAMPLES, MEASURED)}
        written = record(self.run, score, files=files, **self.changes)
        (folder / RECORD).unlink(missing_ok=True)
        write_record(folder, written)
        return Stored(written, folder)


def made(experiment: str, seed: int, *, text: str = TEXT, **changes: Any) -> Made:
    """An honest run: FID near what the paper prints, well inside the margin."""
    run = runs(text)[experiment, seed]
    random = np.random.default_rng([seed, *experiment.encode()])
    centre = PUBLISHED if experiment == "plain" else PUBLISHED - 10
    value = float(centre + random.normal(0, 0.3))
    samples = {
        "iterations": np.array([0, run.iterations // 2, run.iterations]),
        "samples": random.integers(0, 256, (3, 4, 1, 8, 8), dtype=np.uint8),
        "real": np.zeros((4, 1, 8, 8), np.uint8),
    }
    return Made(run, fid(run, value), curves(run, random), samples, changes)
