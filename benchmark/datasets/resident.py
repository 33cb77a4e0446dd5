"""Datasets that lie whole on the training device as one uint8 tensor: no loader, no decoding during training."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from benchmark.spec.parts import DataError, Shape

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ResidentImages:
    """uint8 images (n, channels, height, width) on a device, given out as floats in [-1, 1]."""

    def __init__(self, images: Tensor, device: str) -> None:
        import torch

        if images.dtype != torch.uint8 or images.ndim != 4:
            raise DataError(f"images must be uint8 (n, channels, height, width), got {images.dtype} {images.ndim}-d")
        images = images.contiguous()
        self.fingerprint = fingerprint(images)
        self.count: int | None = len(images)
        self.shape: Shape = tuple(images.shape[1:])
        self.images = images.to(device)

    def examples(self, indices: Tensor) -> Tensor:
        """Float images at ``indices``, bit-equal to torchvision's ToTensor followed by Normalize(0.5, 0.5)."""
        return self.images.index_select(0, indices).float().div_(255).sub_(0.5).div_(0.5)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        raise DataError("a finite dataset is read in epochs, not drawn from")


def fingerprint(images: Tensor) -> str:
    """SHA-256 over the shape and the bytes of uint8 images in their order."""
    digest = hashlib.sha256(f"uint8 {tuple(images.shape)}\n".encode())
    digest.update(images.numpy().tobytes())
    return digest.hexdigest()
