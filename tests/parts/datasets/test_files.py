"""Folders of pictures: order, formats, crops, and that no path leads out of the data root."""

from __future__ import annotations

import itertools
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.parts.datasets.image_folder import CZ, ImageFolder
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import gradient, held, levels


def folder(path: str, images: int = 1, *, crop: str = "centre", size: int = 16, resize: str = "box") -> ImageFolder:
    settings = {
        "folder": path,
        "images": images,
        "crop": crop,
        "size": size,
        "resize": resize,
        "mirror": False,
        "value_range": [-1, 1],
    }
    return ImageFolder.model_validate(settings)


def plain(level: int, side: int = 16) -> Image.Image:
    return Image.new("RGB", (side, side), (level, level, level))


@pytest.mark.parametrize(
    "path",
    [
        *("..", "../faces", "faces/../../etc", "/etc", "~root/../..", "//host/share", "c:", "c:/x", "a\\b"),
        *("", ".", "./faces", "faces//a", "faces/", ".cache", "faces/.hidden", "a\0b", "a\nb"),
    ],
)
def test_paths_that_could_escape_are_refused_in_the_spec(path: str) -> None:
    with pytest.raises(ValueError, match="folder"):
        folder(path)


@pytest.mark.parametrize("path", ["faces", "faces/large", "CZ 512", "faces..x"])
def test_plain_folders_are_accepted(path: str) -> None:
    assert folder(path).folder == path


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for place in (root / "faces", outside):
        place.mkdir(parents=True)
        plain(1).save(place / "a.png")
    (root / "linked").symlink_to(outside)
    with pytest.raises(DataError, match="leads out of the data root"):
        folder("linked").load(root, "cpu")
    (root / "faces" / "b.png").symlink_to(outside / "a.png")
    with pytest.raises(DataError, match=r"b\.png is a link that leads out"):
        folder("faces", 2).load(root, "cpu")
    (root / "faces" / "b.png").unlink()
    (root / "faces" / "deep").symlink_to(outside)
    with pytest.raises(DataError, match="linked folder"):
        folder("faces").load(root, "cpu")
    assert not (root / ".cache").exists()


def test_a_linked_root_and_links_within_it_are_fine(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "faces").mkdir(parents=True)
    plain(7).save(root / "faces" / "a.png")
    (root / "faces" / "b.png").symlink_to(root / "faces" / "a.png")
    (tmp_path / "link").symlink_to(root)
    assert (levels(folder("faces", 2, resize="none", crop="none").load(tmp_path / "link", "cpu")) == 7).all()


def test_pictures_are_ordered_by_path_whatever_their_format(tmp_path: Path) -> None:
    place = tmp_path / "faces"
    (place / "b").mkdir(parents=True)
    plain(30).save(place / "b" / "1.bmp")
    plain(10).save(place / "a.PNG")
    plain(40).save(place / "c.webp", lossless=True)
    plain(20).save(place / "a2.jpeg", quality=100)
    plain(99).save(place / "._a.png")
    (place / "notes.txt").write_text("no picture")
    (place / ".hidden").mkdir()
    plain(99).save(place / ".hidden" / "x.png")
    shown = levels(held(folder("faces", 4, resize="none", crop="none"), tmp_path))
    assert shown[:, 0, 8, 8].tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize(("width", "height"), [(40, 30), (30, 41), (31, 30)])
def test_the_centre_is_cut_before_resizing(width: int, height: int, tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    gradient(width, height).save(tmp_path / "faces" / "a.png")
    (picture,) = levels(held(folder("faces", size=30, resize="none"), tmp_path))
    assert (picture[0] == np.arange((width - 30) // 2, (width - 30) // 2 + 30)[None, :]).all()
    assert (picture[1] == np.arange((height - 30) // 2, (height - 30) // 2 + 30)[:, None]).all()


def test_without_crop_the_picture_is_squeezed(tmp_path: Path) -> None:
    (tmp_path / "cz").mkdir()
    gradient(64, 32).save(tmp_path / "cz" / "a.png")
    (picture,) = levels(
        held(CZ(crop="none", size=16, resize="box", mirror=False, value_range=SYMMETRIC), tmp_path)
    ).astype(float)
    assert np.abs(picture[0] - (4 * np.arange(16) + 1.5)).max() <= 0.5
    assert np.abs(picture[1] - (2 * np.arange(16) + 0.5)[:, None]).max() <= 0.5


def test_pictures_that_need_a_filter_say_so(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    plain(1, 32).save(tmp_path / "faces" / "a.png")
    with pytest.raises(DataError, match="32x32 after its crop, not 16x16: name a filter"):
        folder("faces", resize="none").load(tmp_path, "cpu")


@pytest.mark.parametrize("content", [b"", b"GIF89a" + bytes(50), b"%!PS-Adobe", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_what_is_no_picture_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png: not a readable picture") as caught:
        folder("faces").load(tmp_path, "cpu")
    assert "\n" not in str(caught.value)


def test_the_count_is_checked(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    plain(1).save(tmp_path / "faces" / "a.png")
    with pytest.raises(DataError, match=r"faces holds 1 pictures, not 2$"):
        folder("faces", 2).load(tmp_path, "cpu")


ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "cifar10-jpeg.tar.xz"


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_file(), reason="the real pictures are not there")
def test_real_photographs_have_the_known_mean_and_deviation(tmp_path: Path) -> None:
    """The constants by which CIFAR-10's test pictures are usually normalised; JPEG moves them by little."""
    with tarfile.open(ARCHIVE) as archive:
        members = (member for member in archive if member.name.startswith("cifar10-jpeg/test/"))
        archive.extractall(tmp_path, itertools.islice(members, 10_000), filter="data")
    photographs = folder("cifar10-jpeg/test", 10_000, crop="none", size=32, resize="none")
    lit = levels(photographs.load(tmp_path, "cpu")) / 255.0
    assert lit.shape == (10_000, 3, 32, 32)
    assert lit.mean(axis=(0, 2, 3)) == pytest.approx([0.4942, 0.4851, 0.4504], abs=1e-3)
    assert lit.std(axis=(0, 2, 3)) == pytest.approx([0.2467, 0.2429, 0.2616], abs=3e-3)
