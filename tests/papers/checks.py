"""What the tests of every paper share: its spec, its networks as torch modules, planted runs, and its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmark.judging.claims import without
from benchmark.judging.evidence import worse_way
from benchmark.judging.finding import Finding
from benchmark.judging.predicates import evaluate
from benchmark.judging.samples import Sample
from benchmark.runs.plan import make_run
from benchmark.spec.curve_statistics import Course, series_value, statistic_value
from benchmark.spec.load import Loaded
from benchmark.spec.paper import PaperSpec
from benchmark.spec.quantities import Quantity
from benchmark.training.assembly import Assembly
from tests.specs import load

ROOT = Path(__file__).parents[2]
_ARABIC = r"\d+(?:\.\d+)*"


def paper(name: str) -> Loaded:
    """The spec of one paper of the repository."""
    return load(ROOT / "papers" / f"{name}.yaml")


def module(spec: PaperSpec, network: str, sizes: Mapping[str, int]) -> Assembly:
    """A network of the spec as a torch module in evaluation mode."""
    return Assembly(spec.networks[network], sizes, seed=0, role=network).eval()


def trainable(network: Assembly) -> int:
    """Trainable parameters as torch counts them."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def setups(spec: PaperSpec) -> Iterator[tuple[str, str]]:
    """Every experiment with each of its tiers."""
    for name, experiment in spec.experiments.items():
        for tier in ("full", *experiment.tiers):
            yield name, tier


# --- planted runs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """One experiment's invented outcome: curves of a run by name, scores by name; seeds differ by a little noise.

    ``wobble`` is by how much of its level a score moves from one evaluation to the next; ``evaluated`` gives a score's
    evaluations by iteration instead, the last of which ends the run. ``seconds`` is the training time. In ``diverged``
    seeds training broke down; ``odd`` gives the scores of seeds that came out otherwise.
    """

    curves: Mapping[str, np.ndarray] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    iterations_per_epoch: float | None = None
    wobble: float = 0.01
    seconds: float = 0.0
    evaluated: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    diverged: frozenset[int] = frozenset()
    odd: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


def judged(spec: PaperSpec, claim: str, world: Mapping[str, Planted], *, seeds: int = 10) -> Finding:
    """Test a claim's predicate on planted runs, with protocols as real runs have them."""
    predicate = spec.claims[claim].predicate
    assert predicate is not None

    def evaluations(outcome: Planted, score: str, seed: int) -> list[tuple[int, float]]:
        if score in outcome.evaluated:
            return [(iteration, level * (1 + 0.001 * seed)) for iteration, level in outcome.evaluated[score].items()]
        moves = 1 + outcome.wobble * np.random.default_rng(seed).normal(size=200)
        return list(enumerate((outcome.scores[score] * moves).tolist(), start=1))

    def value(asked: Quantity, seed: int) -> float:
        outcome = world[asked.experiment]
        if asked.score is not None:
            if asked.statistic is not None:
                series = evaluations(outcome, asked.score, seed)
                return series_value(series, series[-1][0], outcome.iterations_per_epoch, asked.statistic)
            level = {**outcome.scores, **outcome.odd.get(seed, {})}[asked.score]
            counts = float(level).is_integer()
            return level if counts else level * (1 + 0.001 * seed)
        if asked.time is not None:
            return outcome.seconds * (1 + 0.001 * seed)
        assert asked.curve is not None
        assert asked.statistic is not None
        random = np.random.default_rng(seed)
        curves = {
            name: (curve + random.normal(0, 0.002, len(curve))).astype(np.float32)
            for name, curve in outcome.curves.items()
        }
        return statistic_value(Course(curves, outcome.iterations_per_epoch), asked.curve, asked.statistic)

    @cache  # a quantity stands on one side of many comparisons
    def lookup(asked: Quantity) -> Sample:
        experiment, broken = spec.experiments[asked.experiment], world[asked.experiment].diverged
        score = experiment.scores[asked.score] if asked.score is not None else None
        if asked.outcome is not None:
            values, broken = {seed: float(seed in broken) for seed in range(seeds)}, frozenset()
        else:
            values = {seed: value(asked, seed) for seed in range(seeds) if seed not in broken}
        found = Sample(
            str(asked),
            asked.experiment,
            "full",
            tuple(range(seeds)),
            values,
            diverged=broken,
            direction=worse_way(asked.statistic, score.metric.direction if score is not None else "none"),
            proxy=score is not None and score.metric.proxy,
            protocols=dict.fromkeys(values, protocol(spec, asked)),
        )
        return without(found, spec.claims[claim].across)

    return evaluate(predicate, lookup)


def protocol(spec: PaperSpec, asked: Quantity) -> dict[str, object]:
    """What a full run would record of how a score was measured, contents standing in for their hashes."""
    if asked.score is None:
        return {}
    setup = spec.experiments[asked.experiment]
    score = setup.scores[asked.score]
    facts = {
        **score.metric.model_dump(),
        "metric": score.metric.name,
        "checkpoint": score.checkpoint,
        "generator_mode": setup.generator_mode,
        "dataset": setup.dataset.model_dump_json(),
    }
    if "reference_images" in facts:
        facts["n_real"] = facts["reference_sha256"] = f"{facts['reference_images']} of {facts['dataset']}"
    if setup.generator_mode == "batch_statistics":
        facts["generated_at_once"] = setup.batch_size
    if asked.statistic is not None:
        facts["evaluations"] = f"{score.every} of {setup.budget}"
    return facts


def assert_decided(spec: PaperSpec, claim: str, true: Mapping[str, Planted], false: Mapping[str, Planted]) -> None:
    """The predicate holds in every seed of a world that is as the paper says, and in none of one that is not."""
    finding = judged(spec, claim, true)
    assert set(finding.truths.values()) == {True}
    assert finding.points == "same"
    assert finding.p < 0.05
    denied = judged(spec, claim, false)
    assert set(denied.truths.values()) == {False}
    assert denied.p > 0.05


# --- the paper's text -----------------------------------------------------------------------------------------------


def text_of(name: str) -> str:
    """The paper's text; skips the test where it does not lie beside the repository."""
    file = ROOT.parent / "shared" / "papers" / f"{name}.txt"
    if not file.is_file():
        pytest.skip("the paper's text is not here")
    return file.read_text(encoding="utf-8")


def missing_pointers(where: str, text: str) -> list[str]:
    """Sections, figures, tables, equations and algorithms that ``where`` names and ``text`` does not have."""
    finders: dict[str, Callable[[str], str]] = {
        "section": lambda number: rf"^#+ \**{re.escape(number)}\.?\**(?:\s|\.)",
        "figure": lambda number: rf"\bFig(?:ure|\.)\s*{number}\b",
        "table": lambda number: rf"\bTable\s*{number}\b",
        "equation": lambda number: rf"\\quad \({number}[a-z]?\)",
        "algorithm": lambda number: rf"\bAlgorithm\s*{number}\b",
        "theorem": lambda number: rf"\bTheorem\s*{number}\b",
    }
    absent = []
    for kind, finder in finders.items():
        for numbers in re.findall(rf"\b{kind}s? ((?:{_ARABIC}[a-z]?(?:, | and |,? and )?)+)", where):
            for number in re.findall(rf"{_ARABIC}[a-z]?", numbers):
                bare = number.rstrip("abcdefghijklmnopqrstuvwxyz") if kind in ("figure", "section") else number
                if not re.search(finder(bare), text, re.MULTILINE):
                    absent.append(f"{kind} {number}")
    return absent


def pointers(spec: PaperSpec) -> Iterator[tuple[str, str]]:
    """Every pointer into the paper, with the place that makes it."""
    for name, experiment in spec.experiments.items():
        if experiment.where is not None:
            yield f"experiments.{name}", experiment.where
    for section in ("tables", "figures", "claims", "contradictions"):
        for name, item in getattr(spec, section).items():
            yield f"{section}.{name}", item.where
    for pattern, where in spec.stated.items():
        yield f"stated.{pattern}", where


def run_sizes(spec: PaperSpec, experiment: str, tier: str) -> Mapping[str, int]:
    """Sizes that an experiment's networks have at a tier."""
    return make_run(spec, experiment, tier, 0, "fp32").setup.sizes  # type: ignore[arg-type]
