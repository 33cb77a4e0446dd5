"""The page in a browser, at desktop and at phone width: nothing sticks out, nothing is blank, both schemes differ."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--allow-file-access-from-files",
)  # fmt: skip
#: colours of the page: ground, ink
LIGHT, DARK = ((252, 251, 248), (28, 32, 38)), ((20, 23, 27), (230, 228, 222))

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs chromium")


def browse(tmp_path: Path, *arguments: str) -> str:
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def frame(report: Path, width: int, height: int, anchor: str, left: int = 0, top: int = 0) -> str:
    """A frame of ``width`` that shows ``report``, since a browser's own window cannot be that narrow."""
    source = f"{(report / 'index.html').as_uri()}#{anchor}"
    return f'<iframe width={width} height={height} src="{source}" style="left:{left}px;top:{top}px"></iframe>'


def written(tmp_path: Path, *parts: str) -> str:
    """Address of a page of frames and scripts."""
    page = tmp_path / "frames.html"
    style = "body{margin:0}iframe{border:0;position:absolute}"
    page.write_text(f"<!doctype html><style>{style}</style>{''.join(parts)}")
    return page.as_uri()


def shot(tmp_path: Path, frames: Sequence[str], width: int, height: int, *flags: str) -> np.ndarray:
    """Pixels (height, width, 3) of a page of frames."""
    file = tmp_path / "shot.png"
    size = f"--window-size={width},{height}"
    browse(tmp_path, f"--screenshot={file}", "--virtual-time-budget=20000", size, *flags, written(tmp_path, *frames))
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def share(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((pixels == np.array(colour)).all(axis=2).mean())


HEIGHT = 1400
WIDTHS = (1280, 390)
EVERY_WIDTH = (1280, 768, 390, 320)
ANCHORS = ("summary", "gan_rl-T3", "gan_rl-claims", "gan_rl-training")


@pytest.fixture(scope="module")
def shots(full: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str], np.ndarray]:
    """Pixels of the page from each anchor on at each width, all taken in one go: a browser takes long to start."""
    places = {
        (width, anchor): (sum(WIDTHS[:column]), HEIGHT * row)
        for column, width in enumerate(WIDTHS)
        for row, anchor in enumerate(ANCHORS)
    }
    frames = [frame(full, width, HEIGHT, anchor, *place) for (width, anchor), place in places.items()]
    pixels = shot(tmp_path_factory.mktemp("shots"), frames, sum(WIDTHS), HEIGHT * len(ANCHORS))
    return {
        (width, anchor): pixels[top : top + HEIGHT, left : left + width]
        for (width, anchor), (left, top) in places.items()
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("anchor", ANCHORS)
def test_cover_tables_claims_and_curves_are_drawn(
    shots: dict[tuple[int, str], np.ndarray], width: int, anchor: str
) -> None:
    pixels = shots[width, anchor]
    assert pixels.shape == (HEIGHT, width, 3)
    assert share(pixels, LIGHT[0]) > 0.3
    assert share(pixels, LIGHT[1]) > 0.001
    # something is drawn in every fifth of the height
    for part in np.array_split(pixels @ np.array([1, 256, 65536]), 5):  # a colour as one number
        assert len(np.unique(part)) > 10


def test_a_dark_page_is_dark(full: Path, tmp_path: Path) -> None:
    frames = [frame(full, 1280, HEIGHT, "summary")]
    pixels = shot(tmp_path, frames, 1280, HEIGHT, "--blink-settings=preferredColorScheme=0")
    assert share(pixels, DARK[0]) > 0.3
    assert share(pixels, DARK[1]) > 0.001


@pytest.fixture(scope="module")
def measured(full: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """What a script finds in the page at each width: how wide it is, and what sticks out of it and scrolls nowhere."""
    script = """<pre id=found></pre><script>
    const found = {};
    for (const frame of document.querySelectorAll('iframe')) frame.onload = () => {
      const page = frame.contentDocument, root = page.documentElement;
      page.querySelectorAll('details').forEach(one => { one.open = true; });
      const out = [];
      for (const one of page.body.querySelectorAll('*')) {
        const beyond = one.getBoundingClientRect().right > root.clientWidth + 1;
        if (beyond && !one.closest('.scroll, pre, .skip')) out.push(one.outerHTML.slice(0, 120));
      }
      const empty = [...page.images].filter(one => !one.naturalWidth).length;
      found[frame.width] =
        {seen: root.clientWidth, whole: root.scrollWidth, out, images: page.images.length, empty};
      document.getElementById('found').textContent = JSON.stringify(found);
    };</script>"""
    folder = tmp_path_factory.mktemp("measured")
    page = written(folder, *(frame(full, width, 900, "") for width in EVERY_WIDTH), script)
    dumped = browse(folder, "--dump-dom", "--virtual-time-budget=30000", "--window-size=1400,1000", page)
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', dumped, flags=re.DOTALL)
    return {int(width): facts for width, facts in json.loads(html.unescape(found)).items()}


@pytest.mark.parametrize("width", EVERY_WIDTH)
def test_nothing_is_wider_than_the_page_even_with_all_details_open(
    measured: dict[int, dict[str, Any]], width: int
) -> None:
    found = measured[width]
    assert found["seen"] == width
    assert found["out"] == []
    assert found["whole"] <= width
    assert found["images"] > 20
    assert found["empty"] == 0
