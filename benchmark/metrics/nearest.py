"""Nearest neighbours among examples, in plain pixel or coordinate space."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: rows of distances held at once
_BLOCK = 1024


def nearest_distances(examples: np.ndarray, others: np.ndarray, *, self_at: int | None = None) -> np.ndarray:
    """Euclidean distance (n,) of each example to the nearest of ``others``.

    ``self_at`` is where ``examples`` stand within ``others`` if they do: an example is no neighbour of itself. In
    float64 the squared distances of uint8 images come out exact, so that a copy has distance 0.
    """
    import numpy as np

    rows = examples.reshape(len(examples), -1).astype(np.float64)
    columns = others.reshape(len(others), -1).astype(np.float64)
    lengths = np.einsum("nd,nd->n", columns, columns)
    nearest = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        squared = lengths - 2 * (block @ columns.T)
        if self_at is not None:
            own = np.arange(len(block))
            squared[own, self_at + start + own] = np.inf
        nearest[start : start + _BLOCK] = squared.min(axis=1) + np.einsum("nd,nd->n", block, block)
    return np.asarray(np.sqrt(np.clip(nearest, 0, None)))
