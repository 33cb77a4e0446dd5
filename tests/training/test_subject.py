"""What metrics are given: bytes that stand for the networks' numbers, whatever range the data are declared in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from benchmark.runs.plan import make_run
from benchmark.spec.load import loads
from benchmark.spec.operations import at_once
from benchmark.spec.parts import MetricError
from benchmark.training import subject as subject_module
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer

SMALL = (Path(__file__).parents[1] / "spec" / "small.yaml").read_text(encoding="utf-8")
SCANS = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)[:, None]
#: what a generator ends in -> the range that it fills
ENDS = {"tanh": (-1, 1), "sigmoid": (0, 1)}


def subject_of(end: str) -> tuple[TrainedSubject, Trainer]:
    text = SMALL.replace("- tanh", f"- {end}").replace("value_range: [-1, 1]", f"value_range: {list(ENDS[end])}")
    run = make_run(loads(text).spec, "scans", "full", 0, "exact")
    trainer = Trainer(run, run.setup.dataset.load(Path("no-data-needed"), "cpu"), "cpu")
    return TrainedSubject(trainer, Path("no-data-needed")), trainer


@pytest.mark.parametrize("end", ENDS)
def test_reals_are_the_files_bytes(end: str) -> None:
    subject, trainer = subject_of(end)
    assert np.array_equal(subject.reals(None), SCANS)
    floats = trainer.data.examples(torch.arange(len(SCANS)))
    assert (float(floats.min()), float(floats.max())) == ENDS[end]


@pytest.mark.parametrize("end", ENDS)
def test_samples_are_the_outputs_rounded_to_the_nearest_level(end: str) -> None:
    subject, _ = subject_of(end)
    seen = []
    painter = subject._networks["generator"]
    painter.register_forward_hook(lambda _module, _inputs, output: seen.append(output.clone()))
    samples = subject.samples(40)
    low, high = ENDS[end]
    expected = np.rint((seen[0].double().numpy() - low) / (high - low) * 255)
    assert samples.shape == (40, 1, 8, 8)
    assert np.abs(samples - expected).max() <= 1e-9


@pytest.mark.parametrize("end", ENDS)
def test_networks_see_a_byte_as_in_training(end: str) -> None:
    subject, trainer = subject_of(end)
    found = subject.apply("discriminator", SCANS[:20])
    critic = trainer.networks["discriminator"].eval()
    with torch.no_grad():
        expected = critic(trainer.data.examples(torch.arange(20))).numpy()
    assert np.array_equal(found, expected)


def test_what_lies_outside_the_range_is_refused() -> None:
    subject, _ = subject_of("sigmoid")
    with pytest.raises(MetricError, match=r"images must lie in \[0, 1\], these reach from -0\.5"):
        subject.given_out(torch.full((1, 1, 8, 8), -0.5))
    subject, _ = subject_of("tanh")
    assert subject.given_out(torch.full((1, 1, 8, 8), -0.5)).max() == 64  # 63.75


def test_moments_are_those_of_what_the_layers_give() -> None:
    """By running the layers one by one: D's on real images, G's on the noise that its samples come from."""
    _, trainer = subject_of("tanh")
    with torch.no_grad():
        for parameter in trainer.networks["discriminator"].parameters():
            parameter.add_(0.1)  # so that a mean is not near 0
    subject = TrainedSubject(trainer, Path("no-data-needed"))
    discriminator, generator = trainer.networks["discriminator"].eval(), trainer.networks["generator"].eval()
    kinds = [layer.name for layer in discriminator.layout.layers]
    place = kinds.index("conv") + 1
    count = 300  # more than pass through a network at once
    reals = torch.tensor(subject.reals(count)).float() / 127.5 - 1
    with torch.no_grad():
        given = discriminator(reals, 0, place + 1).double()
    (mean, variance), *_ = subject.moments_after("discriminator", "conv", count)
    assert abs(mean) > 0.1
    assert (mean, variance) == pytest.approx((float(given.mean()), float(given.var(correction=0))), rel=1e-4)
    last = len(generator.layers) - 1
    (mean, variance) = subject.moments_after("generator", generator.layout.layers[last - 1].name, count)[-1]
    images = subject.samples(count) / 127.5 - 1
    assert (mean, variance) == pytest.approx((images.mean(), images.var()), abs=2e-3)
    assert subject.moments_after("generator", "selu", count).shape == (0, 2)
    subject.samples(count)
    again = subject.moments_after("generator", generator.layout.layers[last - 1].name, count)[-1]
    assert (again == (mean, variance)).all(), "samples that are at hand are drawn again, to be looked at inside"


@pytest.mark.parametrize(
    ("inputs", "output", "count"),
    [
        ([(100,), (64, 8, 8)], (3, 64, 64), 256),
        ([(100,), (64, 512, 512)], (3, 512, 512), 8),  # 2 ** 24 numbers of 4 bytes: 8 of them fill 512 MiB
        ([(3, 8, 8)], (128, 512, 512), 4),
        ([(2**20, 64, 64)], (1,), 1),
    ],
)
def test_as_many_examples_at_once_as_the_largest_layer_allows(inputs: object, output: object, count: int) -> None:
    small, large = SimpleNamespace(inputs=[(2,)], output=(1,)), SimpleNamespace(inputs=inputs, output=output)
    assert at_once([small, large]) == count  # type: ignore[list-item]


def test_rounding_may_carry_a_value_out_of_its_range_by_a_ten_thousandth() -> None:
    subject, _ = subject_of("tanh")
    for beyond in (-1.00009, 1.00009):
        assert subject.given_out(torch.full((1, 1, 8, 8), beyond)).max() == (255 if beyond > 0 else 0)
    for beyond in (-1.00011, 1.00011):
        with pytest.raises(MetricError, match="images must lie in"):
            subject.given_out(torch.full((1, 1, 8, 8), beyond))


def test_the_farthest_that_rounding_may_carry_a_value_is_still_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject_module, "_BEYOND", 0.125)
    subject, _ = subject_of("tanh")
    assert subject.given_out(torch.tensor([[[[-1.125, 1.125]]]])).tolist() == [[[[0, 255]]]]


def test_samples_are_kept_for_the_next_score_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 digits of 64 bytes."""
    monkeypatch.setattr(subject_module, "_KEPT_BYTES", 40 * 64)
    subject, _ = subject_of("tanh")
    made = subject.samples(40)
    assert subject.samples(40) is made
    assert len(subject.samples(39)) == 39
    assert np.array_equal(subject.samples(40), made)
    monkeypatch.setattr(subject_module, "_KEPT_BYTES", 40 * 64 - 1)
    other, _ = subject_of("tanh")
    assert other.samples(40) is not other.samples(40)


def test_real_examples_in_an_order_are_those_of_one_look() -> None:
    subject, _ = subject_of("tanh")
    order = np.random.default_rng(0).permutation(50)
    parts = [*subject.reals_in_parts(order, 20)]
    assert [len(part) for part in parts] == [20, 20, 10]
    assert np.array_equal(np.concatenate(parts), subject.reals(50)[order])
    assert len(subject.reals(1797)) == 1797
    with pytest.raises(MetricError, match="1798 real examples asked for, the dataset has 1797"):
        subject.reals(1798)


@pytest.mark.parametrize("held", [50, None])
def test_points_in_an_order_are_those_of_one_look(held: int | None) -> None:
    """Whether or not there is an end to them: points have no levels to be read by place."""
    subject = object.__new__(TrainedSubject)
    subject._range, subject.data = None, SimpleNamespace(count=held)  # type: ignore[assignment]
    subject.reals = lambda count: np.arange(count)  # type: ignore[method-assign, assignment]
    parts = subject.reals_in_parts(np.array([3, 1, 4, 0, 2]), 2)
    assert [part.tolist() for part in parts] == [[3, 1], [4, 0], [2]]


def test_batches_that_are_drawn_whole_give_no_more_than_was_asked_for() -> None:
    """100 samples of a generator that uses the statistics of its batch, here of 64."""
    _, trainer = subject_of("tanh")
    subject = TrainedSubject(trainer, Path("no-data-needed"), generator_mode="batch_statistics")
    assert [len(part) for part in subject.samples_in_parts(100)] == [64, 36]


def test_samples_of_a_gibibyte_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, _ = subject_of("tanh")
    monkeypatch.setattr(subject, "_whole", lambda count, _parts: np.broadcast_to(np.uint8(0), (count,)).view())
    assert subject.samples(2**30) is subject.samples(2**30)
    assert subject.samples(2**30 + 1) is not subject.samples(2**30 + 1)


def test_the_last_examples_are_drawn_alone() -> None:
    """Of 300 samples 256 pass through the networks at once, then 44."""
    subject, _ = subject_of("tanh")
    passed: list[int] = []
    subject._networks["generator"].register_forward_hook(lambda _module, _inputs, output: passed.append(len(output)))
    assert len(subject.samples(300)) == 300
    assert passed == [256, 44]
