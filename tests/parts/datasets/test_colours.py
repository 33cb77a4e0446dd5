"""Whatever a picture file can hold comes out as it is meant to be seen, or is refused by name."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from benchmark.parts.datasets.image_folder import ImageFolder
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import gradient, held, levels

WHITE = (255, 255, 255)
SIDE = 16


def folder(images: int = 1, background: tuple[int, int, int] | None = None, size: int = SIDE) -> ImageFolder:
    settings = {"folder": "faces", "images": images, "crop": "none", "size": size, "resize": "nearest"}
    more = {} if background is None else {"background": background}
    return ImageFolder.model_validate({**settings, "mirror": False, "value_range": [-1, 1], **more})


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    place = tmp_path / "faces"
    place.mkdir()
    return place


def shown(faces: Path, background: tuple[int, int, int] | None = None) -> np.ndarray:
    """Height, width, channels of the only picture."""
    (picture,) = levels(folder(background=background).load(faces.parent, "cpu"))
    return picture.transpose(1, 2, 0)


def plain(*levels: int, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (SIDE, SIDE), levels if len(levels) > 1 else levels * len(mode))


def test_every_grey_of_16_bits_keeps_its_level(faces: Path, capfd) -> None:
    ramp = (np.arange(SIDE * SIDE, dtype=np.uint16) * 257).reshape(SIDE, SIDE)
    Image.fromarray(ramp).save(faces / "a.png")
    assert (shown(faces)[..., 0].ravel() == np.arange(256)).all()
    assert "1 of 16 bits, brought to 8" in capfd.readouterr().err
    assert (shown(faces)[..., 0].ravel() == np.arange(256)).all()
    assert "16 bits" not in capfd.readouterr().err  # said once, when they are decoded


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "RGB", "L"])
def test_hidden_colours_are_refused_or_laid_on_the_background(mode: str, faces: Path) -> None:
    """The left half is transparent, whichever way the format says so."""
    if mode in ("LA", "RGBA"):
        picture = plain(*([90] * (len(mode) - 1)), 255, mode=mode)
        alpha = Image.new("L", (SIDE, SIDE), 255)
        alpha.paste(0, (0, 0, SIDE // 2, SIDE))
        picture.putalpha(alpha)
        picture.save(faces / "a.png")
    else:
        picture = plain(90, 90, 90).convert(mode)
        hidden = (7, 7, 7) if mode == "RGB" else 7
        if mode == "P":
            picture.putpalette([90] * 21 + [7] * 3 + [90] * 744)
            picture.paste(0, (0, 0, SIDE, SIDE))
        picture.paste(hidden, (0, 0, SIDE // 2, SIDE))
        picture.save(faces / "a.png", transparency=hidden)
    with pytest.raises(DataError, match=r"a\.png: it is transparent in places: name a background"):
        shown(faces)
    found = shown(faces, WHITE)
    assert (found[:, : SIDE // 2] == 255).all()
    assert (found[:, SIDE // 2 :] == 90).all()


def test_half_transparent_is_half_of_each(faces: Path) -> None:
    plain(200, 100, 0, 128, mode="RGBA").save(faces / "a.png")
    share = 128 / 255
    expected = [share * level + (1 - share) * back for level, back in zip((200, 100, 0), (0, 0, 100), strict=True)]
    assert np.abs(shown(faces, (0, 0, 100))[0, 0] - expected).max() <= 1


def test_an_alpha_that_hides_nothing_needs_no_background(faces: Path) -> None:
    plain(200, 100, 0, 255, mode="RGBA").save(faces / "a.png")
    assert shown(faces)[3, 3].tolist() == [200, 100, 0]


def test_the_background_enters_an_id_only_where_there_is_one() -> None:
    assert "background" not in folder().model_dump(mode="json")
    assert folder(background=WHITE).model_dump(mode="json")["background"] == [255, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(orientation: int, faces: Path) -> None:
    """The file holds the scene as a camera turned that way stores it: its row r, column c from the EXIF table."""
    scene = np.asarray(gradient(SIDE, SIDE))
    stored = {
        1: scene,
        2: scene[:, ::-1],
        3: scene[::-1, ::-1],
        4: scene[::-1],
        5: scene.transpose(1, 0, 2),
        6: np.rot90(scene, 1),
        7: scene[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(scene, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(faces / "a.png", exif=exif)
    assert (shown(faces) == scene).all()


def test_palettes_and_one_bit_are_their_colours(faces: Path) -> None:
    picture = Image.new("P", (SIDE, SIDE), 1)
    picture.putpalette([0, 0, 0, 12, 34, 56])
    picture.save(faces / "a.png")
    assert shown(faces)[5, 5].tolist() == [12, 34, 56]
    Image.new("1", (SIDE, SIDE), 1).save(faces / "a.png")
    assert shown(faces)[5, 5].tolist() == [255, 255, 255]


def test_another_colour_profile_is_brought_to_srgb_and_srgb_is_left(faces: Path, capfd) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain(200, 100, 50).save(faces / "a.png", icc_profile=srgb)
    assert shown(faces)[0, 0].tolist() == [200, 100, 50]
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain(200, 100, 50).save(faces / "a.png", icc_profile=lab)
    with pytest.raises(DataError, match=r"a\.png: its colour profile cannot be used"):
        shown(faces)
    plain(200, 100, 50).save(faces / "a.png", icc_profile=b"no profile")
    with pytest.raises(DataError, match=r"a\.png: its colour profile cannot be used"):
        shown(faces)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: (plain(1, 2, 3, 4, mode="CMYK"), "JPEG", {}), "it is CMYK"),
        (lambda: (plain(9), "WEBP", {"save_all": True, "append_images": [plain(99)], "lossless": True}), "animated"),
        (lambda: (plain(9), "PNG", {"save_all": True, "append_images": [plain(99)]}), "animated, with 2 frames"),
    ],
)
def test_what_has_no_one_meaning_is_refused(make, says: str, faces: Path) -> None:
    picture, kind, settings = make()
    stream = io.BytesIO()
    picture.save(stream, kind, **settings)
    (faces / "a.png").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match=says):
        shown(faces)


def test_all_unusable_pictures_are_told_at_once_with_their_names(faces: Path) -> None:
    for number in range(15):
        plain(number).save(faces / f"{number:02d}.png")
    for number in range(2, 14):
        (faces / f"{number:02d}.png").write_bytes(b"spoilt")
    with pytest.raises(DataError, match=r"12 of 15 pictures cannot be used: 02\.png: not .*; 11\.png.*; and 2 more$"):
        folder(15).load(faces.parent, "cpu")


def test_what_is_passed_over_and_enlarged_is_told_with_counts(faces: Path, capfd) -> None:
    plain(1).resize((8, 8)).save(faces / "a.png")
    plain(2).save(faces / "b.png")
    for name in ("c.tif", "d.TIF", "e.gif", "README"):
        (faces / name).write_bytes(b"")
    passed = "passed over: 2 .tif, 1 .gif, 1 without ending"
    message = folder(6).problem(faces.parent)
    assert message is not None
    assert "faces holds 2 pictures, not 6" in message
    assert sorted(passed[13:].split(", ")) == sorted(message.partition("passed over: ")[2][:-1].split(", "))
    held(folder(2), faces.parent)
    said = capfd.readouterr().err
    assert "of 2 pictures 1 smaller than 16x16; passed over: " in said


def test_what_is_passed_over_is_told_at_decoding_where_nothing_is_converted(faces: Path, capfd) -> None:
    plain(2).save(faces / "b.png")
    (faces / "c.tif").write_bytes(b"")
    for times in (1, 0):  # the second time they come from the cache
        held(folder(), faces.parent)
        assert capfd.readouterr().err.count("passed over: 1 .tif") == times


def test_a_name_of_any_bytes_and_a_pipe_are_one_line(faces: Path) -> None:
    with open(os.fsencode(faces) + b"/\xfe.png", "wb") as stream:
        stream.write(b"spoilt")
    with pytest.raises(DataError) as caught:
        folder().load(faces.parent, "cpu")
    str(caught.value).encode()
    (unreadable,) = faces.iterdir()
    unreadable.unlink()
    with open(os.fsencode(faces) + b"/\xff.png", "wb") as stream:
        plain(3).save(stream, "PNG")
    assert (levels(folder().load(faces.parent, "cpu")) == 3).all()
    os.mkfifo(faces / "b.png")
    with pytest.raises(DataError, match=r"b\.png is no file"):
        folder(2).load(faces.parent, "cpu")


def test_pictures_repaired_in_place_are_read_again(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal names and sizes: only the time of change, and then the content, tell."""
    monkeypatch.setenv("GANREPRO_CACHE", str(faces.parent / ".cache"))
    file = faces / "a.bmp"
    plain(30).save(file)
    before = folder().load(faces.parent, "cpu")
    size = file.stat().st_size
    plain(225).save(file)
    assert file.stat().st_size == size
    after = folder().load(faces.parent, "cpu")
    assert (levels(before) == 30).all()
    assert (levels(after) == 225).all()
    assert before.fingerprint != after.fingerprint
    plain(30).save(file)
    entries = len([path for path in (faces.parent / ".cache").iterdir() if path.is_dir()])
    assert folder().load(faces.parent, "cpu").fingerprint == before.fingerprint
    assert len([path for path in (faces.parent / ".cache").iterdir() if path.is_dir()]) == entries == 2
