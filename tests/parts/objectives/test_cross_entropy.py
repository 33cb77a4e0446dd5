"""The original GAN's losses: claim DG-C9 (value -log 4, D* = p / (p + g)) and torch's own cross-entropy."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from benchmark.parts.objectives.adversarial import (
    BinaryCrossEntropy,
    CrossEntropy,
    Minimax,
    NonSaturating,
    ProbabilityCrossEntropy,
    ProbabilityNonSaturating,
    WassersteinGenerator,
)
from tests.part_examples import FixedContext, column

LOSS = CrossEntropy(real="real", fake="fake")
DATA = (Fraction(3, 8), Fraction(4, 8), Fraction(1, 8))
MODEL = (Fraction(1, 8), Fraction(2, 8), Fraction(5, 8))


def exact_batch(law: tuple[Fraction, ...], per_point: Tensor) -> Tensor:
    """D's logits on a batch of eight in which each point of a discrete space has exactly its probability."""
    indices = [point for point, share in enumerate(law) for _ in range(int(8 * share))]
    return per_point[torch.tensor(indices)].view(-1, 1)


def loss_of(logits: Tensor, data: tuple[Fraction, ...], model: tuple[Fraction, ...]) -> Tensor:
    return LOSS.value(FixedContext({"real": exact_batch(data, logits), "fake": exact_batch(model, logits)}))


def optimal_logits(data: tuple[Fraction, ...], model: tuple[Fraction, ...]) -> Tensor:
    """Logits of D* = p / (p + g)."""
    optimum = [float(p / (p + g)) for p, g in zip(data, model, strict=True)]
    return torch.logit(torch.tensor(optimum, dtype=torch.float64)).requires_grad_()


def test_value_is_minus_log_4_and_discriminator_one_half_where_the_laws_agree() -> None:
    """DG-C9: C(G) = -log 4 = -1.3863 and D* = 1/2 at p = g."""
    logits = optimal_logits(DATA, DATA)
    assert torch.sigmoid(logits).tolist() == [0.5, 0.5, 0.5]
    assert -loss_of(logits, DATA, DATA).item() == pytest.approx(-math.log(4))
    assert -loss_of(logits, DATA, DATA).item() == pytest.approx(-1.3863, abs=5e-5)


def test_p_over_p_plus_g_is_the_minimum_of_the_loss() -> None:
    """DG-C9: the loss is convex in the logits, and its gradient vanishes at p / (p + g) and nowhere near it."""
    logits = optimal_logits(DATA, MODEL)
    loss_of(logits, DATA, MODEL).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max().item() < 1e-15
    for step in (-0.1, 0.1):
        for point in range(3):
            moved = logits.detach().clone()
            moved[point] += step
            assert loss_of(moved, DATA, MODEL) > loss_of(logits, DATA, MODEL)


def test_value_at_the_optimum_exceeds_minus_log_4_by_twice_the_jensen_shannon_divergence() -> None:
    """DG-C9: with g in the second term's numerator, where the paper's last line repeats p (DG-I6)."""
    mixed = [(p + g) / 2 for p, g in zip(DATA, MODEL, strict=True)]
    divergence = sum(
        float(share) * math.log(share / middle) / 2
        for law in (DATA, MODEL)
        for share, middle in zip(law, mixed, strict=True)
    )
    value = -loss_of(optimal_logits(DATA, MODEL), DATA, MODEL).item()
    assert value == pytest.approx(-math.log(4) + 2 * divergence)


def test_values_at_zero_logits() -> None:
    context = FixedContext({"real": column(0, 0), "fake": column(0, 0)})
    assert LOSS.value(context).item() == pytest.approx(math.log(4))
    assert NonSaturating(fake="fake").value(context).item() == pytest.approx(math.log(2))
    assert Minimax(fake="fake").value(context).item() == pytest.approx(-math.log(2))


def test_against_the_defining_formulas() -> None:
    real, fake = column(2.0, -0.5, 0.1), column(-1.0, 0.3, 4.0)
    context = FixedContext({"real": real, "fake": fake})
    on_real, on_fake = torch.sigmoid(real), torch.sigmoid(fake)
    expected = -on_real.log().mean() - (1 - on_fake).log().mean()
    assert LOSS.value(context).item() == pytest.approx(expected.item())
    assert NonSaturating(fake="fake").value(context).item() == pytest.approx(-on_fake.log().mean().item())
    assert Minimax(fake="fake").value(context).item() == pytest.approx((1 - on_fake).log().mean().item())


def test_generator_gradients_saturate_and_do_not() -> None:
    """At a confident discriminator minimax's gradient vanishes, non-saturating's is one; signs agree."""
    for objective, expected in ((Minimax(fake="fake"), -math.exp(-20.0)), (NonSaturating(fake="fake"), -1.0)):
        fake = column(-20.0)
        objective.value(FixedContext({"fake": fake})).backward()
        assert fake.grad is not None
        assert fake.grad.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("target", [0.0, 0.9, 1.0])
def test_single_terms_are_torchs(target: float) -> None:
    logits = column(-3.0, 0.0, 2.5)
    ours = BinaryCrossEntropy(output="x", target=target).value(FixedContext({"x": logits}))
    assert ours.item() == pytest.approx(nn.BCEWithLogitsLoss()(logits, torch.full_like(logits, target)).item())
    by_hand = -(target * torch.sigmoid(logits).log() + (1 - target) * torch.sigmoid(-logits).log()).mean()
    assert ours.item() == pytest.approx(by_hand.item())


def test_two_single_terms_make_the_discriminators_loss() -> None:
    context = FixedContext({"real": column(1.0, -2.0), "fake": column(0.5, 3.0)})
    one = BinaryCrossEntropy(output="real", target=1.0).value(context)
    zero = BinaryCrossEntropy(output="fake", target=0.0).value(context)
    assert (one + zero).item() == pytest.approx(LOSS.value(context).item())


def test_probability_forms_equal_logit_forms_after_a_sigmoid() -> None:
    logits = FixedContext({"real": column(1.0, -2.0), "fake": column(0.5, 3.0)})
    probabilities = FixedContext({name: torch.sigmoid(signal) for name, signal in logits.signals.items()})
    ours = ProbabilityCrossEntropy(real="real", fake="fake").value(probabilities)
    assert ours.item() == pytest.approx(LOSS.value(logits).item())
    generator = ProbabilityNonSaturating(fake="fake").value(probabilities)
    assert generator.item() == pytest.approx(NonSaturating(fake="fake").value(logits).item())


def test_probability_forms_hold_the_logarithm_at_minus_100() -> None:
    context = FixedContext({"real": column(0.0), "fake": column(1.0)})
    assert ProbabilityCrossEntropy(real="real", fake="fake").value(context).item() == 200
    assert ProbabilityNonSaturating(fake="real").value(context).item() == 100


def test_ratio_form_is_minus_the_mean_logit() -> None:
    """-log s + log(1 - s) = -logit, the generator's and encoder's term in one alpha-GAN code."""
    logits = column(-1.0, 0.5, 3.0)
    context = FixedContext({"fake": logits})
    both = NonSaturating(fake="fake").value(context) + Minimax(fake="fake").value(context)
    assert WassersteinGenerator(output="fake").value(context).item() == pytest.approx(both.item())
