"""Improved precision and recall (Kynkäänniemi et al. 2019) on Inception's pool features."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from benchmark.extractors import inception
from benchmark.extractors.inception import Resize
from benchmark.metrics.frechet import finite
from benchmark.metrics.inputs import Count, CountOrAll, Reference, digest, generated, real
from benchmark.spec.parts import METRICS, Measurement, Metric, Subject

#: rows and columns of distances held at once
_BLOCK = 5000


class _PrecisionRecall(Metric):
    """A sample counts if it lies in some ball around the other set's points, out to their ``neighbours``-th nearest.

    The authors use VGG-16 features; on Inception's the values differ.
    """

    direction = "higher"
    kinds = ("images",)
    samples: Count
    reference: Reference
    reference_images: CountOrAll
    neighbours: Annotated[int, Field(ge=1)]
    resize: Resize
    extractor: Literal["inception_2015_12_05"]

    def unavailable(self, root: Path) -> str | None:
        if self.samples <= self.neighbours:
            return f"{self.samples} generated images are too few, the minimum is {self.neighbours + 1}"
        return inception.unavailable(root)

    def both(self, subject: Subject) -> tuple[float, float, dict[str, object]]:
        """Precision, recall, and what they add to the protocol."""
        import torch
        from torch_fidelity.metric_prc import calculate_precision_recall_part

        least = self.neighbours + 1
        images = generated(subject, self.samples, least=least, distinct=True)
        reals = real(subject, self.reference_images, reference=self.reference, least=least)
        network = inception.load(subject.root, subject.device, self.resize)
        ours, theirs = (
            torch.from_numpy(finite(network.features(some), what)).to(subject.device)
            for some, what in ((images, "generated"), (reals, "real"))
        )
        precision, recall = calculate_precision_recall_part(ours, theirs, self.neighbours, _BLOCK)
        facts = {
            "weights_sha256": network.weights_sha256,
            "n_real": len(reals),
            "reference_sha256": digest(reals),
        }
        return float(precision), float(recall), facts


@METRICS.register("precision")
class Precision(_PrecisionRecall):
    """Share of generated images that lie among the real ones: fidelity."""

    label = "precision"

    def measure(self, subject: Subject) -> Measurement:
        precision, recall, facts = self.both(subject)
        return Measurement(precision, protocol=facts, details={"recall": recall})


@METRICS.register("recall")
class Recall(_PrecisionRecall):
    """Share of real images that lie among the generated ones: diversity."""

    label = "recall"

    def measure(self, subject: Subject) -> Measurement:
        precision, recall, facts = self.both(subject)
        return Measurement(recall, protocol=facts, details={"precision": precision})
