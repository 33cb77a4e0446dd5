"""Shipped classifiers rank planted degradations: the worse the images, the worse every proxy that should see it."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from benchmark.parts.extractors.classifier import Classifier
from benchmark.parts.metrics.class_probabilities import ClassCoverage, Recognisability
from benchmark.parts.metrics.frechet import ProxyFrechetDistance
from benchmark.parts.metrics.inception_score import ProxyInceptionScore
from benchmark.parts.metrics.nearest import ProxyDuplicateFeatures, ProxyNearestTrainingFeatures

DATA = Path(os.environ.get("GANREPRO_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
N = 800


def torchvision_s(name: str) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Images and classes of a test split that lies on disk."""

    def read(**_embedded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from torchvision import datasets

        if not (DATA / name / "raw" / "t10k-images-idx3-ubyte").is_file():
            pytest.skip(f"{name} is not under {DATA}; GANREPRO_TEST_DATA names another place")
        test = getattr(datasets, name)(str(DATA), train=False)
        return test.data[:, None].numpy()[:2000], test.targets.numpy()[:2000]

    return read


def colour(**_embedded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first 200 test photographs of every class; the archive begins with the test split, class by class."""
    from PIL import Image

    file = DATA / "cifar10-jpeg.tar.xz"
    if not file.is_file():
        pytest.skip(f"{file} is not there; GANREPRO_TEST_DATA names another place")
    images, classes = [], []
    with tarfile.open(file) as archive:
        for member in archive:
            name = Path(member.name)
            wanted = member.isfile() and "test" in name.parts and int(name.stem) < 200
            content = archive.extractfile(member) if wanted else None
            if content is not None:
                images.append(np.array(Image.open(content).convert("RGB")).transpose(2, 0, 1))
                classes.append(name.parts[-2])
            if len(images) == 2000:
                break
    return np.stack(images), np.unique(classes, return_inverse=True)[1]


def embedded(digits: np.ndarray, digit_classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return digits, digit_classes


SOURCES = {
    "digits_8x8": embedded,
    "mnist_28x28": torchvision_s("MNIST"),
    "fashion_mnist_28x28": torchvision_s("FashionMNIST"),
    "cifar10_32x32": colour,
}


@pytest.fixture(scope="module", autouse=True)
def _the_same_images_have_the_same_features():
    """What a classifier makes of images is computed once; every metric asks for it."""
    compute, known = Classifier.features, {}

    def features(self: Classifier, images: np.ndarray) -> np.ndarray:
        key = self.name, hashlib.sha256(np.ascontiguousarray(images)).digest()
        if key not in known:
            known[key] = compute(self, images)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Classifier, "features", features)
        yield


@pytest.fixture(scope="module", params=SOURCES)
def planted(request, digits: np.ndarray, digit_classes: np.ndarray):
    """Real images in two disjoint parts, and the first one with every fault in three degrees, mildest first."""
    images, classes = SOURCES[request.param](digits=digits, digit_classes=digit_classes)
    random = np.random.default_rng(0)
    order = random.permutation(len(images))
    images, classes = images[order], classes[order]
    good, data = images[:N], images[N:]
    side = images.shape[-1]

    def noisy(deviation: float) -> np.ndarray:
        return np.clip(good + random.normal(0, deviation, good.shape), 0, 255).astype(np.uint8)

    def blurred(share: float) -> np.ndarray:
        return gaussian_filter(good.astype(float), (0, 0, share * side, share * side)).round().astype(np.uint8)

    def of_classes(kept: int) -> np.ndarray:
        few = images[classes < kept]
        return few[random.integers(0, len(few), N)]

    def copied(kept: int) -> np.ndarray:
        return data[random.integers(0, kept, N)]

    faults = {
        "noise": [noisy(deviation) for deviation in (30, 70, 150)],
        "blur": [blurred(share) for share in (0.05, 0.1, 0.2)],
        "fewer classes": [of_classes(kept) for kept in (7, 4, 1)],
        "copies": [copied(kept) for kept in (100, 20, 3)],
    }
    return SimpleNamespace(classifier=request.param, good=good, data=data, faults=faults)


def course(metric, planted, subject, fault: str) -> list[float]:
    """The metric on good images, then on each degree of the fault."""
    return [metric.measure(subject(fake, planted.data)).value for fake in (planted.good, *planted.faults[fault])]


def common(planted) -> dict[str, object]:
    return {"classifier": planted.classifier, "samples": N, "reference_images": "all"}


@pytest.mark.parametrize("fault", ["noise", "blur", "fewer classes", "copies"])
def test_the_distance_rises_with_every_fault(fault: str, planted, subject) -> None:
    values = course(ProxyFrechetDistance(**common(planted), reference="training_data"), planted, subject, fault)
    assert values == sorted(values)
    assert values[1] > 1.2 * values[0]
    assert values[3] > 3 * values[0]


@pytest.mark.parametrize("fault", ["fewer classes", "copies"])
def test_fewer_classes_are_covered(fault: str, planted, subject) -> None:
    values = course(ClassCoverage(**common(planted)), planted, subject, fault)
    assert values[0] > 9
    assert values[0] > values[1] > values[2] > values[3]


def test_the_score_falls_with_fewer_classes_and_with_much_noise(planted, subject) -> None:
    metric = ProxyInceptionScore(**common(planted), splits=4)
    values = course(metric, planted, subject, "fewer classes")
    assert values[0] > values[1] > values[2] > values[3]
    noisy = course(metric, planted, subject, "noise")
    assert noisy[3] < noisy[0]


@pytest.mark.parametrize("fault", ["noise", "blur"])
def test_unclear_images_are_recognised_with_less_certainty(fault: str, planted, subject) -> None:
    values = course(Recognisability(**common(planted)), planted, subject, fault)
    assert values[0] > values[1]


def test_copies_are_found_in_feature_space(planted, subject) -> None:
    near = course(ProxyNearestTrainingFeatures(**common(planted), neighbours=1), planted, subject, "copies")
    assert near[0] == pytest.approx(1, abs=0.2)
    assert near[1:] == pytest.approx([0, 0, 0], abs=1e-3)
    settings = {"classifier": planted.classifier, "samples": N, "quantile": 0.05}
    again = course(ProxyDuplicateFeatures(**settings), planted, subject, "copies")
    assert again[0] < 0.2
    assert min(again[1:]) > 0.99
