"""Nearest neighbours among examples, in plain pixel or coordinate space."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: examples on either side that are held as float64 at once
_BLOCK = 1024


def nearest_distances(
    examples: np.ndarray, others: np.ndarray, *, self_at: int | None = None, neighbours: int = 1
) -> np.ndarray:
    """Mean Euclidean distance (n,) of each example to its nearest ``neighbours`` among ``others``.

    ``self_at`` is where ``examples`` stand within ``others`` if they do: an example is no neighbour of itself. In
    float64 the squared distances of uint8 images come out exact, so that a copy has distance 0.
    """
    import numpy as np

    rows = examples.reshape(len(examples), -1).astype(np.float64)
    flat = others.reshape(len(others), -1)
    nearest = np.full((len(rows), neighbours), np.inf)
    for first in range(0, len(flat), _BLOCK):
        columns = flat[first : first + _BLOCK].astype(np.float64)
        lengths = np.einsum("nd,nd->n", columns, columns)
        for start in range(0, len(rows), _BLOCK):
            squared = lengths - 2 * (rows[start : start + _BLOCK] @ columns.T)
            if self_at is not None:
                own = self_at + start + np.arange(len(squared)) - first
                inside = (own >= 0) & (own < len(columns))
                squared[np.flatnonzero(inside), own[inside]] = np.inf
            candidates = np.concatenate([nearest[start : start + _BLOCK], squared], axis=1)
            nearest[start : start + _BLOCK] = np.partition(candidates, neighbours - 1, axis=1)[:, :neighbours]
    distances = np.sqrt(np.clip(nearest + np.einsum("nd,nd->n", rows, rows)[:, None], 0, None))
    return np.asarray(distances.mean(axis=1))
