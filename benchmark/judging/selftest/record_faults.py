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
from benchmark.judging.selftest.paper import Made
from benchmark.runs.files import SHARED, packed, sha256, to_json, write_atomic
from benchmark.runs.records import CURVES, MEASURED, RECORD, RECORD_HASH, SAMPLES, write_record_hash

Plant = Callable[[Path], None]
#: what is written at paths of a JSON file, whose steps stand between slashes
Edits = Mapping[str, Any]
#: in place of a value: what is at the path is removed
_GONE: Any = object()

_FID, _PROTOCOL = "scores/fid", "scores/fid/protocol"
#: a last score a little better than it was, in agreement with its series
_REWRITTEN = {f"{_FID}/value": 29.7, f"{_FID}/series/-1/1": 29.7}


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
    yield Fault("edited score", _edited({f"{_FID}/value": 25.0}), "its series has")
    best = {f"{_FID}/value": 24.0, f"{_FID}/series/2/1": 24.0, f"{_FID}/iteration": 15}
    yield Fault("best checkpoint shown as the last", _edited(best), "last checkpoint taken at iteration")
    yield Fault("experiments' labels swapped", _swap_labels, "it is a run of")
    yield Fault("experiments' results swapped, labels kept", _swap_results, "weighted sum of its terms")
    unpenalised = _anew(_unpenalised, "penalised")
    yield Fault("penalty trained with weight 0, labelled 5", unpenalised, "weighted sum of its terms")
    weight = "determinant/system/players/generator/minimise/1/absolute_error/weight"
    yield Fault("recipe edited in the record", _edited({weight: 1.0}), "not the hash of its determinant")
    yield Fault("one seed trained on another split", _edited(on_data("bb" * 32)), "trained on other data")
    yield Fault(
        "score measured on another split", _edited({f"{_PROTOCOL}/dataset": "bb" * 32}), "measured on other data"
    )
    yield Fault("training stopped half way", _truncated(), "finished after 20 of 40")
    yield Fault("stopped half way, plan edited", _truncated(planned_iterations=20), "its budget is 40")
    yield Fault("stopped half way, length edited", _anew(_halved), "the record says 40")
    yield Fault("epochs counted otherwise", _edited({"iterations_per_epoch": 14.0}), "iterations_per_epoch is")
    yield Fault("a seed dropped", lambda results: shutil.rmtree(_folder(results)), "1 planned run missing")
    yield Fault("a seed's number edited", _edited({"seed": 7}), "differ from its determinant")
    first = paper.made("plain", 0)
    copied = _anew(lambda _: {"curves": first.curves})
    yield Fault("one run shown as two seeds", _anew(lambda _: {"samples": first.samples}), "same samples as seed")
    yield Fault("one run shown as two seeds, samples redrawn", copied, "same curves as seed")
    broken = _edited({"iterations": 7})
    yield Fault("a run that broke down called finished", broken, "finished after 7 of 40")
    diverged = {"status": "diverged", "reason": "generator_loss not finite at iteration 41"}
    yield Fault("a finished run called diverged, hash renewed", _edited(diverged), "has a value at its end")
    columns = _anew(lambda made: {"curves": {name: curve[:, None] for name, curve in made.curves.items()}})
    yield Fault("curves of another shape, hashes renewed", columns, "no row of floats")
    yield Fault("curves with a hole, hashes renewed", _anew(_with_a_hole), "not finite")
    yield Fault("curves that are a link to those of a copy", _linked, "is a link")
    yield Fault("sample count of one seed differs", _edited({f"{_PROTOCOL}/samples": 5000}), "asked was 10000")
    yield Fault("a field of one protocol removed", _edited({f"{_PROTOCOL}/samples": _GONE}), "has no 'samples'")
    yield Fault("hash of the data removed", _edited({"hashes/dataset": _GONE}), "does not say on which")
    another = _anew(lambda made: {"curves": {**made.curves, "critic_loss": next(iter(made.curves.values()))}})
    yield Fault("a curve of another system added", another, "which nothing in its system gives")
    weights = _edited({f"{_PROTOCOL}/weights_sha256": "ab" * 32})
    yield Fault("extractor's weights of one seed differ", weights, "differs")
    metric = _edited({f"{_FID}/metric": "proxy_frechet_distance"})
    yield Fault("another metric under the same name", metric, "asked was frechet_inception_distance")
    other = paper.made("plain", 2)
    for name, arrays in ((CURVES, other.curves), (SAMPLES, other.samples)):
        yield Fault(f"edited {name.removesuffix('.npz')}", _replaced(name, arrays), f"{name} has changed")


def forged_in_packs() -> Iterator[Fault]:
    """What judging cannot show and a pack does, its hashes renewed, since what scores were computed from is in it."""
    yield Fault("records rewritten, verdicts left", _edited(_REWRITTEN), "T1, digits, plain", verdicts_left=True)
    yield Fault("score, series and verdicts rewritten in agreement", _edited(_REWRITTEN), "what is kept of it gives")
    yield Fault("what a score was computed from rewritten", _other_moments, "what is kept of it gives")
    yield Fault("reference that scores share rewritten", _other_reference, "has changed since it was written")
    empty = _anew(lambda _: {"samples": {}})
    yield Fault("samples emptied, their hash renewed", empty, "has samples of iterations []")
    halves = _anew(lambda made: _with_samples(made, made.samples["samples"][..., ::2]))
    yield Fault("samples of another shape, their hash renewed", halves, "its plan makes it uint8")
    for name, what in (
        ("dataset", "on which data a score was measured"),
        ("quantisation", "how samples were generated"),
    ):
        yield Fault(f"{what} removed", _edited({f"{_PROTOCOL}/{name}": _GONE}), f"has no '{name}'")
    yield Fault("iteration of a score removed", _edited({f"{_FID}/iteration": None}), "of no iteration")
    yield Fault("a score removed", _without_score, "nothing is said of it")
    yield Fault("hash of one run's code edited", _one_code_edited, "its code is not that of")


def open_faults() -> Iterator[Fault]:
    """What nothing in the records alone can show, and what would."""
    before, again = "a pack or a commit made before", "training the first iterations again"
    kept = "verify, from what the score was computed from"
    yield Fault("score and its series rewritten together", _edited(_REWRITTEN), kept)
    redrawn = _anew(lambda made: {"curves": paper.curves(made.run, np.random.default_rng(12345))})
    yield Fault("curves rewritten together with their hash", redrawn, f"{before}, or {again}")
    split = "all seeds trained on the wrong split, labelled as the right one"
    yield Fault(split, _everywhere(on_data("bb" * 32)), f"loading the dataset and hashing it, or {again}")
    # nothing that is recorded would differ in kind
    yield Fault("another learning rate than the record states", nothing, again)
    # the verdicts change, and nothing in the record speaks against it
    diverged = "a run that finished called diverged, its last scores removed"
    yield Fault(diverged, nothing, f"{before}, or training again")
    mirrored = _anew(lambda made: _with_samples(made, made.samples["samples"][..., ::-1].copy()))
    yield Fault("samples redrawn together with their hash", mirrored, f"{before}, or training again")
    yield Fault("environment edited", _edited({"environment/processor": "another"}), before)
    scored = "scoring the run's checkpoint again"
    protocols = "a protocol's count of real examples edited in all runs"
    yield Fault(protocols, _everywhere({f"{_PROTOCOL}/n_real": 1796}), f"{before}, or {scored}")
    named = _edited({f"{_FID}/label": "IS", f"{_FID}/direction": "higher"})
    yield Fault("name and direction of a score edited", named, "the metric: judging asks it")
    yield Fault("figures beside a score removed", _edited({f"{_FID}/details": {}}), f"{before}, or {scored}")
    code = _everywhere({"hashes/code": "c1" * 32})
    yield Fault("hash of all runs' code edited", code, f"{before}, or hashing the commit's sources")
    hurried = _edited({"timing/training_seconds": 0.5})
    yield Fault("training time edited", hurried, f"{before}, or timing again on the same device")
    # honest records and perfect forgeries look the same
    whole = "every file of the evidence forged in agreement, with its seal"
    yield Fault(whole, nothing, "a copy of the seal or of the pack's hash that somebody else kept, or training again")


def on_data(fingerprint: str) -> Edits:
    """A run that was trained and measured on these data."""
    return {"hashes/dataset": fingerprint, f"{_PROTOCOL}/dataset": fingerprint}


def edit(file: Path, edits: Edits) -> None:
    """Write other values into a JSON file."""
    data = json.loads(file.read_bytes())
    for path, value in edits.items():
        place = data
        *above, last = (int(step) if step.lstrip("-").isdigit() else step for step in path.split("/"))
        for step in above:
            place = place[step]
        if value is _GONE:
            del place[last]
        else:
            place[last] = value
    write_atomic(file, to_json(data))


def _folder(results: Path, experiment: str = "plain", seed: int = 1) -> Path:
    return results / paper.runs()[experiment, seed].folder


def rewrite(folder: Path, edits: Edits) -> None:
    """Edit a record and renew its hash, so that other checks have to find the edit."""
    edit(folder / RECORD, edits)
    write_record_hash(folder, (folder / RECORD).read_bytes())


def _edited(edits: Edits) -> Plant:
    return lambda results: rewrite(_folder(results), edits)


def _everywhere(edits: Edits) -> Plant:
    """The same edits in the records of all runs."""

    def plant(results: Path) -> None:
        for run in paper.runs().values():
            rewrite(results / run.folder, edits)

    return plant


def _hash_left(results: Path) -> None:
    """One digit of a time, which nothing else would show."""
    edit(_folder(results) / RECORD, {"timing/training_seconds": 1.1})


def _anew(changed: Callable[[Made], Mapping[str, Any]], experiment: str = "plain") -> Plant:
    """A run written again, what is ``changed`` of it in agreement with its hash."""

    def plant(results: Path) -> None:
        made = paper.made(experiment, 1)
        replace(made, **changed(made)).write(results)

    return plant


def _with_samples(made: Made, images: np.ndarray) -> Mapping[str, Any]:
    return {"samples": {**made.samples, "samples": images}}


def _with_a_hole(made: Made) -> Mapping[str, Any]:
    curves = {name: curve.copy() for name, curve in made.curves.items()}
    for curve in curves.values():
        curve[3] = float("nan")
    return {"curves": curves}


def _unpenalised(made: Made) -> Mapping[str, Any]:
    terms = {"discriminator": "cross_entropy", "generator": "non_saturating"}
    losses = {f"{player}_loss": made.curves[f"{player}_{term}"] for player, term in terms.items()}
    return {"curves": {**made.curves, **losses}}


def _halved(made: Made) -> Mapping[str, Any]:
    return {"curves": {name: values[: made.run.iterations // 2] for name, values in made.curves.items()}}


def _truncated(**changes: Any) -> Plant:
    def changed(made: Made) -> Mapping[str, Any]:
        series = [pair for pair in made.score.series if pair[0] <= made.run.iterations // 2]
        step, value = series[-1]
        score = made.score.model_copy(update={"series": series, "value": value, "iteration": step})
        return {**_halved(made), "score": score, "changes": {"iterations": 20, **changes}}

    return _anew(changed)


def _swap_labels(results: Path) -> None:
    for experiment, other in (("plain", "penalised"), ("penalised", "plain")):
        rewrite(_folder(results, experiment), {"experiment": other})


def _swap_results(results: Path) -> None:
    for experiment, other in (("plain", "penalised"), ("penalised", "plain")):
        theirs = paper.made(other, 1)
        values = [value for _, value in theirs.score.series]
        score = paper.fid(paper.runs()[experiment, 1], values[-1], values[:-1])
        kept = {"score": score, "curves": theirs.curves, "samples": theirs.samples}
        _anew(lambda _, kept=kept: kept, experiment)(results)  # type: ignore[misc]


def _linked(results: Path) -> None:
    file = _folder(results) / CURVES
    file.rename(results / "copy.npz")
    file.symlink_to(results / "copy.npz")


def _replaced(name: str, arrays: Mapping[str, np.ndarray]) -> Plant:
    """A file with other arrays, whose hash stays."""
    return lambda results: write_atomic(_folder(results) / name, packed(arrays))


def _other_moments(results: Path) -> None:
    """Moments of another value beside a score, their hash renewed."""
    _replaced(MEASURED, paper.moments("generated", 29.0, "fid."))(results)
    rewrite(_folder(results), {f"files/{MEASURED}": sha256(_folder(results) / MEASURED)})


def _other_reference(results: Path) -> None:
    for file in (results / SHARED).iterdir():
        write_atomic(file, packed(paper.moments("reference", 1.0), compressed=False))


def _without_score(results: Path) -> None:
    """A run that says nothing of a score, nor keeps what it was computed from."""
    (_folder(results) / MEASURED).unlink()
    rewrite(_folder(results), {f"files/{MEASURED}": _GONE, _FID: _GONE})


def _one_code_edited(results: Path) -> None:
    """All runs are of one clean commit; one says that other code trained it."""
    _everywhere({"environment/source": {"commit": "0" * 40, "dirty": False}})(results)
    rewrite(_folder(results), {"hashes/code": "c1" * 32})
