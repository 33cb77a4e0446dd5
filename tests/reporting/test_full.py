"""A page on made-up full runs of a real paper: verdicts by table, forests, orders, points of the paper, commands."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from benchmark.reporting.states import CELL_STATES, CLAIM_STATES, MATRIX
from tests.reporting.page import Page


@pytest.fixture(scope="module")
def page_of_full(full: Path) -> Page:
    return Page.of(full / "index.html")


def test_the_cover_counts_every_verdict_by_paper_and_table(page_of_full: Page, full: Path) -> None:
    text = (full / "index.html").read_text()
    (matrix,) = re.findall(r'<table class="matrix">.*?</table>', text, flags=re.DOTALL)
    rows = re.findall(r'<a href="#gan_rl-(claims|T[^"]*)">.*?</tr>', matrix, flags=re.DOTALL)
    assert rows[0] == "claims"
    assert {"T1", "T3", "T4"} <= set(rows)
    for row in re.findall(r"<tr>(?:(?!<tr>).)*?</tr>", matrix.partition("</thead>")[2], flags=re.DOTALL):
        cells = re.findall(r"<td class=\"(\w+) (some|none)\">(.*?)</td>", row)
        counted = sum(int(re.sub(r"<i>.</i>", "", inner)) for _, kind, inner in cells if kind == "some")
        assert counted == int(re.findall(r"<td>(\d+)</td>", row)[0])
    header = matrix.partition("</thead>")[0]
    for word in {**CLAIM_STATES, **CELL_STATES}:
        assert f"<span>{word}</span>" in header
        assert MATRIX[word].symbol in header
    with (full / "tables.csv").open() as stream:
        reproduced = stream.read().count(",REPRODUCED,")
    assert reproduced > 0
    assert f"{reproduced} REPRODUCED" in page_of_full.by_id["summary"]


def test_drawings_have_words_for_those_who_cannot_see_them(page_of_full: Page) -> None:
    says = [drawing["aria-label"] for drawing in page_of_full.attributes("svg")]
    assert any(one.startswith("Forest plot of T3") for one in says)
    assert any(one.startswith("Slope chart of fid, measured, full tier") for one in says)
    assert any(one.startswith("Slope chart of fid, published") for one in says)
    assert any("nearest among all 60 training images" in image["alt"] for image in page_of_full.attributes("img"))
    assert any(", published 37.4" in image["alt"] for image in page_of_full.attributes("img"))


def test_each_cell_tells_the_command_that_regenerates_it(page_of_full: Page) -> None:
    cell = page_of_full.by_id["gan_rl-T3"]
    for experiment in ("cifar10_gan_a", "cifar10_gan_rl_a", "svhn_gan"):
        assert f"again ganrepro run papers/gan_rl.yaml --tier full --experiment {experiment} " in cell


def test_ratios_of_training_time_stand_beside_those_in_print(full: Path, page_of_full: Page) -> None:
    # 6,050 s of GAN-RL over 4,158 s of GAN, both of them printed
    assert " ".join(page_of_full.by_id["gan_rl"].split()).count("1.46") >= 1
    lines = (full / "times.csv").read_text().splitlines()
    line = next(line for line in lines if line.startswith("gan_rl,cifar10_gan_rl_a"))
    assert line.endswith(",cifar10_gan_a,1.46")


def test_headings_go_down_one_level_at_a_time(page_of_full: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page_of_full.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_heading_of_a_column_says_of_what_it_is(page_of_full: Page) -> None:
    assert all(head.get("scope") in ("col", "row", "rowgroup") for head in page_of_full.attributes("th"))
