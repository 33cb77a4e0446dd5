"""One run from start to record: what it writes, how it resumes, how it fails."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.evaluation import scoring
from benchmark.runs.environment import code_hash
from benchmark.runs.files import SHARED, read_arrays, shared_file
from benchmark.runs.integrity import damage
from benchmark.runs.plan import Run, make_run
from benchmark.runs.records import MEASURED, RECORD, RunRecord, Stored, read_record
from benchmark.runs.runner import Interrupted, Locked, OneRun
from benchmark.spec.load import loads
from benchmark.training import checkpoint
from benchmark.training.numerics import prepare
from tests.specs import load

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toy.yaml"
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def toy_run(experiment: str = "toy_reconstruction", numerics: str = "fp32") -> Run:
    return make_run(load(TOY).spec, experiment, "smoke", 0, numerics)


def execute(run: Run, results: Path, **settings) -> RunRecord:
    prepare(run.numerics, 1)
    return OneRun(run, results, results / "data", settings.pop("device", "cpu"), **settings).execute()


@pytest.mark.parametrize("device", DEVICES)
def test_a_run_writes_what_its_spec_says(tmp_path, device):
    run = toy_run()
    record = execute(run, tmp_path, device=device)
    folder = tmp_path / run.folder
    assert record.status == "finished"
    assert record == read_record(folder / RECORD)
    stored = Stored(record, folder)
    assert damage(stored) == []
    curves = stored.curves()
    assert set(curves) == {
        "discriminator_loss",
        "discriminator_cross_entropy",
        "discriminator_absolute_error",
        "generator_loss",
        "generator_non_saturating",
        "generator_absolute_error",
        "real_probability",
        "fake_probability",
    }
    assert all(len(curve) == run.iterations and curve.dtype == np.float32 for curve in curves.values())
    assert np.allclose(
        curves["discriminator_loss"],
        curves["discriminator_cross_entropy"] + 5 * curves["discriminator_absolute_error"],
        rtol=1e-5,
    )
    samples = stored.samples()
    assert samples["iterations"].tolist() == [0, 30, 60]
    assert samples["samples"].shape == (3, 50, 2)
    assert samples["value_surface"].shape == (3, 16, 16)
    assert np.isfinite(samples["value_surface"]).all()
    assert not np.array_equal(samples["samples"][0], samples["samples"][-1])
    assert [step for step, _ in record.scores["modes"].series] == [30, 60]
    assert record.scores["modes"].protocol["samples"] == 200
    assert 0 < record.timing.warmup_seconds < record.timing.training_seconds
    assert record.environment["device"] == device


def test_images_are_eight_bit_and_real_ones_are_kept_beside_them(tmp_path):
    spec = load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec
    run = make_run(spec, "dcgan", "smoke", 0, "fp32")
    run = replace(run, iterations=30)
    record = execute(run, tmp_path)
    samples = Stored(record, tmp_path / run.folder).samples()
    assert samples["samples"].dtype == samples["real"].dtype == np.uint8
    assert samples["samples"].shape[2:] == samples["real"].shape[1:] == (1, 8, 8)
    assert int(samples["real"].max()) == 255


@pytest.mark.parametrize("at", [1, 29, 30, 45, 59])
def test_stopped_anywhere_and_resumed_equals_uninterrupted(tmp_path, at):
    run = toy_run()
    whole = execute(run, tmp_path / "whole")
    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls >= at

    with pytest.raises(Interrupted, match="state saved"):
        execute(run, tmp_path / "parts", stop=stop)
    resumed = execute(run, tmp_path / "parts")
    left, right = (Stored(one, tmp_path / where / run.folder) for one, where in ((whole, "whole"), (resumed, "parts")))
    for arrays in ("curves", "samples"):
        ours, theirs = getattr(left, arrays)(), getattr(right, arrays)()
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert {n: (s.value, s.series) for n, s in whole.scores.items()} == {
        n: (s.value, s.series) for n, s in resumed.scores.items()
    }
    assert resumed.timing.sessions == 2
    final = [
        checkpoint.load_newest(tmp_path / where / run.folder / "checkpoints", "cpu", run.run_id)
        for where in ("whole", "parts")
    ]
    assert final[0]["best"] == final[1]["best"] == {"modes": 30, "good": 30}
    assert set(final[1]["best_weights"]) == {30}
    for role, weights in final[0]["best_weights"][30]["networks"].items():
        kept = final[1]["best_weights"][30]["networks"][role]
        assert all(torch.equal(value, kept[name]) for name, value in weights.items())
    for role, weights in final[0]["networks"].items():
        assert all(torch.equal(value, final[1]["networks"][role][name]) for name, value in weights.items())


def test_measuring_does_not_change_training(tmp_path):
    """Twice as many evaluations, the same curves."""
    text = TOY.read_text()
    often = text.replace("every: {iterations: 30}", "every: {iterations: 7}")
    assert often != text
    records = {}
    for name, content in (("seldom", text), ("often", often)):
        run = make_run(loads(content).spec, "toy_reconstruction", "smoke", 0, "fp32")
        records[name] = Stored(execute(run, tmp_path / name), tmp_path / name / run.folder)
    assert len(records["often"].record.scores["modes"].series) > len(records["seldom"].record.scores["modes"].series)
    seldom, often_curves = records["seldom"].curves(), records["often"].curves()
    assert all(np.array_equal(seldom[name], often_curves[name]) for name in seldom)


def test_a_finished_run_is_not_repeated(tmp_path):
    run = toy_run()
    execute(run, tmp_path)
    file = tmp_path / run.folder / RECORD
    before = file.stat().st_mtime_ns
    execute(run, tmp_path, progress=lambda *_: pytest.fail("trained again"))
    assert file.stat().st_mtime_ns == before


def test_divergence_is_a_status_with_a_reason(tmp_path):
    text = TOY.read_text().replace("learning_rate: 1e-4", "learning_rate: 1e30")
    run = make_run(loads(text).spec, "toy_non_saturating", "smoke", 0, "fp32")
    record = execute(run, tmp_path)
    assert record.status == "diverged"
    assert record.reason is not None
    assert record.iterations < record.planned_iterations
    for score in record.scores.values():
        assert score.value is None
        assert "diverged" in (score.reason or "")
    assert "NaN" not in (tmp_path / run.folder / RECORD).read_text()


def test_a_failure_is_recorded_and_tried_again(tmp_path, monkeypatch):
    run = toy_run()
    prepare(run.numerics, 1)
    broken = OneRun(run, tmp_path, tmp_path / "data", "cpu")
    monkeypatch.setattr(broken, "_segments", lambda: (_ for _ in ()).throw(RuntimeError("out of memory\nmore")))
    with pytest.raises(RuntimeError):
        broken.execute()
    record = read_record(tmp_path / run.folder / RECORD)
    assert (record.status, record.reason) == ("failed", "RuntimeError: out of memory")
    assert execute(run, tmp_path).status == "finished"


#: holds the lock of a run's folder until its input ends
def same(first: Path, second: Path) -> bool:
    """Whether two runs' curves and scores agree bit for bit."""
    ours, theirs = (Stored(read_record(folder / RECORD), folder) for folder in (first, second))
    curves = all((ours.curves()[name] == theirs.curves()[name]).all() for name in theirs.curves())
    values = {name: score.value for name, score in theirs.record.scores.items()}
    return curves and values == {name: score.value for name, score in ours.record.scores.items()}


def test_a_kill_between_the_last_checkpoint_and_the_record_is_repaired(tmp_path, monkeypatch):
    run = toy_run()
    whole = tmp_path / "whole"
    execute(run, whole)
    cut = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setattr("benchmark.runs.runner.write_record", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            execute(run, cut)
    folder = cut / run.folder
    assert not (folder / RECORD).exists()
    (folder / ".record.json.abcd1234").write_text("half of a rec")
    record = execute(run, cut)
    assert record.status == "finished"
    assert same(folder, whole / run.folder)
    state = checkpoint.load_newest(folder / "checkpoints", "cpu", run.run_id)
    assert state is not None
    assert state["iteration"] == run.iterations
    assert sorted(file.name for file in folder.glob(".*")) == [".lock"]


def test_a_checkpoint_of_another_seed_is_not_continued_from(tmp_path, capsys):
    run, other = toy_run(), make_run(load(TOY).spec, "toy_reconstruction", "smoke", 1, "fp32")
    execute(other, tmp_path)
    execute(run, tmp_path / "whole")
    shutil.copytree(tmp_path / other.folder / "checkpoints", tmp_path / run.folder / "checkpoints")
    execute(run, tmp_path)
    assert f"belongs to run {other.run_id}" in capsys.readouterr().err
    assert same(tmp_path / run.folder, tmp_path / "whole" / run.folder)


@pytest.mark.parametrize("numerics", ["fp32", "exact"])
def test_a_resumed_run_keeps_its_number_of_threads(tmp_path, numerics):
    """Interrupted with two threads and resumed where one is asked for, it gives the bits of two."""
    spec = load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec
    run = replace(make_run(spec, "gan", "smoke", 0, numerics), iterations=24)

    def go(results: Path, threads: int, stop_at: int | None = None) -> None:
        calls = 0

        def stop() -> bool:
            nonlocal calls
            calls += 1
            return stop_at is not None and calls >= stop_at

        prepare(numerics, threads)
        OneRun(run, results, tmp_path / "data", "cpu", stop=stop).execute()

    try:
        go(tmp_path / "whole", 2)
        with pytest.raises(Interrupted):
            go(tmp_path / "cut", 2, stop_at=16)
        go(tmp_path / "cut", 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert same(tmp_path / "cut" / run.folder, tmp_path / "whole" / run.folder)


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"soon"])
def test_a_damaged_heartbeat_stops_no_run(tmp_path, junk):
    run = toy_run()
    (tmp_path / run.folder).mkdir(parents=True)
    (tmp_path / run.folder / ".heartbeat").write_bytes(junk)
    assert execute(run, tmp_path).status == "finished"


_HOLDER = """
import sys
from pathlib import Path
from filelock import FileLock
folder = Path(sys.argv[1])
folder.mkdir(parents=True)
with FileLock(folder / ".lock"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_never_trained_twice_at_once(tmp_path):
    run = toy_run()
    command = [sys.executable, "-c", _HOLDER, str(tmp_path / run.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Locked, match="is training this run"):
            execute(run, tmp_path)
        other.communicate()
    assert other.returncode == 0
    assert execute(run, tmp_path).status == "finished"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130), (signal.SIGHUP, 75), (signal.SIGUSR1, 75)]
)
def test_a_signal_leaves_a_resumable_state_and_its_exit_code(tmp_path, number, code):
    text = TOY.read_text().replace("budget: {iterations: 60}", "budget: {iterations: 100000}")
    spec = tmp_path / "toy.yaml"
    spec.write_text(text)
    words = [sys.executable, "-m", "benchmark", "run", str(spec), "--tier", "smoke", "-e", "toy_minimax"]
    words += ["--results", str(tmp_path / "results"), "--no-report", "--device", "cpu"]
    process = subprocess.Popen(
        words, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    heartbeat = None
    for _ in range(300):
        time.sleep(0.1)
        heartbeat = next(iter((tmp_path / "results").glob("*/*/*/.heartbeat")), None)
        if heartbeat is not None:
            break
    assert heartbeat is not None
    time.sleep(0.5)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "the same command continues" in said
    folder = next((tmp_path / "results").glob("*/*/*"))
    state = checkpoint.load_newest(folder / "checkpoints", "cpu", folder.name)
    assert state is not None
    assert 0 < state["iteration"] < 100_000
    assert not (folder / RECORD).exists()
    assert json.loads(state["kept"])["seconds"]["training"] > 0


def test_a_distance_can_be_computed_again_from_the_moments_beside_the_record(tmp_path):
    """The Fréchet distance by scipy's matrix square root of what was stored, after an interruption."""
    from scipy.linalg import sqrtm

    spec = load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec
    run = replace(make_run(spec, "dcgan", "smoke", 0, "fp32"), iterations=30)
    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls >= 25

    with pytest.raises(Interrupted):
        execute(run, tmp_path, stop=stop)
    record = execute(run, tmp_path)
    assert MEASURED in record.files
    name = next(name for name, score in record.scores.items() if score.metric == "proxy_frechet_distance")
    arrays = read_arrays(tmp_path / run.folder / MEASURED)
    arrays |= {f"{name}.{key}": value for key, value in read_arrays(shared(tmp_path, record, name)).items()}
    ours, theirs = (
        (arrays[f"{name}.{side}.mean"], symmetric(arrays[f"{name}.{side}.covariance"]))
        for side in ("generated", "reference")
    )
    root = sqrtm(ours[1] @ theirs[1])
    distance = ((ours[0] - theirs[0]) ** 2).sum() + np.trace(ours[1] + theirs[1] - 2 * root.real)
    assert record.scores[name].value == pytest.approx(distance, rel=1e-5)
    other = execute(replace(make_run(spec, "dcgan", "smoke", 1, "fp32"), iterations=30), tmp_path)
    assert shared(tmp_path, other, name) == shared(tmp_path, record, name), "the reference is kept once"
    wanted = {score.shared for score in (*record.scores.values(), *other.scores.values())} - {None}
    assert {file.stem for file in (tmp_path / SHARED).iterdir()} == wanted


def shared(results: Path, record: RunRecord, name: str) -> Path:
    digest = record.scores[name].shared
    assert digest is not None
    return shared_file(results, digest)


def symmetric(triangle: np.ndarray) -> np.ndarray:
    """A matrix from its upper triangle, row by row."""
    side = round((np.sqrt(8 * len(triangle) + 1) - 1) / 2)
    whole, start = np.empty((side, side)), 0
    for row in range(side):
        whole[row, row:] = whole[row:, row] = triangle[start : start + side - row]
        start += side - row
    return whole


def test_a_record_names_no_place_of_the_machine(tmp_path):
    """What cannot be measured is told with the name that the documents give the data root."""
    spec = load(ROOT / "papers" / "gan_dcgan_mnist.yaml").spec
    run = make_run(spec, "dcgan", "smoke", 0, "fp32")
    score = run.setup.scores["fid"]
    metric = score.metric.model_copy(update={"samples": 4000})  # enough for FID, so that its weights are asked for
    scores = {"fid": score.model_copy(update={"metric": metric})}
    setup = run.setup.model_copy(update={"scores": scores})
    record = execute(replace(run, setup=setup, iterations=3), tmp_path)
    reason = record.scores["fid"].reason
    assert reason is not None
    assert reason.startswith("DATA/weights/weights-inception-2015-12-05-6726825d.pth is missing")
    assert str(tmp_path) not in (tmp_path / run.folder / RECORD).read_text()


@pytest.mark.parametrize(
    ("root", "reason", "told"),
    [
        ("/place/data", "/place/data/weights/w.pth is missing", "DATA/weights/w.pth is missing"),
        (
            "data",
            "data/weights/w.pth is missing: ganrepro data fetch w",
            "DATA/weights/w.pth is missing: ganrepro data fetch w",
        ),
        ("data", "no data/set in /my/data/x or mydata/x", "no DATA/set in /my/data/x or mydata/x"),
        (".", "3.5 of 4.0 images", "3.5 of 4.0 images"),
    ],
)
def test_only_the_data_root_itself_is_left_out_of_a_reason(root, reason, told):
    assert scoring.anywhere(reason, Path(root)) == told


def test_the_code_s_hash_is_that_of_files_and_not_of_what_a_process_has_loaded() -> None:
    run = toy_run()
    program = (
        "from pathlib import Path\n"
        "from benchmark.runs.plan import make_run\n"
        "from benchmark.runs.environment import code_hash\n"
        "from benchmark.spec.load import load\n"
        f"print(code_hash(make_run(load(Path({str(TOY)!r})).spec, 'toy_reconstruction', 'smoke', 0, 'fp32')))\n"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    for module in (
        "benchmark.parts.extractors.inception",
        "benchmark.parts.metrics.infinity",
        "benchmark.training.neighbours",
    ):
        importlib.import_module(module)
    assert code_hash(run) == elsewhere.stdout.strip()


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("training/update.py", True),
        ("parts/metrics/frechet.py", True),  # shared by metrics, a part of none
        ("parts/networks/activations.py", True),
        ("parts/objectives/matching.py", True),
        ("parts/networks/growth.py", False),  # no part of this run
        ("reporting/report.py", False),
    ],
)
def test_the_code_s_hash_follows_what_a_run_rests_on(file: str, counts: bool, monkeypatch) -> None:
    before = code_hash(toy_run())
    read = Path.read_bytes
    changed = ROOT / "benchmark" / file
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" if path == changed else read(path))
    assert (code_hash(toy_run()) != before) is counts
