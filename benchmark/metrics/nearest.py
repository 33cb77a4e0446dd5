"""Nearest neighbours among examples or their features, and what distances to them tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.batches import batches
from benchmark.spec.parts import MetricError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

#: examples on either side that are held as float64 at once
_BLOCK = 1024
#: features of one image in two batches differ by rounding: below this share of the usual distance they are the same
SAME_FEATURES = 1e-4


def nearest_distances(
    examples: np.ndarray, others: np.ndarray, device: str, *, self_at: int | None = None
) -> np.ndarray:
    """Euclidean distance (n,) of each example to the nearest of ``others``.

    ``self_at`` is where ``examples`` stand within ``others`` if they do: an example is no neighbour of itself. In
    float64 the squared distances of uint8 images come out exact, so that a copy has distance 0.
    """
    import numpy as np
    import torch

    place = device if device.startswith("cuda") else "cpu"  # float64 is not on every device
    rows, columns = (torch.from_numpy(np.ascontiguousarray(one)).flatten(1).to(place) for one in (examples, others))
    nearest = torch.full((len(rows),), torch.inf, dtype=torch.float64, device=place)
    for first in batches(len(columns), _BLOCK, "nearest neighbours"):
        near = columns[first : first + _BLOCK].double()
        lengths = near.square().sum(dim=1)
        for start in range(0, len(rows), _BLOCK):
            squared = torch.addmm(lengths, rows[start : start + _BLOCK].double(), near.T, alpha=-2)
            if self_at is not None:
                _leave_out_itself(squared, self_at + start - first)
            block = nearest[start : start + _BLOCK]
            torch.minimum(block, squared.min(dim=1).values, out=block)
    for start in range(0, len(rows), _BLOCK):
        nearest[start : start + _BLOCK] += rows[start : start + _BLOCK].double().square().sum(dim=1)
    return np.asarray(nearest.clamp_min(0).sqrt().cpu().numpy())


def _leave_out_itself(squared: Tensor, offset: int) -> None:
    """Row i is column i + ``offset``, where there is one."""
    import torch

    own = torch.arange(len(squared), device=squared.device) + offset
    inside = (own >= 0) & (own < squared.shape[1])
    squared[inside.nonzero().squeeze(1), own[inside]] = torch.inf


def to_training_data(
    examples: np.ndarray, reals: np.ndarray, device: str, *, same: float = 0.0
) -> tuple[float, dict[str, Any]]:
    """Median distance of examples to the nearest real one over that among real ones, and details.

    Distances of at most ``same`` times the latter count as none.
    """
    import numpy as np

    ours = nearest_distances(examples, reals, device)
    theirs = nearest_distances(reals[: len(examples)], reals, device, self_at=0)
    among = float(np.median(theirs))
    if among == 0:
        raise MetricError("most training examples occur twice: there is no distance among them to compare with")
    details = {
        "median_distance": float(np.median(ours)),
        "real_median_distance": among,
        "copies": float((ours <= same * among).mean()),
    }
    return float(np.median(ours)) / among, details


def repeats(
    examples: np.ndarray, reals: np.ndarray, device: str, *, quantile: float, same: float = 0.0
) -> tuple[float, dict[str, Any]]:
    """Share of examples closer to another one than the ``quantile`` of nearest distances among as many real ones."""
    import numpy as np

    theirs = nearest_distances(reals, reals, device, self_at=0)
    ours = nearest_distances(examples, examples, device, self_at=0)
    limit, usual = float(np.quantile(theirs, quantile)), float(np.median(theirs))
    copies = ours <= same * usual
    details = {
        "limit": limit,
        "copies": float(copies.mean()),
        "median_distance": float(np.median(ours)),
        "real_median_distance": usual,
    }
    return float(((ours < limit) | copies).mean()), details
