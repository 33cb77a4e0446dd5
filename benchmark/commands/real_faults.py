"""Faults planted in tiny real runs: trained one way, recorded as another. Minutes at most, on one core."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.judging.consistency import contradictions, identity
from benchmark.judging.evidence import Evidence
from benchmark.judging.selftest import paper
from benchmark.judging.selftest.faults import Caught, peaceful
from benchmark.judging.selftest.record_faults import Edits, on_data, rewrite
from benchmark.runs.plan import Run
from benchmark.runs.records import RECORD, Stored, read_record
from benchmark.runs.retrain import replay
from benchmark.runs.runner import OneRun
from benchmark.spec.levels import SYMMETRIC, to_levels
from benchmark.spec.parts import Data
from benchmark.spec.resolve import system_of
from benchmark.training.numerics import prepare

_START, _END = "          frechet_inception_distance:", "        checkpoint: last"
_FID = paper.TEXT[paper.TEXT.index(_START) : paper.TEXT.index(_END)]
_PROXY = """\
          proxy_frechet_distance:
            {classifier: digits_8x8, samples: 100, reference: training_data, reference_images: all}
"""
_TABLES = paper.TEXT[paper.TEXT.index("tables:\n") : paper.TEXT.index("claims:\n")]
#: the made-up paper with a score that can be measured anywhere in no time, and that stands beside no published number
TEXT = paper.TEXT.replace(_FID, _PROXY).replace(_TABLES, "")
_REPLAYED = 20


@dataclass(frozen=True)
class _Real:
    """A run trained as ``actual`` and recorded as ``claimed``; ``hidden`` is what a forger would edit besides."""

    name: str
    claimed: Run
    actual: Run
    hidden: Edits = field(default_factory=dict)


def real_faults() -> list[Caught]:
    """Train honest runs and forged ones; say for each what finds it, from its record or by training a little again."""
    prepare("fp32", 1)
    faults = []
    with tempfile.TemporaryDirectory(prefix="ganrepro-") as scratch:
        root = Path(scratch)
        honest = {key: _trained(paper.runs(TEXT)[key], root / "honest") for key in (("plain", 0), ("penalised", 0))}
        for key, record in honest.items():
            line = next(_records([*honest.values()], record), None) or _again(paper.runs(TEXT)[key], record, root)
            faults.append(peaceful(f"honest run of {key[0]}", [line] if line else []))
        for number, fault in enumerate(_faults(root)):
            forged = _forged(fault, root / f"fault-{number}")
            others = [run for run in honest.values() if run.record.run_id != fault.claimed.run_id]
            line = next(_records([*others, forged], forged), None)
            how = "record" if line is not None else "replay"
            line = line or _again(fault.claimed, forged, root)
            faults.append(Caught(fault=fault.name, caught=line is not None, finding=f"{how}: {line or 'nothing'}"))
    return faults


def _faults(root: Path) -> Iterator[_Real]:
    planned = paper.runs(TEXT)
    plain, penalised = planned["plain", 0], planned["penalised", 0]
    yield _Real("penalty of weight 0 labelled 5", penalised, replace(penalised, system=plain.system))
    yield _Real("labels of two experiments swapped", plain, penalised)
    lengths = ("iterations", "planned_iterations", "scores/fid/iteration", "scores/fid/series/-1/0")
    shorter = replace(plain, iterations=plain.iterations // 2)
    yield _Real("half of the training", plain, shorter, dict.fromkeys(lengths, plain.iterations))
    yield _Real("half of the data", plain, _on_half(plain))
    fingerprint = plain.setup.dataset.load(root, "cpu").fingerprint
    yield _Real("half of the data, its hash forged", plain, _on_half(plain), on_data(fingerprint))
    yield _Real("another seed", plain, planned["plain", 3])
    spec = paper.loaded(TEXT.replace("learning_rate: 1e-4", "learning_rate: 5e-4")).spec
    yield _Real("another learning rate", plain, replace(plain, system=system_of(spec, plain.setup)))


def _on_half(run: Run) -> Run:
    import torch

    from benchmark.parts.datasets.images.resident import ResidentImages

    whole = run.setup.dataset

    class Half(type(whole)):  # type: ignore[misc]
        """The second half of a dataset under the name of the whole."""

        def load(self, root: Path, device: str) -> Data:
            data = whole.load(root, device)
            assert data.count is not None
            examples = data.examples(torch.arange(data.count // 2, data.count))
            levels = to_levels(examples, SYMMETRIC).round().to(torch.uint8)
            return ResidentImages(levels, device, value_range=SYMMETRIC)

        def example_count(self) -> int:
            count = whole.example_count()
            assert count is not None
            return count - count // 2

    return replace(run, setup=run.setup.model_copy(update={"dataset": Half.model_validate(whole.model_dump())}))


def _trained(run: Run, results: Path) -> Stored:
    record = OneRun(run, results, results.parent / "data", "cpu").execute()
    assert record.status == "finished", f"a tiny run ended as {record.status}: {record.reason}"
    return Stored(record, results / run.folder)


def _forged(fault: _Real, results: Path) -> Stored:
    """Train ``actual`` and let the record claim to be ``claimed``."""
    folder, claimed = _trained(fault.actual, results).folder, fault.claimed
    facts = {name: getattr(claimed, name) for name in ("run_id", "experiment", "seed", "iterations_per_epoch")}
    rewrite(folder, {**facts, "determinant": claimed.determinant(), **fault.hidden})
    return Stored(read_record(folder / RECORD), folder)


def _records(stored: list[Stored], run: Stored) -> Iterator[str]:
    """What records alone say against a run among those that are stored."""
    problem = identity(run.record)
    if problem is not None:
        yield problem
    yield from contradictions(run)
    evidence = Evidence(paper.loaded(TEXT).spec, stored, paper.expected(TEXT))
    yield from (line.removeprefix(f"{run.folder}: ") for line in evidence.damage if line.startswith(str(run.folder)))


def _again(run: Run, stored_run: Stored, root: Path) -> str | None:
    return replay(run, stored_run.curves(), root / "data", "cpu", iterations=_REPLAYED)
