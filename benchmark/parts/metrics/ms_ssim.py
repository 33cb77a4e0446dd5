"""Multi-scale structural similarity of pairs (Wang et al. 2003) in TensorFlow's and PGGAN's form.

Levels 0 to 255, K1 = 0.01, K2 = 0.03; five scales, halved by 2x2 means, an odd side's last row standing for the one
that is lacking; at each scale a Gaussian window of min(11, height, width), its deviation 1.5 * size / 11, convolved
without padding. Channels are averaged inside each scale, and negative terms clipped to 0. Other libraries refuse images
of 160 pixels or less, or average channels at the end.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.batches import batches
from benchmark.parts.metrics.inputs import Count, generated_parts
from benchmark.spec.levels import on_host
from benchmark.spec.parts import METRICS, Dataset, Measurement, Metric, MetricError, Needs, Shape, Subject

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = 11
_DEVIATION = 1.5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2
#: the shortest side that can be halved four times
_LEAST = 2 ** (len(_WEIGHTS) - 1)
_PAIRING = "consecutive, disjoint"
#: numbers per batch: all the batch's arrays stay in the processor's cache, or fill a GPU
_CPU_NUMBERS = 2**17
_GPU_NUMBERS = 2**25
_REAL_ORDER_SEED = 0
#: similarities of real pairs by what they depend on, those of a few sets
_KEPT = 3
_of_reals: dict[tuple[object, ...], np.ndarray] = {}
#: images that are held at once, at most: a part as it is generated, and as floats while it is resized
_PARTS = 256
#: products of an image with both matrices of window means, in all scales together
_BLURS = 4 * 1.15


def similarities(first: Tensor, second: Tensor, dtype: torch.dtype) -> Tensor:
    """MS-SSIM (n,) of pairs of images (n, channels, height, width) with levels 0 to 255, at least 16 pixels a side."""
    import torch

    # window means of a + b, a - b and their squares give all five that SSIM needs: blurs are what costs
    total = first.to(dtype) + second.to(dtype)
    difference = first.to(dtype) - second.to(dtype)
    product = torch.ones(len(first), dtype=dtype, device=first.device)
    for level, weight in enumerate(_WEIGHTS):
        last = level == len(_WEIGHTS) - 1
        product *= _term(total, difference, structure_only=not last).clamp_min(0) ** weight
        if not last:
            total, difference = _halved(total), _halved(difference)
    return product


def _term(total: Tensor, difference: Tensor, *, structure_only: bool) -> Tensor:
    """Mean over pixels and channels of contrast times structure, and times luminance at the last scale; (n,)."""
    height, width = total.shape[2:]
    size = min(_WINDOW, height, width)
    rows, columns = (_window_means(length, size).to(total) for length in (height, width))

    def blurred(images: Tensor) -> Tensor:
        return rows @ (images @ columns.T)

    mean_total, mean_difference = blurred(total).square_(), blurred(difference).square_()
    spread_total = blurred(total.square()).sub_(mean_total)
    spread_difference = blurred(difference.square()).sub_(mean_difference)
    quality = (spread_total - spread_difference).div_(2).add_(_C2)
    quality /= spread_total.add_(spread_difference).div_(2).add_(_C2)
    if not structure_only:
        quality *= (mean_total - mean_difference).div_(2).add_(_C1)
        quality /= mean_total.add_(mean_difference).div_(2).add_(_C1)
    return quality.mean(dim=(1, 2, 3))


@functools.lru_cache
def _window_means(length: int, size: int) -> Tensor:
    """Matrix (length - size + 1, length) that takes Gaussian means of ``size`` neighbours, float64.

    For images of some hundred pixels a product with it is faster than a convolution.
    """
    import torch

    deviation = _DEVIATION * size / _WINDOW
    weights = [math.exp(-(((i - (size - 1) / 2) / deviation) ** 2) / 2) for i in range(size)]
    matrix = torch.zeros(length - size + 1, length, dtype=torch.float64)
    for row in range(length - size + 1):
        matrix[row, row : row + size] = torch.tensor(weights, dtype=torch.float64) / sum(weights)
    return matrix


def _halved(images: Tensor) -> Tensor:
    from torch.nn.functional import avg_pool2d

    return avg_pool2d(images, 2, ceil_mode=True)  # an odd side's last window is the mean of what lies within


def pair_similarities(parts: Iterable[np.ndarray], count: int, shape: Shape, device: str) -> np.ndarray:
    """MS-SSIM (pairs,) of the consecutive pairs (0, 1), (2, 3), ... of ``count`` uint8 images, in float32.

    The images come in ``parts`` of any length, of which one at a time is held.
    """
    import torch

    size = _batch_images(shape, device)
    values = []
    with torch.inference_mode():
        for _, images in zip(batches(count, size, "MS-SSIM"), _regrouped(parts, size), strict=True):
            batch = on_host(images).to(device)
            values.append(similarities(batch[::2], batch[1::2], torch.float32).cpu())
    return np.asarray(torch.cat(values).numpy())


def _batch_images(shape: Shape, device: str) -> int:
    return 2 * max(1, (_GPU_NUMBERS if device.startswith("cuda") else _CPU_NUMBERS) // math.prod(shape))


def _regrouped(parts: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The same images in the same order, ``size`` at a time."""
    rest: np.ndarray | None = None
    for part in parts:
        images = part if rest is None or not len(rest) else np.concatenate([rest, part])
        whole = len(images) - len(images) % size
        yield from (images[start : start + size] for start in range(0, whole, size))
        rest = images[whole:]
    if rest is not None and len(rest):
        yield rest


@METRICS.register("ms_ssim")
class MSSSIM(Metric):
    """Mean over ``pairs`` consecutive, disjoint pairs of generated images; the real data's own value beside it.

    It measures likeness among samples and nothing else: lower is more varied, and noise is lowest of all. ``size``
    brings images to a square of that side with ``filter`` (antialiased, rounded to 8 bits) before.
    """

    label = "MS-SSIM"
    direction = "two_sided"
    possible = (0, 1)
    usual_margin = (0.0, 0.02)
    kinds = ("images",)
    pairs: Count
    size: Annotated[int, Field(ge=_LEAST)] | Literal["native"]
    filter: Literal["none", "bilinear", "bicubic"]

    @model_validator(mode="after")
    def _filter_fits(self) -> MSSSIM:
        if (self.size == "native") != (self.filter == "none"):
            raise PydanticCustomError("filter", "size 'native' goes with filter 'none', any other size with a filter")
        return self

    def needs(self, dataset: Dataset) -> Needs:
        channels, *sides = dataset.example_shape()
        height, width = sides if self.size == "native" else (self.size, self.size)
        count = min(2 * self.pairs, dataset.example_count() or 2 * self.pairs)
        pair = _BLURS * 2.0 * (height + width) * channels * height * width
        held = _PARTS * channels * (height * width * 6 + math.prod(sides)) + 64 * _CPU_NUMBERS  # not all at once
        return Needs(2 * self.pairs, count, self.pairs * pair, count / 2 * pair, memory=held, kept=4.0 * self.pairs)

    def measure(self, subject: Subject) -> Measurement:
        channels, *sides = subject.dataset.example_shape()
        height, width = sides if self.size == "native" else (self.size, self.size)
        if min(height, width) < _LEAST:
            raise MetricError(f"images of {height}x{width} do not have five scales, the minimum is {_LEAST} a side")
        shape = (channels, height, width)
        images = map(self._resized, generated_parts(subject, 2 * self.pairs))
        ours = pair_similarities(images, 2 * self.pairs, shape, subject.device)
        theirs = self._of_real(subject, shape)
        details = {"real": float(theirs.mean(dtype=np.float64)), "real_pairs": len(theirs)}
        return Measurement(
            float(ours.mean(dtype=np.float64)), protocol={"pairing": _PAIRING}, details=details, arrays={"pairs": ours}
        )

    def recomputed(self, kept: Mapping[str, np.ndarray]) -> float:
        if kept["pairs"].shape != (self.pairs,):
            raise ValueError(f"{kept['pairs'].shape} similarities are not of {self.pairs} pairs")
        return float(kept["pairs"].mean(dtype="float64"))

    def _of_real(self, subject: Subject, shape: Shape) -> np.ndarray:
        """Similarities of as many real pairs; the last few are remembered, for a run with many evaluations."""
        there = subject.data.count
        count = 2 * self.pairs if there is None else min(2 * self.pairs, there - there % 2)
        known = (subject.data.fingerprint, count, self.size, self.filter, subject.device)
        if known not in _of_reals:
            # data may be stored in an order, of classes say, that makes neighbours alike
            order = np.random.default_rng(_REAL_ORDER_SEED).permutation(count)
            reals = subject.reals_in_parts(order, _batch_images(shape, subject.device))
            if len(_of_reals) >= _KEPT:
                _of_reals.pop(next(iter(_of_reals)))
            _of_reals[known] = pair_similarities(map(self._resized, reals), count, shape, subject.device)
        return _of_reals[known]

    def _resized(self, images: np.ndarray) -> np.ndarray:
        import torch
        from torch.nn.functional import interpolate

        if self.size == "native":
            return images
        side = (self.size, self.size)
        parts = [
            interpolate(part.float(), size=side, mode=self.filter, align_corners=False, antialias=True)
            .round_()
            .clamp_(0, 255)
            .to(torch.uint8)
            for part in torch.split(on_host(np.ascontiguousarray(images)), _PARTS)
        ]
        return np.asarray(torch.cat(parts).numpy())
