"""Made-up papers, records and verdicts: every state, two kinds of data, runs that diverged and failed."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from benchmark.judging.audit import audit
from benchmark.judging.judge import JudgedPaper
from benchmark.judging.verdict import (
    CellState,
    CellVerdict,
    ClaimState,
    ClaimVerdict,
    ExperimentState,
    Interval,
    PaperVerdicts,
    Values,
)
from benchmark.runs.files import packed, sha256
from benchmark.runs.plan import make_run
from benchmark.runs.records import CURVES, SAMPLES, RunRecord, ScoreRecord, Stored, Timing
from benchmark.spec.base import Tier
from benchmark.spec.claims import quantities
from benchmark.spec.load import Loaded
from benchmark.spec.paper import Bibliography, Contradiction, Departure, PaperSpec, Unstated
from benchmark.spec.printed import Cell, Figure, Row, Table
from tests.specs import load

PAPERS = Path(__file__).parents[2] / "papers"
ENVIRONMENT = {
    "device": "cuda:0",
    "gpu": {"name": "Some GPU", "driver": "600.1"},
    "processor": "Some processor",
    "packages": {"torch": "2.15.0"},
    "flags": {"tf32_matmul": False},
    "source": {"commit": "0123abc", "dirty": True},
}


@functools.cache
def gan_rl() -> Loaded:
    """The committed paper that holds the test on eight Gaussians, with that test's experiments and figures alone."""
    loaded = load(PAPERS / "gan_rl.yaml")
    toys = {name: one for name, one in loaded.spec.experiments.items() if name.startswith("toy_")}
    figures = {name: one for name, one in loaded.spec.figures.items() if set(one.experiments) <= set(toys)}
    claims = {
        name: one
        for name, one in loaded.spec.claims.items()
        if one.predicate is not None and {used.experiment for used in quantities(one.predicate)} <= set(toys)
    }
    kept = {"experiments": toys, "figures": figures, "claims": claims, "tables": {}}
    return replace(loaded, spec=loaded.spec.model_copy(update=kept))


def curves_of(experiment: int, seed: int, iterations: int) -> dict[str, np.ndarray]:
    """Curves with the names of the eight-Gaussian systems that look like a training."""
    rng = np.random.default_rng([experiment, seed])
    time = np.linspace(0, 1, iterations)
    wave = 0.12 * np.sin(time * (20 + 6 * experiment) + seed) * (1 - time)
    real = 0.5 + (0.45, 0.25, 0.02)[experiment % 3] * (1 - np.exp(-6 * time)) + wave + rng.normal(0, 0.03, iterations)
    fake = 1 - real + rng.normal(0, 0.02, iterations)
    curves = {
        "discriminator_loss": -np.log(np.clip(real, 0.02, 0.98)) - np.log(np.clip(1 - fake, 0.02, 0.98)),
        "generator_loss": -np.log(np.clip(fake, 0.02, 0.98)),
        "real_probability": np.clip(real, 0, 1),
        "fake_probability": np.clip(fake, 0, 1),
    }
    return {name: values.astype(np.float32) for name, values in curves.items()}


def points_of(experiment: int, seed: int, iterations: int, shots: int = 6) -> dict[str, np.ndarray]:
    """Points that spread from the middle to the modes, and a surface that falls off around them."""
    rng = np.random.default_rng([experiment, seed, 1])
    angles = rng.integers(0, 8, 400) * np.pi / 4
    centres = 1.41 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if experiment == 0:
        centres[:] = centres[0]
    growth = np.linspace(0.2, 1, shots)[:, None, None]
    samples = growth * centres + rng.normal(0, 0.25, (shots, 400, 2)) * (1.15 - growth)
    axis = np.linspace(-2.2, 2.2, 32)
    radius = np.hypot(axis[None, :], axis[:, None])
    surface = np.stack([3 - 8 * np.abs(radius - 1.41) * (step + 1) / shots for step in range(shots)])
    reals = np.stack([np.cos(np.arange(400) * np.pi / 4), np.sin(np.arange(400) * np.pi / 4)], axis=1) * 1.41
    return {
        "iterations": np.linspace(iterations / shots, iterations, shots).astype(np.int64),
        "samples": samples.astype(np.float32),
        "real": (reals + rng.normal(0, 0.015, (400, 2))).astype(np.float32),
        "value_surface": surface.astype(np.float32),
        "extent": np.array(2.2, np.float32),
    }


def images_of(channels: int, iterations: int, shots: int = 4, size: int = 16) -> dict[str, np.ndarray]:
    """Discs in front of noise that fades over training; real ones have none."""
    rng = np.random.default_rng(channels)
    row, column = np.mgrid[:size, :size] - size / 2
    radii = rng.uniform(3, 7, 64)
    discs = (np.hypot(row, column)[None] < radii[:, None, None]).astype(float)
    tint = rng.uniform(0.4, 1, (64, channels, 1, 1))
    clean = discs[:, None] * tint
    noise = rng.uniform(0, 1, (shots, 64, channels, size, size))
    mix = np.linspace(0.9, 0.2, shots)[:, None, None, None, None]
    return {
        "iterations": np.linspace(iterations / shots, iterations, shots).astype(np.int64),
        "samples": (255 * (mix * noise + (1 - mix) * clean[None])).astype(np.uint8),
        "real": (255 * clean).astype(np.uint8),
    }


def stored_run(
    results: Path,
    spec: PaperSpec,
    experiment: str,
    tier: Tier,
    seed: int,
    *,
    curves: dict[str, np.ndarray],
    samples: dict[str, np.ndarray],
    status: Literal["finished", "diverged", "failed"] = "finished",
    reason: str | None = None,
    scores: dict[str, float | None] | None = None,
    seconds: float = 100.0,
) -> Stored:
    """A record and its files on disk."""
    run = make_run(spec, experiment, tier, seed, "fp32")
    folder = results / run.folder
    folder.mkdir(parents=True)
    (folder / CURVES).write_bytes(packed(curves))
    (folder / SAMPLES).write_bytes(packed(samples))
    iterations = len(next(iter(curves.values())))
    given = {"modes": 7.0 + seed % 2, "good": 0.9 + 0.01 * seed} if scores is None else scores
    metrics = {"modes": "modes_found", "good": "proxy_inception_score"}
    record = RunRecord(
        schema_version=1,
        run_id=run.run_id,
        paper=spec.paper.id,
        experiment=experiment,
        tier=tier,
        seed=seed,
        numerics="fp32",
        status=status,
        reason=reason,
        determinant=run.determinant(),
        iterations=iterations,
        planned_iterations=run.iterations,
        iterations_per_epoch=None,
        scores={
            name: ScoreRecord(
                metric=metrics.get(name, name),
                value=value,
                reason=None if value is not None else "the extractor's weights are absent",
                iteration=None if value is None else iterations,
                checkpoint="last",
                protocol={"samples": 1000, "reference": {"sha256": "ab" * 32}},
                series=[] if value is None else [(iterations // 4 * k, value * k / 4) for k in (1, 2, 3, 4)],
            )
            for name, value in given.items()
        },
        timing=Timing(
            training_seconds=seconds,
            evaluation_seconds=10.0,
            redone_seconds=0.0,
            warmup_seconds=2.0,
            warmup_iterations=20,
            sessions=1,
        ),
        hashes={"dataset": "cd" * 32, "code": "ef" * 32},
        environment=ENVIRONMENT,
        files={name: sha256(folder / name) for name in (CURVES, SAMPLES)},
    )
    return Stored(record, folder)


def claim_verdict(name: str, state: ClaimState, **changes: Any) -> ClaimVerdict:
    """A claim's verdict with everything filled in."""
    values = Values(
        label="deviation of real_probability, second half",
        experiment="toy_minimax",
        tier="full",
        seeds={0: 0.123456, 1: 2.0, 2: None},
        reasons={2: "diverged at iteration 700"},
        mean=1.0617,
        deviation=1.3269,
    )
    usual: dict[str, Any] = {
        "claim": name,
        "where": "section 4.2, figure 2",
        "says": f"Claim {name} says that one curve is calmer than another.",
        "test": "deviation of real_probability: toy_reconstruction is below toy_non_saturating",
        "state": state,
        "reason": f"This is why {name} is {state.lower()}.",
        "tier": "full",
        "preview": None,
        "quantities": [values],
        "statistic": Interval(estimate=0.421, low=0.112, high=None, confidence=0.95),
        "p": 0.0123,
        "p_holm": 0.0369,
        "seeds": 10,
        "min_seeds": 10,
        "share": 0.9,
        "diverged": (1, 10),
        "seeds_needed": None,
        "on_published": "fails",
        "on_published_reason": "the table's own cells say the opposite",
        "note": None,
    }
    return ClaimVerdict(**{**usual, **changes})


def cell_verdict(row: str, column: str, state: CellState, **changes: Any) -> CellVerdict:
    """A cell's verdict; measured 31.257 against 29.3 published unless told otherwise."""
    usual: dict[str, Any] = {
        "table": "T1",
        "row": row,
        "column": column,
        "published": 29.3,
        "decimals": 1,
        "state": state,
        "reason": f"This is why the cell is {state.lower()}.",
        "tier": "full",
        "measured": Values(
            label="modes",
            experiment="toy_minimax",
            tier="full",
            seeds={0: 31.04, 1: 31.26, 2: 31.471},
            mean=31.257,
            deviation=0.2155,
        ),
        "deviation": Interval(estimate=1.957, low=1.594, high=2.320, confidence=0.9),
        "margin": 2.93,
        "seeds_needed": None,
        "diverged": (0, 3),
    }
    return CellVerdict(**{**usual, **changes})


def verdicts(spec: PaperSpec, stored: list[Stored], **changes: Any) -> PaperVerdicts:
    """Verdicts without claims and cells, with the states of all experiments counted from ``stored``."""
    kinds = sorted({(one.record.experiment, one.record.tier) for one in stored})
    usual: dict[str, Any] = {
        "schema_version": 1,
        "paper": spec.paper.id,
        "title": spec.paper.title,
        "spec_sha256": "12" * 32,
        "claims": [],
        "cells": [],
        "experiments": [
            ExperimentState(
                experiment=experiment,
                tier=tier,
                planned=4,
                finished=_count(stored, experiment, tier, "finished"),
                diverged=_count(stored, experiment, tier, "diverged"),
                failed=_count(stored, experiment, tier, "failed"),
                training_seconds=400.0,
            )
            for experiment, tier in kinds
        ],
        "stale": [],
        "damage": [],
    }
    return PaperVerdicts(**{**usual, **changes})


def _count(stored: list[Stored], experiment: str, tier: str, status: str) -> int:
    return sum(
        (one.record.experiment, one.record.tier, one.record.status) == (experiment, tier, status) for one in stored
    )


def eight_gaussians(results: Path, tier: Tier = "short", seeds: int = 3, iterations: int = 2000) -> JudgedPaper:
    """The committed paper with runs of one tier and claims that a reduced tier cannot decide."""
    loaded = gan_rl()
    spec = loaded.spec
    stored = [
        stored_run(
            results,
            spec,
            name,
            tier,
            seed,
            curves=curves_of(index, seed, iterations),
            samples=points_of(index, seed, iterations),
            seconds=100.0 + 25 * index + seed,
        )
        for index, name in enumerate(("toy_minimax", "toy_non_saturating", "toy_reconstruction"))
        for seed in range(seeds)
    ]
    claims = [
        claim_verdict(
            name,
            "NOT COMPARABLE",
            where=claim.where,
            says=claim.says,
            reason="Only the short tier ran.",
            tier=tier,
            preview="points the same way",
            on_published=None,
            note=claim.note,
        )
        for name, claim in spec.claims.items()
    ]
    return JudgedPaper(spec, verdicts(spec, stored, claims=claims), stored, audit(spec, loaded.source.data))


def judged(results: Path, text: str = "plain") -> JudgedPaper:
    """A paper with a table and claims in every state, at full tier; ``text`` stands wherever a spec has prose."""
    base = gan_rl().spec
    states = get_args(CellState)
    columns = ("CIFAR-10", "SVHN")
    labels = [f"system {index} {text}" for index in range(len(states) // 2)]
    cells = {
        (label, column): Cell(value=29.3, decimals=1, spread=0.2, spread_means="seeds", bold=not row, note=text)
        for row, label in enumerate(labels)
        for column in columns
    }
    table = Table(
        where=f"table 1 {text}",
        caption=f"FID of everything {text}",
        quantity="frechet_inception_distance",
        direction="lower",
        columns=(*columns, f"empty {text}"),
        rows=tuple(Row(label=label, cells={column: cells[label, column] for column in columns}) for label in labels),
        protocol={"n_generated": 20000},
    )
    spec = base.model_copy(
        update={
            "paper": Bibliography(
                id="judged",
                title=f"A paper with every verdict {text}",
                authors=("A. Author", f"B. {text}"),
                venue=f"Venue {text}",
                year=2020,
                arxiv="2001.00001",
                url="https://example.org/paper?a=1&b=2",
                question=f"Does everything hold? {text}",
            ),
            "tables": {"T1": table},
            "figures": {
                "F1": Figure(where="figure 1", shows=f"Samples {text}", experiments=("toy_minimax",), by="samples"),
                "F2": Figure(
                    where="figure 2", shows=f"Scores {text}", experiments=tuple(base.experiments), by="scores"
                ),
            },
            "unstated": {
                "systems.*.schedule": Unstated(chosen=f"one {text}", tag="default", source=text, alternatives=(text,))
            },
            "contradictions": {"I1": Contradiction(where="table 1", kind="itself", finding=f"cannot both hold {text}")},
            "departures": {"D1": Departure(paper=f"eight {text}", here=f"one {text}", why=text)},
        }
    )
    stored = [
        stored_run(
            results,
            spec,
            name,
            "full",
            seed,
            curves=curves_of(index, seed, 900),
            samples=images_of(1 + 2 * index, 900),
            seconds=100.0 * (index + 1),
        )
        for index, name in enumerate(("toy_minimax", "toy_non_saturating"))
        for seed in range(2)
    ]
    spiked = curves_of(2, 0, 700)
    spiked["generator_loss"][-3:] = (1e4, np.inf, np.nan)
    stored.append(
        stored_run(
            results,
            spec,
            "toy_reconstruction",
            "full",
            0,
            curves=spiked,
            samples={},
            status="diverged",
            reason=f"loss is not finite {text}",
            scores={"modes": None},
        )
    )
    claims = [
        claim_verdict(f"J-C{index}", state, says=f"Claim of state {state}. {text}", reason=f"Why {text}", test=text)
        for index, state in enumerate(get_args(ClaimState))
    ]
    places = [(label, column) for label in labels for column in columns]
    judged_cells = [
        cell_verdict(label, column, state, reason=f"Because {text}")
        if state not in ("NOT RUN", "QUOTED", "NOT ASSESSABLE")
        else cell_verdict(label, column, state, measured=None, deviation=None, margin=None, tier=None, reason=text)
        for (label, column), state in zip(places, states, strict=True)
    ]
    found = verdicts(spec, stored, claims=claims, cells=judged_cells, stale=[text], damage=[f"x is missing {text}"])
    return JudgedPaper(spec, found, stored)
