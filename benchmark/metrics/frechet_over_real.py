"""How many times as far from the data as other real images generated ones are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.extractors.base import Extractor
from benchmark.extractors.inception import DIMENSIONS
from benchmark.metrics import frechet
from benchmark.metrics.frechet import Moments, finite, frechet_distance, moments
from benchmark.metrics.inputs import generated, real
from benchmark.metrics.on_inception import OnInception
from benchmark.metrics.reference import cache_folder, cached, identity
from benchmark.spec.parts import METRICS, Measurement, MetricError, Subject

if TYPE_CHECKING:
    import numpy as np

#: which real images are set aside, whatever the order of the set
_SEED = 0


@METRICS.register("frechet_over_real")
class FrechetOverReal(OnInception):
    """FID of ``samples`` generated images over that of as many real ones, both against the rest of the training images.

    1 for a generator like the data. The distance is that of Heusel et al. (2017); what it is between real images shows
    the scale that it has.
    """

    label = "FID over that of real images"
    direction = "lower"
    rounding = 2 * frechet.ROUNDING

    def unavailable(self, root: Path) -> str | None:
        return frechet.too_few(self.samples, DIMENSIONS, "generated") or super().unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        least = frechet.least_images(DIMENSIONS)
        images = generated(subject, self.samples, least=least, distinct=True)
        network = self.network(subject)
        ours = moments(finite(network.features(images), "generated"), "generated")
        aside, rest = self._real(subject, network, least)
        distance, floor = frechet_distance(rest, ours), frechet_distance(rest, aside)
        facts = {"n_real": rest.count, "weights_sha256": network.weights_sha256, "set_aside_seed": _SEED}
        return Measurement(
            distance / floor,
            protocol=facts,
            details={"generated": distance, "real": floor},
            arrays=frechet.kept("generated", ours),
            shared=frechet.kept("aside", aside) | frechet.kept("reference", rest),
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        return frechet.distance_again(kept) / frechet.distance_again(kept, "aside")

    def _real(self, subject: Subject, network: Extractor, least: int) -> tuple[Moments, Moments]:
        """Moments of ``samples`` real images and of all others; no image is read where they are kept already."""
        every = subject.data.count
        if every is None:
            raise MetricError(f"'{subject.dataset.name}' is drawn afresh, there are no others to hold images against")

        def compute() -> dict[str, np.ndarray]:
            import numpy as np

            reals = real(subject, "all", least=self.samples + least)
            features = finite(network.features(reals), "real")
            order = np.random.default_rng(_SEED).permutation(len(features))
            parts = {"aside": order[: self.samples], "rest": order[self.samples :]}
            found = {name: moments(features[chosen], "real") for name, chosen in parts.items()}
            arrays = {f"{name}_mean": one.mean for name, one in found.items()}
            return arrays | {f"{name}_covariance": one.covariance for name, one in found.items()}

        which = {"n_real": every, "set_aside": self.samples, "seed": _SEED}
        key = {**which, **identity(subject, network, self.resize)}
        arrays = cached(cache_folder(subject.root), key, compute)
        counts = {"aside": self.samples, "rest": every - self.samples}
        aside, rest = (Moments(arrays[f"{name}_mean"], arrays[f"{name}_covariance"], counts[name]) for name in counts)
        return aside, rest
