"""Kernel Inception distance (Binkowski et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmark.parts.metrics.inputs import AgainstReference, OnInception
from benchmark.spec.parts import METRICS, Measurement, MetricError, Subject

_SUBSET_SEED = 2020


@METRICS.register("kernel_inception_distance")
class KernelInceptionDistance(AgainstReference, OnInception):
    """Unbiased squared MMD with the cubic kernel (x'y / d + 1)^3, mean over ``subsets`` of ``subset_images`` each."""

    label = "KID"
    direction = "lower"
    possible = (-math.inf, math.inf)  # an unbiased estimate of a square falls below 0 as well
    subsets: Annotated[int, Field(ge=1)]
    subset_images: Annotated[int, Field(ge=2)]

    def unavailable(self, root: Path) -> str | None:
        if self.samples < self.subset_images:
            return f"{self.samples} generated images do not fill a subset, the minimum is {self.subset_images}"
        return super().unavailable(root)

    def measure(self, subject: Subject) -> Measurement:
        ours, theirs, facts = self.features(subject, least=self.subset_images)
        values = distances(ours, theirs, subsets=self.subsets, subset_images=self.subset_images)
        protocol = {**facts, "subset_seed": _SUBSET_SEED}
        details = {"subset_deviation": float(values.std())}
        return Measurement(float(values.mean()), protocol=protocol, details=details, arrays={"subsets": values})

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        if kept["subsets"].shape != (self.subsets,):
            raise ValueError(f"{kept['subsets'].shape} distances are not of {self.subsets} subsets")
        return float(kept["subsets"].mean())


def distances(first: np.ndarray, second: np.ndarray, *, subsets: int, subset_images: int) -> np.ndarray:
    """Squared MMD of every subset, (subsets,), of feature arrays (n, d): torch-fidelity's estimate and subsets."""
    from torch_fidelity.metric_kid import kernel_mmd

    settings = fidelity_settings(
        kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1.0
    )
    # float64: in float32 the cubes of 2048 features cancel badly
    ours, theirs = first.astype(np.float64), second.astype(np.float64)
    random = np.random.RandomState(_SUBSET_SEED)
    values = np.empty(subsets)
    for subset in range(subsets):
        some = ours[random.choice(len(ours), subset_images, replace=False)]
        others = theirs[random.choice(len(theirs), subset_images, replace=False)]
        values[subset] = kernel_mmd(some, others, **settings)
    if not np.isfinite(values).all():
        raise MetricError(f"the distance came out as {values.mean()}")
    return values


def fidelity_settings(**settings: Any) -> dict[str, Any]:
    """``settings`` if torch-fidelity knows every one: it ignores unknown keywords without a word."""
    from torch_fidelity.defaults import DEFAULTS

    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise MetricError(f"this version of torch-fidelity has no setting {', '.join(unknown)}")
    return settings
