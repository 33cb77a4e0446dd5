"""Random numbers from named streams: each draw is keyed by (seed, name, key), so nothing depends on history.

A run that resumes at iteration i draws what an uninterrupted one would, without any generator state being kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor


def stream_seed(seed: int, name: str, *key: int) -> int:
    """The 63-bit seed of one draw."""
    text = f"{seed}/{name}/{'/'.join(map(str, key))}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


class Draw(NamedTuple):
    """A draw of training but its seed and iteration; the iteration leads its key."""

    law: str
    name: str
    shape: tuple[int, ...]
    key: tuple[int, ...]


def device_generator(device: str) -> torch.Generator:
    """The generator that a device's layers draw from by themselves."""
    place = torch.device(device)
    if place.type == "cpu":
        return torch.default_generator
    torch.cuda.init()  # type: ignore[no-untyped-call]
    return torch.cuda.default_generators[place.index or 0]


class Streams:
    """All random streams of one run on one device."""

    def __init__(self, seed: int, device: str) -> None:
        self.seed = seed
        self.device = device
        self._generator = torch.Generator(device=device)
        self._layers = device_generator(device)
        self._noted: list[Draw] | None = None
        self._lent: Iterator[Tensor] | None = None

    def generator(self, name: str, *key: int) -> torch.Generator:
        """A generator at the start of one draw; valid until the next call."""
        return self._generator.manual_seed(stream_seed(self.seed, name, *key))

    def noise(self, law: str, name: str, shape: tuple[int, ...], *key: int) -> Tensor:
        """``shape`` numbers of a law: normal N(0, 1), uniform U(-1, 1), unit U(0, 1), or rows uniform on the sphere."""
        if self._lent is not None:
            return next(self._lent)
        if self._noted is not None:
            self._noted.append(Draw(law, name, shape, key[1:]))
        values = torch.empty(shape, device=self.device)
        self.fill(values, law, name, *key)
        return values

    def fill(self, values: Tensor, law: str, name: str, *key: int) -> None:
        """Draw into ``values``."""
        generator = self.generator(name, *key)
        if law == "uniform":
            values.uniform_(-1, 1, generator=generator)
        elif law == "unit":
            values.uniform_(generator=generator)
        else:
            values.normal_(generator=generator)
        if law == "sphere":
            lengths: Tensor = torch.linalg.vector_norm(values.flatten(1), dim=1)
            values.div_(lengths.view(-1, *[1] * (values.ndim - 1)))

    @contextmanager
    def noting(self, draws: list[Draw]) -> Iterator[None]:
        """Replace what ``draws`` holds by the draws made meanwhile, in their order."""
        draws.clear()
        self._noted = draws
        try:
            yield
        finally:
            self._noted = None

    @contextmanager
    def lending(self, values: Sequence[Tensor]) -> Iterator[None]:
        """Give these out in turn, as they are, in place of draws."""
        self._lent = iter(values)
        try:
            yield
        finally:
            self._lent = None

    def permutation(self, name: str, count: int, *key: int) -> Tensor:
        """A random order of 0 .. count - 1, the same on every device."""
        generator = torch.Generator().manual_seed(stream_seed(self.seed, name, *key))
        return torch.randperm(count, generator=generator).to(self.device)

    def seed_layers(self, *key: int) -> None:
        """Start the device's own generator, which random layers such as dropout draw from, at one update."""
        self._layers.manual_seed(stream_seed(self.seed, "layers", *key))

    def layers_drew(self) -> bool:
        """Whether any layer has drawn since :meth:`seed_layers`; on a GPU."""
        return self._layers.get_offset() > 0
