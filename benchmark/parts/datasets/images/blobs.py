"""Generated pictures for stand-ins: a few smooth blobs whose places depend on a class and a little on the number."""

from __future__ import annotations

import math

import numpy as np

_CLASSES = 10
_BLOBS = 3
#: irrational steps: their multiples' fractions spread evenly, and never repeat
_GOLDEN, _ROOT_TWO, _ROOT_THREE = (math.sqrt(5) - 1) / 2, math.sqrt(2) - 1, math.sqrt(3) - 1


def blobs(count: int, height: int, width: int, channels: int, *, first: int) -> np.ndarray:
    """uint8 (count, height, width, channels): pictures ``first`` and following, number i of class i modulo 10."""
    rows = np.linspace(-1, 1, height)
    columns = np.linspace(-1, 1, width)
    pictures = np.empty((count, height, width, channels), np.uint8)
    for place, number in enumerate(range(first, first + count)):
        kind = number % _CLASSES
        light = np.full((height, width, channels), 0.15)
        for blob in range(_BLOBS):
            angle = 2 * math.pi * (kind / _CLASSES + blob * (1 + kind % 3) / 7 + 0.05 * _fraction(number * _GOLDEN))
            radius = 0.25 + 0.2 * blob + 0.1 * _fraction(number * _ROOT_TWO)
            spread = 0.12 + 0.05 * _fraction(number * _ROOT_THREE + blob * _GOLDEN)
            colour = np.array(
                [0.35 + 0.5 * _fraction((kind + 1) * (blob + 1 + c) * _ROOT_TWO) for c in range(channels)]
            )
            down = np.exp(-((rows - radius * math.sin(angle)) ** 2) / (2 * spread**2))
            across = np.exp(-((columns - radius * math.cos(angle)) ** 2) / (2 * spread**2))
            light += down[:, None, None] * across[None, :, None] * colour
        pictures[place] = np.rint(255 * np.clip(light, 0, 1)).astype(np.uint8)
    return pictures


def _fraction(number: float) -> float:
    return number - math.floor(number)
