"""How the 8-bit levels of pictures and the numbers that networks see stand for each other."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Many

if TYPE_CHECKING:
    from torch import Tensor

#: what levels 0 and 255 become
Range = tuple[float, float]
SYMMETRIC: Range = (-1.0, 1.0)
UNIT: Range = (0.0, 1.0)


def _known(ends: tuple[float, ...]) -> tuple[float, ...]:
    if ends not in (SYMMETRIC, UNIT):
        raise PydanticCustomError("value_range", "must be [-1, 1] or [0, 1]")
    return ends


#: a range as a spec writes it
ValueRange = Annotated[
    Many[float],
    AfterValidator(_known),
    Field(description="what levels 0 and 255 become for the networks: [-1, 1] or [0, 1]"),
]


def to_floats(levels: Tensor, value_range: Range) -> Tensor:
    """Floats from uint8 levels, bit-equal to torchvision's ToTensor, for [-1, 1] followed by Normalize(0.5, 0.5)."""
    if levels.is_cuda:  # there a division by a number comes out as a product, off by a rounding
        return _table(value_range, str(levels.device))[levels.int()]
    spread = levels.float().div_(255)
    return spread.sub_(0.5).div_(0.5) if value_range == SYMMETRIC else spread


@lru_cache(maxsize=4)
def _table(value_range: Range, device: str) -> Tensor:
    """The floats of all 256 levels as a processor computes them."""
    import torch

    return to_floats(torch.arange(256, dtype=torch.uint8), value_range).to(device)


def to_levels(floats: Tensor, value_range: Range) -> Tensor:
    """Levels of 0 to 255 from floats, not yet rounded; what lies outside the range lies outside the levels."""
    low, high = value_range
    return (floats - low) * (255 / (high - low))


def on_host(levels: np.ndarray) -> Tensor:
    """A tensor over the same memory, which may be a mapped file; nothing ever writes to it."""
    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable", category=UserWarning)
        return torch.from_numpy(levels)
