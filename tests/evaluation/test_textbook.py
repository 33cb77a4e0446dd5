"""The textbook loop is the exact tier's algorithm, written as examples write it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.evaluation.textbook import Textbook
from benchmark.training.streams import Streams
from tests.training.test_trainer import assert_bit_equal, never, smoke_run, trainer_of


@pytest.mark.parametrize(
    ("paper", "experiment"), [("gan_dcgan_mnist", "dcgan"), ("toy", "toy_minimax"), ("toy", "toy_reconstruction")]
)
def test_on_the_same_data_and_noise_it_ends_in_the_bits_of_the_exact_tier(paper: str, experiment: str) -> None:
    run = smoke_run(paper, experiment)
    trainer = trainer_of(run)
    textbook = Textbook(run, run.setup.dataset.load(Path("no-data-needed"), "cpu"), "cpu")
    feeds = (trainer._feed(number) for number in range(100))
    textbook._batches = (trainer.opened(feed) for feed in feeds)
    textbook._streams = Streams(run.seed, "cpu")  # type: ignore[assignment]
    for _ in range(5):
        textbook.iterate()
    trainer.advance(5, never)
    for role, network in trainer.networks.items():
        assert_bit_equal(network, textbook.networks[role])
    logged = [row["discriminator"] for row in textbook.log]
    assert logged == trainer.curves()["discriminator_loss"].tolist()


def test_it_shows_pictures_of_the_dataset_s_sizes_and_spares_no_gradient() -> None:
    run = smoke_run("gan_dcgan_mnist", "dcgan")
    textbook = Textbook(run, run.setup.dataset.load(Path("no-data-needed"), "cpu"), "cpu")
    batch = next(textbook._batches)
    assert batch.shape == (run.setup.batch_size, *run.setup.dataset.example_shape())
    assert -1 <= float(batch.min()) < -0.9
    assert 0.9 < float(batch.max()) <= 1
    textbook.iterate()
    gradients = [parameter.grad for parameter in textbook.networks["discriminator"].parameters()]
    assert all(gradient is not None and bool(torch.any(gradient != 0)) for gradient in gradients)
