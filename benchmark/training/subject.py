"""A trained system as metrics and pictures see it: copies of its networks in evaluation mode, its data, fixed noise.

Nothing here touches the networks in training or any stream of the training: noise comes from streams of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from benchmark.batches import batches
from benchmark.spec.dataflow import inputs_of, networks_of
from benchmark.spec.levels import on_host, to_floats, to_levels
from benchmark.spec.operations import at_once
from benchmark.spec.parts import Data, Dataset, MetricError
from benchmark.spec.systems import Pass
from benchmark.training.assembly import Assembly
from benchmark.training.streams import Streams
from benchmark.training.trainer import Trainer
from benchmark.training.update import combine

#: samples up to this size are kept for the next score
_KEPT_BYTES = 2**30
#: how far rounding may carry an image's values out of their range
_BEYOND = 1e-4

#: how a level between two of 0 to 255 becomes one of them; ``down`` is what a plain cast to bytes does
Rounding = Literal["nearest", "down"]


class TrainedSubject:
    """The ``Subject`` contract over the present state of a trainer.

    Other than what the run's spec says: ``generator_mode``, ``rounding`` of generated images to 8 bits, and ``noise``,
    the name of the stream that samples are drawn from.
    """

    def __init__(
        self,
        trainer: Trainer,
        root: Path,
        *,
        generator_mode: Literal["running_statistics", "batch_statistics"] | None = None,
        rounding: Rounding = "nearest",
        noise: str = "evaluation",
    ) -> None:
        setup = trainer.run.setup
        self.dataset: Dataset = setup.dataset
        self._range = setup.dataset.image_range()
        self.data: Data = trainer.data
        self.root = root
        self.device = trainer.device
        self.iterations_per_epoch = trainer.run.iterations_per_epoch
        self._curves = trainer.curves
        self._system = trainer.system
        self._shapes = trainer.shapes
        self._streams = Streams(trainer.run.seed, trainer.device)
        self._reference = Streams(0, trainer.device)  # which real examples count must not depend on the run's seed
        self._batch_statistics = (generator_mode or setup.generator_mode) == "batch_statistics"
        self._rounding: Rounding = rounding
        self._noise = noise
        self._last: np.ndarray | None = None  # several scores look at the same samples
        self._chunk = (
            setup.batch_size
            if self._batch_statistics
            else at_once(network.layout for network in trainer.networks.values())
        )
        self._networks: Mapping[str, Assembly] = {
            role: evaluation_copy(network, batch_statistics=self._batch_statistics)
            for role, network in {**trainer.networks, **trainer.averages}.items()
        }

    def samples(self, count: int) -> np.ndarray:
        """Generated examples (count, *shape): uint8 images, or float32 points. Always the same for one count."""
        if self._last is None or len(self._last) != count:
            made = self._whole(count, self._generate(self._noise, count))
            made.flags.writeable = False
            if made.nbytes > _KEPT_BYTES:
                return made
            self._last = made
        return self._last

    def samples_in_parts(self, count: int) -> Iterator[np.ndarray]:
        """The same, as parts that need not be held at once."""
        yield from self._generate(self._noise, count)

    def fixed_samples(self, count: int) -> np.ndarray:
        """Generated examples from the noise that all snapshots of a run share."""
        return self._whole(count, self._generate("snapshots", count))

    def _whole(self, count: int, parts: Iterable[np.ndarray]) -> np.ndarray:
        kind = np.float32 if self._range is None else np.uint8
        made = np.empty((count, *self._shapes[self._system.sample]), kind)
        end = 0
        for part in parts:
            begin, end = end, end + len(part)
            made[begin:end] = part
        return made

    @torch.inference_mode()
    def _generate(self, stream: str, count: int) -> Iterator[np.ndarray]:
        noises = sorted(inputs_of(self._system, self._system.sample))
        for start in batches(count, self._chunk, "samples"):
            drawn = self._chunk if self._batch_statistics else min(self._chunk, count - start)
            values = {name: self._drawn(f"{stream}.{name}", name, drawn, start) for name in noises}
            piece = self._run(self._system.sample, values)[: count - start]
            yield self.given_out(piece.cpu(), self._rounding)

    def _drawn(self, stream: str, noise: str, count: int, start: int) -> Tensor:
        return self._streams.noise(self._system.noise[noise].law, stream, (count, *self._shapes[noise]), start)

    def _run(self, signal: str, values: dict[str, Tensor]) -> Tensor:
        """Compute ``signal`` from the signals in ``values``, to which all that is computed is added."""
        if signal not in values:
            step = self._system.signals[signal]
            below = {name: self._run(name, values) for name in step.inputs.values()}
            if isinstance(step, Pass):
                network = self._networks[step.network]
                end = network.index(step.until, len(network.layers))
                values[signal] = network(below[step.input], network.index(step.enter, 0), end)
            else:
                values[signal] = combine(step, below)
        return values[signal]

    def reals(self, count: int | None) -> np.ndarray:
        """Real examples in the same form; None means all of a finite dataset."""
        if self.data.count is None:
            if count is None:
                raise MetricError("endless data has no complete set: say how many real examples")
            return self.given_out(self.data.draw(count, self._reference.generator("reference")).cpu())
        if count is not None and count > self.data.count:
            raise MetricError(f"{count} real examples asked for, the dataset has {self.data.count}")
        chosen = None if count is None else self._reference.permutation("reference", self.data.count)[:count]
        if self._range is not None:
            return self.data.levels(chosen)
        order = torch.arange(self.data.count, device=self.device) if chosen is None else chosen
        return self.given_out(self.data.examples(order).cpu())

    def reals_in_parts(self, order: np.ndarray, size: int) -> Iterator[np.ndarray]:
        """Of :meth:`reals` ``len(order)`` examples in an order, ``size`` at a time."""
        starts = range(0, len(order), size)
        if self._range is None or self.data.count is None:
            reals = self.reals(len(order))
            yield from (reals[order[start : start + size]] for start in starts)
            return
        chosen = self._reference.permutation("reference", self.data.count)[: len(order)]
        for start in starts:
            yield self.data.levels(chosen[torch.from_numpy(order[start : start + size]).to(chosen.device)])

    @torch.inference_mode()
    def apply(self, network: str, examples: np.ndarray) -> np.ndarray:
        """Output of a network on examples as :meth:`samples` and :meth:`reals` give them."""
        pieces = []
        for part in torch.split(on_host(examples), self._chunk):
            values = part.to(self.device)
            pieces.append(self._networks[network](values if self._range is None else to_floats(values, self._range)))
        output: np.ndarray = torch.cat(pieces).cpu().numpy()
        return output

    def moments_after(self, network: str, kind: str, count: int) -> np.ndarray:
        """Mean and variance (layers, 2) of what follows each layer of a kind, over ``count`` examples and all units.

        Examples are generated ones where the network makes samples, else real ones.
        """
        assembly = self._networks[network]
        follows = [place for place, layer in enumerate(assembly.layout.layers[:-1], 1) if layer.name == kind]
        sums = np.zeros((len(follows), 3))

        def watching(row: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
            def watch(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
                variance, mean = (float(moment) for moment in torch.var_mean(output.float(), correction=0))
                sums[row] += output.numel() * np.array([1.0, mean, variance + mean**2])

            return watch

        handles = [assembly.layers[place].register_forward_hook(watching(row)) for row, place in enumerate(follows)]
        try:
            if network in networks_of(self._system, self._system.sample):
                for _ in self._generate(self._noise, count):
                    pass
            else:
                self.apply(network, self.reals(count))
        finally:
            for handle in handles:
                handle.remove()
        means = sums[:, 1] / sums[:, 0]
        return np.stack([means, sums[:, 2] / sums[:, 0] - means**2], axis=1)

    def curves(self) -> dict[str, np.ndarray]:
        """What training recorded so far by name, float32 (iterations,); element i belongs to iteration i + 1."""
        return self._curves()

    def given_out(self, examples: Tensor, rounding: Rounding = "nearest") -> np.ndarray:
        """Points as they are; images rounded to 8 bits. Anything not finite or out of the data's range is refused."""
        if not bool(torch.isfinite(examples).all()):
            raise MetricError("the generator emits numbers that are not finite")
        if self._range is None:
            points: np.ndarray = examples.float().numpy()
            return points
        (least, most), low, high = self._range, float(examples.min()), float(examples.max())
        if low < least - _BEYOND or high > most + _BEYOND:
            raise MetricError(f"images must lie in [{least:g}, {most:g}], these reach from {low:.4g} to {high:.4g}")
        levels = to_levels(examples, self._range)
        levels = levels.round() if rounding == "nearest" else levels.floor()
        pixels: np.ndarray = levels.clamp(0, 255).to(torch.uint8).numpy()
        return pixels


def evaluation_copy(network: Assembly, *, batch_statistics: bool) -> Assembly:
    """A frozen copy in evaluation mode; its batch normalisation uses running statistics or those of each batch."""
    twin = copy.deepcopy(network).eval().requires_grad_(False)
    if batch_statistics:
        for module in twin.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean = module.running_var = None
    return twin


def value_surface(subject: TrainedSubject, network: str, extent: float, points: int) -> np.ndarray:
    """A network's raw output (points, points) over the square from -extent to extent; rows ascend in y."""
    axis = np.linspace(-extent, extent, points, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    plane = np.stack([x.ravel(), y.ravel()], axis=1)
    return subject.apply(network, plane).reshape(points, points)
