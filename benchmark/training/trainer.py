"""The one training loop. It knows no paper, dataset or system: all of that stands in the run.

Data lies on the device; nothing waits for the device between two reads of the curves. One iteration is a function of
the state and the iteration's number, because all randomness is keyed by it, so resuming needs the state alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.runs.plan import Run, batches_per_epoch
from benchmark.spec.dataflow import REAL, batches_per_iteration, curve_names, signal_shapes
from benchmark.spec.parts import Data
from benchmark.training.assembly import Assembly
from benchmark.training.cuda_graph import Around, Replayer
from benchmark.training.momenta import OtherMomenta
from benchmark.training.numerics import training_in
from benchmark.training.streams import Streams
from benchmark.training.tape import Tape, suits
from benchmark.training.update import Context, TrainedPlayer

#: iterations between two reads of the curves from the device
BLOCK = 250


class Diverged(Exception):
    """A loss or a parameter is no longer a finite number."""


class Trainer:
    """A run's networks, optimisers and curves, and the loop that moves them.

    ``others`` are runs of the same training, whose momenta of batch normalisation alone may differ.
    """

    def __init__(self, run: Run, data: Data, device: str, others: Sequence[Run] = ()) -> None:
        self.run = run
        self.data = data
        self.device = device
        self.iteration = 0
        self.system = run.system
        self.streams = Streams(run.seed, device)
        exact = run.numerics == "exact"
        self.networks = {
            role: self._placed(Assembly(network, run.setup.sizes, seed=run.seed, role=role), exact)
            for role, network in run.networks.items()
        }
        momenta = {other.run_id: OtherMomenta(self.networks, other.networks, other.setup.sizes) for other in others}
        self._momenta = {run_id: kept for run_id, kept in momenta.items() if kept}
        self.averages = {role: copy.deepcopy(self.networks[role]).requires_grad_(False) for role in self.system.average}
        self._growing = [
            module
            for network in (*self.networks.values(), *self.averages.values())
            for module in network.modules()
            if hasattr(module, "shown")
        ]
        self.shapes = signal_shapes(
            self.system, {role: net.layout for role, net in self.networks.items()}, run.sizes, data.shape
        )
        self.players = {
            name: TrainedPlayer(name, self.system, self.networks, fused=not exact) for name in self.system.players
        }
        self._tapes = self._make_tapes()
        self.columns = curve_names(self.system)
        self._finished: list[np.ndarray] = []
        self._block = torch.zeros(BLOCK, len(self.columns), device=device)
        self._filled = 0
        self._reads = batches_per_iteration(self.system)
        self._batches_per_epoch = batches_per_epoch(run.setup)
        self._order: tuple[int, Tensor] | None = None
        self._replayer = self._make_replayer()

    def _make_replayer(self) -> Replayer | None:
        """What replays iterations on a GPU; networks that grow launch other kernels as they do, so they are not."""
        if not self.device.startswith("cuda") or self.run.numerics == "exact" or self._growing:
            return None
        return Replayer(self, len(self.system.schedule), self.device)

    def _make_tapes(self) -> dict[tuple[int, int], Tape] | None:
        """What records updates on a processor, by number and size of batch; None where they differ."""
        modules = [module for network in self.networks.values() for module in network.layers.modules()]
        return {} if self.device == "cpu" and self.run.numerics != "bf16" and suits(self.system, modules) else None

    @property
    def other_momenta(self) -> int:
        """For how many other runs statistics of their momenta move along."""
        return len(self._momenta)

    @property
    def loop(self) -> str:
        """How iterations are run: ``plain``, or ``replayed`` as CUDA graphs; why not, where they cannot be."""
        if self._replayer is None:
            return "plain"
        return f"plain: {self._replayer.refused}" if self._replayer.refused else "replayed"

    def _placed(self, network: Assembly, exact: bool) -> Assembly:
        network = network.to(self.device)
        # on a processor convolutions are faster with channels last; on an H200, in fp32, they are up to 12 % slower
        if not exact and self.device == "cpu":
            network = network.to(memory_format=torch.channels_last)
        return network.train()

    def advance(self, until: int, stop: Callable[[int], bool]) -> None:
        """Train up to iteration ``until``, or to the first iteration after which ``stop(iteration)`` is true.

        Raises :class:`Diverged` at the first read of the curves that finds a number that is not finite.
        """
        with training_in(self.run.numerics):
            while self.iteration < until:
                self._iterate()
                self.iteration += 1
                if self._filled == BLOCK:
                    self.read_curves()
                if stop(self.iteration):
                    break
        self._announce()
        self.read_curves()

    def _iterate(self) -> None:
        self._announce()
        feeds = self._feeds()
        size = self.run.setup.batch_size
        if self._replayer is not None and all(feed is None or len(feed) == size for feed in feeds):
            row = self._replayer.iterate(self.iteration, feeds)
        else:
            row = self.plainly(feeds)
        self._block[self._filled].copy_(row)
        self._filled += 1

    def _feeds(self) -> list[Tensor | None]:
        """For each update of this iteration the indices of the data it has at hand, or the data; None before any."""
        feeds: list[Tensor | None] = []
        feed: Tensor | None = None
        if self.system.batches == "iteration" and any(player.reads_data for player in self.players.values()):
            feed = self._feed(self.iteration)  # its size holds for all updates, also in an incomplete last batch
        read = 0
        for name in self.system.schedule:
            if self.players[name].reads_data and self.system.batches == "update":
                feed = self._feed(self.iteration * self._reads + read)
                read += 1
            feeds.append(feed)
        return feeds

    def plainly(self, feeds: Sequence[Tensor | None], around: Around = lambda _number: nullcontext()) -> Tensor:
        """Run the updates of one iteration, one operation after another; the values of all curves."""
        shared: dict[str, Tensor] = {}
        opened: dict[int, Tensor] = {}
        updates = []
        for number, feed in enumerate(feeds):
            if feed is not None and id(feed) not in opened:
                opened[id(feed)] = self.opened(feed)
            self.set_rate(number)
            self.streams.seed_layers(self.iteration, number)
            with around(number):
                updates.append(self.update(number, None if feed is None else opened[id(feed)], shared))
        return self.row(updates)

    def opened(self, feed: Tensor) -> Tensor:
        """The data of a feed."""
        return self.data.examples(feed) if self.data.resident else feed

    def set_rate(self, number: int) -> None:
        """Move the learning rate of update ``number`` of the schedule to where it belongs."""
        self.players[self.system.schedule[number]].set_rate(self.iteration, self.run.iterations_per_epoch)

    def update(self, number: int, real: Tensor | None, shared: dict[str, Tensor]) -> list[Tensor]:
        """Do update ``number`` of the schedule; values of its player's curves."""
        player = self.players[self.system.schedule[number]]
        size = self.run.setup.batch_size if real is None else len(real)

        def descent(real: Tensor | None) -> list[Tensor | None]:
            return player.descent(
                Context(
                    system=self.system,
                    networks=self.networks,
                    streams=self.streams,
                    shapes=self.shapes,
                    ends=player.ends,
                    owned=player.spec.networks,
                    batch_size=size,
                    iteration=self.iteration,
                    number=number,
                    half=self.run.numerics == "bf16",
                    shared=shared,
                    values={} if real is None else {REAL: real},
                )
            )

        tape = self._tape(number, size)
        values = player.step(descent(real) if tape is None else tape.play(descent, real, self.iteration))
        self._average(player.spec.networks)
        return values

    def _tape(self, number: int, size: int) -> Tape | None:
        if self._tapes is None:
            return None
        if (number, size) not in self._tapes:
            known = [tensor for network in self.networks.values() for tensor in network.state_dict().values()]
            self._tapes[number, size] = Tape(self.streams, known)
        return self._tapes[number, size]

    def row(self, updates: Sequence[list[Tensor]]) -> Tensor:
        """The values of all updates in the order of the curves; of a player's several updates, the last one's."""
        row: list[Tensor | None] = [None] * len(self.columns)
        for name, values in zip(self.system.schedule, updates, strict=True):
            for column, value in zip(self.players[name].columns, values, strict=True):
                row[column] = value
        return torch.stack([value for value in row if value is not None])

    def _announce(self) -> None:
        """Tell modules that grow how many real images were shown so far."""
        for module in self._growing:
            module.shown(self.iteration * self._reads * self.run.setup.batch_size)  # type: ignore[operator]

    @torch.no_grad()
    def _average(self, roles: Iterable[str]) -> None:
        """Move the averages of networks that were just updated; buffers are taken as they are."""
        for role in roles:
            if role in self.averages:
                decay = self.system.average[role]
                for mean, now in zip(self.averages[role].parameters(), self.networks[role].parameters(), strict=True):
                    mean.lerp_(now, 1 - decay)
                for old, new in zip(self.averages[role].buffers(), self.networks[role].buffers(), strict=True):
                    old.copy_(new)

    def _feed(self, number: int) -> Tensor:
        """Batch ``number`` of the run: epochs follow one another, each in its own random order.

        Indices where looking them up is the device's work alone, else the examples.
        """
        size, count = self.run.setup.batch_size, self.data.count
        if count is None:
            return self.data.draw(size, self.streams.generator("data", number))
        assert self._batches_per_epoch is not None, "only endless data has no epochs"
        epoch, position = divmod(number, self._batches_per_epoch)
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, self.streams.permutation("order", count, epoch))
        indices = self._order[1][position * size : (position + 1) * size]
        return indices if self.data.resident else self.data.examples(indices)

    def read_curves(self) -> None:
        """Move the filled part of the curves to the host; raises :class:`Diverged`."""
        if self._filled == 0:
            return
        block = self._block[: self._filled].cpu().numpy().copy()
        first = self.iteration - self._filled
        self._filled = 0
        bad = ~np.isfinite(block)
        if bad.any():
            row = int(bad.any(axis=1).argmax())
            self._finished.append(block[:row])
            names = ", ".join(name for name, broken in zip(self.columns, bad[row], strict=True) if broken)
            raise Diverged(f"{names} not finite at iteration {first + row + 1}")
        self._finished.append(block)

    def check_parameters(self) -> None:
        """Raise :class:`Diverged` if any parameter is not finite."""
        for role, network in self.networks.items():
            if not all(bool(torch.isfinite(value).all()) for value in network.state_dict().values()):
                raise Diverged(f"parameters of '{role}' not finite after iteration {self.iteration}")

    def curves(self) -> dict[str, np.ndarray]:
        """All curves up to the last read, float32, by name."""
        table = np.concatenate(self._finished) if self._finished else np.zeros((0, len(self.columns)), np.float32)
        return {name: table[:, column] for column, name in enumerate(self.columns)}

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on, as tensors and plain values."""
        self.read_curves()
        curves = self.curves()
        return {
            "iteration": self.iteration,
            "networks": {role: network.state_dict() for role, network in self.networks.items()},
            "averages": {role: network.state_dict() for role, network in self.averages.items()},
            "optimizers": {name: player.optimizer.state_dict() for name, player in self.players.items()},
            "curves": {name: torch.from_numpy(values.copy()) for name, values in curves.items()},
            "momenta": {run_id: kept.state() for run_id, kept in self._momenta.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state` gave; anything missing or misfitting is a ValueError."""
        try:
            for role, network in self.networks.items():
                network.load_state_dict(state["networks"][role])
            for role, network in self.averages.items():
                network.load_state_dict(state["averages"][role])
            for name, player in self.players.items():
                player.optimizer.load_state_dict(state["optimizers"][name])
            self._restore_momenta(state.get("momenta", {}))
            table = torch.stack([state["curves"][name] for name in self.columns], dim=1)
            self.iteration = int(state["iteration"])
        except (KeyError, RuntimeError, TypeError) as error:
            raise ValueError(f"the checkpoint does not fit this run: {error}") from error
        self._finished = [table.numpy()]
        self._filled = 0
        self._replayer = self._make_replayer()  # what was captured reads memory that is no longer the state's
        self._announce()

    def _restore_momenta(self, state: dict[str, list[Tensor]]) -> None:
        """Continue the statistics of runs that were there from the beginning, and leave those of the others."""
        for run_id in [*self._momenta]:
            if run_id in state:
                self._momenta[run_id].restore(state[run_id])
            else:
                self._momenta.pop(run_id).stop()

    def weights(self) -> dict[str, dict[str, dict[str, Tensor]]]:
        """A copy of all that samples depend on, on the host; see :meth:`use`."""
        return {
            group: {
                role: {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
                for role, network in networks.items()
            }
            for group, networks in (("networks", self.networks), ("averages", self.averages))
        }

    def use(self, weights: dict[str, dict[str, dict[str, Tensor]]], iteration: int) -> None:
        """Stand where training stood at ``iteration``, to be measured and not to be continued."""
        for group, networks in (("networks", self.networks), ("averages", self.averages)):
            for role, network in networks.items():
                network.load_state_dict(weights[group][role])
        self.iteration = iteration
        self._announce()

    def as_seen_by(self, run: Run) -> Trainer:
        """The training up to now under the momenta of ``run``, to be measured and not to be continued."""
        if run.run_id not in self._momenta:
            return self
        view = copy.copy(self)
        view.networks, view._momenta = self._momenta[run.run_id].networks(), {}
        return view

    def wait(self) -> None:
        """Wait until the device has done all that was asked."""
        if self.device.startswith("cuda"):
            torch.cuda.synchronize(self.device)
