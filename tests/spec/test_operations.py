"""Operations of an iteration against what torch counts while it trains, where no padding makes the two differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch.utils.flop_counter import FlopCounterMode

from benchmark.runs.plan import Run, make_run
from benchmark.spec.load import loads
from benchmark.spec.operations import operations_per_iteration
from benchmark.spec.shapes import layout
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"


def declared(run: Run) -> int:
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    return operations_per_iteration(run.system, layouts, run.setup.batch_size)


def counted(run: Run) -> int:
    prepare(run.numerics, 1)
    trainer = Trainer(run, run.setup.dataset.load(Path(), "cpu"), "cpu")
    trainer.advance(1, lambda _iteration: False)
    with FlopCounterMode(display=False) as counter:
        trainer.advance(2, lambda _iteration: False)
    return counter.get_total_flops()


@pytest.mark.parametrize("experiment", ["toy_minimax", "toy_non_saturating", "toy_reconstruction"])
def test_networks_without_padding_take_what_is_declared(experiment: str) -> None:
    """The reconstruction enters G at a tap and reads D at another."""
    run = make_run(load(TOY).spec, experiment, "smoke", 0, "exact")
    assert declared(run) == counted(run) > 0


def test_what_is_computed_once_is_counted_once() -> None:
    """D and G see the same fakes: the second update takes them as they are, or as its own graph."""
    fake, twice = "fake: {network: generator, input: z}", "schedule: [discriminator, generator, generator]"
    text = TOY.read_text()
    assert fake in text
    assert twice in text
    text = text.replace(twice, "schedule: [discriminator, generator]").replace("redraw: update", "redraw: iteration")
    shared = text.replace(fake, "fake: {network: generator, input: z, reuse: true}")
    plain, once = (make_run(loads(one).spec, "toy_non_saturating", "smoke", 0, "exact") for one in (text, shared))
    assert declared(once) < declared(plain)
    assert declared(once) == counted(once)
