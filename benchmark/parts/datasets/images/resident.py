"""How pictures are held for training: as bytes, on the device or mapped from the cache, given out as floats.

Both ways give the same floats bit for bit, because bytes travel to the device and are spread to their range there.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from benchmark.spec.levels import Range, to_floats
from benchmark.spec.parts import Data, DataError, Shape

if TYPE_CHECKING:
    from torch import Tensor

#: share of a GPU's free memory that pictures may take
_SHARE_OF_FREE = 0.5
#: bytes hashed at once
_HASHED_BYTES = 1 << 26
#: pictures gathered at once
_GATHERED = 4096


class ResidentImages(Data):
    """uint8 images (n, channels, height, width) on the device: no loader, no decoding during training."""

    resident = True

    def __init__(
        self, images: Tensor, device: str, *, value_range: Range, fingerprint: str | None = None, mirrored: bool = False
    ) -> None:
        import torch

        if images.dtype != torch.uint8 or images.ndim != 4:
            raise DataError(f"images must be uint8 (n, channels, height, width), got {images.dtype} {images.ndim}-d")
        plain = fingerprint or hash_levels(images.contiguous().numpy())
        self.fingerprint = hashlib.sha256(f"mirrored {plain}".encode()).hexdigest() if mirrored else plain
        self.shape: Shape = tuple(images.shape[1:])
        self.images = self._placed(images.contiguous(), device)
        self._pictures = len(images)
        self._range = value_range
        self._mirrored = mirrored
        self.count: int | None = 2 * self._pictures if mirrored else self._pictures

    def _placed(self, images: Tensor, device: str) -> Tensor:
        return images.to(device)

    def _picked(self, indices: Tensor) -> Tensor:
        """Bytes of pictures on the device."""
        return self.images.index_select(0, indices)

    def examples(self, indices: Tensor) -> Tensor:
        """Float images at ``indices``; of a mirrored set, the second half are the mirror images of the first."""
        return to_floats(self._in_order(indices, self._picked), self._range)

    def _in_order(self, indices: Tensor, picked: Callable[[Tensor], Tensor]) -> Tensor:
        """Bytes at ``indices`` from those of pictures, mirrored where it is their second time."""
        import torch

        if not self._mirrored:
            return picked(indices)
        flipped = indices >= self._pictures
        pictures = picked(torch.where(flipped, indices - self._pictures, indices))
        return torch.where(flipped.view(-1, 1, 1, 1), pictures.flip(3), pictures)

    def levels(self, indices: Tensor | None = None) -> np.ndarray:
        """The bytes of ``examples`` at ``indices``, read-only; of all where none are given, and without a copy then."""
        import torch

        if indices is None and not self._mirrored:
            array = self.images.cpu()
        else:
            if indices is None:
                indices = torch.arange(2 * self._pictures)
            array = torch.empty((len(indices), *self.shape), dtype=torch.uint8)
            for start in range(0, len(indices), _GATHERED):
                part = indices[start : start + _GATHERED].to(self.images.device)
                picked = self._in_order(part, functools.partial(self.images.index_select, 0))
                array[start : start + len(part)] = picked
        levels: np.ndarray = array.numpy()
        levels.flags.writeable = False
        return levels


class MappedImages(ResidentImages):
    """The same where the device cannot hold them all: each batch is gathered from the host and then moved."""

    resident = False

    def _placed(self, images: Tensor, device: str) -> Tensor:
        self._device = device
        return images

    def _picked(self, indices: Tensor) -> Tensor:
        picked = self.images.index_select(0, indices.cpu())
        if self._device.startswith("cuda"):
            return picked.pin_memory().to(self._device, non_blocking=True)
        return picked


def fits(size: int, device: str) -> bool:
    """Whether ``size`` bytes of pictures are put on ``device``: at most half of what a GPU has free.

    On a CPU the mapped cache is used in place: several runs share its pages.
    """
    if not device.startswith("cuda"):
        return False
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return size <= free * _SHARE_OF_FREE


def hash_levels(levels: np.ndarray) -> str:
    """SHA-256 over the shape and the bytes of uint8 images in their order."""
    digest = hashlib.sha256(f"uint8 {levels.shape}\n".encode())
    flat = np.ascontiguousarray(levels).reshape(-1)
    for start in range(0, len(flat), _HASHED_BYTES):
        digest.update(flat[start : start + _HASHED_BYTES].data)
    return digest.hexdigest()
