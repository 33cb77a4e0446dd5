"""Small classifiers that ship with the package, for proxy scores where Inception's weights are absent.

``scripts/train_extractors.py`` trained them; ``extractors.json`` holds each file's SHA-256 and the accuracy it was
measured to have on examples held out from its training.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchmark.batches import batches
from benchmark.spec.levels import on_host
from benchmark.spec.parts import MetricError

if TYPE_CHECKING:
    from torch import Tensor, nn

FOLDER = Path(__file__).parent
INDEX = FOLDER / "extractors.json"
ClassifierName = Literal["digits_8x8", "mnist_28x28", "fashion_mnist_28x28", "cifar10_32x32"]
#: the layer before the class logits
DIMENSIONS = 64
CLASSES = 10
#: products and sums of one image, at most
OPERATIONS = 8e7
#: bytes that a batch of images takes on its way through, on a processor and at most
BATCH_BYTES = 0.3e9
_BATCH = 512


def network(channels: int, side: int) -> nn.Sequential:
    """The untrained classifier of ``side`` x ``side`` images in [-1, 1], grey or colour; side is a multiple of 4."""
    from torch import nn

    features = _colour() if channels == 3 else _grey(side)
    head = nn.Sequential(nn.ReLU(), nn.Linear(DIMENSIONS, CLASSES))
    return nn.Sequential(features, head)


def _grey(side: int) -> nn.Sequential:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(24, 48, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(48, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * (side // 4) ** 2, DIMENSIONS),
    )


def _colour() -> nn.Sequential:
    """Six convolutions with batch normalisation, and the mean over the image at the end."""
    from torch import nn

    layers: list[nn.Module] = []
    wide = 3
    for channels, stride in ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1)):
        layers += [
            nn.Conv2d(wide, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        ]
        wide = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(wide, DIMENSIONS))


def scaled(images: Tensor) -> Tensor:
    """uint8 levels as floats in [-1, 1]."""
    return images.float() / 127.5 - 1


def unavailable(name: ClassifierName) -> str | None:
    """Why a classifier cannot be used, or None."""
    file = FOLDER / f"{name}.safetensors"
    return None if file.is_file() else f"{file} is missing, it ships with the package: install it again"


@functools.lru_cache(maxsize=4)
def load(name: ClassifierName, device: str) -> Classifier:
    """Load a classifier to ``device``; a file that is missing or not the recorded one is a :class:`MetricError`."""
    reason = unavailable(name)
    if reason is not None:
        raise MetricError(reason)
    facts = json.loads(INDEX.read_text())[name]
    file = FOLDER / f"{name}.safetensors"
    weights = file.read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    if digest != facts["sha256"]:
        raise MetricError(f"{file}: SHA-256 is {digest}, recorded {facts['sha256']}")
    return Classifier(name, weights, facts, device)


class Classifier:
    """Features before the last layer, and logits of ten classes."""

    dimensions = DIMENSIONS

    def __init__(self, name: ClassifierName, weights: bytes, facts: dict[str, Any], device: str) -> None:
        import torch
        from safetensors.torch import load as read_tensors

        self.name: str = name
        self.weights_sha256 = str(facts["sha256"])
        self.channels, self.side = int(facts["channels"]), int(facts["side"])
        with torch.random.fork_rng(devices=[]):  # layers draw their starting values
            trained = network(self.channels, self.side)
        trained.load_state_dict(read_tensors(weights))
        self._device = device
        self._features = trained[0].to(device).eval()
        self._head = trained[1].to(device).eval()

    def features(self, images: np.ndarray) -> np.ndarray:
        import torch

        if images.shape[1] != self.channels:
            raise MetricError(f"'{self.name}' takes images of {self.channels} channel(s), these have {images.shape[1]}")
        parts = []
        exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            for start in batches(len(images), _BATCH, "classifier features"):
                batch = on_host(np.ascontiguousarray(images[start : start + _BATCH])).to(self._device)
                parts.append(self._features(self._fitted(scaled(batch))).cpu())
        return np.asarray(torch.cat(parts).numpy())

    def logits(self, features: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            return np.asarray(self._head(torch.from_numpy(features).to(self._device)).double().cpu().numpy())

    def _fitted(self, images: Tensor) -> Tensor:
        from torch.nn.functional import interpolate

        side = (self.side, self.side)
        if images.shape[2:] == side:
            return images
        return interpolate(images, size=side, mode="bilinear", align_corners=False, antialias=True)
