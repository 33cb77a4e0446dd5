"""A GAN's loop as PyTorch's DCGAN example writes it, to measure what this package's own loop is worth.

Networks, losses, batch and schedule are the run's. All else is the example's: a DataLoader over PIL images with
transforms, the default Adam, gradients for every parameter, ``.item()`` of all that is logged, in every iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from benchmark.parts.datasets.images.pictures import Pictures
from benchmark.runs.plan import Run
from benchmark.spec.dataflow import REAL, networks_of, signal_shapes
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import Data, Dataset
from benchmark.training.assembly import Assembly
from benchmark.training.streams import Streams
from benchmark.training.update import Context, TrainedPlayer

#: pictures in the loader's memory
_PICTURES = 2048


class Textbook:
    """A run's networks and the example's loop over them; ``data`` gives points, pictures are made up."""

    def __init__(self, run: Run, data: Data, device: str) -> None:
        self.run, self.device = run, device
        self.networks = {
            role: Assembly(network, run.setup.sizes, seed=run.seed, role=role).to(device).train()
            for role, network in run.networks.items()
        }
        layouts = {role: network.layout for role, network in self.networks.items()}
        self.shapes = signal_shapes(run.system, layouts, run.sizes, data.shape)
        self.players = {
            name: TrainedPlayer(name, run.system, self.networks, fused=False) for name in run.system.players
        }
        for player in self.players.values():
            for group in player.optimizer.param_groups:
                group["fused"] = None  # torch's own choice: a loop on a processor, foreach on a GPU
        self._streams = _Undirected(run.seed, device)
        self._batches = self._loaded(data)
        self.log: list[dict[str, float]] = []

    def _loaded(self, data: Data) -> Iterator[Tensor]:
        if data.count is None:
            while True:
                yield data.draw(self.run.setup.batch_size, torch.default_generator).to(self.device)
        pictures = _Files(self.run.setup.dataset)
        loader = DataLoader(pictures, batch_size=self.run.setup.batch_size, shuffle=True, drop_last=True)
        while True:
            for batch in loader:
                yield batch.to(self.device)

    def advance(self, iterations: int) -> None:
        for _ in range(iterations):
            self.iterate()

    def iterate(self) -> None:
        system, real = self.run.system, None
        logged, shared = {}, dict[str, Tensor]()
        for number, name in enumerate(system.schedule):
            player = self.players[name]
            if player.reads_data and (real is None or system.batches == "update"):
                real = next(self._batches)
            context = _Detaching(
                system=system,
                networks=self.networks,
                streams=self._streams,
                shapes=self.shapes,
                ends=player.ends,
                owned=player.spec.networks,
                batch_size=self.run.setup.batch_size,
                iteration=len(self.log),
                number=number,
                half=False,
                shared=shared,
                values={} if real is None else {REAL: real},
            )
            for parameter in (*player.parameters, *player.others):
                parameter.requires_grad_(True)
            loss, terms = player.loss(context)
            player.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            player.optimizer.step()
            with torch.no_grad():
                seen = player.observed(context)
            logged[name] = [value.item() for value in (loss, *terms, *seen)]
        self.log.append({name: values[0] for name, values in logged.items()})


@dataclass(frozen=True, kw_only=True)
class _Detaching(Context):
    """Signals of an update as the example writes them: what comes from the other player's networks is detached."""

    def signal(self, name: str) -> Tensor:
        value = super().signal(name)
        if value.requires_grad and not networks_of(self.system, name) & set(self.owned):
            value = self.values[name] = value.detach()
        return value


class _Undirected(Streams):
    """Noise from torch's own generator."""

    def noise(self, law: str, name: str, shape: tuple[int, ...], *key: int) -> Tensor:
        if law == "uniform":
            return 2 * torch.rand(shape, device=self.device) - 1
        if law == "unit":
            return torch.rand(shape, device=self.device)
        values = torch.randn(shape, device=self.device)
        return torch.nn.functional.normalize(values.flatten(1)).view(shape) if law == "sphere" else values


class _Files(TorchDataset[Tensor]):
    """Random pictures in the place of a dataset's, prepared every time that they are shown."""

    def __init__(self, dataset: Dataset) -> None:
        from torchvision import transforms

        channels, *side = dataset.example_shape()
        prepare: list[Callable[[Any], Any]] = []
        if isinstance(dataset, Pictures):
            side, prepare = [*dataset.stand_in_size()], [dataset.prepared]
        levels = np.random.default_rng(0).integers(0, 256, (_PICTURES, *side, channels), np.uint8)
        self._levels = levels[..., 0] if channels == 1 else levels
        spread = [transforms.Normalize((0.5,), (0.5,))] if dataset.image_range() == SYMMETRIC else []
        self._transform = transforms.Compose([*prepare, transforms.ToTensor(), *spread])

    def __len__(self) -> int:
        return _PICTURES

    def __getitem__(self, index: int) -> Tensor:
        from PIL import Image

        shown: Tensor = self._transform(Image.fromarray(self._levels[index]))
        return shown
