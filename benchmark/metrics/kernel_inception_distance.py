"""Kernel Inception distance (Binkowski et al. 2018)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from benchmark.extractors import inception
from benchmark.extractors.inception import Resize
from benchmark.metrics.frechet import finite
from benchmark.metrics.inputs import Count, CountOrAll, Reference, digest, generated, real
from benchmark.spec.parts import METRICS, Measurement, Metric, MetricError, Subject

_SUBSET_SEED = 2020


@METRICS.register("kernel_inception_distance")
class KernelInceptionDistance(Metric):
    """Unbiased squared MMD with the cubic kernel (x'y / d + 1)^3, mean over ``subsets`` of ``subset_images`` each."""

    label = "KID"
    direction = "lower"
    kinds = ("images",)
    samples: Count
    reference: Reference
    reference_images: CountOrAll
    subsets: Annotated[int, Field(ge=1)]
    subset_images: Annotated[int, Field(ge=2)]
    resize: Resize
    extractor: Literal["inception_2015_12_05"]

    def unavailable(self, root: Path) -> str | None:
        if self.samples < self.subset_images:
            return f"{self.samples} generated images do not fill a subset, the minimum is {self.subset_images}"
        return inception.unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        images = generated(subject, self.samples, least=self.subset_images, distinct=True)
        reals = real(subject, self.reference_images, reference=self.reference, least=self.subset_images)
        network = inception.load(subject.root, subject.device, self.resize)
        mean, deviation = distance(
            finite(network.features(images), "generated"),
            finite(network.features(reals), "real"),
            subsets=self.subsets,
            subset_images=self.subset_images,
        )
        protocol = {
            "weights_sha256": network.weights_sha256,
            "n_real": len(reals),
            "reference_sha256": digest(reals),
            "subset_seed": _SUBSET_SEED,
        }
        return Measurement(mean, protocol=protocol, details={"subset_deviation": deviation})


def distance(first: Any, second: Any, *, subsets: int, subset_images: int) -> tuple[float, float]:
    """Mean and standard deviation over subsets, by torch-fidelity, of feature arrays (n, d)."""
    import math

    import torch
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kid_features_to_metric

    settings = fidelity_settings(
        kid_subsets=subsets,
        kid_subset_size=subset_images,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1.0,
        rng_seed=_SUBSET_SEED,
        verbose=False,
    )
    # float64: in float32 the cubes of 2048 features cancel badly
    tensors = (torch.from_numpy(features.astype("float64")) for features in (first, second))
    found = kid_features_to_metric(*tensors, **settings)
    mean, deviation = found[KEY_METRIC_KID_MEAN], found[KEY_METRIC_KID_STD]
    if not math.isfinite(mean):
        raise MetricError(f"the distance came out as {mean}")
    return mean, deviation


def fidelity_settings(**settings: Any) -> dict[str, Any]:
    """``settings`` if torch-fidelity knows every one: it ignores unknown keywords without a word."""
    from torch_fidelity.defaults import DEFAULTS

    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise MetricError(f"this version of torch-fidelity has no setting {', '.join(unknown)}")
    return settings
