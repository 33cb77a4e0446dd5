"""Improved GANs with reconstruction loss (Li, Xiao and Ouyang 2018): every player's loss, term by term, by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmark.runs.plan import make_run
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer
from tests.papers import checks
from tests.part_examples import FixedContext, column

SPEC = checks.paper("gan_rl").spec

#: D's logits and critic's values; means of the terms that follow from them are worked out in TERMS
SIGNALS = {
    "real_logit": column(2.0, -1.0),
    "fake_logit": column(0.5, -3.0),
    "reconstruction_logit": column(1.0, 0.0),
    "prior_logit": column(0.0, 4.0),
    "code_logit": column(-2.0, 1.5),
    "real_value": column(0.5, 3.0),
    "fake_value": column(-2.0, 0.25),
    "real": torch.tensor([[0.0, 1.0], [0.5, -0.5]]),
    "reconstruction": torch.tensor([[0.25, 1.0], [-0.5, 0.0]]),  # off by 0.25, 0, 1 and 0.5
    "code": torch.tensor([[0.6, 0.8], [0.8, -0.6]]),  # means 0.7 and 0.1, variances 0.01 and 0.49
    "fake_code": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),  # means 1/2, variances 1/4
    "z": torch.tensor([[0.8, 0.6], [0.6, 0.8]]),  # cosines with fake_code 0.8 and 0.8
}


def minus_log(*logits: float) -> float:
    """Mean of -log s(logit)."""
    return sum(math.log(1 + math.exp(-logit)) for logit in logits) / len(logits)


def divergence(*laws: tuple[float, float]) -> float:
    """AGE's program: mean over codes of (v^2 + m^2 - log v^2 - 1) / 2 with v the variance and m the mean."""
    return sum((v * v + m * m - math.log(v * v) - 1) / 2 for m, v in laws) / len(laws)


CLASSIFIED = minus_log(2.0, -1.0) + minus_log(-0.5, 3.0)
FOOLED = minus_log(0.5, -3.0)
ERROR = 1.75 / 4
CODES, FAKE_CODES = divergence((0.7, 0.01), (0.1, 0.49)), divergence((0.5, 0.25), (0.5, 0.25))
#: system -> player -> weighted terms
TERMS: dict[str, dict[str, list[float]]] = {
    "toy_minimax": {"discriminator": [CLASSIFIED], "generator": [-minus_log(-0.5, 3.0)]},
    "toy_non_saturating": {"discriminator": [CLASSIFIED], "generator": [FOOLED]},
    "toy_reconstruction": {"discriminator": [CLASSIFIED, 5 * ERROR], "generator": [FOOLED, 5 * ERROR]},
    "gan": {"discriminator": [CLASSIFIED], "generator": [FOOLED]},
    "gan_rl": {"discriminator": [CLASSIFIED, 5 * ERROR], "generator": [FOOLED, 5 * ERROR]},
    "dragan": {"discriminator": [CLASSIFIED], "generator": [FOOLED]},
    "dragan_rl": {"discriminator": [CLASSIFIED, 5 * ERROR], "generator": [FOOLED, 5 * ERROR]},
    "gan_gp": {"discriminator": [CLASSIFIED], "generator": [FOOLED]},
    "gan_gp_rl": {"discriminator": [CLASSIFIED, 5 * ERROR], "generator": [FOOLED, 5 * ERROR]},
    "age": {
        "encoder": [CODES, -FAKE_CODES, 10 * ERROR],
        "generator": [FAKE_CODES, 1000 / 128 * (1 - 0.8)],
    },
    "alpha_gan": {
        "discriminator": [CLASSIFIED, minus_log(-1.0, 0.0)],
        "code_discriminator": [minus_log(0.0, 4.0) + minus_log(2.0, -1.5)],
        # -log p + log(1 - p) of a logit's probability p is minus the logit
        "encoder": [(2.0 - 1.5) / 2, ERROR],
        "generator": [(-0.5 + 3.0) / 2, -(1.0 + 0.0) / 2, ERROR],
    },
    "wgan_gp": {"discriminator": [-0.875 - 1.75], "generator": [0.875]},
    "wgan_gp_dcgan": {"discriminator": [-0.875 - 1.75], "generator": [0.875]},
    # real 0.5 and 3: 0.5 and 0; fake -2 and 0.25: 0 and 1.25
    "sn_gan": {"discriminator": [0.25 + 0.625], "generator": [0.875]},
}


@pytest.mark.parametrize("system", sorted(SPEC.systems))
def test_terms_by_hand(system: str) -> None:
    context = FixedContext(SIGNALS)
    found = {
        name: [term.weight * term.value(context).item() for term in player.minimise]
        for name, player in SPEC.systems[system].players.items()
    }
    assert found == {name: pytest.approx(terms, abs=1e-6) for name, terms in TERMS[system].items()}


def test_who_has_a_penalty() -> None:
    found = {
        name: [
            (role, type(penalty).name, penalty.weight)
            for role, one in system.players.items()
            for penalty in one.penalties
        ]
        for name, system in SPEC.systems.items()
    }
    between, around = ("discriminator", "gradient_penalty", 10.0), ("discriminator", "dragan", 10.0)
    assert {name: several for name, several in found.items() if several} == {
        "dragan": [around],
        "dragan_rl": [around],
        "gan_gp": [between],
        "gan_gp_rl": [between],
        "wgan_gp": [between],
        "wgan_gp_dcgan": [between],
    }


@pytest.mark.parametrize("experiment", ["svhn_gan_gp_rl", "svhn_dragan_rl", "svhn_wgan_gp", "svhn_alpha_gan"])
def test_losses_and_penalty_share_one_backward_pass(experiment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare("fp32", 1)
    run = make_run(SPEC, experiment, "smoke", 0, "fp32")
    trainer = Trainer(run, run.setup.dataset.load(Path("no-data"), "cpu"), "cpu")
    passes, backward = [], Tensor.backward

    def counted(loss: Tensor, *given: object, **named: object) -> None:
        passes.append(loss.shape)
        backward(loss, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Tensor, "backward", counted)
    trainer.advance(run.iterations, lambda _iteration: False)
    assert passes == [torch.Size([])] * run.iterations * len(run.system.schedule)
