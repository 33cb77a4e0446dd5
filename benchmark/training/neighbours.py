"""The training examples nearest to generated ones, in pixel space: what a copy would look like."""

from __future__ import annotations

import math

import numpy as np
import torch

from benchmark.spec.levels import on_host
from benchmark.training.subject import TrainedSubject

#: bytes of pixels that are compared at once, and that are searched at most
_BLOCK_BYTES = 1 << 25
_MOST_BYTES = 1 << 35


def most_images(pixels: int) -> int:
    """How many images of so many bytes are searched at most."""
    return _MOST_BYTES // pixels


@torch.inference_mode()
def nearest_training_examples(subject: TrainedSubject, examples: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """The ``count`` training images nearest to each of ``examples`` (n, *shape) uint8, as ``samples.npz`` keeps them.

    ``neighbours`` (n, count, *shape) with the nearest first, ``neighbour_distances`` (n, count): Euclidean, in levels
    of 0 to 255; ``neighbours_searched``: how many training images were compared, of how many. All are, up to
    32 GiB of pixels; of a larger set evenly spread ones.
    """
    held = subject.data.count
    assert held is not None, "endless data has no training examples to come near to"
    pixels = math.prod(examples.shape[1:])
    searched = min(held, max(count, most_images(pixels)))
    device = subject.device
    order = (torch.arange(searched, device=device) * held // searched).contiguous()
    ours = on_host(examples).to(device).float().flatten(1)
    best = torch.full((len(ours), 0), math.inf, device=device)
    places = torch.empty((len(ours), 0), dtype=torch.long, device=device)
    for part in torch.split(order, max(1, _BLOCK_BYTES // (4 * pixels))):
        theirs = on_host(subject.data.levels(part)).to(device).float().flatten(1)
        # differences, not products: a copy is at distance 0, whatever the rounding
        squared = torch.stack([(theirs - distances).square().sum(dim=1) for distances in ours])
        best = torch.cat([best, squared], dim=1)
        places = torch.cat([places, part.expand(len(ours), -1)], dim=1)
        best, kept = best.topk(min(count, best.shape[1]), dim=1, largest=False)
        places = places.gather(1, kept)
    return {
        "neighbours": subject.data.levels(places.flatten()).reshape(*places.shape, *examples.shape[1:]),
        "neighbour_distances": best.sqrt().cpu().numpy(),
        "neighbours_searched": np.array([searched, held]),
    }
