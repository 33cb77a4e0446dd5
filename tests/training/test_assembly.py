"""A network's layers one after another, with and without their hooks."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmark.runs.plan import make_run
from benchmark.training.assembly import Assembly
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"


def test_layers_without_hooks_give_the_same_between_any_two_taps() -> None:
    run = make_run(load(TOY).spec, "toy_reconstruction", "smoke", 0, "fp32")
    for role, network in run.networks.items():
        assembly = Assembly(network, run.setup.sizes, seed=0, role=role)
        seen: list[int] = []
        for place, layer in enumerate(assembly.layers):
            layer.register_forward_hook(lambda *_, place=place, seen=seen: seen.append(place))
        end = len(assembly.layers)
        for start in range(end):
            for stop in range(start, end + 1):
                value = torch.randn(3, *assembly.layout.inputs[start])
                assert torch.equal(assembly.without_hooks(value, start, stop), assembly(value, start, stop))
        assert seen == [place for start in range(end) for stop in range(start, end + 1) for place in range(start, stop)]
