"""Samples that somebody brings, measured under the paper's protocol of their experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmark.evaluation import given, scoring
from benchmark.evaluation.anchors import Stand
from benchmark.evaluation.measure import supplied
from benchmark.parts.metrics.inputs import digest
from benchmark.registry import did_you_mean
from benchmark.runs.brought import Brought, BroughtError, run_of
from benchmark.runs.plan import Run
from benchmark.runs.records import Origin
from benchmark.spec.fields import NetworkMarker, marked_fields
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import NO_NETWORK, DataError
from benchmark.training.numerics import prepare
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer

#: of the protocol, what only whoever generated the samples knows
_NOT_OURS = ("generator_mode", "generated_at_once")


def places(spec: PaperSpec, folder: Path) -> list[tuple[Run, Path]]:
    """Samples at ``folder``/EXPERIMENT/SEED, folders of pictures, zips or arrays, each with the run it stands for."""
    folders: dict[tuple[str, int], Path] = {}
    runs = []
    if not folder.is_dir():
        raise BroughtError(f"{folder}: no folder; samples lie in {folder}/EXPERIMENT/SEED")
    for experiment in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        names = list(spec.experiments)
        if not experiment.is_dir():
            raise BroughtError(f"{experiment}: no folder of an experiment; samples lie in {folder}/EXPERIMENT/SEED")
        if experiment.name not in names:
            near = did_you_mean(experiment.name, names)
            raise BroughtError(f"{experiment}: {spec.paper.id} has no experiment '{experiment.name}'{near}")
        for place in sorted(experiment.iterdir()):
            seed = place.name if place.is_dir() else place.stem
            if not seed.isdigit() or not seed.isascii() or int(seed) >= 2**32:
                raise BroughtError(
                    f"{place}: '{seed}' is no seed: call it 0, 1, ... with .npz, .npy, .zip or as a folder"
                )
            key = (experiment.name, int(seed))
            if key in folders:
                raise BroughtError(f"{place}: seed {key[1]} is in {folders[key]} too")
            folders[key] = place
            runs.append((run_of(spec, *key, str(place)), place))
    if not runs:
        raise BroughtError(f"{folder}: nothing there; samples lie in {folder}/EXPERIMENT/SEED")
    return runs


def measured(
    folders: Sequence[tuple[Run, Path]], origin: Origin, root: Path, device: str, say: Callable[[str], None]
) -> list[Brought]:
    """Measure everything; samples that the protocol cannot take are scores without a value."""
    records = []
    subjects: dict[str, TrainedSubject] = {}
    for run, place in folders:
        try:
            samples = given.examples(place)
            if run.experiment not in subjects:
                subjects[run.experiment] = _subject(run, root, device)
        except DataError as error:
            raise BroughtError(f"{place}: {error}" if str(place) not in str(error) else str(error)) from error
        say(f"{run.experiment}, seed {run.seed}: {len(samples):,} samples")
        with torch.random.fork_rng():
            records.append(_measured(run, samples, subjects[run.experiment], origin))
    return records


def _subject(run: Run, root: Path, device: str) -> TrainedSubject:
    """The experiment's real examples, chosen as for our own runs; its generator is not used."""
    prepare("fp32", None)
    missing = run.setup.dataset.missing(root)
    if missing is not None:
        raise DataError(missing)
    reasons = {name: score.metric.unavailable(root) for name, score in run.setup.scores.items()}
    if reasons and all(reasons.values()):
        raise DataError("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
    return TrainedSubject(Trainer(run, run.setup.dataset.load(root, device), device), root)


def _measured(run: Run, samples: np.ndarray, subject: TrainedSubject, origin: Origin) -> Brought:
    shape = run.setup.dataset.example_shape()
    samples = given.with_channels(samples, shape[0])
    stand = Stand(
        subject.dataset, subject.data, subject.root, subject.device, supplied(samples), subject.reals, len(samples)
    )
    brought = Brought(run, origin, content=digest(samples), dataset=subject.data.fingerprint)
    for name, score in run.setup.scores.items():
        kept = scoring.Kept()
        if marked_fields(score.metric, NetworkMarker):  # more samples than were supplied would not help
            record = scoring.unmeasured(score, NO_NETWORK)
        else:
            record = scoring.measure(score, run.setup, stand, run.iterations, kept)
        protocol = {key: value for key, value in record.protocol.items() if key not in _NOT_OURS}
        brought.scores[name] = record.model_copy(update={"protocol": protocol})
        brought.kept |= {f"{name}.{key}": value for key, value in kept.arrays.items()}
        brought.shared[name] = kept.shared
    if samples.shape[1:] == shape:
        some = min(run.setup.snapshots.samples, len(samples))
        brought.samples = {
            "iterations": np.array([run.iterations]),
            "samples": samples[None, :some],
            "real": subject.reals(min(some, subject.data.count or some)),
        }
    return brought
