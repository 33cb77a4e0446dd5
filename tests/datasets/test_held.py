"""Bytes to floats, and that mapped and resident pictures are the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision import transforms

from benchmark.datasets.images.resident import MappedImages, ResidentImages, hash_levels, on_host, to_floats
from benchmark.spec.parts import DataError
from tests.datasets.layouts import noise


def test_every_byte_becomes_the_float_of_torchvision() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])(every[..., None])
    assert torch.equal(to_floats(torch.from_numpy(every)[None]), expected)


@pytest.mark.parametrize("mirrored", [False, True])
def test_mapped_equals_resident_bit_for_bit(mirrored: bool, tmp_path) -> None:
    images = noise(11, 3, 8, 8)
    images.tofile(tmp_path / "levels")
    mapping = np.memmap(tmp_path / "levels", dtype=np.uint8, mode="r", shape=images.shape)
    mapped = MappedImages(on_host(mapping), "cpu", mirrored=mirrored)
    resident = ResidentImages(torch.from_numpy(images), "cpu", mirrored=mirrored)
    assert mapped.fingerprint == resident.fingerprint
    assert mapped.count == resident.count == (22 if mirrored else 11)
    order = torch.randperm(mapped.count, generator=torch.Generator().manual_seed(0))
    for indices in (order, order[:1], order[:0], order.repeat(2)):
        assert torch.equal(mapped.examples(indices), resident.examples(indices))


def test_the_second_half_of_a_mirrored_set_is_the_mirror_image_of_the_first() -> None:
    images = noise(4, 3, 8, 8)
    plain, mirrored = (ResidentImages(torch.from_numpy(images), "cpu", mirrored=flag) for flag in (False, True))
    shown = mirrored.examples(torch.arange(8))
    assert torch.equal(shown[:4], plain.examples(torch.arange(4)))
    for column in range(8):
        assert torch.equal(shown[4:, :, :, column], shown[:4, :, :, 7 - column])
    assert plain.fingerprint != mirrored.fingerprint


@pytest.mark.parametrize(("mirrored", "index"), [(False, 4), (True, 8)])
def test_an_index_past_the_end_is_an_error(mirrored: bool, index: int) -> None:
    held = ResidentImages(torch.from_numpy(noise(4, 3, 8, 8)), "cpu", mirrored=mirrored)
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
        ResidentImages(torch.zeros(2, 3, 8, 8), "cpu")
