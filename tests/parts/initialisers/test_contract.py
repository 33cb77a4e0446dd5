"""What every registered law must do; a new one is picked up unseen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.spec.parts import INITIALISERS, Initialiser
from tests.part_examples import examples

LAWS = [law for _, part in INITIALISERS.items() for law in examples(part)[:6]]
FANS = {"fan_in": 32 * 9, "fan_out": 64 * 9}


def drawn(law: Initialiser, seed: int) -> Tensor:
    parameter = torch.full((64, 32, 3, 3), torch.nan)
    law.fill(parameter, **FANS, generator=torch.Generator().manual_seed(seed))
    return parameter


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_fills_every_element_in_place(law: Initialiser) -> None:
    assert torch.isfinite(drawn(law, 0)).all()


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_the_generator_decides_everything(law: Initialiser) -> None:
    torch.manual_seed(1)
    first = drawn(law, 0)
    torch.manual_seed(2)
    assert torch.equal(first, drawn(law, 0))
    fixed = bool((first == first.flatten()[0]).all())
    assert torch.equal(first, drawn(law, 3)) == fixed


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_leaves_the_global_generator_alone(law: Initialiser) -> None:
    before = torch.get_rng_state()
    drawn(law, 0)
    assert torch.equal(before, torch.get_rng_state())
