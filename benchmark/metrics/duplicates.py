"""Generated examples that repeat each other more closely than real ones do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.metrics.inputs import Count, generated, real
from benchmark.metrics.nearest import nearest_distances
from benchmark.spec.parts import METRICS, Measurement, Metric, Subject

if TYPE_CHECKING:
    import numpy as np


@METRICS.register("duplicates")
class Duplicates(Metric):
    """Share of generated examples that are closer to another one than the ``quantile`` of real nearest distances.

    As many real examples are used as generated ones, since nearest distances shrink with their number. A generator
    like the data scores ``quantile``.
    """

    label = "share of duplicates"
    direction = "lower"
    kinds = ("images", "points")
    samples: Count
    quantile: Annotated[float, Field(gt=0, lt=1)]

    def measure(self, subject: Subject) -> Measurement:
        import numpy as np

        reals = real(subject, self.samples, least=3)
        theirs = nearest_distances(reals, reals, self_at=0)
        examples = generated(subject, self.samples, least=3)
        ours = nearest_distances(examples, examples, self_at=0)
        kept = {"generated": ours, "real": theirs}
        details = {
            "limit": float(np.quantile(theirs, self.quantile)),
            "exact_copies": float((ours == 0).mean()),
            "median_distance": float(np.median(ours)),
            "real_median_distance": float(np.median(theirs)),
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

        ours, limit = kept["generated"], float(np.quantile(kept["real"], self.quantile))
        return float(((ours < limit) | (ours == 0)).mean())
