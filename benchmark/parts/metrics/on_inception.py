"""What metrics on Inception's features share: its settings, the reason without its weights, features of both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ConfigDict

from benchmark.parts.extractors import inception
from benchmark.parts.extractors.inception import Inception, Resize
from benchmark.parts.metrics.frechet import finite
from benchmark.parts.metrics.inputs import Count, CountOrAll, Reference, digest, generated, real, with_features
from benchmark.spec.parts import Dataset, Metric, Needs, Subject


def _network_last(schema: dict[str, Any]) -> None:
    """Editors propose what is a metric's own before what all of these have in common."""
    settings = schema["properties"]
    for name in ("resize", "extractor"):
        settings[name] = settings.pop(name)


class OnInception(Metric):
    """A metric on Inception's features of generated images, which ``resize`` brings to its size."""

    model_config = ConfigDict(json_schema_extra=_network_last)
    kinds = ("images",)
    samples: Count
    resize: Resize
    extractor: Literal["inception_2015_12_05"]

    def unavailable(self, root: Path) -> str | None:
        return inception.unavailable(root)

    def needs(self, dataset: Dataset) -> Needs:
        return with_features(
            super().needs(dataset),
            operations=inception.OPERATIONS,
            dimensions=inception.DIMENSIONS,
            batch_bytes=inception.BATCH_BYTES,
        )

    def network(self, subject: Subject) -> Inception:
        """Inception on the subject's device."""
        return inception.load(subject.root, subject.device, self.resize)


class AgainstReference(OnInception):
    """A metric that holds generated images against a number of real ones, those trained on or the test split's."""

    reference: Reference
    reference_images: CountOrAll

    def needs(self, dataset: Dataset) -> Needs:
        return super().needs(dataset.held_out() if self.reference == "test" else dataset)

    def features(self, subject: Subject, *, least: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Features (n, dimensions) of generated and of real images, and what they add to the protocol."""
        images = generated(subject, self.samples, least=least, distinct=True)
        reals = real(subject, self.reference_images, reference=self.reference, least=least)
        network = self.network(subject)
        facts = {
            "weights_sha256": network.weights_sha256,
            "n_real": len(reals),
            "reference_sha256": digest(reals),
        }
        return finite(network.features(images), "generated"), finite(network.features(reals), "real"), facts
