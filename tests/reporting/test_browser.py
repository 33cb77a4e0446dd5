"""The page in a browser, at desktop and at phone width: nothing sticks out, nothing is blank, both schemes differ."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
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


def framed(report: Path, tmp_path: Path, width: int, height: int, anchor: str, script: str = "") -> Path:
    """A page that shows ``report`` in a frame of ``width``, since a browser's own window cannot be that narrow."""
    page = tmp_path / "frame.html"
    page.write_text(
        f"<!doctype html><style>body{{margin:0}}iframe{{border:0;display:block}}</style>"
        f'<iframe id=f width={width} height={height} src="{(report / "index.html").as_uri()}#{anchor}"></iframe>'
        f"<pre id=found></pre><script>{script}</script>"
    )
    return page


def shot(report: Path, tmp_path: Path, width: int, anchor: str, *flags: str) -> np.ndarray:
    """Pixels (1400, width, 3) of the page from ``anchor`` on."""
    file = tmp_path / "shot.png"
    page = framed(report, tmp_path, width, 1400, anchor)
    browse(
        tmp_path,
        f"--screenshot={file}",
        "--virtual-time-budget=5000",
        f"--window-size={max(width, 600)},1400",
        *flags,
        page.as_uri(),
    )
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))[:, :width]


def share(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((pixels == np.array(colour)).all(axis=2).mean())


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("anchor", ["summary", "gan_rl-T3", "gan_rl-claims", "gan_rl-training"])
def test_cover_tables_claims_and_curves_are_drawn(full: Path, tmp_path: Path, width: int, anchor: str) -> None:
    pixels = shot(full, tmp_path, width, anchor)
    assert pixels.shape == (1400, width, 3)
    assert share(pixels, LIGHT[0]) > 0.3
    assert share(pixels, LIGHT[1]) > 0.001
    # something is drawn in every fifth of the height
    for part in np.array_split(pixels, 5):
        assert len(np.unique(part.reshape(-1, 3), axis=0)) > 10


def test_a_dark_page_is_dark(full: Path, tmp_path: Path) -> None:
    pixels = shot(full, tmp_path, 1280, "summary", "--blink-settings=preferredColorScheme=0")
    assert share(pixels, DARK[0]) > 0.3
    assert share(pixels, DARK[1]) > 0.001


def measured(report: Path, tmp_path: Path, width: int) -> dict[str, Any]:
    """What a script finds in the page at one width: how wide it is, and what sticks out of it and scrolls nowhere."""
    script = """
    document.getElementById('f').onload = () => {
      const page = document.getElementById('f').contentDocument, root = page.documentElement;
      page.querySelectorAll('details').forEach(one => { one.open = true; });
      const out = [];
      for (const one of page.body.querySelectorAll('*')) {
        const beyond = one.getBoundingClientRect().right > root.clientWidth + 1;
        if (beyond && !one.closest('.scroll, pre, .skip')) out.push(one.outerHTML.slice(0, 120));
      }
      const empty = [...page.images].filter(one => !one.naturalWidth).length;
      document.getElementById('found').textContent = JSON.stringify(
        {seen: root.clientWidth, whole: root.scrollWidth, out, images: page.images.length, empty});
    };"""
    page = framed(report, tmp_path, width, 900, "", script)
    dumped = browse(tmp_path, "--dump-dom", "--virtual-time-budget=20000", "--window-size=1400,1000", page.as_uri())
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', dumped, flags=re.DOTALL)
    answer: dict[str, Any] = json.loads(html.unescape(found))
    return answer


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
def test_nothing_is_wider_than_the_page_even_with_all_details_open(full: Path, tmp_path: Path, width: int) -> None:
    found = measured(full, tmp_path, width)
    assert found["seen"] == width
    assert found["out"] == []
    assert found["whole"] <= width
    assert found["images"] > 20
    assert found["empty"] == 0
