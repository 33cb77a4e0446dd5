"""Distances to nearest neighbours among examples or their features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.batches import batches
from benchmark.spec.levels import on_host
from benchmark.spec.parts import MetricError, Needs

if TYPE_CHECKING:
    from torch import Tensor

#: examples on either side that are held as float64 at once, and how many numbers at most: 512 MB
_BLOCK = 1024
_NUMBERS = 2**26
#: bytes that distances take at once: both blocks in float64, and one between them
HELD_BYTES = 3 * 8 * _NUMBERS


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
    examples: np.ndarray, others: np.ndarray, device: str, *, self_at: int | None, neighbours: int
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


def usual(distances: np.ndarray, rounding: float = 0.0) -> float:
    """Median of nearest distances among real examples; one no greater than ``rounding`` is a :class:`MetricError`."""
    middle = float(np.median(distances))
    if middle <= rounding:
        raise MetricError("most training examples occur twice: there is no distance among them to compare with")
    return middle


def mean_length(examples: np.ndarray) -> float:
    """Mean Euclidean norm: what rounding within examples is measured by."""
    return float(np.mean([np.linalg.norm(example.astype(np.float64)) for example in examples]))
