"""Nearest neighbours among examples or their features, and what distances to them tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.batches import batches
from benchmark.spec.levels import on_host
from benchmark.spec.parts import Measurement, MetricError, Needs

if TYPE_CHECKING:
    from torch import Tensor

#: examples on either side that are held as float64 at once, and how many numbers at most: 512 MB
_BLOCK = 1024
_NUMBERS = 2**26
#: bytes that distances take at once: both blocks in float64, and one between them
HELD_BYTES = 3 * 8 * _NUMBERS
#: features of one image in two batches differ by rounding: below this share of the usual distance they are the same
SAME_FEATURES = 1e-4


def needs_of_distances(needs: Needs, dimensions: int) -> Needs:
    """``needs`` with distances of both sides to all real examples, in 64 bits, and what is kept of them."""
    work = 2 * 2.0 * dimensions * needs.real * (needs.generated + min(needs.generated, needs.real))
    return replace(needs, operations=needs.operations + work, memory=needs.memory + HELD_BYTES)


def nearest_distances(
    examples: np.ndarray, others: np.ndarray, device: str, *, self_at: int | None = None, neighbours: int = 1
) -> np.ndarray:
    """Mean Euclidean distance (n,) of each example to its nearest ``neighbours`` among ``others``.

    ``self_at`` is where ``examples`` stand within ``others`` if they do: an example is no neighbour of itself.
    """
    nearest = nearest_squared(examples, others, device, self_at=self_at, neighbours=neighbours)
    return np.asarray(nearest.clamp_min(0).sqrt().mean(dim=1).cpu().numpy())


def nearest_squared(
    examples: np.ndarray, others: np.ndarray, device: str, *, self_at: int | None = None, neighbours: int = 1
) -> Tensor:
    """Squared distances (n, neighbours) of each example to its nearest ones, ascending; arguments as above."""
    import torch

    nearest: Tensor | None = None
    for rows, columns, squared in squared_distances(examples, others, device):
        if nearest is None:
            nearest = squared.new_full((len(examples), neighbours), torch.inf)
        if self_at is not None:
            _leave_out_itself(squared, self_at + rows.start - columns.start)
        nearest[rows] = torch.cat([nearest[rows], squared], dim=1).topk(neighbours, dim=1, largest=False).values
    assert nearest is not None
    return nearest


def squared_distances(examples: np.ndarray, others: np.ndarray, device: str) -> Iterator[tuple[slice, slice, Tensor]]:
    """Squared distances of some ``examples`` to some ``others`` at a time, and which these are.

    In float64 those of uint8 images come out exact, so that a copy has distance 0.
    """
    import torch

    place = device if device.startswith("cuda") else "cpu"  # float64 is not on every device
    rows, columns = (on_host(np.ascontiguousarray(array)).flatten(1).to(place) for array in (examples, others))
    size = min(_BLOCK, max(1, _NUMBERS // columns.shape[1]))
    starts = range(0, len(rows), size)
    ours = [rows[start : start + size].double().square().sum(dim=1, keepdim=True) for start in starts]
    for first in batches(len(columns), size, "nearest neighbours"):
        near = columns[first : first + size].double()
        lengths = near.square().sum(dim=1)
        for start, own in zip(starts, ours, strict=True):
            squared = torch.addmm(lengths, rows[start : start + size].double(), near.T, alpha=-2)
            yield slice(start, start + size), slice(first, first + size), squared.add_(own)


def _leave_out_itself(squared: Tensor, offset: int) -> None:
    """Row i is column i + ``offset``, where there is one."""
    import torch

    own = torch.arange(len(squared), device=squared.device) + offset
    inside = (own >= 0) & (own < squared.shape[1])
    squared[inside.nonzero().squeeze(1), own[inside]] = torch.inf


def to_training_data(
    examples: np.ndarray,
    reals: np.ndarray,
    device: str,
    facts: Mapping[str, Any],
    *,
    neighbours: int,
    same: float = 0.0,
) -> Measurement:
    """How much closer examples lie to their nearest real ones than these to theirs; ``facts`` complete the protocol.

    Distances of at most ``same`` times the usual one count as none.
    """
    kept = {
        "generated": nearest_distances(examples, reals, device, neighbours=neighbours),
        "real": nearest_distances(reals[: len(examples)], reals, device, self_at=0, neighbours=neighbours),
    }
    among = _usual(kept["real"], same * _length(reals))
    details = {
        "median_distance": float(np.median(kept["generated"])),
        "real_median_distance": among,
        "copies": float((kept["generated"] <= same * among).mean()),
    }
    return _measurement(ratio_to_real(kept), kept, {**facts, "n_real": len(reals)}, details)


def ratio_to_real(kept: Mapping[str, np.ndarray]) -> float:
    """Median distance of generated examples to the nearest real ones, over that among real ones."""
    among = _usual(kept["real"])
    return float(np.median(kept["generated"])) / among


def repeats(
    examples: np.ndarray,
    reals: np.ndarray,
    device: str,
    facts: Mapping[str, Any],
    *,
    quantile: float,
    same: float = 0.0,
) -> Measurement:
    """How often examples lie close to another one; arguments as above."""
    kept = {
        "generated": nearest_distances(examples, examples, device, self_at=0),
        "real": nearest_distances(reals, reals, device, self_at=0),
    }
    usual = _usual(kept["real"], same * _length(reals))
    details = {
        "limit": float(np.quantile(kept["real"], quantile)),
        "copies": float((kept["generated"] <= same * usual).mean()),
        "median_distance": float(np.median(kept["generated"])),
        "real_median_distance": usual,
    }
    return _measurement(share_of_repeats(kept, quantile, same), kept, {**facts, "n_real": len(reals)}, details)


def share_of_repeats(kept: Mapping[str, np.ndarray], quantile: float, same: float = 0.0) -> float:
    """Share of examples closer to another one than the ``quantile`` of nearest distances among as many real ones."""
    ours, theirs = kept["generated"], kept["real"]
    close = (ours < float(np.quantile(theirs, quantile))) | (ours <= same * _usual(theirs))
    return float(close.mean())


def _usual(distances: np.ndarray, rounding: float = 0.0) -> float:
    """Median of nearest distances among real examples; one no greater than ``rounding`` is a :class:`MetricError`."""
    usual = float(np.median(distances))
    if usual <= rounding:
        raise MetricError("most training examples occur twice: there is no distance among them to compare with")
    return usual


def _length(examples: np.ndarray) -> float:
    """Mean Euclidean norm: what rounding within examples is measured by."""
    return float(np.mean([np.linalg.norm(example.astype(np.float64)) for example in examples]))


def _measurement(
    value: float, kept: Mapping[str, np.ndarray], protocol: Mapping[str, Any], details: Mapping[str, Any]
) -> Measurement:
    arrays, shared = {"generated": kept["generated"]}, {"real": kept["real"]}
    return Measurement(value, protocol=protocol, details=details, arrays=arrays, shared=shared)
