"""One player's update: its signals, its loss and one optimiser step, all read from the spec."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.spec.dataflow import REAL, curve_names, networks_of, signals_of
from benchmark.spec.parts import Objective, Penalty
from benchmark.spec.systems import Joined, Pass, System, WeightedSum
from benchmark.training.assembly import Assembly
from benchmark.training.streams import Streams


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the terms of one update may use; see ``UpdateContext``. Every signal is computed at most once."""

    system: System
    networks: Mapping[str, Assembly]
    streams: Streams
    #: shape of one example of each noise
    shapes: Mapping[str, tuple[int, ...]]
    #: see :meth:`TrainedPlayer.ends`
    ends: Callable[[str], Sequence[tuple[str, int]]]
    #: roles of the networks that the updated player owns
    owned: Collection[str]
    batch_size: int
    iteration: int
    #: position of the update in the schedule
    number: int
    #: whether networks compute in bfloat16; what they give is float32 all the same
    half: bool
    #: signals of this iteration that its updates share
    shared: dict[str, Tensor]
    #: signals of this update, the real data (``REAL``) at first
    values: dict[str, Tensor]

    @property
    def key(self) -> tuple[int, int]:
        """What random numbers of this update are keyed by."""
        return self.iteration, self.number

    def signal(self, name: str) -> Tensor:
        if name not in self.values:
            step = self.system.signals.get(name)
            if step is None:
                self.values[name] = self._noise(name)
            elif not isinstance(step, Pass):
                self.values[name] = combine(step, {below: self.signal(below) for below in step.inputs.values()})
            elif step.reuse:
                self.values[name] = self._reused(name, step)
            else:
                self._pass(name, step)
        return self.values[name]

    def apply(self, network: str, value: Tensor) -> Tensor:
        output: Tensor = self.networks[network](value)
        return output

    def uniform(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return self.streams.noise("unit", stream, shape, *self.key)

    def normal(self, stream: str, shape: tuple[int, ...]) -> Tensor:
        return self.streams.noise("normal", stream, shape, *self.key)

    def _casting(self) -> AbstractContextManager[object]:
        """What one pass computes in; passes have their own casts of a weight, so gradients add up in float32."""
        if not self.half:
            return nullcontext()
        return torch.autocast(torch.device(self.streams.device).type, torch.bfloat16)

    def _noise(self, name: str) -> Tensor:
        noise = self.system.noise[name]
        key = self.key if noise.redraw == "update" else (self.iteration,)
        return self.streams.noise(noise.law, f"noise.{name}", (self.batch_size, *self.shapes[name]), *key)

    def _reused(self, name: str, step: Pass) -> Tensor:
        """A signal computed once an iteration, with its graph; detached for a player that owns none of its networks."""
        roles = networks_of(self.system, name)
        if name not in self.shared:
            foreign = [
                parameter for role in roles if role not in self.owned for parameter in self.networks[role].parameters()
            ]
            for parameter in foreign:
                parameter.requires_grad_(True)
            self._pass(name, step)
            for parameter in foreign:
                parameter.requires_grad_(False)
            self.shared[name] = self.values[name]
        return self.shared[name] if roles & set(self.owned) else self.shared[name].detach()

    def _pass(self, name: str, first: Pass) -> None:
        """Compute ``name`` and every signal that reads the same pass of the same network at a tap."""
        network = self.networks[first.network]
        value = self.signal(first.input)
        position = network.index(first.enter, 0)
        with self._casting():
            for reader, stop in self.ends(name):
                value = network.without_hooks(value, position, stop)
                position = stop
                self.values[reader] = value.float()


def combine(step: WeightedSum | Joined, values: Mapping[str, Tensor]) -> Tensor:
    """The signals of ``values``, each (batch, *shape), summed with their weights or joined along the first axis."""
    if isinstance(step, Joined):
        return torch.cat([values[name] for name in step.join], dim=1)
    (first, weight), *others = step.sum.items()
    total = weigh(weight, values[first])
    for name, weight in others:
        total = torch.add(total, values[name], alpha=weight)
    return total


def weigh(weight: float, term: Tensor) -> Tensor:
    """``weight`` times ``term``, without an operation where the weight is 1."""
    return term if weight == 1 else weight * term


class TrainedPlayer:
    """A player during training: its parameters, its optimiser and the curves that its updates fill."""

    def __init__(self, name: str, system: System, networks: Mapping[str, Assembly], *, fused: bool) -> None:
        self.name = name
        self.spec = system.players[name]
        self._wanted = signals_of(system, name)
        self.reads_data = REAL in self._wanted
        self._system, self._networks = system, networks
        self._ends: dict[str, list[tuple[str, int]]] = {}
        own = [networks[role] for role in self.spec.networks]
        self.parameters = [parameter for network in own for parameter in network.parameters()]
        self.others = [
            parameter
            for role, network in networks.items()
            if role not in self.spec.networks
            for parameter in network.parameters()
        ]
        self.optimizer = self.spec.optimizer.build(list(self.parameters), fused=fused)
        self._rates = [group["lr"] for group in self.optimizer.param_groups]
        if fused and self.spec.learning_rate is not None and self.parameters[0].is_cuda:
            for group in self.optimizer.param_groups:  # a rate in the device's memory can move under a CUDA graph
                group["lr"] = torch.tensor(group["lr"], device=self.parameters[0].device)
        self._terms: list[Objective | Penalty] = [*self.spec.minimise, *self.spec.penalties]
        columns = curve_names(system)
        self._observed = {curve: seen for curve, seen in system.observe.items() if seen.player == name}
        terms = len(self._terms)
        start = columns.index(f"{name}_loss")
        self.columns = [*range(start, start + 1 + (terms if terms > 1 else 0))]
        self.columns += [columns.index(curve) for curve in self._observed]

    def ends(self, name: str) -> list[tuple[str, int]]:
        """Wanted signals that a pass for ``name`` gives, each with the layer before which it ends, in their order."""
        if name not in self._ends:
            first = self._system.signals[name]
            assert isinstance(first, Pass)
            network = self._networks[first.network]
            readers = {
                other: network.index(step.until, len(network.layers))
                for other, step in self._system.signals.items()
                if (other in self._wanted or other == name)
                and isinstance(step, Pass)
                and (step.network, step.input, step.enter) == (first.network, first.input, first.enter)
            }
            self._ends[name] = sorted(readers.items(), key=lambda item: item[1])
        return self._ends[name]

    def set_rate(self, iteration: int, iterations_per_epoch: float | None) -> None:
        """Move the learning rate to where its schedule puts it at ``iteration``."""
        if self.spec.learning_rate is not None:
            factor = self.spec.learning_rate.factor(iteration, iterations_per_epoch)
            for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate * factor)
                else:
                    group["lr"] = rate * factor

    def descent(self, context: Context) -> list[Tensor | None]:
        """The derivatives of the loss with respect to ``parameters``, and after them the values of ``columns``."""
        for parameter in self.others:
            parameter.requires_grad_(False)
        for parameter in self.parameters:
            parameter.requires_grad_(True)
            parameter.grad = None
        loss, terms = self.loss(context)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [parameter.grad for parameter in self.parameters]
        return [*gradients, *[value.detach() for value in (loss, *terms)], *self.observed(context)]

    def step(self, found: Sequence[Tensor | None]) -> list[Tensor]:
        """Move the parameters by what :meth:`descent` gave; the values of ``columns``, not waited for."""
        gradients, values = found[: len(self.parameters)], found[len(self.parameters) :]
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()
        return [value for value in values if value is not None]

    def loss(self, context: Context) -> tuple[Tensor, list[Tensor]]:
        """What is minimised, and its terms without their weights where it has several."""
        terms = [part.value(context) for part in self._terms]
        weighted = [weigh(part.weight, term) for part, term in zip(self._terms, terms, strict=True)]
        return sum(weighted[1:], start=weighted[0]), terms if len(terms) > 1 else []

    @torch.no_grad()
    def observed(self, context: Context) -> list[Tensor]:
        """Values of what is watched besides the loss."""
        values = []
        for seen in self._observed.values():
            if seen.signal is None:
                gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
                values.append(torch.nn.utils.get_total_norm(gradients))
                continue
            signal = context.signal(seen.signal)
            if seen.statistic == "mean_probability":
                signal = signal.sigmoid()
            elif seen.statistic == "share_positive":
                signal = (signal > 0).float()
            values.append(signal.mean())
        return values
