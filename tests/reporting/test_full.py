"""A page on made-up full runs of a real paper: verdicts by table, charts, commands, headings."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from benchmark.reporting.tables import CELL_STATES
from tests.reporting.page import Page


@pytest.fixture(scope="module")
def page_of_full(full: Path) -> Page:
    return Page.of(full / "gan_rl.html")


def test_every_verdict_is_counted_once(page_of_full: Page, full: Path) -> None:
    with (full / "tables.csv").open(encoding="utf-8-sig", newline="") as stream:
        counts = Counter(line["state"] for line in csv.DictReader(stream))
    assert len(counts) > 3
    for word, count in counts.items():
        told = re.findall(
            rf"{re.escape(str(CELL_STATES[word]))} (?:\d+ claims?, )?(\d+) number", page_of_full.by_id["summary"]
        )
        assert told == [str(count)]


def test_drawings_have_words_for_those_who_cannot_see_them(page_of_full: Page) -> None:
    says = [drawing["aria-label"] for drawing in page_of_full.attributes("svg")]
    assert any(one.startswith("Deviations of T3 in margins") for one in says)
    assert any(one.startswith("Dots of FID, full tier") and ", published " in one for one in says)
    assert not any("published" in one and "Dots" not in one and "ends at" not in one for one in says)
    assert any("nearest among all 60 training images" in image["alt"] for image in page_of_full.attributes("img"))
    assert any(", published 37.4" in one for one in says)


def test_five_methods_of_a_figure_stand_in_one_row(page_of_full: Page, full: Path) -> None:
    text = (full / "gan_rl.html").read_text().partition('<section id="F6c">')[2].partition("</section>")[0]
    widths = [int(width) for width in re.findall(r'width="(\d+)"', text)]
    assert len(widths) == 6, "five methods and the data"
    assert sum(widths) < 6 * 190
    assert all(name in page_of_full.by_id["F6c"] for name in ("GAN", "DRAGAN", "AGE"))


def test_each_cell_tells_the_command_that_regenerates_it(page_of_full: Page) -> None:
    cell = page_of_full.by_id["T3"]
    for experiment in ("cifar10_gan_a", "cifar10_gan_rl_a"):
        assert f"ganrepro run gan_rl --tier full --experiment {experiment} " in cell


def test_ratios_of_training_time_stand_beside_those_in_print(page_of_full: Page) -> None:
    # 6,050 s of GAN-RL over 4,158 s of GAN, both of them printed
    assert "1.46" in page_of_full.by_id["time"]


def test_headings_go_down_one_level_at_a_time(page_of_full: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page_of_full.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_heading_of_a_column_says_of_what_it_is(page_of_full: Page) -> None:
    assert all(head.get("scope") in ("col", "row", "rowgroup") for head in page_of_full.attributes("th"))
