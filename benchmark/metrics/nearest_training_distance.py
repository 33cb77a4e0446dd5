"""Memorising: whether generated examples lie closer to training examples than these to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchmark.metrics.inputs import Count, CountOrAll, generated, real
from benchmark.metrics.nearest import nearest_distances
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject

if TYPE_CHECKING:
    import numpy as np


@METRICS.register("nearest_training_distance")
class NearestTrainingDistance(Metric):
    """Median distance of generated examples to the nearest training example, over that among training examples.

    0 for a copier, near 1 for fresh examples like the data. Blurred images lie close to everything and score below 1
    too, so that a low value alone is no proof of copying.
    """

    label = "distance to training data"
    direction = "two_sided"
    kinds = ("images", "points")
    samples: Count
    reference_images: CountOrAll

    def measure(self, subject: Subject) -> Measurement:
        import numpy as np

        reals = real(subject, self.reference_images, least=3)
        ours = nearest_distances(generated(subject, self.samples), reals)
        theirs = nearest_distances(reals[: self.samples], reals, self_at=0)
        among = float(np.median(theirs))
        if among == 0:
            raise MetricError("most training examples occur twice: there is no distance among them to compare with")
        kept = {"generated": ours, "real": theirs}
        details = {
            "median_distance": float(np.median(ours)),
            "real_median_distance": among,
            "exact_copies": float((ours == 0).mean()),
        }
        return Measurement(
            self.recomputed(kept),
            protocol={"n_real": len(reals)},
            details=details,
            arrays={"generated": ours},
            shared={"real": theirs},
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        import numpy as np

        return float(np.median(kept["generated"])) / float(np.median(kept["real"]))
