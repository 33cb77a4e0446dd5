"""Iterations as CUDA graphs: the kernels of the plain loop without the cost of launching each.

Small networks leave a GPU waiting for the processor. After a few plain iterations the updates are captured once, and
from then on replayed. Nothing of the arithmetic changes: what differs from one iteration to the next (draws, indices of
data, learning rates, the seed of layers that draw by themselves) is put where the graph reads it before every replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from benchmark.training.streams import Draw

if TYPE_CHECKING:
    from benchmark.training.trainer import Trainer

#: plain iterations before the capture: kernels are chosen, optimisers make their state
WARM_UP = 3


#: makes what is entered around each update of a plain iteration
Around = Callable[[int], AbstractContextManager[None]]


@dataclass(frozen=True)
class _Segment:
    """Updates in one graph, of which at most one has layers that draw by themselves: they have one generator."""

    graph: torch.cuda.CUDAGraph
    updates: Sequence[int]
    seeded: int | None
    draws: Sequence[tuple[Tensor, Draw]]


class Replayer:
    """Runs iterations plainly until it has seen enough of them, then captures and replays them."""

    def __init__(self, loop: Trainer, updates: int, device: str) -> None:
        self._loop = loop
        self._updates = updates
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._draws: list[list[Draw]] = [[] for _ in range(updates)]
        self._seeded = [False] * updates
        self._warm = 0
        self._places: list[tuple[int, Tensor]] = []
        self._segments: list[_Segment] = []
        self._row = torch.empty(0)
        #: why the updates cannot be captured, once that is known
        self.refused: str | None = None

    @property
    def replays(self) -> bool:
        """Whether iterations are replayed by now."""
        return bool(self._segments)

    def iterate(self, iteration: int, feeds: Sequence[Tensor | None]) -> Tensor:
        """A row with the values of all curves; ``feeds`` has for each update indices of its data, the data, or None.

        Their shapes are the same every time.
        """
        if not self._segments and self._warm >= WARM_UP and self.refused is None:
            self._capture(feeds)
        if self._segments:
            return self._replayed(iteration, feeds)
        self._warm += 1
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):  # so that what is allocated once lies where the capture finds it
            row = self._loop.plainly(feeds, self._watched)
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
        return row

    @contextmanager
    def _watched(self, number: int) -> Iterator[None]:
        """Note what an update draws, and whether its layers draw by themselves."""
        with self._loop.streams.noting(self._draws[number]):
            yield
        self._seeded[number] = self._loop.streams.layers_drew()

    def _parts(self) -> list[list[int]]:
        """The updates in order, cut before every further one whose layers draw by themselves."""
        parts: list[list[int]] = [[]]
        for number in range(self._updates):
            if self._seeded[number] and any(self._seeded[other] for other in parts[-1]):
                parts.append([])
            parts[-1].append(number)
        return parts

    def _capture(self, feeds: Sequence[Tensor | None]) -> None:
        """Capture every update; what was captured is not executed."""
        distinct = {id(feed): feed.clone() for feed in feeds if feed is not None}
        places = {number: distinct[id(feed)] for number, feed in enumerate(feeds) if feed is not None}
        pool = torch.cuda.graph_pool_handle()
        shared: dict[str, Tensor] = {}
        opened: dict[int, Tensor] = {}
        values: list[list[Tensor]] = []
        segments = []
        parts = self._parts()
        try:
            for part in parts:
                draws = [draw for number in part for draw in self._draws[number]]
                buffers = [torch.empty(draw.shape, device=self._device) for draw in draws]
                graph = torch.cuda.CUDAGraph()
                with self._loop.streams.lending(buffers), torch.cuda.graph(graph, pool=pool, stream=self._stream):
                    for number in part:
                        place = places.get(number)
                        if place is not None and id(place) not in opened:
                            opened[id(place)] = self._loop.opened(place)
                        real = None if place is None else opened[id(place)]
                        values.append(self._loop.update(number, real, shared))
                    if part is parts[-1]:
                        self._row = self._loop.row(values)
                seeded = next((number for number in part if self._seeded[number]), None)
                segments.append(_Segment(graph, part, seeded, list(zip(buffers, draws, strict=True))))
        except RuntimeError as error:
            self.refused = " ".join(str(error).split())[:200]
            return
        # updates that share their data share the place of it
        self._places = [*{id(place): (number, place) for number, place in places.items()}.values()]
        self._segments = segments

    def _replayed(self, iteration: int, feeds: Sequence[Tensor | None]) -> Tensor:
        for number, place in self._places:
            feed = feeds[number]
            assert feed is not None, "feeds are the same every time"
            place.copy_(feed)
        for segment in self._segments:
            for number in segment.updates:
                self._loop.set_rate(number)
            for buffer, draw in segment.draws:
                self._loop.streams.fill(buffer, draw.law, draw.name, iteration, *draw.key)
            if segment.seeded is not None:
                self._loop.streams.seed_layers(iteration, segment.seeded)
            segment.graph.replay()
        return self._row
