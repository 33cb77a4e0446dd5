"""Memorising: whether generated examples lie closer to training examples than these to each other."""

from __future__ import annotations

from benchmark.metrics.inputs import Count, CountOrAll, generated, real
from benchmark.metrics.nearest import nearest_distances
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject


@METRICS.register("nearest_training_distance")
class NearestTrainingDistance(Metric):
    """Median distance of generated examples to the nearest training examples, over that among training examples.

    An example's distance is the mean over its ``neighbours`` nearest ones.
    0 for a copier, near 1 for fresh examples like the data. Blurred images lie close to everything and score below 1
    too, so that a low value alone is no proof of copying.
    """

    label = "distance to training data"
    direction = "two_sided"
    kinds = ("images", "points")
    samples: Count
    reference_images: CountOrAll
    neighbours: Count

    def measure(self, subject: Subject) -> Measurement:
        import numpy as np

        reals = real(subject, self.reference_images, least=self.neighbours + 2)
        ours = nearest_distances(generated(subject, self.samples), reals, neighbours=self.neighbours)
        theirs = nearest_distances(reals[: self.samples], reals, self_at=0, neighbours=self.neighbours)
        among = float(np.median(theirs))
        if among == 0:
            raise MetricError(
                "most training examples occur more than once: there is no distance among them to compare with"
            )
        details = {
            "median_distance": float(np.median(ours)),
            "real_median_distance": among,
            "exact_copies": float((ours == 0).mean()),
        }
        return Measurement(float(np.median(ours)) / among, protocol={"n_real": len(reals)}, details=details)
