"""A constructed subject: fixed examples in place of a trained system."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmark.parts.extractors import inception
from benchmark.spec.parts import DATASETS, Dataset
from tests.parts.extractors.inception_weights import random_weights


@dataclass
class FixedSubject:
    """What metrics see, made of two arrays and, for discriminators, functions by role."""

    fake: np.ndarray
    true: np.ndarray
    dataset: Any
    root: Path
    device: str = "cpu"
    networks: dict[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)
    recorded: dict[str, np.ndarray] = field(default_factory=dict)
    iterations_per_epoch: float | None = None
    moments: np.ndarray = field(default_factory=lambda: np.array([[0.25, 0.75], [-0.125, 1.5]]))

    @property
    def data(self) -> Any:
        fingerprint = hashlib.sha256(self.true.tobytes()).hexdigest()
        return SimpleNamespace(fingerprint=fingerprint, count=len(self.true), shape=self.true.shape[1:])

    def samples(self, count: int) -> np.ndarray:
        return self.fake[:count]

    def reals(self, count: int | None) -> np.ndarray:
        return self.true[:count]

    def samples_in_parts(self, count: int) -> Iterator[np.ndarray]:
        yield from np.array_split(self.samples(count), 3)  # of odd and even numbers

    def reals_in_parts(self, order: np.ndarray, size: int) -> Iterator[np.ndarray]:
        yield self.true[: len(order)][order]

    def apply(self, network: str, examples: np.ndarray) -> np.ndarray:
        return self.networks[network](examples)

    def moments_after(self, network: str, kind: str, count: int) -> np.ndarray:
        return self.moments

    def curves(self) -> dict[str, np.ndarray]:
        return self.recorded


def stand_in(shape: tuple[int, ...]) -> Any:
    """A dataset of which only its shape is asked."""
    kind = "images" if len(shape) == 3 else "points"
    return SimpleNamespace(name="stand_in", kind=kind, example_shape=lambda: shape)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep statistics below each test's own root."""
    monkeypatch.delenv("GANREPRO_CACHE", raising=False)


Make = Callable[..., FixedSubject]


@pytest.fixture
def subject(tmp_path: Path) -> Make:
    """Make a subject of generated and real examples."""

    def make(fake: np.ndarray, true: np.ndarray, dataset: Dataset | None = None, **networks: Any) -> FixedSubject:
        return FixedSubject(fake, true, dataset or stand_in(true.shape[1:]), tmp_path, networks=networks)

    return make


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory):
    """A data root with random weights in the real format, pinned to what they are."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GANREPRO_WEIGHTS", raising=False)
        patch.setattr(inception, "SHA256", hashlib.sha256(random_weights()).hexdigest())
        file = inception.weights_file(folder)
        file.parent.mkdir()
        file.write_bytes(random_weights())
        yield folder


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """scikit-learn's digits in a fixed random order, uint8 (1797, 1, 8, 8)."""
    import torch

    data = DATASETS.get("digits").variants()[0].load(Path(), "cpu")
    order = np.random.default_rng(0).permutation(1797)
    return ((data.examples(torch.from_numpy(order)) + 1) * 127.5).round().to(torch.uint8).numpy()


@pytest.fixture(scope="session")
def digit_classes() -> np.ndarray:
    """Classes of ``digits``, in its order."""
    from sklearn.datasets import load_digits

    return load_digits().target[np.random.default_rng(0).permutation(1797)]
