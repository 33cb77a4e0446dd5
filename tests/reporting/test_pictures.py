from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from benchmark.reporting.curves import Band
from benchmark.reporting.figures import Line, line_chart
from benchmark.reporting.pictures import _logistic, image_grid, point_panels, spaced
from tests.reporting.factory import points_of


def decoded(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_grid_holds_every_pixel_of_grey_images_in_reading_order() -> None:
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 1, 2, 2)
    sheet = decoded(image_grid(images, 2, "a", "").uri)
    assert sheet.shape == (7, 7)
    assert sheet[1:3, 1:3].tolist() == [[0, 1], [2, 3]]
    assert sheet[1:3, 4:6].tolist() == [[4, 5], [6, 7]]
    assert sheet[4:6, 1:3].tolist() == [[8, 9], [10, 11]]
    assert (sheet[4:6, 4:6] == 255).all()


def test_colour_survives_compression() -> None:
    images = np.zeros((1, 3, 16, 16), np.uint8)
    images[:, 0] = 200
    assert np.abs(decoded(image_grid(images, 1, "a", "").uri)[8, 8].astype(int) - [200, 0, 0]).max() < 12


def test_surface_is_shown_as_the_logistic_of_the_raw_output() -> None:
    raw = np.array([-800.0, -1.0, 0.0, 2.0, 800.0], np.float32)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-raw.astype(np.float64)))
    assert np.allclose(_logistic(raw), expected, atol=1e-12)


def test_surface_stands_upright() -> None:
    """Row index of the surface is the second coordinate, ascending: what is high up must be drawn at the top."""
    arrays = {name: values.copy() for name, values in points_of(1, 0, 600, shots=1).items()}
    arrays["samples"][:] = arrays["real"][:] = 50.0  # out of sight
    arrays["value_surface"][:] = -20.0
    arrays["value_surface"][0, -8:, :] = 20.0
    sheet = decoded(point_panels([("a", arrays)], 1, 10, "alt", "").uri).astype(int).sum(axis=2)
    middle = sheet[:, sheet.shape[1] * 3 // 5]
    panel = middle[int(len(middle) * 0.28) : -4]
    assert panel[: len(panel) // 5].mean() < panel[-len(panel) // 5 :].mean() - 100


def test_spaced_keeps_the_last() -> None:
    assert spaced(20, 6)[-1] == 19
    assert len(spaced(20, 6)) == 6
    assert spaced(3, 6) == [0, 1, 2]


def test_chart_says_in_words_where_its_lines_end() -> None:
    positions = np.array([1.0, 2.0])
    band = Band(positions, np.array([0.0, 0.25]), np.array([0.0, 0.125]), np.array([0.0, 0.5]), 3)
    picture = line_chart("losses", [Line("generator_loss", band)], where="plain, full tier, 3 seeds")
    assert "generator_loss ends at 0.25 (0.125 to 0.5 over seeds)" in picture.alt
    assert "plain, full tier, 3 seeds" in picture.alt
