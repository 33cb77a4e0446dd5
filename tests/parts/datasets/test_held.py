"""Bytes to floats, and that mapped and resident pictures are the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision import transforms

from benchmark.parts.datasets.images import resident
from benchmark.parts.datasets.images.resident import MappedImages, ResidentImages, hash_levels
from benchmark.spec.levels import SYMMETRIC, UNIT, Range, on_host, to_floats, to_levels
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import noise

EVERY = np.arange(256, dtype=np.uint8).reshape(16, 16)
RANGES = pytest.mark.parametrize("value_range", [SYMMETRIC, UNIT])


@pytest.mark.parametrize(
    ("value_range", "steps"),
    [(SYMMETRIC, [transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]), (UNIT, [transforms.ToTensor()])],
)
def test_every_byte_becomes_the_float_of_torchvision(value_range: Range, steps: list[object]) -> None:
    expected = transforms.Compose(steps)(EVERY[..., None])
    assert torch.equal(to_floats(torch.from_numpy(EVERY)[None], value_range), expected)


@RANGES
def test_every_byte_comes_back(value_range: Range) -> None:
    levels = torch.from_numpy(EVERY)
    assert torch.equal(to_levels(to_floats(levels, value_range), value_range).round().to(torch.uint8), levels)


@RANGES
def test_the_ends_of_the_range_are_the_first_and_the_last_level(value_range: Range) -> None:
    assert to_levels(torch.tensor(value_range), value_range).tolist() == [0, 255]
    held = ResidentImages(torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1), "cpu", value_range=value_range)
    assert held.examples(torch.arange(2)).flatten().tolist() == list(value_range)


@pytest.mark.parametrize("mirrored", [False, True])
def test_mapped_equals_resident_bit_for_bit(mirrored: bool, tmp_path) -> None:
    images = noise(11, 3, 8, 8)
    images.tofile(tmp_path / "levels")
    mapping = np.memmap(tmp_path / "levels", dtype=np.uint8, mode="r", shape=images.shape)
    mapped = MappedImages(on_host(mapping), "cpu", value_range=SYMMETRIC, mirrored=mirrored)
    resident = ResidentImages(torch.from_numpy(images), "cpu", value_range=SYMMETRIC, mirrored=mirrored)
    assert mapped.fingerprint == resident.fingerprint
    assert mapped.count == resident.count == (22 if mirrored else 11)
    order = torch.randperm(mapped.count, generator=torch.Generator().manual_seed(0))
    for indices in (order, order[:1], order[:0], order.repeat(2)):
        assert torch.equal(mapped.examples(indices), resident.examples(indices))


@pytest.mark.parametrize("mirrored", [False, True])
def test_levels_are_the_bytes_of_the_examples(mirrored: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "_GATHERED", 3)
    held = ResidentImages(torch.from_numpy(noise(11, 3, 8, 8)), "cpu", value_range=SYMMETRIC, mirrored=mirrored)
    assert held.count is not None
    every = torch.arange(held.count)
    order = torch.randperm(held.count, generator=torch.Generator().manual_seed(0))
    for asked, indices in ((None, every), (order, order), (order[:1], order[:1]), (order[:0], order[:0])):
        expected = to_levels(held.examples(indices), SYMMETRIC).round().to(torch.uint8).numpy()
        found = held.levels(asked)
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected)


def test_all_levels_of_a_mapped_set_are_given_without_reading_them(tmp_path) -> None:
    """A set of photographs at 512 x 512 is larger than memory."""
    images = noise(11, 3, 8, 8)
    images.tofile(tmp_path / "levels")
    mapping = np.memmap(tmp_path / "levels", dtype=np.uint8, mode="c", shape=images.shape)
    held = MappedImages(torch.from_numpy(mapping), "cpu", value_range=SYMMETRIC)
    assert np.shares_memory(held.levels(), mapping)


def test_the_second_half_of_a_mirrored_set_is_the_mirror_image_of_the_first() -> None:
    images = noise(4, 3, 8, 8)
    plain, mirrored = (
        ResidentImages(torch.from_numpy(images), "cpu", value_range=SYMMETRIC, mirrored=flag) for flag in (False, True)
    )
    shown = mirrored.examples(torch.arange(8))
    assert torch.equal(shown[:4], plain.examples(torch.arange(4)))
    for column in range(8):
        assert torch.equal(shown[4:, :, :, column], shown[:4, :, :, 7 - column])
    assert plain.fingerprint != mirrored.fingerprint


@pytest.mark.parametrize(("mirrored", "index"), [(False, 4), (True, 8)])
def test_an_index_past_the_end_is_an_error(mirrored: bool, index: int) -> None:
    held = ResidentImages(torch.from_numpy(noise(4, 3, 8, 8)), "cpu", value_range=SYMMETRIC, mirrored=mirrored)
    with pytest.raises(IndexError):
        held.examples(torch.tensor([index]))


def test_the_fingerprint_follows_every_byte_the_order_and_the_shape() -> None:
    images = noise(4, 3, 8, 8)
    changed = images.copy()
    changed[3, 2, 7, 7] ^= 1
    variants = [images, changed, images[::-1], images.reshape(4, 3, 4, 16), images[:3]]
    assert len({hash_levels(each) for each in variants}) == len(variants)
    assert hash_levels(np.asfortranarray(images)) == hash_levels(images)


def test_only_bytes_are_held() -> None:
    with pytest.raises(DataError, match="uint8"):
        ResidentImages(torch.zeros(2, 3, 8, 8), "cpu", value_range=SYMMETRIC)
