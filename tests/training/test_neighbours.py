"""Nearest training images: against a brute-force search over the whole set, with planted copies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.judging.selftest.paper import runs
from benchmark.parts.datasets.images.resident import ResidentImages
from benchmark.runs.records import Stored
from benchmark.runs.runner import OneRun
from benchmark.spec.levels import SYMMETRIC
from benchmark.training import neighbours
from benchmark.training.neighbours import nearest_training_examples
from benchmark.training.numerics import prepare
from benchmark.training.subject import TrainedSubject


def subject_over(images: np.ndarray) -> Any:
    """What the search reads of a subject whose training images are ``images`` (n, channels, height, width) uint8."""
    return SimpleNamespace(device="cpu", data=ResidentImages(torch.from_numpy(images), "cpu", value_range=SYMMETRIC))


def brute(images: np.ndarray, examples: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    far = np.array([[np.sqrt(((a.astype(float) - b.astype(float)) ** 2).sum()) for b in images] for a in examples])
    order = np.argsort(far, axis=1, kind="stable")[:, :count]
    return images[order], np.take_along_axis(far, order, axis=1)


@pytest.mark.parametrize("block", [1, 1 << 25])
def test_the_nearest_of_all_training_images_are_found_in_any_blocks(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (53, 3, 4, 4), dtype=np.uint8)
    examples = random.integers(0, 256, (6, 3, 4, 4), dtype=np.uint8)
    examples[2] = images[41]
    found = nearest_training_examples(subject_over(images), examples, 5)
    expected, distances = brute(images, examples, 5)
    assert (found["neighbours"] == expected).all()
    assert np.allclose(found["neighbour_distances"], distances, rtol=1e-6)
    assert found["neighbour_distances"][2, 0] == 0
    assert found["neighbours_searched"].tolist() == [53, 53]


def test_a_set_with_too_many_pixels_is_searched_in_part_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_MOST_BYTES", 10 * 16)
    images = np.arange(40, dtype=np.uint8)[:, None, None, None].repeat(4, 2).repeat(4, 3)
    found = nearest_training_examples(subject_over(images), images[3:4], 2)
    assert found["neighbours_searched"].tolist() == [10, 40]
    # every fourth image is looked at: 4 is 1 level from 3 in each of 16 pixels, 0 is 3 levels
    assert found["neighbours"][0, :, 0, 0, 0].tolist() == [4, 0]
    assert found["neighbour_distances"][0].tolist() == [4.0, 12.0]


@pytest.mark.parametrize(
    ("most", "block", "lengths"), [(1 << 35, 1, [1] * 8), (7 * 16, 3 * 64, [3, 3, 1]), (1, 64, [1, 1])]
)
def test_so_many_images_are_held_as_floats_at_once(
    most: int, block: int, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight images of 16 bytes, which are 64 as floats; those asked for are searched whatever the limit."""
    monkeypatch.setattr(neighbours, "_MOST_BYTES", most)
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block)
    subject = subject_over(np.arange(128, dtype=np.uint8).reshape(8, 2, 4, 2))
    levels, read = subject.data.levels, []
    monkeypatch.setattr(subject.data, "levels", lambda some: read.append(len(some)) or levels(some))
    nearest_training_examples(subject, np.zeros((1, 2, 4, 2), np.uint8), 2)
    assert read == [*lengths, 2]


def test_images_of_8_mib_are_compared_one_by_one_and_4096_of_them_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """As floats one fills 32 MiB; 4096 of them are 32 GiB."""
    subject = subject_over(np.zeros((3, 1, 2048, 4096), np.uint8))
    levels, read = subject.data.levels, []
    monkeypatch.setattr(subject.data, "levels", lambda some: read.append(len(some)) or levels(some))
    found = nearest_training_examples(subject, np.zeros((1, 1, 2048, 4096), np.uint8), 1)
    assert (read, found["neighbours_searched"].tolist()) == ([1, 1, 1, 1], [3, 3])
    assert neighbours.most_images(2**23) == 4096


def test_fewer_images_than_asked_for_are_all_given() -> None:
    images = np.zeros((2, 1, 2, 2), np.uint8)
    assert nearest_training_examples(subject_over(images), images[:1], 5)["neighbours"].shape == (1, 2, 1, 2, 2)


def test_a_run_keeps_the_neighbours_of_its_last_samples(tmp_path: Any) -> None:
    run = runs()["plain", 0]
    prepare(run.numerics, 1)
    one = OneRun(run, tmp_path, tmp_path / "data", "cpu")
    record = one.execute()
    assert record.status == "finished"
    arrays = Stored(record, tmp_path / run.folder).samples()
    training = TrainedSubject(one.trainer, one.data_root).reals(None)
    _, distances = brute(training, arrays["samples"][-1], 5)
    assert np.allclose(arrays["neighbour_distances"], distances, rtol=1e-6)
    # neighbours may tie, so that their distances say who they are
    far = arrays["neighbours"].astype(float) - arrays["samples"][-1][:, None].astype(float)
    assert np.allclose(np.sqrt((far**2).sum(axis=(2, 3, 4))), distances, rtol=1e-6)
    assert arrays["neighbours_searched"].tolist() == [len(training)] * 2
