"""Updates without autograd: the operations of one are recorded once, and called again from then on.

With small networks autograd takes longer to find out what is to be computed than to compute it, and it finds the same
every time. So one update is watched below autograd. Later ones call the same operations on the same operands in the
same order, which gives the same bits. A Python number is a constant of what was recorded: nothing but a learning rate
may change with the iteration.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_aggregate
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from benchmark.spec.systems import Pass, System
from benchmark.training.streams import Draw, Streams

_aten = torch.ops.aten
#: the most frequent operations, which are called in less time as torch's own functions
_FREQUENT = (
    "abs.default add.Tensor add_.Tensor addmm.default div.Scalar div_.Scalar expand.default mean.default mm.default "
    "mul.Tensor neg.default relu.default relu_.default sigmoid.default sgn.default sub.Tensor sum.dim_IntList "
    "t.default view.default"
)
_FUNCTIONS: dict[Any, Callable[..., Tensor]] = {
    getattr(getattr(_aten, name), overload): getattr(torch if hasattr(torch, name) else Tensor, name)
    for name, overload in (operation.split(".") for operation in _FREQUENT.split())
}

#: what comes of an update before the parameters move
Found = Sequence[Tensor | None]


def suits(system: System, modules: Iterable[nn.Module]) -> bool:
    """Whether updates of a system with these modules do the same every time.

    Of the modules, all torch's own, only linear layers have parameters or buffers. No signal outlives an update.
    """
    return all(
        type(module).__module__.startswith("torch.nn.")
        and (type(module) is nn.Linear or not [*module.parameters(recurse=False), *module.buffers(recurse=False)])
        for module in modules
    ) and not any(isinstance(step, Pass) and step.reuse for step in system.signals.values())


class Tape:
    """One update of the schedule with batches of one size: first what it draws is noted, next what it does is recorded.

    ``known`` are tensors that are read besides what enters and move in place alone: parameters and buffers.
    """

    def __init__(self, streams: Streams, known: Iterable[Tensor]) -> None:
        self._streams = streams
        self._known = list(known)
        self._draws: list[Draw] | None = None
        self._again: Callable[..., Found] | None = None
        #: why the update cannot be recorded, once that is known
        self.refused: str | None = None

    def play(self, work: Callable[[Tensor | None], Found], real: Tensor | None, iteration: int) -> Found:
        """What ``work(real)`` gives."""
        if self.refused is not None:
            return work(real)
        if self._draws is None:
            self._draws = []
            with self._streams.noting(self._draws):
                return work(real)
        drawn = [self._streams.noise(draw.law, draw.name, draw.shape, iteration, *draw.key) for draw in self._draws]
        entering = drawn if real is None else [real, *drawn]
        if self._again is not None:
            with torch.no_grad():
                return self._again(*entering)
        recorder = _Recorder(entering, self._known)
        with self._streams.lending(drawn), recorder:
            found = work(real)
        self.refused = recorder.refused
        if self.refused is None:
            self._again = recorder.function(found)
        return found


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down every operation that is called, as a graph of torch.fx."""

    def __init__(self, entering: Sequence[Tensor], known: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.refused: str | None = None
        self._graph = fx.Graph()
        self._nodes = WeakTensorKeyDictionary()
        for number, tensor in enumerate(entering):
            self._nodes[tensor] = self._graph.placeholder(f"entering_{number}")
        self._places = {tensor.untyped_storage().data_ptr() for tensor in known}
        #: known tensors that operations read, and views of them
        self._constants: list[Tensor] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Whether torch imports its compiler to keep it away from here; nothing is compiled here."""
        return False

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        if operation is _aten.detach.default:
            self._nodes[result] = self._node(args[0])
        elif not (operation.is_view and self._is_known(args[0])):  # a view of what is known is known itself
            function = _FUNCTIONS.get(operation, operation)
            node = self._graph.call_function(function, self._written(args), self._written(kwargs or {}))
            if isinstance(result, Tensor):
                if result not in self._nodes:  # what is written over keeps its name
                    self._nodes[result] = node
            elif isinstance(result, (list, tuple)):
                for number, part in enumerate(result):
                    self._nodes[part] = self._graph.call_function(operator.getitem, (node, number))
            elif result is not None:
                self.refused = "it reads a value, on which the next operation may depend"
        return result

    def _is_known(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage().data_ptr() in self._places

    def _written(self, arguments: Any) -> Any:
        return map_aggregate(arguments, self._node)

    def _node(self, value: Any) -> Any:
        """A tensor as the graph calls it; anything else as it is."""
        if isinstance(value, torch.Generator):
            self.refused = "it draws from a generator of its own"
        if not isinstance(value, Tensor):
            return value
        if value not in self._nodes:
            if not self._is_known(value):
                self.refused = "it reads a tensor that is not known"
            with self._graph.inserting_before():
                self._nodes[value] = self._graph.placeholder(f"known_{len(self._constants)}")
            self._constants.insert(0, value)
        return self._nodes[value]

    def function(self, found: Found) -> Callable[..., Found]:
        """What was recorded, as a function from what enters to what was found."""
        self._graph.output(self._written(list(found)))
        self._without_double_transposes()
        return partial(fx.GraphModule(nn.Module(), self._graph).forward, *self._constants)

    def _without_double_transposes(self) -> None:
        """Autograd transposes the gradient of each weight twice."""
        transposes = self._graph.find_nodes(op="call_function", target=torch.t)
        for node in transposes:
            (within,) = node.args
            if isinstance(within, fx.Node) and within.target is torch.t:
                node.replace_all_uses_with(within.args[0])
        for node in reversed(transposes):
            if not node.users:
                self._graph.erase_node(node)
