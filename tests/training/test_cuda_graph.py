"""What is captured and replayed, by a stand-in for CUDA's graphs that runs on a processor.

The bits of real graphs against those of the plain loop are tested on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from benchmark.training.cuda_graph import Replayer
from benchmark.training.streams import Streams

ITERATIONS = 8


class Graph:
    """Operations that were captured, to be done at each replay."""

    open: Graph | None = None

    def __init__(self) -> None:
        self.steps: list[Callable[[], object]] = []

    def replay(self) -> None:
        for step in self.steps:
            step()


@contextmanager
def capturing(graph: Graph, **_where: object) -> Iterator[None]:
    Graph.open = graph
    try:
        yield
    finally:
        Graph.open = None


@pytest.fixture(autouse=True)
def _graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = SimpleNamespace(wait_stream=lambda _other: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda _device: queue)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _device: queue)
    monkeypatch.setattr(torch.cuda, "stream", lambda _stream: nullcontext())
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", capturing)


class Recorded(Streams):
    """Streams whose layers draw in updates that are named, since a processor does not tell."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(0, "cpu")
        self.loop = loop
        self.seeded: list[tuple[int, ...]] = []

    def layers_drew(self) -> bool:
        return self.loop.number in self.loop.drawing

    def seed_layers(self, *key: int) -> None:
        self.seeded.append(key)


class Loop:
    """Updates whose value is the sum of their data, their noise and their rate."""

    def __init__(self, updates: int, drawing: Sequence[int]) -> None:
        self.updates, self.drawing, self.iteration, self.number = updates, drawing, 0, 0
        self.streams = Recorded(self)
        self.rates = torch.zeros(updates)
        self.plain = self.opens = self.captures = 0
        self.broken = False

    def doing(self, step: Callable[[], object]) -> None:
        """At once, or at each replay."""
        if Graph.open is None:
            step()
        else:
            Graph.open.steps.append(step)

    def plainly(self, feeds: Sequence[Tensor | None], around: Callable = lambda _number: nullcontext()) -> Tensor:
        self.plain += 1
        values = []
        for number, feed in enumerate(feeds):
            self.set_rate(number)
            with around(number):
                values.append(self.update(number, None if feed is None else self.opened(feed), {}))
        return self.row(values)

    def opened(self, feed: Tensor) -> Tensor:
        self.opens += 1
        data = torch.zeros_like(feed)
        self.doing(lambda: data.copy_(2 * feed))
        return data

    def set_rate(self, number: int) -> None:
        self.rates[number] = 1 / (1 + self.iteration + number)

    def update(self, number: int, real: Tensor | None, _shared: dict[str, Tensor]) -> list[Tensor]:
        if Graph.open is not None:
            self.captures += 1
            if self.broken:
                raise RuntimeError("no such\nkernel " + 300 * "x")
        self.number = number
        noise = self.streams.noise("normal", f"noise.{number}", (3,), self.iteration, number)
        value = torch.zeros(())
        given = torch.zeros(1) if real is None else real
        self.doing(lambda: value.copy_(noise.sum() + given.sum() + self.rates[number]))
        return [value]

    def row(self, updates: Sequence[list[Tensor]]) -> Tensor:
        whole = torch.zeros(len(updates))
        self.doing(lambda: whole.copy_(torch.stack([value for (value,) in updates])))
        return whole


def rows(run: Callable[[int, list[Tensor | None]], Tensor], loop: Loop) -> Iterator[list[float]]:
    """Rows of an iteration each: the first two updates share their data, the third has none."""
    for iteration in range(ITERATIONS):
        loop.iteration = iteration
        both, last = torch.tensor([10.0 + iteration]), torch.tensor([100.0 * iteration])
        yield run(iteration, [both, both, None, last][: loop.updates]).tolist()


@pytest.mark.parametrize(
    ("drawing", "parts"),
    [
        ((), [[0, 1, 2, 3]]),
        ((1,), [[0, 1, 2, 3]]),
        ((0, 2), [[0, 1], [2, 3]]),
        ((1, 2, 3), [[0, 1], [2], [3]]),
    ],
)
def test_replayed_iterations_give_the_rows_of_plain_ones(drawing: tuple[int, ...], parts: list[list[int]]) -> None:
    plain, loop = Loop(4, drawing), Loop(4, drawing)
    replayer = Replayer(loop, 4, "cpu")
    expected = [*rows(lambda _iteration, feeds: plain.plainly(feeds), plain)]
    assert [*rows(replayer.iterate, loop)] == expected
    assert (loop.plain, replayer.replays, replayer.refused) == (3, True, None)
    assert [[*segment.updates] for segment in replayer._segments] == parts
    # layers that draw by themselves are seeded before every replay, once in each graph
    assert loop.streams.seeded == [(iteration, number) for iteration in range(3, ITERATIONS) for number in drawing]
    # three plain iterations look up three data each, the capture two: updates that share theirs look it up once
    assert (loop.opens, loop.captures) == (3 * 3 + 2, 4)


def test_what_cannot_be_captured_stays_plain_and_says_why_on_one_line() -> None:
    plain, loop = Loop(2, ()), Loop(2, ())
    loop.broken = True
    replayer = Replayer(loop, 2, "cpu")
    expected = [*rows(lambda _iteration, feeds: plain.plainly(feeds), plain)]
    assert [*rows(replayer.iterate, loop)] == expected
    assert (loop.plain, loop.captures, replayer.replays) == (ITERATIONS, 1, False)
    assert replayer.refused == "no such kernel " + 185 * "x"
