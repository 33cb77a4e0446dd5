"""CelebA's crops against pixel positions worked out by hand, on pictures whose levels are their coordinates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.parts.datasets.celeba import CelebA
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import gradient, held, levels, write_celeba


def celeba(crop: str, size: int, resize: str, *, split: str = "all", mirror: bool = False) -> CelebA:
    settings = {"split": split, "crop": crop, "size": size, "resize": resize, "mirror": mirror, "value_range": [-1, 1]}
    return CelebA.model_validate(settings)


def centres(size: int, first: float, extent: float) -> np.ndarray:
    """Coordinates of the centres of ``size`` equal pieces of ``extent`` pixels that begin at pixel ``first``."""
    return first + (np.arange(size) + 0.5) * extent / size - 0.5


@pytest.mark.parametrize(
    ("crop", "side", "column", "row"),
    [("face_128", 128, 25, 57), ("centre_108", 108, 35, 55), ("centre_160", 160, 9, 29), ("centre_178", 178, 0, 20)],
)
def test_crops_without_resizing_are_the_very_pixels(
    crop: str, side: int, column: int, row: int, tmp_path: Path
) -> None:
    """PGGAN: rows 121 - 64 to 121 + 64, columns 89 - 64 to 89 + 64; the others are centred in 178x218."""
    write_celeba(tmp_path, "0")
    (picture,) = levels(held(celeba(crop, side, "none"), tmp_path))
    assert (picture[0] == np.arange(column, column + side)[None, :]).all()
    assert (picture[1] == np.arange(row, row + side)[:, None]).all()
    assert (picture[2] == 1).all()


@pytest.mark.parametrize("resize", ["box", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize(
    ("crop", "size", "column", "row", "width", "height"),
    [
        ("face_128", 64, 25, 57, 128, 128),
        ("centre_108", 64, 35, 55, 108, 108),
        ("centre_160", 64, 9, 29, 160, 160),
        ("centre_178", 128, 0, 20, 178, 178),
        ("none", 64, 0, 0, 178, 218),
        ("none", 512, 0, 0, 178, 218),
    ],
)
def test_resized_crops(
    crop: str, size: int, resize: str, column: int, row: int, width: int, height: int, tmp_path: Path
) -> None:
    """Every filter keeps a linear gradient but at the border, where its support is cut off."""
    write_celeba(tmp_path, "0")
    (picture,) = levels(held(celeba(crop, size, resize), tmp_path)).astype(float)
    inner = slice(size // 8, -size // 8)
    slack = 1.05 if resize == "box" else 0.6  # a box takes whole pixels or none
    across, down = centres(size, column, width), centres(size, row, height)
    assert np.abs(picture[0] - across[None, :])[:, inner].max() <= slack
    assert np.abs(picture[1] - down[:, None])[inner].max() <= slack


def test_rows_7_to_71_of_a_picture_of_64x78(tmp_path: Path) -> None:
    write_celeba(tmp_path, "0")
    (picture,) = levels(held(celeba("rows_7_to_71", 64, "bilinear"), tmp_path)).astype(float)
    down = centres(78, 0, 218)[7:71]
    assert picture.shape == (3, 64, 64)
    assert np.abs(picture[1] - down[:, None]).max() <= 1.0
    assert np.abs(picture[0] - centres(64, 0, 178)[None, :])[:, 2:-2].max() <= 1.0


def test_splits_follow_the_list(tmp_path: Path) -> None:
    write_celeba(tmp_path, "01020")
    numbers = {
        split: levels(held(celeba("face_128", 128, "none", split=split), tmp_path))[:, 2, 0, 0].tolist()
        for split in ("all", "train", "valid", "test")
    }
    assert numbers == {"all": [1, 2, 3, 4, 5], "train": [1, 3, 5], "valid": [2], "test": [4]}


def test_mirrored_faces(tmp_path: Path) -> None:
    write_celeba(tmp_path, "00")
    dataset = celeba("face_128", 128, "none", mirror=True)
    assert dataset.example_count() == 405_198
    shown = levels(held(dataset, tmp_path))
    assert (shown[2:, 0] == np.arange(152, 24, -1)[None, None, :]).all()
    assert shown[:, 2, 0, 0].tolist() == [1, 2, 1, 2]


def test_the_whole_list_is_counted(tmp_path: Path) -> None:
    write_celeba(tmp_path, "000")
    with pytest.raises(DataError, match="holds 3 pictures, not 202,599"):
        celeba("face_128", 128, "none").load(tmp_path, "cpu")


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    write_celeba(tmp_path, "000")
    gradient(178, 200).save(tmp_path / "celeba" / "img_align_celeba" / "000002.jpg")
    with pytest.raises(DataError, match="178x200, the aligned ones are 178x218"):
        held(celeba("face_128", 128, "none"), tmp_path)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("000001.jpg 0\n000002.jpg 0 1\n", "every line"),
        ("000001.jpg 3\n", "every line"),
        ("9.jpg 0\n", "9.jpg is miss"),
    ],
)
def test_a_damaged_list_is_refused(lines: str, says: str, tmp_path: Path) -> None:
    write_celeba(tmp_path, "000")
    (tmp_path / "celeba" / "list_eval_partition.txt").write_text(lines)
    with pytest.raises(DataError, match=says):
        held(celeba("face_128", 128, "none", split="train"), tmp_path)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    write_celeba(tmp_path, "000")
    file = tmp_path / "celeba" / "img_align_celeba" / "000002.jpg"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match=r"000002\.jpg: not a readable picture"):
        held(celeba("face_128", 128, "none"), tmp_path)
    assert not list((tmp_path / ".cache").glob("*/"))


def test_grey_pictures_become_three_equal_channels(tmp_path: Path) -> None:
    write_celeba(tmp_path, "0")
    Image.new("L", (178, 218), 77).save(tmp_path / "celeba" / "img_align_celeba" / "000001.jpg", format="PNG")
    assert (levels(held(celeba("face_128", 128, "none"), tmp_path)) == 77).all()
