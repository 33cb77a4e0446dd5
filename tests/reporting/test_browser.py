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


def frame(report: Path, page: str, width: int, height: int, left: int = 0, top: int = 0) -> str:
    """A frame of ``width`` that shows a page, since a browser's own window cannot be that narrow."""
    file, _, anchor = page.partition("#")
    source = f"{(report / file).as_uri()}#{anchor}"
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


HEIGHT = 1200
WIDTHS = (1280, 390)
PLACES = ("index.html", "gan_rl.html", "gan_rl.html#T3", "gan_rl.html#figures")


@pytest.fixture(scope="module")
def shots(full: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str], np.ndarray]:
    """Pixels of pages from each place on at each width, all taken in one go: a browser takes long to start."""
    places = {
        (width, place): (sum(WIDTHS[:column]), HEIGHT * row)
        for column, width in enumerate(WIDTHS)
        for row, place in enumerate(PLACES)
    }
    frames = [frame(full, page, width, HEIGHT, *place) for (width, page), place in places.items()]
    pixels = shot(tmp_path_factory.mktemp("shots"), frames, sum(WIDTHS), HEIGHT * len(PLACES))
    return {
        (width, page): pixels[top : top + HEIGHT, left : left + width] for (width, page), (left, top) in places.items()
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("place", PLACES)
def test_cover_verdicts_tables_and_figures_are_drawn(
    shots: dict[tuple[int, str], np.ndarray], width: int, place: str
) -> None:
    pixels = shots[width, place]
    assert pixels.shape == (HEIGHT, width, 3)
    assert share(pixels, LIGHT[0]) > 0.3
    assert share(pixels, LIGHT[1]) > 0.001
    # something is drawn in every third of the height
    for part in np.array_split(pixels @ np.array([1, 256, 65536]), 3):  # a colour as one number
        assert len(np.unique(part)) > 10


def test_a_dark_page_is_dark_figures_too(full: Path, tmp_path: Path) -> None:
    frames = [frame(full, "gan_rl.html#F1", 1280, HEIGHT)]
    pixels = shot(tmp_path, frames, 1280, HEIGHT, "--blink-settings=preferredColorScheme=0")
    assert share(pixels, DARK[0]) > 0.3
    assert share(pixels, DARK[1]) > 0.0005
    assert (pixels.min(axis=2) > 245).mean() < 0.005, "no white block"


#: what a script finds in each page at each width, and what the page's own script does when it is used
LOOK = """<pre id=found></pre><script>
const found = {}, told = document.getElementById('found');
const off = page => [...page.querySelectorAll('[data-state]')].filter(one => one.classList.contains('off')).length;
document.addEventListener('load', event => {
  const frame = event.target;
  if (frame.tagName !== 'IFRAME') return;
  const page = frame.contentDocument, root = page.documentElement, view = frame.contentWindow;
  const key = `${page.location.pathname.split('/').pop()} ${frame.width}`;
  const facts = found[key] = {height: root.scrollHeight, fetched: view.performance.getEntriesByType('resource')
    .filter(one => !one.name.startsWith('data:')).length};
  facts.marked = page.querySelectorAll('.side [aria-current]').length;
  const button = page.querySelector('.filter button'), search = page.querySelector('.filter input');
  const items = [...page.querySelectorAll('[data-state]')];
  button.click();
  facts.filtered = items.filter(one => !one.classList.contains('off')).every(one => one.dataset.state === button.value);
  facts.hidden = off(page);
  button.click();
  facts.back = off(page);
  search.value = 'nothing has these words';
  search.dispatchEvent(new view.Event('input'));
  facts.missed = items.length - off(page);
  search.value = 'rl-c7';
  search.dispatchEvent(new view.Event('input'));
  facts.searched = items.length - off(page);
  search.value = '';
  search.dispatchEvent(new view.Event('input'));
  page.querySelectorAll('details').forEach(one => { one.open = true; });
  facts.out = [];
  for (const one of page.body.querySelectorAll('*')) {
    const beyond = one.getBoundingClientRect().right > root.clientWidth + 1;
    if (beyond && !one.closest('.scroll, pre, .skip')) facts.out.push(one.outerHTML.slice(0, 120));
  }
  facts.cut = [...page.querySelectorAll('table.published, table.papers')]
    .filter(one => one.offsetWidth > one.parentElement.clientWidth + 1).length;
  facts.seen = root.clientWidth;
  facts.whole = root.scrollWidth;
  facts.images = page.images.length;
  facts.empty = [...page.images].filter(one => !one.naturalWidth).length;
  told.textContent = JSON.stringify(found);
}, true);</script>"""


@pytest.fixture(scope="module")
def looked(full: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("looked")
    frames = [frame(full, page, width, 900) for page in ("index.html", "gan_rl.html") for width in EVERY_WIDTH]
    page = written(folder, LOOK, *frames)
    dumped = browse(folder, "--dump-dom", "--virtual-time-budget=30000", "--window-size=1400,1000", page)
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', dumped, flags=re.DOTALL)
    facts: dict[str, dict[str, Any]] = json.loads(html.unescape(found))
    return facts


EVERY_WIDTH = (1280, 768, 390, 320)


@pytest.mark.parametrize("page", ["index.html", "gan_rl.html"])
@pytest.mark.parametrize("width", EVERY_WIDTH)
def test_nothing_is_wider_than_the_page_or_cut_even_with_all_details_open(
    looked: dict[str, dict[str, Any]], page: str, width: int
) -> None:
    found = looked[f"{page} {width}"]
    assert found["seen"] == width
    assert found["out"] == []
    assert found["whole"] <= width
    assert found["empty"] == 0
    assert found["fetched"] == 0
    assert found["cut"] == 0 or width not in WIDTHS, "the paper's tables fit a desktop, and stack on a phone"


@pytest.mark.parametrize("page", ["index.html", "gan_rl.html"])
def test_filter_and_search_show_what_they_are_asked_for(looked: dict[str, dict[str, Any]], page: str) -> None:
    found = looked[f"{page} 1280"]
    assert found["filtered"]
    assert found["hidden"] > 0
    assert found["back"] == 0
    assert found["missed"] == 0
    assert found["searched"] >= 1
    assert found["marked"] == 1


def test_the_cover_takes_at_most_two_screens(looked: dict[str, dict[str, Any]]) -> None:
    assert looked["index.html 1280"]["height"] <= 2 * 900


def test_a_link_opens_the_fold_that_it_leads_into(full: Path, tmp_path: Path) -> None:
    script = """<pre id=found></pre><script>
    document.addEventListener('load', event => {
      if (event.target.tagName !== 'IFRAME') return;
      const page = event.target.contentDocument, there = page.getElementById(page.location.hash.slice(1));
      const place = there.getBoundingClientRect();
      document.getElementById('found').textContent =
        `${there.closest('details').open} ${place.height > 0 && place.top >= -1 && place.top < 900}`;
    }, true);</script>"""
    claims = re.findall(r'<tr id="(RL-C\d+)"', (full / "gan_rl.html").read_text())
    page = written(tmp_path, script, frame(full, f"gan_rl.html#{claims[-1]}", 1280, 900))
    dumped = browse(tmp_path, "--dump-dom", "--virtual-time-budget=10000", page)
    assert re.findall(r'<pre id="found">(.*?)</pre>', dumped) == ["true true"]
