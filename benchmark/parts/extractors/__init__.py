"""Networks that turn images into features: Inception from its pinned weights, and small classifiers that ship here."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Extractor(Protocol):
    """A fixed network from images to features and from features to class logits."""

    name: str
    #: SHA-256 of the weights' file
    weights_sha256: str
    dimensions: int

    def features(self, images: np.ndarray) -> np.ndarray:
        """Features (n, dimensions), float32, of uint8 images (n, channels, height, width)."""

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Class logits (n, classes), float64."""
