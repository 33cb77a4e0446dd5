"""Input that must never become a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
import torch

from benchmark.evaluation import scoring
from benchmark.parts.datasets.images.resident import ResidentImages
from benchmark.parts.metrics.inputs import generated, real
from benchmark.spec.experiments import Score
from benchmark.spec.levels import SYMMETRIC, Range
from benchmark.spec.parts import DATASETS, METRICS, Data, DataError, Dataset, MetricError, Shape
from benchmark.training.subject import TrainedSubject

STANDARD = {
    "extractor": "inception_2015_12_05",
    "resize": "tensorflow_bilinear",
    "reference": "training_data",
    "reference_images": "all",
}
PROXY = {"classifier": "digits_8x8", "reference_images": "all"}
FRECHET = {**PROXY, "reference": "training_data"}
SHARPNESS = {"samples": 100, "reference_images": "all"}
KERNEL = {**STANDARD, "subsets": 2, "subset_images": 150}
SCORE = {"extractor": "inception_2015_12_05", "resize": "bilinear"}
NATIVE = {"pairs": 10, "size": "native", "filter": "none"}


@dataclass(frozen=True)
class Case:
    """What is measured, on what, and the reason that must stand where the number would."""

    metric: str
    settings: dict[str, Any]
    reason: str
    #: from good images to what the generator gives instead
    generated: Callable[[np.ndarray], np.ndarray] = lambda good: good
    #: from good images to what the data are instead
    real: Callable[[np.ndarray], np.ndarray] = lambda good: good
    #: outputs of a shipped classifier by method, of the discriminator, and curves
    extractor: dict[str, float] = field(default_factory=dict)
    verdict: float = 0.0
    loss: float = 1.0


def from_network(spoil: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[np.ndarray], np.ndarray]:
    """What a trained system gives out if its network's last layer emits spoilt images."""

    def give(good: np.ndarray) -> np.ndarray:
        system = object.__new__(TrainedSubject)
        system._range = SYMMETRIC
        system.dataset = DATASETS.get("digits").variants()[0]
        return system.given_out(spoil(torch.from_numpy(good).float() / 127.5 - 1))

    return give


def one_of_them(good: np.ndarray) -> np.ndarray:
    return np.repeat(good[:1], len(good), axis=0)


def points(bad: float) -> Callable[[np.ndarray], np.ndarray]:
    def give(_good: np.ndarray) -> np.ndarray:
        found = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
        found[7, 1] = bad
        return found

    return give


def flat(good: np.ndarray) -> np.ndarray:
    """Images of one level each."""
    levels = (np.arange(len(good)) % 256).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], good.shape)


FEW = "frechet_inception_distance"
GAP = {"first": "loss", "second": "zero", "window": {"unit": "share", "start": 0.0, "end": 1.0}}
CASES: dict[str, Case] = {
    # images that are none
    "a network that emits nan": Case(
        "recognisability",
        {**PROXY, "samples": 100},
        "the generator emits numbers that are not finite",
        from_network(lambda images: images.index_fill(0, torch.tensor([3]), torch.nan)),
    ),
    "a network that emits images out of range": Case(
        "sharpness", SHARPNESS, "must lie in", from_network(lambda images: images * 1.5)
    ),
    "floats of 0 to 1": Case("recognisability", {**PROXY, "samples": 100}, "must be uint8", lambda x: x / 255),
    "integers beyond 255": Case("sharpness", SHARPNESS, "must be uint8", lambda x: x.astype(np.int32) + 300),
    "colour where grey is promised": Case("sharpness", SHARPNESS, "have shape", lambda x: np.repeat(x, 3, axis=1)),
    "fewer images than asked": Case("sharpness", SHARPNESS, "have shape", lambda x: x[:50]),
    # constant images
    "a distance of one image over and over": Case(
        "proxy_frechet_distance", {**FRECHET, "samples": 100}, "100 generated examples are the same one", one_of_them
    ),
    "a score of black images": Case(
        "proxy_inception_score", {**PROXY, "samples": 200, "splits": 2}, "are the same one", lambda x: 0 * x
    ),
    "likeness of one image to itself": Case(
        "ms_ssim", {"pairs": 10, "size": 16, "filter": "bilinear"}, "are the same one", one_of_them
    ),
    "classes of one image": Case("class_coverage", {**PROXY, "samples": 100}, "are the same one", one_of_them),
    "edges of flat images": Case("sharpness_gap", SHARPNESS, "one level throughout", flat),
    "real images that are all one": Case("collapse", SHARPNESS, "500 real examples are the same one", real=one_of_them),
    # too few
    "fid of 2,048 images": Case(FEW, {**STANDARD, "samples": 2048}, "the minimum is 2049"),
    "a proxy of 64 images": Case("proxy_frechet_distance", {**FRECHET, "samples": 64}, "the minimum is 65"),
    "is of fewer than splits": Case("inception_score", {**SCORE, "samples": 5, "splits": 10}, "minimum is 1000"),
    "is of 999 in 10 splits": Case("inception_score", {**SCORE, "samples": 999, "splits": 10}, "minimum is 1000"),
    "kid of less than a subset": Case("kernel_inception_distance", {**KERNEL, "samples": 100}, "the minimum is 150"),
    "recall of as many images as neighbours": Case(
        "recall", {**STANDARD, "samples": 3, "neighbours": 3}, "the minimum is 4"
    ),
    "ms-ssim of 8 x 8 pixels": Case("ms_ssim", NATIVE, "8x8 do not have five scales, the minimum is 16"),
    "variance of one example": Case("collapse", {"samples": 1, "reference_images": "all"}, "the minimum is 2"),
    "more real images than there are": Case(
        "recognisability", {**PROXY, "samples": 100, "reference_images": 1000}, "the reference has 500"
    ),
    # numbers that are not finite
    "points with nan": Case("collapse", SHARPNESS, "not finite", points(np.nan), points(0)),
    "points at infinity": Case(
        "duplicates", {"samples": 100, "quantile": 0.1}, "not finite", points(np.inf), points(0)
    ),
    "features that are nan": Case(
        "proxy_frechet_distance",
        {**FRECHET, "samples": 400},
        "features that are not finite",
        extractor={"features": np.nan},
    ),
    "class logits that are infinite": Case(
        "proxy_inception_score",
        {**PROXY, "samples": 400, "splits": 2},
        "not finite",
        extractor={"logits": np.inf},
    ),
    "a discriminator that says nan": Case(
        "discriminator_accuracy",
        {"network": "discriminator", "samples": 100, "threshold": 0.0},
        "not finite on generated",
        verdict=np.nan,
    ),
    "a loss that is nan": Case("loss_gap", GAP, "the curve is not finite", loss=np.nan),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_degenerate_input_becomes_a_reason_and_no_number(
    case: Case, subject, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the very function that writes scores into records."""
    from benchmark.parts.extractors.classifier import Classifier

    for method, factor in case.extractor.items():
        sound = getattr(Classifier, method)
        monkeypatch.setattr(Classifier, method, lambda self, given, f=factor, s=sound: s(self, given) * f)
    score = Score.model_validate({"metric": {case.metric: case.settings}, "checkpoint": "last"})

    class Spoilt:
        """Gives out what is degenerate only when asked, as a trained system does."""

        def __init__(self) -> None:
            true = case.real(digits[1000:1500])
            self.made = subject(digits[:1], true, discriminator=lambda some: np.full((len(some), 1), case.verdict))
            self.made.recorded = {"loss": np.full(10, case.loss), "zero": np.zeros(10)}

        def __getattr__(self, name: str) -> Any:
            return getattr(self.made, name)

        def samples(self, count: int) -> np.ndarray:
            return case.generated(digits[:1000])[:count]

        def samples_in_parts(self, count: int) -> Iterator[np.ndarray]:
            yield from np.array_split(self.samples(count), 2)

    setup: Any = SimpleNamespace(
        dataset=SimpleNamespace(kind="images"), generator_mode="running_statistics", batch_size=64
    )
    found = scoring.measure(score, setup, Spoilt(), 60)  # type: ignore[arg-type]
    assert found.value is None
    assert case.reason in str(found.reason)


def test_a_dataset_without_a_test_split_cannot_be_referred_to(subject, digits: np.ndarray) -> None:
    made = subject(digits[:800], digits[800:], DATASETS.get("digits").variants()[0])
    metric = METRICS.get("proxy_frechet_distance")(**{**FRECHET, "samples": 400, "reference": "test"})
    with pytest.raises(MetricError, match="'digits' has no test split"):
        metric.measure(made)


class Halved(Dataset):
    """Pictures whose two splits lie in two files."""

    name = "halved"
    kind = "images"
    split: Literal["train", "test"]

    def image_range(self) -> Range:
        return SYMMETRIC

    def example_shape(self) -> Shape:
        return (1, 8, 8)

    def example_count(self) -> int:
        return 200

    def missing(self, root: Path) -> str | None:
        return None if (root / self.split).is_file() else f"{root / self.split} is missing"

    def load(self, root: Path, device: str) -> Data:
        levels = np.frombuffer((root / self.split).read_bytes(), dtype=np.uint8).reshape(-1, 1, 8, 8)
        if len(levels) != 200:
            raise DataError(f"{len(levels)} pictures, not 200")
        return ResidentImages(torch.from_numpy(levels.copy()), device, value_range=SYMMETRIC)


def test_the_test_split_is_read_as_it_lies_on_disk(subject, tmp_path: Path) -> None:
    held_out = np.random.default_rng(0).integers(0, 256, (200, 1, 8, 8), dtype=np.uint8)
    (tmp_path / "test").write_bytes(held_out.tobytes())
    made = subject(held_out[::-1], held_out[::-1], Halved(split="train"))
    assert (real(made, "all", reference="test") == held_out).all()
    assert (real(made, 7, reference="test") == held_out[:7]).all()
    assert (real(made, "all") == held_out[::-1]).all()


def test_a_test_split_that_is_missing_or_broken_is_named(subject, digits: np.ndarray, tmp_path: Path) -> None:
    made = subject(digits[:200], digits[200:400], Halved(split="train"))
    metric = METRICS.get("proxy_frechet_distance")(**{**FRECHET, "samples": 200, "reference": "test"})
    with pytest.raises(MetricError, match="test is missing"):
        metric.measure(made)
    (tmp_path / "test").write_bytes(bytes(64))
    with pytest.raises(MetricError, match="1 pictures, not 200"):
        metric.measure(made)


def test_two_examples_suffice_where_nothing_asks_for_more(subject) -> None:
    digits = np.arange(3 * 64, dtype=np.uint8).reshape(3, 1, 8, 8)
    made = subject(digits, digits)
    for take, what in ((generated, "generated"), (real, "real")):
        assert len(take(made, 2)) == 2
        with pytest.raises(MetricError, match=f"1 {what} examples are too few, the minimum is 2"):
            take(made, 1)
