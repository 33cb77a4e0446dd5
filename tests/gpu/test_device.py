"""What a GPU must not change: the data, the exact tier's bits from run to run, and scores of the same samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.parts.datasets.images.resident import MappedImages, ResidentImages
from benchmark.parts.metrics.ms_ssim import pair_similarities
from benchmark.runs.plan import make_run
from benchmark.runs.runner import OneRun
from benchmark.spec.levels import SYMMETRIC
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer
from tests.specs import load

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

PAPERS = Path(__file__).parents[2] / "papers"
NOWHERE = Path("no-data-needed")


def test_pictures_are_the_same_floats_wherever_they_lie() -> None:
    levels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), dtype=np.uint8))
    order = torch.randperm(80)
    on_host = ResidentImages(levels, "cpu", value_range=SYMMETRIC, mirrored=True).examples(order)
    for held in (ResidentImages, MappedImages):
        on_gpu = held(levels, "cuda", value_range=SYMMETRIC, mirrored=True).examples(order.cuda())
        assert on_gpu.is_cuda
        assert torch.equal(on_gpu.cpu(), on_host)


def test_the_exact_tier_repeats_its_bits() -> None:
    run = make_run(load(PAPERS / "gan_dcgan_mnist.yaml").spec, "dcgan", "smoke", 1, "exact")
    prepare("exact", None)
    states = []
    for _ in range(2):
        trainer = Trainer(run, run.setup.dataset.load(NOWHERE, "cuda"), "cuda")
        trainer.advance(20, lambda _: False)
        states.append({role: network.state_dict() for role, network in trainer.networks.items()})
    torch.use_deterministic_algorithms(False)
    for role, state in states[0].items():
        assert all(torch.equal(value, states[1][role][name]) for name, value in state.items())


def test_a_run_on_a_gpu_is_recorded_with_it(tmp_path: Path) -> None:
    run = make_run(load(PAPERS / "gan_dcgan_mnist.yaml").spec, "gan", "smoke", 0, "fp32")
    prepare("fp32", None)
    record = OneRun(run, tmp_path, NOWHERE, "cuda").execute()
    assert record.status == "finished"
    assert record.environment["gpu"]["name"] == torch.cuda.get_device_name()
    assert record.environment["loop"] == "replayed"
    assert record.scores["digit_distance"].value is not None
    assert record.timing.training_seconds > 0


def test_scores_of_the_same_pictures_do_not_depend_on_the_device() -> None:
    from benchmark.parts.extractors import classifier

    pictures = np.random.default_rng(0).integers(0, 256, (300, 1, 28, 28), dtype=np.uint8)
    on_cpu, on_gpu = (classifier.load("mnist_28x28", device).features(pictures) for device in ("cpu", "cuda"))
    assert np.abs(on_cpu - on_gpu).max() <= 1e-4 * np.abs(on_cpu).max()


def test_ms_ssim_does_not_depend_on_the_device() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (8, 3, 64, 64), dtype=np.uint8)
    on_gpu, on_cpu = (
        pair_similarities([pictures], len(pictures), pictures.shape[1:], device) for device in ("cuda", "cpu")
    )
    assert np.abs(on_gpu - on_cpu).max() <= 1e-6


@pytest.mark.parametrize(("numerics", "bound"), [("fp32", 1e-5), ("tf32", 1e-2), ("bf16", 1e-1)])
def test_tiers_differ_from_exact_by_their_rounding(numerics: str, bound: float) -> None:
    """The first losses of the same weights on the same data, relative to the exact tier's."""
    spec = load(PAPERS / "gan_dcgan_mnist.yaml").spec
    losses = {}
    for one in ("exact", numerics):
        prepare(one, None)
        run = make_run(spec, "dcgan", "smoke", 1, one)
        trainer = Trainer(run, run.setup.dataset.load(NOWHERE, "cuda"), "cuda")
        trainer.advance(1, lambda _: False)
        losses[one] = np.array([values[0] for values in trainer.curves().values()])
    prepare("fp32", None)
    assert np.abs(losses[numerics] / losses["exact"] - 1).max() < bound
    assert not torch.backends.cudnn.allow_tf32
