"""Penalties of critics whose gradient is known, and the laws of the points at which they are taken."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from benchmark.parts.penalties.gradients import Dragan, Drift, GradientPenalty, R1R2Penalty
from benchmark.spec.parts import Penalty
from tests.part_examples import FixedContext, column

BETWEEN = GradientPenalty(network="critic", real="real", fake="fake", target=1.0, weight=10.0)
AROUND = Dragan(network="critic", real="real", scale=0.5, target=1.0, weight=10.0)
ZERO = R1R2Penalty(network="critic", points="real", weight=5.0)


class Parabola(nn.Module):
    """|x|^2 / 2, whose gradient is x."""

    def forward(self, value: Tensor) -> Tensor:
        return value.flatten(1).square().sum(dim=1, keepdim=True) / 2


def linear_critic(*weight: float) -> nn.Module:
    critic = nn.Linear(len(weight), 1).double()
    critic.weight.data.copy_(torch.tensor([weight]))
    return critic


def bench_with(critic: nn.Module, rows: int = 6, *shape: int) -> FixedContext:
    torch.manual_seed(0)
    real, fake = (torch.randn(rows, *shape, dtype=torch.float64) for _ in range(2))
    return FixedContext({"real": 2 * real, "fake": fake + 3}, {"critic": critic})


@pytest.mark.parametrize(("penalty", "expected"), [(BETWEEN, 16.0), (AROUND, 16.0), (ZERO, 25.0)], ids=repr)
def test_linear_critic(penalty: Penalty, expected: float) -> None:
    """D(x) = 3 x1 + 4 x2 has a gradient of length 5 everywhere: (5 - 1)^2, or 5^2."""
    assert penalty.value(bench_with(linear_critic(3, 4), 6, 2)).item() == pytest.approx(expected)


def test_target_is_the_wanted_length() -> None:
    penalty = BETWEEN.model_copy(update={"target": 5.0})
    assert penalty.value(bench_with(linear_critic(3, 4), 6, 2)).item() == pytest.approx(0)


def test_gradient_of_the_linear_critics_penalty() -> None:
    """d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w| = (4.8, 6.4), which needs the second derivative."""
    critic = linear_critic(3, 4)
    BETWEEN.value(bench_with(critic, 6, 2)).backward()
    assert critic.weight.grad is not None
    assert critic.weight.grad.flatten().tolist() == pytest.approx([4.8, 6.4])


@pytest.mark.parametrize("shape", [(2,), (3, 4, 4)])
def test_norms_are_taken_for_each_example_over_all_its_values(shape: tuple[int, ...]) -> None:
    context = bench_with(Parabola(), 6, *shape)
    value = BETWEEN.value(context).item()
    norms = context.points[0].flatten(1).norm(dim=1)
    assert value == pytest.approx((norms - 1).square().mean().item())
    assert value != pytest.approx((context.points[0].norm() - 1).square().item()), "one norm over the batch"


def test_points_are_uniform_on_segments_one_share_for_each_row() -> None:
    context = bench_with(Parabola(), 20_000, 3)
    BETWEEN.value(context)
    real, fake = context.signals["real"], context.signals["fake"]
    shares = (context.points[0] - real) / (fake - real)
    assert torch.allclose(shares, shares[:, :1].expand_as(shares))
    share = shares[:, 0]
    assert share.min() >= 0
    assert share.max() <= 1
    assert share.mean().item() == pytest.approx(1 / 2, abs=4 * (1 / 12 / 20_000) ** 0.5)
    assert share.square().mean().item() == pytest.approx(1 / 3, abs=4 * (4 / 45 / 20_000) ** 0.5)


def test_dragan_points_have_the_moments_of_the_notebooks_law() -> None:
    """The offset is share * scale * deviation * U, share once a row, U once a value, both U(0, 1).

    In units of scale * deviation: mean 1/4, mean square 1/9, mean product of two values of a row 1/12 (1/16 if the
    share were drawn for each value), largest value below 1, never negative.
    """
    context = bench_with(Parabola(), 40_000, 2)
    AROUND.value(context)
    real = context.signals["real"]
    deviation = ((real - real.mean()) ** 2).mean().sqrt()
    offset = (context.points[0] - real) / (0.5 * deviation)
    error = 4 / 40_000**0.5
    assert offset.mean().item() == pytest.approx(1 / 4, abs=error * 0.22)
    assert offset.square().mean().item() == pytest.approx(1 / 9, abs=error * 0.17)
    assert (offset[:, 0] * offset[:, 1]).mean().item() == pytest.approx(1 / 12, abs=error * 0.12)
    assert offset.min().item() > -1e-9
    assert 0.95 < offset.max().item() <= 1


def test_one_deviation_over_the_whole_batch() -> None:
    """Scaling one column scales the perturbation of the other, too."""
    plain, scaled = bench_with(Parabola(), 50, 2), bench_with(Parabola(), 50, 2)
    scaled.signals["real"] = scaled.signals["real"] * torch.tensor([1.0, 100.0])
    for context in (plain, scaled):
        AROUND.value(context)
    first = [(context.points[0] - context.signals["real"])[:, 0].mean().item() for context in (plain, scaled)]
    assert first[1] > 20 * first[0]


@pytest.mark.parametrize("penalty", [BETWEEN, AROUND, ZERO], ids=repr)
def test_second_derivatives_against_differences(penalty: Penalty) -> None:
    torch.manual_seed(0)
    data = {name: torch.randn(4, 2, dtype=torch.float64) for name in ("real", "fake")}
    hidden = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    last = torch.randn(1, 5, dtype=torch.float64, requires_grad=True)

    class Critic(nn.Module):
        def __init__(self, hidden: Tensor, last: Tensor) -> None:
            super().__init__()
            self.weights = (hidden, last)

        def forward(self, value: Tensor) -> Tensor:
            return torch.tanh(value @ self.weights[0].T) @ self.weights[1].T

    assert torch.autograd.gradcheck(
        lambda first, second: penalty.value(FixedContext(data, {"critic": Critic(first, second)})), (hidden, last)
    )


@pytest.mark.parametrize("penalty", [BETWEEN, AROUND, ZERO], ids=repr)
def test_no_gradient_flows_into_the_points(penalty: Penalty) -> None:
    context = bench_with(nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double(), 6, 2)
    for name in context.signals:
        context.signals[name].requires_grad_()
    penalty.value(context).backward()
    assert all(signal.grad is None for signal in context.signals.values())


def test_drift_is_the_mean_square() -> None:
    assert Drift(output="real", weight=0.001).value(FixedContext({"real": column(1, -3)})).item() == 5
