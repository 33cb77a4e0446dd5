"""What a run takes: against counts by hand and what finished runs took."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark import load
from benchmark.runs.anchored import anchor_code
from benchmark.runs.costs import EFFICIENCY, STATED, AddedCost, TimedDevice, added, anchors, cost, known_devices
from benchmark.runs.plan import Run, make_plan, make_run
from benchmark.runs.records import RunRecord, ScoreRecord, Timing, read_records
from benchmark.runs.sidecars import identity, pace_of
from benchmark.spec.experiments import Every
from benchmark.spec.load import loads
from benchmark.spec.operations import (
    operations_per_iteration,
    sampling_operations,
    values_per_example,
)
from benchmark.spec.parts import Needs
from benchmark.spec.shapes import layout
from tests.spec.small import edited

ROOT = Path(__file__).parents[2]
#: multiplications of one example: 4 x 16 + 16 x 8 + 8 x 2 of the maker, 2 x 8 + 8 of the judge
MAKER, JUDGE = 64 + 128 + 16, 16 + 8
BARE = TimedDevice("bare", "cpu", gigaflops=1.0, launch_microseconds=0.0)


def ring(*changes: str) -> Run:
    return make_run(loads(edited(*changes)).spec, "ring", "full", 0, "fp32")


def test_operations_of_a_small_network_counted_by_hand() -> None:
    """D sees fakes that it does not learn through; G learns through D, whose weights get no gradient then."""
    run = ring()
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    first_of_judge, first_of_maker = 16, 64  # nothing below these layers learns: no gradient of what enters them
    discriminator = MAKER + 2 * (2 * JUDGE + JUDGE - first_of_judge)
    generator = MAKER + (MAKER + MAKER - first_of_maker) + JUDGE + JUDGE
    assert operations_per_iteration(run.system, layouts, 16) == 2 * 16 * (discriminator + generator)
    assert sampling_operations(run.system, layouts) == 2 * MAKER
    assert values_per_example(run.system, layouts) == (16 + 16 + 16 + 8 + 8 + 2) + 2 * (8 + 8 + 1)


def test_hours_are_operations_over_the_stated_efficiency() -> None:
    run = ring()
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    operations = 100 * operations_per_iteration(run.system, layouts, 16)
    found = cost(run, BARE)
    assert found.training_seconds == pytest.approx(operations / (EFFICIENCY * 1e9))
    assert (found.basis, found.measured, found.device_bytes) == ("measured rates", False, 0)
    assert cost(run).basis == "stated rates"
    # 100 GFLOP/s and 3 microseconds a launch; 20 TFLOP/s, 24 GB and 7: what their names say, and what launches take
    for kind, rate, launch in (("cpu", 100e9, 3e-6), ("cuda", 20e12, 7e-6)):
        seconds = operations / (EFFICIENCY * rate) + 100 * 6 * 21 * launch
        assert cost(run, STATED[kind]).training_seconds == pytest.approx(seconds)  # type: ignore[index]
    assert STATED["cuda"].memory_bytes == 24e9
    drawn = 3 * run.setup.snapshots.samples + sum(one.metric.samples for one in run.setup.scores.values())  # type: ignore[attr-defined]
    assert found.evaluation_seconds >= drawn * 2 * MAKER / (EFFICIENCY * 1e9)


def measured(run: Run, every: int | None, **needs: float) -> Run:
    """The same run with one score, of a metric that takes what is said."""
    metric = SimpleNamespace(
        name="made_up",
        model_dump=lambda **_: needs,
        needs=lambda _dataset: Needs(**needs),  # type: ignore[arg-type]
        unavailable=lambda _root: None,
    )
    score = SimpleNamespace(metric=metric, every=None if every is None else Every(iterations=every), checkpoint="last")
    return replace(run, setup=run.setup.model_copy(update={"scores": {"x": score}}))


@pytest.mark.parametrize(("every", "times"), [(None, 1), (50, 2), (40, 3)])
def test_evaluations_make_their_samples_and_look_at_real_ones_once(every: int | None, times: int) -> None:
    """Snapshots of ten points at the start, in the middle and at the end; 1e9 operations are 2.5 s of a GFLOP/s."""
    run = measured(ring(), every, generated=1000, operations=3e6, once=5e6)
    operations = 3 * 10 * 2 * MAKER + 5e6 + times * (3e6 + 1000 * 2 * MAKER)
    assert cost(run, BARE).evaluation_seconds == pytest.approx(operations * 2.5e-9)


def test_launches_are_six_for_each_layer_that_is_passed() -> None:
    """D makes fakes in six layers and judges both kinds in three; G makes fakes and has them judged: 21."""
    run, slow = ring(), replace(BARE, launch_microseconds=2.0)
    spent = cost(run, slow).training_seconds - cost(run, BARE).training_seconds
    assert spent == pytest.approx(100 * 6 * 21 * 2e-6)


#: bytes of a GPU's context, and of a process with the libraries
CONTEXT, ON_CPU, ON_GPU = 600_000_000, 800_000_000, 3_000_000_000


def test_memory_counted_by_hand() -> None:
    """259 weights five times over, and once for a checkpoint. Layers of 100 values in a batch of 16, and of 16 in 256
    samples, the larger of which counts, with what kernels take beside (a ratio of 1.6).
    """
    run, gpu = measured(ring(), None, memory=8000), TimedDevice("gpu", "cuda", 1.0, 0.0, memory_bytes=24e9)
    weights, sampling = 4 * 259, 1.6 * 4 * 16 * 256
    work = 5 * weights + sampling
    assert cost(run, BARE).host_bytes == round(ON_CPU + 8000 + weights + work)
    assert (cost(run, gpu).host_bytes, cost(run, gpu).device_bytes) == (ON_GPU + 8000 + weights, round(CONTEXT + work))
    recurring = measured(ring(), 50, memory=8000)
    assert cost(recurring, gpu).host_bytes == ON_GPU + 8000 + 2 * weights, "the best evaluation's weights are kept"
    averaged = replace(run, system=run.system.model_copy(update={"average": {"generator": 0.9}}))
    assert cost(averaged, gpu).device_bytes == round(CONTEXT + work + 2 * weights)
    wide = replace(run, setup=run.setup.model_copy(update={"batch_size": 160}))
    assert cost(wide, gpu).device_bytes == round(CONTEXT + 5 * weights + 1.6 * 4 * 160 * 100)
    few = replace(run, setup=run.setup.model_copy(update={"generator_mode": "batch_statistics"}))
    assert cost(few, gpu).device_bytes == round(CONTEXT + 5 * weights + 1.6 * 4 * 16 * 100)
    extractor = measured(ring(), None, memory=5e6, device_memory=1e6)  # takes four times as many images on a GPU
    assert cost(extractor, BARE).host_bytes == round(ON_CPU + 4e6 + weights + 5 * weights + 1e6)
    assert cost(extractor, gpu).device_bytes == round(CONTEXT + 5 * weights + 4e6)
    assert cost(measured(ring(), None, kept=100.0)).disk_bytes == run.disk_bytes + 100


def test_images_lie_on_a_gpu_unless_they_fill_more_than_half_of_it() -> None:
    """1,797 digits of 64 bytes, which on a processor are read where they lie."""
    run = make_run(loads(edited()).spec, "scans", "full", 0, "fp32")
    images, weights, update = 1797 * 64, 4 * 307, 1.6 * 4 * 64 * 354
    for memory, held in ((2 * images, images), (2 * images - 1, 0)):
        found = cost(run, TimedDevice("gpu", "cuda", 1.0, 0.0, memory_bytes=memory))
        assert found.host_bytes == ON_GPU + held + weights
        assert found.device_bytes == round(CONTEXT + held + 5 * weights + update)
    assert cost(run, BARE).host_bytes == round(ON_CPU + 6 * weights + update)


def test_what_cannot_be_measured_takes_no_time(tmp_path: Path) -> None:
    """Without Inception's weights FID falls away; at tier short of this paper it is most of the evaluation."""
    spec = load("lsgan_fashion_mnist").spec
    run = make_run(spec, "lsgan", "short", 0, "fp32")
    scores = {name: score for name, score in run.setup.scores.items() if name != "fid"}
    without = replace(run, setup=run.setup.model_copy(update={"scores": scores}))
    assert cost(run, BARE, tmp_path) == cost(without, BARE)
    assert cost(run, BARE, tmp_path).evaluation_seconds < cost(run, BARE).evaluation_seconds / 2
    assert added([run], BARE, tmp_path) == {
        run.run_id: AddedCost(cost(without, BARE).hours, trained=True, images=run.images)
    }


#: what changes the time of an iteration, and what does not
OTHERS = (
    ("sizes: {width: 8}", "sizes: {width: 9}"),
    ("batch_size: 16", "batch_size: 32"),
    ("beta1: 0.5", "beta1: 0.4"),
)


def longer(run: Run, iterations: int) -> Run:
    return replace(run, iterations=iterations)


def took(run: Run, **timing: float) -> RunRecord:
    """The record of ``run``, with all its scores and the given times."""
    scores = {
        name: ScoreRecord(metric=score.metric.name, checkpoint=score.checkpoint, value=1.0)
        for name, score in run.setup.scores.items()
    }
    times = {"evaluation_seconds": 3.0, "redone_seconds": 0.0, "warmup_seconds": 4.0, "warmup_iterations": 20, **timing}
    return RunRecord(
        **run.facts(),
        status="finished",
        reason=None,
        iterations=run.iterations,
        scores=scores,
        timing=Timing(**times, sessions=1),  # type: ignore[arg-type]
        hashes={},
        environment={"device": "cpu", "processor": "bare"},
        files={},
    )


def told_by(*records: RunRecord) -> TimedDevice:
    (device,) = known_devices(Path("nowhere"), records)
    return replace(device, gigaflops=1.0, launch_microseconds=0.0, stated=False)


def test_a_measured_loop_is_of_its_training_alone() -> None:
    run = ring()
    timed = replace(BARE, loops={pace_of(run.determinant()): 0.25})
    assert cost(run, timed).training_seconds == 25
    assert cost(run, timed).measured
    assert cost(longer(run, 400), timed).training_seconds == 100
    for other in (replace(run, numerics="bf16"), *(ring(*change) for change in OTHERS)):
        found = cost(other, timed)
        assert (found.basis, found.training_seconds) == ("measured rates", cost(other, BARE).training_seconds)


def test_finished_runs_tell_of_runs_with_the_same_iteration_alone() -> None:
    """84 s for 100 iterations, 4 of them for the first 20: one takes a second. 300 more make it 384 s, 70 fewer 14."""
    run = ring()
    done = replace(told_by(took(run, training_seconds=84.0)), loops={pace_of(run.determinant()): 0.25})
    assert (cost(run, done).hours, cost(run, done).basis) == (pytest.approx(87 / 3600), "finished runs")
    assert cost(longer(run, 400), done).training_seconds == pytest.approx(384)
    assert cost(longer(run, 30), done).training_seconds == pytest.approx(14)
    renamed = replace(run, experiment="other", reading="narrow", tier="smoke", seed=3)
    assert cost(renamed, done).training_seconds == 84, "names are none of its time"
    for other in (replace(run, numerics="bf16"), *(ring(*change) for change in OTHERS)):
        found = cost(other, done)
        assert (found.basis, found.training_seconds) == ("measured rates", cost(other, BARE).training_seconds)


def test_evaluations_of_finished_runs_count_by_their_share_and_only_where_they_are_alike() -> None:
    """Snapshots are at the start, each 50 iterations and the end: three in 100 iterations, nine in 400."""
    run = ring()
    bare = replace(run, setup=run.setup.model_copy(update={"scores": {}}))
    done = told_by(took(bare, training_seconds=84.0))
    assert cost(bare, done).evaluation_seconds == pytest.approx(3)
    assert cost(longer(bare, 400), done).evaluation_seconds == pytest.approx(9)
    assert cost(run, done).evaluation_seconds == cost(run, BARE).evaluation_seconds, "it has scores, that had none"
    unmeasured = took(run, training_seconds=84.0)
    without = {name: score.model_copy(update={"value": None}) for name, score in unmeasured.scores.items()}
    assert (
        cost(run, told_by(unmeasured.model_copy(update={"scores": without}))).evaluation_seconds
        == cost(run, BARE).evaluation_seconds
    ), "it could not measure what this one can"


def test_a_run_that_led_others_tells_of_training_and_one_that_was_led_of_nothing() -> None:
    run = ring()
    leader = took(run, training_seconds=84.0, evaluation_seconds=1e6)
    led = took(replace(run, run_id="led"), training_seconds=1e6)
    led = led.model_copy(update={"environment": {**led.environment, "trained_with": run.run_id}})
    found = cost(run, told_by(leader, led))
    assert found.training_seconds == 84
    assert found.evaluation_seconds == cost(run, BARE).evaluation_seconds


def test_floors_and_ceilings_that_scores_lack_are_counted_by_hand() -> None:
    """Real halves both ways round, a copier, an untrained generator, which makes 1,000 points, and noise."""
    run = ring()
    (score,) = run.setup.scores.values()
    need = score.metric.needs(run.setup.dataset)
    look, make = need.once + need.operations, 1000 * 2 * MAKER
    hours = 1 / (EFFICIENCY * 1e9 * 3600)
    named: dict[str, Any] = {"experiment": "other", "reading": "narrow"}
    wider = ("latent: 4, width: 8", "latent: 4, width: 9", "parameters: 226", "parameters: 272")
    other = replace(ring(*wider, "sizes: {width: 8}", "sizes: {width: 9}"), experiment="wider", run_id="other")
    found = anchors([run, replace(run, seed=1), replace(run, **named), other], [], [], BARE)
    assert found[run.run_id] == (4, pytest.approx((5 * look + make) * hours))
    assert found["other"][0] == 1, "real data, copier and noise are the same, its untrained generator is another"
    assert len(found) == 2
    record = took(run, training_seconds=84.0).model_copy(update={"hashes": {"dataset": "points"}})
    known = [
        SimpleNamespace(identity=identity(kind, run.determinant(), "points", "modes"), code=code)  # type: ignore[arg-type]
        for kind, code in (("real", anchor_code()), ("untrained", "old"))
    ]
    found = anchors([run], [record], known, BARE)  # type: ignore[arg-type]
    assert found == {run.run_id: (3, pytest.approx((3 * look + make) * hours))}, "what older code measured is lacking"


def test_a_record_that_was_edited_is_no_measurement() -> None:
    broken = took(ring(), training_seconds=84.0).model_copy(update={"determinant": {"setup": []}})
    assert cost(ring(), told_by(broken)).basis != "finished runs"


def test_a_folder_tells_of_the_devices_that_worked_there(tmp_path: Path) -> None:
    records = [one.record for one in read_records(ROOT / "results" / "reference" / "mnist-h200")]
    (device,) = known_devices(ROOT / "results" / "reference" / "mnist-h200", records)
    assert (device.name, device.kind, device.stated) == ("NVIDIA H200", "cuda", False)
    assert device.memory_bytes == records[0].environment["gpu"]["memory_bytes"] > 1e11
    seconds = [one.timing.training_seconds for one in records if one.experiment == "gan"]
    run = make_run(load("gan_dcgan_mnist").spec, "gan", "full", 0, "fp32")
    assert len(seconds) == 3
    assert cost(run, device).training_seconds == pytest.approx(sorted(seconds)[1]), "one that stood still pulls nothing"
    ours = [one.record for one in read_records(ROOT / "results" / "reference" / "toy-narrow")]
    assert {(device.kind, device.gigaflops) for device in known_devices(tmp_path, ours)} == {("cpu", 100.0)}
    assert known_devices(tmp_path) == []
    file = tmp_path / "calibration" / "broken.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"schema_version": 1}))
    assert known_devices(tmp_path) == [], "what cannot be read is no measurement"


def test_devices_of_which_nothing_is_measured_are_called_what_they_do() -> None:
    assert f"{STATED['cpu'].gigaflops:g} GFLOP/s" in STATED["cpu"].name
    assert f"of {STATED['cuda'].memory_bytes / 1e9:g} GB at {STATED['cuda'].gigaflops / 1e3:g} T" in STATED["cuda"].name


def test_one_training_counts_once_and_its_evaluations_each() -> None:
    """The second experiment is half as long and otherwise the same."""
    spec = loads(edited("system: saturating", "system: plain")).spec
    half = {**spec.experiments, "half": spec.experiments["ring"].model_copy(update={"budget": _iterations(50)})}
    runs = make_plan(spec.model_copy(update={"experiments": half}), "full", experiments=["ring", "half"], seeds=[0, 1])
    shares = added(runs, BARE)
    long, short = cost(runs[0], BARE), cost(runs[2], BARE)
    assert [shares[run.run_id][:2] for run in runs] == [(long.hours, True)] * 2 + [
        (short.evaluation_seconds / 3600, False)
    ] * 2


def _iterations(count: int) -> Every:
    return Every(iterations=count)
