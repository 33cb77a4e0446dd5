"""The updates of an iteration as CUDA graphs: the kernels of the plain loop without the cost of launching each.

Small networks leave a GPU waiting for the processor. After a few plain iterations every update is captured once, and
from then on replayed. Nothing of the arithmetic changes: each draw has a generator of its own, which is put to the seed
that the plain loop would give it before every replay, and batches are copied into the memory that the capture reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.training.streams import Draw, Streams

#: plain iterations before the capture: kernels are chosen, optimisers make their state
WARM_UP = 3

#: ``prepare(number)`` does what an update needs from the processor: seeds of layers that draw, the learning rate
Prepare = Callable[[int], None]
#: ``update(number, batch of data or None, signals kept for the iteration)`` gives the values of its curves
Update = Callable[[int, Tensor | None, dict[str, Tensor]], list[Tensor]]


@dataclass(frozen=True)
class _Captured:
    graph: torch.cuda.CUDAGraph
    draws: Sequence[tuple[torch.Generator, Draw]]
    values: list[Tensor]


class Replayer:
    """Runs iterations plainly until it has seen enough of them, then captures and replays them."""

    def __init__(self, prepare: Prepare, update: Update, updates: int, streams: Streams, device: str) -> None:
        self._prepare = prepare
        self._update = update
        self._streams = streams
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._drawn: list[list[Draw]] = [[] for _ in range(updates)]
        self._warm = 0
        self._batches: list[Tensor | None] = []
        self._captured: list[_Captured] = []
        #: why the updates cannot be captured, once that is known
        self.refused: str | None = None

    @property
    def replays(self) -> bool:
        """Whether iterations are replayed by now."""
        return bool(self._captured)

    def iterate(self, iteration: int, batches: Sequence[Tensor | None]) -> list[list[Tensor]]:
        """Values of the curves of every update; ``batches`` has the data of each, of the same shapes every time."""
        if not self._captured and self._warm >= WARM_UP and self.refused is None:
            self._capture(batches)
        if self._captured:
            return self._replay(iteration, batches)
        self._warm += 1
        return self._plainly(batches)

    def _plainly(self, batches: Sequence[Tensor | None]) -> list[list[Tensor]]:
        """On the stream of the capture, so that what is allocated once lies where the capture finds it."""
        kept: dict[str, Tensor] = {}
        values = []
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            for number, batch in enumerate(batches):
                self._prepare(number)
                with self._streams.noting(self._drawn[number]):
                    values.append(self._update(number, batch, kept))
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
        return values

    def _capture(self, batches: Sequence[Tensor | None]) -> None:
        """Capture every update; what was captured is not executed."""
        own = {id(batch): batch.clone() for batch in batches if batch is not None}
        self._batches = [None if batch is None else own[id(batch)] for batch in batches]
        pool = torch.cuda.graph_pool_handle()
        kept: dict[str, Tensor] = {}
        captured = []
        try:
            for number, batch in enumerate(self._batches):
                generators = [torch.Generator(self._device) for _ in self._drawn[number]]
                graph = torch.cuda.CUDAGraph()
                for generator in generators:
                    graph.register_generator_state(generator)
                with self._streams.lending(generators), torch.cuda.graph(graph, pool=pool, stream=self._stream):
                    values = self._update(number, batch, kept)
                captured.append(_Captured(graph, list(zip(generators, self._drawn[number], strict=True)), values))
        except RuntimeError as error:
            self.refused = " ".join(str(error).split())[:200]
            return
        self._captured = captured

    def _replay(self, iteration: int, batches: Sequence[Tensor | None]) -> list[list[Tensor]]:
        copied: set[int] = set()
        for number, (one, batch, place) in enumerate(zip(self._captured, batches, self._batches, strict=True)):
            if batch is not None and place is not None and id(place) not in copied:
                place.copy_(batch)
                copied.add(id(place))
            for generator, draw in one.draws:
                generator.manual_seed(self._streams.seed_at(iteration, draw))
            self._prepare(number)
            one.graph.replay()
        return [one.values for one in self._captured]
