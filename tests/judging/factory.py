"""Run records, expectations and papers made for the tests of judging."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from benchmark.judging.evidence import Evidence, Expected
from benchmark.judging.samples import Sample
from benchmark.runs.files import sha256
from benchmark.runs.records import CURVES, RECORD, SAMPLES, RunRecord, Stored, read_record, write_record
from benchmark.spec.base import canonical
from benchmark.spec.claims import Claim, Predicate
from benchmark.spec.paper import Bibliography, PaperSpec
from benchmark.spec.parts import METRICS
from benchmark.spec.printed import Table

PAPER = "small"
ENVIRONMENT: dict[str, Any] = {"processor": "Some processor", "threads": 1}

#: how the made-up paper says that it measured, and how its records say it
PROTOCOL = {"samples": 20000}


def determinant(experiment: str, tier: str, seed: int, numerics: str = "fp32") -> dict[str, Any]:
    return {"experiment": experiment, "tier": tier, "seed": seed, "numerics": numerics}


def run_id(experiment: str, tier: str, seed: int, numerics: str = "fp32") -> str:
    return hashlib.sha256(canonical(determinant(experiment, tier, seed, numerics)).encode()).hexdigest()[:16]


def expect(
    experiments: Mapping[str, Sequence[int]], tiers: Sequence[str] = ("full",), numerics: str = "fp32"
) -> Expected:
    """Every experiment with its seeds at every tier."""
    return {
        name: {tier: {seed: run_id(name, tier, seed, numerics) for seed in seeds} for tier in tiers}
        for name, seeds in experiments.items()
    }


def score(value: float | None, **over: Any) -> dict[str, Any]:
    entry = {
        "metric": "frechet_inception_distance",
        "value": value,
        "reason": None if value is not None else "the weights are absent",
        "iteration": 100,
        "checkpoint": "last",
        "protocol": PROTOCOL,
    }
    return {**entry, **over}


def run(
    results: Path,
    experiment: str,
    seed: int,
    *,
    tier: str = "full",
    status: str = "finished",
    scores: Mapping[str, dict[str, Any]] | None = None,
    curves: Mapping[str, Sequence[float]] | None = None,
    samples: bytes | None = None,
    folder: str | None = None,
    iterations: int = 100,
    iterations_per_epoch: float | None = 10,
    paper: str = PAPER,
    seconds: float = 3600.0,
    environment: dict[str, Any] | None = None,
    numerics: str = "fp32",
) -> Stored:
    """Write one run of one hour on :data:`ENVIRONMENT` with its files; ``samples`` differ by experiment and seed."""
    place = results / paper / (folder or experiment) / run_id(experiment, tier, seed, numerics)
    place.mkdir(parents=True)
    (place / SAMPLES).write_bytes(samples or f"{experiment} {tier} {seed} {numerics}".encode())
    if curves is not None:
        np.savez(place / CURVES, **{name: np.asarray(curve, dtype=np.float32) for name, curve in curves.items()})
    protocols = [one["protocol"] for one in (scores or {}).values()]
    trained_on = next((protocol["dataset"] for protocol in protocols if "dataset" in protocol), None)
    record = RunRecord.model_validate(
        {
            "schema_version": 1,
            "run_id": place.name,
            "paper": paper,
            "experiment": experiment,
            "tier": tier,
            "seed": seed,
            "numerics": numerics,
            "status": status,
            "reason": None if status == "finished" else "the generator's loss is not finite at iteration 7",
            "determinant": determinant(experiment, tier, seed, numerics),
            "iterations": iterations,
            "planned_iterations": iterations,
            "iterations_per_epoch": iterations_per_epoch,
            "scores": scores or {},
            "timing": {
                "training_seconds": seconds,
                "evaluation_seconds": 0.0,
                "redone_seconds": 0.0,
                "warmup_seconds": 0.0,
                "warmup_iterations": 0,
                "sessions": 1,
            },
            "hashes": {} if trained_on is None else {"dataset": trained_on},
            "environment": ENVIRONMENT if environment is None else environment,
            "files": {name: sha256(place / name) for name in (SAMPLES, CURVES) if (place / name).exists()},
        }
    )
    write_record(place, record)
    return Stored(read_record(place / RECORD), place)


def series(results: Path, experiment: str, values: Sequence[float | None], **over: Any) -> list[Stored]:
    """Runs of seeds 0, 1, ... with these ``fid`` values; None is a diverged run."""
    return [
        run(results, experiment, seed, status="diverged")
        if value is None
        else run(results, experiment, seed, scores={"fid": score(value, **over)})
        for seed, value in enumerate(values)
    ]


def predicate(written: dict[str, Any]) -> Predicate:
    """A predicate as a spec writes it."""
    adapter: TypeAdapter[Predicate] = TypeAdapter(Predicate)
    return adapter.validate_python(written)


def fid(experiment: str) -> dict[str, str]:
    return {"experiment": experiment, "score": "fid"}


def claim(written: dict[str, Any], min_seeds: int = 3) -> Claim:
    return Claim(where="section 1", says="As it should be.", predicate=predicate(written), min_seeds=min_seeds)


def table(cells: Mapping[str, Mapping[str, dict[str, Any]]], **over: Any) -> Table:
    """A FID table from rows of cells; a cell is ``{value, experiment, ...}``."""
    rows = [
        {"label": row, "cells": {column: {"decimals": 1, **cell} for column, cell in several.items()}}
        for row, several in cells.items()
    ]
    columns = list(dict.fromkeys(column for several in cells.values() for column in several))
    base = {
        "where": "table 1",
        "caption": "FID",
        "quantity": "frechet_inception_distance",
        "direction": "lower",
        "protocol": {**PROTOCOL, "checkpoint": "last"},
    }
    return Table.model_validate({**base, "columns": columns, "rows": rows, **over})


def cell(value: float, experiment: str | None = None, **over: Any) -> dict[str, Any]:
    known = {"experiment": experiment, "score": "fid"} if experiment is not None else {}
    return {"value": value, **known, **over}


def paper(
    claims: Mapping[str, Claim] | None = None, tables: Mapping[str, Table] | None = None, metric: str | None = None
) -> PaperSpec:
    """A paper as far as judging looks at it; without a ``metric`` of all scores their records name it."""
    scores = {"fid": SimpleNamespace(metric=METRICS.get(metric))} if metric is not None else {}
    setup = SimpleNamespace(setup=lambda _tier: SimpleNamespace(scores=scores))
    about = Bibliography(id=PAPER, title="A paper", authors=("A",), venue="V", year=2020, question="Does it hold?")
    return PaperSpec.model_construct(
        schema_version=1, paper=about, claims=dict(claims or {}), tables=dict(tables or {}),
        experiments={"a": setup, "b": setup},
    )  # fmt: skip


def sample(
    values: Sequence[float | None],
    experiment: str = "a",
    *,
    seeds: Sequence[int] | None = None,
    direction: Any = "lower",
    **over: Any,
) -> Sample:
    """A full-tier sample of ``fid``; None is a diverged seed."""
    numbered = dict(zip(seeds or range(len(values)), values, strict=True))
    return Sample(
        label="fid",
        experiment=experiment,
        tier="full",
        planned=tuple(numbered),
        values={seed: value for seed, value in numbered.items() if value is not None},
        diverged=frozenset(seed for seed, value in numbered.items() if value is None),
        direction=direction,
        **over,
    )


def evidence(stored: Sequence[Stored], expected: Expected) -> Evidence:
    return Evidence(paper(), stored, expected)
