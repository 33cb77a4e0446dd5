"""Faults planted in made-up records and in the files beside them: edits, swaps, truncations and forgeries."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.judging.selftest import paper
from benchmark.runs.files import SHARED, packed, sha256, to_json, write_atomic
from benchmark.runs.records import CURVES, MEASURED, RECORD, RECORD_HASH, SAMPLES, write_record_hash

Plant = Callable[[Path], None]
Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Fault:
    """One fault: how it is planted, and words of the finding that must name it, or what it would take to find it."""

    name: str
    plant: Plant
    named: str
    #: the spec that judges, where the fault lies in the rules
    text: str = paper.TEXT
    #: whether the verdicts in a pack are those of the honest records
    verdicts_left: bool = False


def nothing(_results: Path) -> None:
    """The evidence stays as it is."""


def of_records() -> Iterator[Fault]:
    """What judging finds in records, each by the check that names it."""
    yield Fault("one digit of a record edited", _hash_left, "has changed since it was written")
    yield Fault("hash of a record removed", lambda results: (_folder(results) / RECORD_HASH).unlink(), "is missing")
    yield Fault("edited score", _edit(lambda record: _score(record, value=25.0)), "its series has")
    yield Fault("best checkpoint shown as the last", _edit(_cherry_pick), "last checkpoint taken at iteration")
    yield Fault("experiments' labels swapped", _swap_labels, "it is a run of")
    yield Fault("experiments' results swapped, labels kept", _swap_results, "weighted sum of its terms")
    yield Fault("penalty trained with weight 0, labelled 5", _unpenalised, "weighted sum of its terms")
    yield Fault("recipe edited in the record", _edit(_other_recipe), "not the hash of its determinant")
    yield Fault("one seed trained on another split", _edit(_other_data), "trained on other data")
    yield Fault("score measured on another split", _edit(_protocol(dataset="bb" * 32)), "measured on other data")
    yield Fault("training stopped half way", _truncated(), "finished after 20 of 40")
    yield Fault("stopped half way, plan edited", _truncated(planned_iterations=20), "its budget is 40")
    yield Fault("stopped half way, length edited", _short_curves, "the record says 40")
    yield Fault("epochs counted otherwise", _edit(_other_epochs), "iterations_per_epoch is")
    yield Fault("a seed dropped", lambda results: shutil.rmtree(_folder(results)), "1 planned run missing")
    yield Fault("a seed's number edited", _edit(lambda record: record.update(seed=7)), "differ from its determinant")
    yield Fault("one run shown as two seeds", _copied(SAMPLES), "same samples as seed")
    yield Fault("one run shown as two seeds, samples redrawn", _copied(CURVES), "same curves as seed")
    broken = _edit(lambda record: record.update(iterations=7))
    yield Fault("a run that broke down called finished", broken, "finished after 7 of 40")
    yield Fault("a finished run called diverged, hash renewed", _edit(_called_diverged), "has a value at its end")
    yield Fault("curves of another shape, hashes renewed", _curves_as(lambda curve: curve[:, None]), "no row of floats")
    yield Fault("curves with a hole, hashes renewed", _curves_as(_with_a_hole), "not finite")
    yield Fault("curves that are a link to those of a copy", _linked, "is a link")
    yield Fault("sample count of one seed differs", _edit(_protocol(samples=5000)), "asked was 10000")
    yield Fault("a field of one protocol removed", _edit(_no_field("samples")), "its protocol has no 'samples'")
    yield Fault(
        "hash of the data removed", _edit(lambda record: record["hashes"].pop("dataset")), "does not say on which"
    )
    yield Fault("a curve of another system added", _with_another_curve, "which nothing in its system gives")
    yield Fault("extractor's weights of one seed differ", _edit(_protocol(weights_sha256="ab" * 32)), "differs")
    yield Fault(
        "another metric under the same name",
        _edit(lambda record: _score(record, metric="proxy_frechet_distance")),
        "asked was frechet_inception_distance",
    )
    yield Fault("edited curves", _touch(CURVES), f"{CURVES} has changed")
    yield Fault("edited samples", _touch(SAMPLES), f"{SAMPLES} has changed")


def forged_in_packs() -> Iterator[Fault]:
    """What judging cannot show and a pack does, its hashes renewed, since what scores were computed from is in it."""
    yield Fault("records rewritten, verdicts left", _edit(_rewritten), "T1, digits, plain", verdicts_left=True)
    yield Fault("score, series and verdicts rewritten in agreement", _edit(_rewritten), "what is kept of it gives")
    yield Fault("what a score was computed from rewritten", _other_moments, "what is kept of it gives")
    yield Fault("reference that scores share rewritten", _other_reference, "has changed since it was written")
    yield Fault("samples emptied, their hash renewed", _samples_as(lambda _: {}), "has samples of iterations []")
    yield Fault("samples of another shape, their hash renewed", _samples_as(_halved_images), "its plan makes it uint8")
    unstated = "on which data a score was measured removed"
    yield Fault(unstated, _edit(_no_field("dataset")), "its protocol has no 'dataset'")
    yield Fault("how samples were generated removed", _edit(_no_field("quantisation")), "has no 'quantisation'")
    yield Fault("iteration of a score removed", _edit(lambda record: _score(record, iteration=None)), "of no iteration")
    yield Fault("a score removed", _without_score, "nothing is said of it")
    yield Fault("hash of one run's code edited", _one_code_edited, "its code is not that of")


def open_faults() -> Iterator[Fault]:
    """What nothing in the records alone can show, and what would."""
    before, again = "a pack or a commit made before", "training the first iterations again"
    kept = "verify, from what the score was computed from"
    yield Fault("score and its series rewritten together", _edit(_rewritten), kept)
    yield Fault("curves rewritten together with their hash", _other_curves, f"{before}, or {again}")
    split = "all seeds trained on the wrong split, labelled as the right one"
    yield Fault(split, _everywhere(_other_data), f"loading the dataset and hashing it, or {again}")
    # nothing that is recorded would differ in kind
    yield Fault("another learning rate than the record states", nothing, again)
    # the verdicts change, and nothing in the record speaks against it
    diverged = "a run that finished called diverged, its last scores removed"
    yield Fault(diverged, nothing, f"{before}, or training again")
    yield Fault("samples redrawn together with their hash", _other_samples, f"{before}, or training again")
    yield Fault("environment edited", _edit(lambda record: record["environment"].update(processor="another")), before)
    scored = "scoring the run's checkpoint again"
    protocols = "a protocol's count of real examples edited in all runs"
    yield Fault(protocols, _everywhere(_protocol(n_real=1796)), f"{before}, or {scored}")
    named = "name and direction of a score edited"
    yield Fault(
        named, _edit(lambda record: _score(record, label="IS", direction="higher")), "the metric: judging asks it"
    )
    yield Fault("figures beside a score removed", _edit(_without_details), f"{before}, or {scored}")
    yield Fault("hash of all runs' code edited", _everywhere(_other_code), f"{before}, or hashing the commit's sources")
    hurried = _edit(lambda record: record["timing"].update(training_seconds=0.5))
    yield Fault("training time edited", hurried, f"{before}, or timing again on the same device")
    # honest records and perfect forgeries look the same
    whole = "every file of the evidence forged in agreement, with its seal"
    yield Fault(whole, nothing, "a copy of the seal or of the pack's hash that somebody else kept, or training again")


def _folder(results: Path, experiment: str = "plain", seed: int = 1) -> Path:
    return results / paper.runs()[experiment, seed].folder


def _rewrite(folder: Path, change: Change) -> None:
    """Edit a record and renew its hash, so that other checks have to find the edit."""
    file = folder / RECORD
    record = json.loads(file.read_bytes())
    change(record)
    write_atomic(file, to_json(record))
    write_record_hash(folder, file.read_bytes())


def _hash_left(results: Path) -> None:
    """One digit of a time, which nothing else would show."""
    file = _folder(results) / RECORD
    content = file.read_bytes()
    assert content.count(b'"training_seconds": 1.0') == 1
    write_atomic(file, content.replace(b'"training_seconds": 1.0', b'"training_seconds": 1.1'))


def _edit(change: Change) -> Plant:
    return lambda results: _rewrite(_folder(results), change)


def _everywhere(change: Change) -> Plant:
    def plant(results: Path) -> None:
        for run in paper.runs().values():
            _rewrite(results / run.folder, change)

    return plant


def _other_curves(results: Path) -> None:
    """Curves that were drawn again, in agreement with themselves and with their hash."""
    made = paper.made("plain", 1)
    replace(made, curves=paper.curves(made.run, np.random.default_rng(12345))).write(results)


def _other_samples(results: Path) -> None:
    """Samples of another seed's noise, in agreement with their hash."""
    _samples_as(lambda samples: {**samples, "samples": samples["samples"][..., ::-1].copy()})(results)


def _samples_as(change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Plant:
    """Other arrays in ``samples.npz``, in agreement with their hash."""

    def plant(results: Path) -> None:
        made = paper.made("plain", 1)
        replace(made, samples=change(made.samples)).write(results)

    return plant


def _halved_images(samples: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**samples, "samples": samples["samples"][..., ::2]}


def _other_moments(results: Path) -> None:
    """Moments of another value beside a score, their hash renewed."""
    folder = _folder(results)
    write_atomic(folder / MEASURED, packed(paper.moments("generated", 29.0, "fid.")))
    _rewrite(folder, lambda record: record["files"].update({MEASURED: sha256(folder / MEASURED)}))


def _other_reference(results: Path) -> None:
    for file in (results / SHARED).iterdir():
        write_atomic(file, packed(paper.moments("reference", 1.0), compressed=False))


def _other_epochs(record: dict[str, Any]) -> None:
    record["iterations_per_epoch"] /= 2


def _score(record: dict[str, Any], **changes: Any) -> None:
    record["scores"]["fid"].update(changes)


def _cherry_pick(record: dict[str, Any]) -> None:
    series = record["scores"]["fid"]["series"]
    series[2][1] = 24.0
    _score(record, value=24.0, iteration=series[2][0])


def _rewritten(record: dict[str, Any]) -> None:
    score = record["scores"]["fid"]
    score["value"] -= 0.1
    score["series"][-1][1] = score["value"]


def _other_recipe(record: dict[str, Any]) -> None:
    record["determinant"]["system"]["players"]["generator"]["minimise"][1]["absolute_error"]["weight"] = 1.0


def _without_score(results: Path) -> None:
    """A run that says nothing of a score, nor keeps what it was computed from."""
    (_folder(results) / MEASURED).unlink()
    _edit(lambda record: record["files"].pop(MEASURED))(results)
    _edit(lambda record: record["scores"].clear())(results)


def _without_details(record: dict[str, Any]) -> None:
    _score(record, details={})


def _other_code(record: dict[str, Any]) -> None:
    record["hashes"]["code"] = "c1" * 32


def _one_code_edited(results: Path) -> None:
    """All runs are of one clean commit; one says that other code trained it."""
    source = {"commit": "0" * 40, "dirty": False}
    _everywhere(lambda record: record["environment"].update(source=source))(results)
    _edit(_other_code)(results)


def _other_data(record: dict[str, Any]) -> None:
    record["hashes"]["dataset"] = record["scores"]["fid"]["protocol"]["dataset"] = "bb" * 32


def _called_diverged(record: dict[str, Any]) -> None:
    record.update(status="diverged", reason="generator_loss not finite at iteration 41")


def _no_field(name: str) -> Change:
    def change(record: dict[str, Any]) -> None:
        del record["scores"]["fid"]["protocol"][name]

    return change


def _with_another_curve(results: Path) -> None:
    made = paper.made("plain", 1)
    replace(made, curves={**made.curves, "critic_loss": next(iter(made.curves.values()))}).write(results)


def _with_a_hole(curve: Any) -> Any:
    curve = curve.copy()
    curve[3] = float("nan")
    return curve


def _curves_as(change: Callable[[Any], Any]) -> Plant:
    """Curves that were changed, in agreement with their hash."""

    def plant(results: Path) -> None:
        folder = _folder(results)
        curves = paper.made("plain", 1).curves
        write_atomic(folder / CURVES, packed({name: change(curve) for name, curve in curves.items()}))
        _rewrite(folder, lambda record: record["files"].update({CURVES: sha256(folder / CURVES)}))

    return plant


def _linked(results: Path) -> None:
    file = _folder(results) / CURVES
    file.rename(results / "copy.npz")
    file.symlink_to(results / "copy.npz")


def _protocol(**changes: Any) -> Change:
    return lambda record: record["scores"]["fid"]["protocol"].update(changes)


def _swap_labels(results: Path) -> None:
    for experiment, other in (("plain", "penalised"), ("penalised", "plain")):
        _rewrite(_folder(results, experiment), lambda record, name=other: record.update(experiment=name))  # type: ignore[misc]


def _swap_results(results: Path) -> None:
    ours, theirs = paper.made("plain", 1), paper.made("penalised", 1)
    for receiver, other in ((ours, theirs), (theirs, ours)):
        values = [value for _, value in other.score.series]
        score = paper.fid(receiver.run, values[-1], values[:-1])
        replace(receiver, score=score, curves=other.curves, samples=other.samples).write(results)


def _unpenalised(results: Path) -> None:
    made = paper.made("penalised", 1)
    terms = {"discriminator": "cross_entropy", "generator": "non_saturating"}
    losses = {f"{player}_loss": made.curves[f"{player}_{term}"] for player, term in terms.items()}
    replace(made, curves={**made.curves, **losses}).write(results)


def _halved(made: paper.Made) -> paper.Made:
    half = made.run.iterations // 2
    return replace(made, curves={name: values[:half] for name, values in made.curves.items()})


def _truncated(**changes: Any) -> Plant:
    def plant(results: Path) -> None:
        made = _halved(paper.made("plain", 1, iterations=20, **changes))
        series = [pair for pair in made.score.series if pair[0] <= made.run.iterations // 2]
        step, value = series[-1]
        score = made.score.model_copy(update={"series": series, "value": value, "iteration": step})
        replace(made, score=score).write(results)

    return plant


def _short_curves(results: Path) -> None:
    _halved(paper.made("plain", 1)).write(results)


def _copied(equal: str) -> Plant:
    """Seed 1 is seed 0 again, forged throughout but for one file."""

    def plant(results: Path) -> None:
        first, second = paper.made("plain", 0), paper.made("plain", 1)
        kept = {"samples": first.samples} if equal == SAMPLES else {"curves": first.curves}
        replace(second, **kept).write(results)  # type: ignore[arg-type]

    return plant


def _touch(name: str) -> Plant:
    def plant(results: Path) -> None:
        made = paper.made("plain", 2)
        other = made.samples if name == SAMPLES else made.curves
        file = _folder(results) / name
        write_atomic(file, packed(other))
        assert sha256(file) != json.loads((file.parent / RECORD).read_bytes())["files"][name]

    return plant
