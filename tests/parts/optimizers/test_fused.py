"""Adam by torch's fused kernel alone, against ``torch.optim.Adam``."""

from __future__ import annotations

import pytest
import torch

from benchmark.parts.optimizers.modules.adam import FusedAdam

SETTINGS = {"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-6, "fused": True}


def parameters() -> list[torch.nn.Parameter]:
    draws = torch.Generator().manual_seed(3)
    return [torch.nn.Parameter(torch.randn(shape, generator=draws)) for shape in ((5, 7), (7,), (), (3, 2, 4, 4))]


def descend(optimizer: torch.optim.Optimizer, owned: list[torch.nn.Parameter], steps: range) -> None:
    """Steps along gradients of each step's own; the second parameter has none before the third step."""
    for step in steps:
        draws = torch.Generator().manual_seed(step)
        for place, parameter in enumerate(owned):
            gradient = torch.randn(parameter.shape, generator=draws)
            parameter.grad = None if place == 1 and step < 2 else gradient
        optimizer.param_groups[0]["lr"] = 0.01 / (1 + step)
        optimizer.step()


def assert_equal(first: list[torch.nn.Parameter], second: list[torch.nn.Parameter]) -> None:
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


def test_it_has_torch_s_bits_and_its_state_is_torch_s() -> None:
    ours, theirs = parameters(), parameters()
    mine, torchs = FusedAdam(ours, **SETTINGS), torch.optim.Adam(theirs, **SETTINGS)
    descend(mine, ours, range(5))
    descend(torchs, theirs, range(5))
    assert_equal(ours, theirs)
    assert not torch.equal(ours[1], parameters()[1])
    swapped, back = FusedAdam(theirs, **SETTINGS), torch.optim.Adam(ours, **SETTINGS)
    swapped.load_state_dict(torchs.state_dict())
    back.load_state_dict(mine.state_dict())
    descend(swapped, theirs, range(5, 9))
    descend(back, ours, range(5, 9))
    assert_equal(ours, theirs)


def test_a_closure_is_refused() -> None:
    with pytest.raises(TypeError, match="evaluated again"):
        FusedAdam(parameters(), **SETTINGS).step(lambda: 0.0)
