from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from benchmark.reporting import html
from benchmark.reporting.report import PaperInput, write_report
from benchmark.reporting.run_groups import Evidence
from benchmark.reporting.states import CELL_STATES, CLAIM_STATES
from benchmark.runs.plan import make_run
from benchmark.runs.records import CURVES, Stored
from tests.reporting.factory import eight_gaussians, judged, verdicts
from tests.reporting.page import Page

LINKS = {"https://arxiv.org/abs/2001.00001", "https://example.org/paper?a=1&b=2"}
MOST_BYTES = 5_000_000


def remote(page: Page) -> list[str]:
    """Everything on a page that a browser would fetch, links left out."""
    found = [
        f"{tag} {name} {value[:60]}"
        for tag, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "data", "poster", "background", "xlink:href", "action")
        and not value.startswith(("data:image/svg+xml,", "data:image/png;", "data:image/webp;"))
    ]
    found += [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object", "embed", "base", "form")]
    found += re.findall(r"url\(|@import", page.styles)
    for image in page.attributes("img"):
        text = unquote(image["src"]) if image["src"].startswith("data:image/svg") else ""
        found += re.findall(r'(?<!xmlns=")(?<!xmlns:xlink=")https?://[^"]*', text.partition("<defs")[2])
        found += re.findall(r"<script|<image|<foreignObject|@import", text)
    return found


def test_page_is_well_formed_and_loads_nothing(page: Page) -> None:
    assert page.wrong == []
    assert page.open == []
    assert remote(page) == []
    policy = [meta["content"] for meta in page.attributes("meta") if "http-equiv" in meta]
    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none'; img-src data:")


def test_links_lead_into_the_page_or_to_the_spec_s_https_addresses(page: Page) -> None:
    targets = [link["href"] for link in page.attributes("a")]
    inner = {target[1:] for target in targets if target.startswith("#")}
    assert {target for target in targets if not target.startswith("#")} == LINKS
    assert inner <= {attributes["id"] for _, attributes in page.tags if "id" in attributes}


def test_hostile_text_is_only_text(hostile: Path) -> None:
    page = Page.of(hostile / "index.html")
    assert page.wrong == []
    assert remote(page) == []
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert {link["href"] for link in page.attributes("a") if not link["href"].startswith("#")} == LINKS
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 191 }}" in page.text
    assert "1337" not in page.text


def test_every_picture_says_what_it_shows(page: Page) -> None:
    images = page.attributes("img")
    assert len(images) > 15
    for image in images:
        assert len(image["alt"]) > 30
        assert image["width"].isdigit()
    drawings = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert drawings
    assert all(drawing["aria-label"] for drawing in drawings)


def test_declared_figures_are_drawn(page: Page) -> None:
    alts = " ".join(image["alt"] for image in page.attributes("img"))
    for words in (
        "Generated points over real ones",
        "real_probability",
        "Grid of 64 generated images",
        "Progress of 5 fixed noises",
        "real images",
        "modes found",
    ):
        assert words in alts
    assert "Nothing to draw yet for toy_reconstruction" in page.text


def test_every_state_is_shown_by_symbol_and_word(page: Page) -> None:
    for states, identifier in ((CLAIM_STATES, "judged-claims"), (CELL_STATES, "judged-T1")):
        shown = page.by_id.get(identifier, "") if identifier == "judged-T1" else page.text
        for state in states.values():
            assert f"{state.symbol} {state.word} " in shown
            assert f"{state.symbol} 1 {state.word} " in page.by_id["judged"]
    symbols = [state.symbol for state in {**CLAIM_STATES, **CELL_STATES}.values()]
    # shared: the good and the bad of claims and of numbers; what is decided in part; what has no number
    assert len(set(symbols)) == len(symbols) - 4


def test_table_has_the_paper_s_layout_and_the_verdicts_numbers(page: Page) -> None:
    table = page.by_id["judged-T1"]
    assert table.index("CIFAR-10") < table.index("SVHN") < table.index("system 0") < table.index("system 3")
    assert table.count("29.3") == len(CELL_STATES)
    assert "published 29.3 ± 0.2 over seeds measured 31.3 ± 0.4 deviation +2.0 (+6.7 %)" in table
    assert "+2.0 [+1.6, +2.3], 90 % CI; margin ± 2.93" in table
    assert "seed 0: 31.0 ; seed 1: 31.3 ; seed 2: 31.5" in table


def test_claim_shows_its_test_statistic_seeds_and_what_the_paper_s_own_numbers_say(page: Page) -> None:
    claim = page.by_id["judged-J-C0"]
    assert "✓ HOLDS" in claim
    assert "+0.421 [+0.112, open], 95 % CI p = 0.012 (0.037 after Holm)" in claim
    assert "seed 0: 0.1235 ; seed 1: 2 ; seed 2: none (diverged at iteration 700)" in claim
    assert "1 of 10 runs diverged" in claim
    assert "own numbers fails: the table's own cells say the opposite" in claim


def test_gaps_and_provenance_are_spelled_out(page: Page) -> None:
    judged_text = page.by_id["judged"]
    assert "loss is not finite plain" in judged_text
    assert "the extractor's weights are absent" in judged_text
    assert "x is missing plain" in judged_text
    for fact in ("Some GPU", "2.15.0", "0123abc", "source.dirty true", "cd" * 32, "12" * 32):
        assert fact in judged_text
    assert "ganrepro run papers/gan_rl.yaml --tier short --experiment toy_minimax" in page.by_id["gan_rl"]
    assert "ganrepro run papers/judged.yaml --tier full --experiment toy_reconstruction" in judged_text


def test_times_are_set_in_ratio_to_the_first_experiment_on_the_same_device(page: Page) -> None:
    # (198 s over 880 iterations) over (98 s over 880 iterations)
    assert "2.02 \N{MULTIPLICATION SIGN} toy_minimax" in page.by_id["judged"]


def test_ledger_names_every_unstated_value(page: Page, papers: list[PaperInput]) -> None:
    shown = page.by_id["gan_rl"].replace(" ", "")
    assert len(papers[0].spec.unstated) > 5
    for path, entry in papers[0].spec.unstated.items():
        assert path in shown
        assert entry.chosen.replace(" ", "") in shown


def test_a_page_on_reduced_runs_says_so_first(tmp_path: Path) -> None:
    phrase = "Reduced runs: not comparable with the paper"
    reduced = eight_gaussians(tmp_path / "a", seeds=1, iterations=60)
    write_report(tmp_path / "b", [reduced], formats=["html", "markdown", "latex"])
    summary = Page.of(tmp_path / "b" / "index.html").by_id["summary"]
    assert phrase in summary
    assert summary.index(phrase) < summary.index("published numbers")
    assert phrase in (tmp_path / "b" / "report.md").read_text()
    assert phrase in (tmp_path / "b" / "report.tex").read_text()


def test_full_runs_carry_no_banner_and_no_runs_are_called_so(tmp_path: Path, hostile: Path) -> None:
    assert "not comparable with the paper" not in Page.of(hostile / "index.html").text
    full = judged(tmp_path / "a")
    bare = PaperInput(full.spec, verdicts(full.spec, []), [])
    write_report(tmp_path / "c", [bare], formats=["html", "markdown", "csv", "latex"])
    page = Page.of(tmp_path / "c" / "index.html")
    assert "Nothing has run yet" in page.by_id["summary"]
    assert "no verdict on this cell was given" in page.by_id["judged-T1"]


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    """Also from another folder, and with the records in another order."""
    formats = ["latex", "html", "csv", "markdown"]
    one, two = judged(tmp_path / "a"), judged(tmp_path / "elsewhere")
    written = write_report(tmp_path / "1", [one], formats=formats)
    again = write_report(tmp_path / "2", [replace(two, stored=two.stored[::-1])], formats=formats[::-1])
    names = [file.name for file in written]
    assert names[:4] == ["index.html", "report.md", "tables.csv", "claims.csv"]
    assert {"scores.csv", "selection.csv", "protocols.csv", "unstated.csv", "runs.csv"} <= set(names)
    assert names[-1] == "report.tex"
    assert [file.read_bytes() for file in written] == [file.read_bytes() for file in again]


def test_page_is_small_and_gives_up_detail_before_it_grows(
    report: Path, papers: list[PaperInput], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (report / "index.html").stat().st_size
    assert size < MOST_BYTES
    monkeypatch.setattr(html, "MOST_BYTES", size * 4 // 5)
    (file,) = write_report(tmp_path, papers, formats=["html"])
    assert file.stat().st_size <= size * 4 // 5
    assert "less detail than the records" in Page.of(file).text


def test_unreadable_evidence_is_listed_and_stops_nothing(tmp_path: Path) -> None:
    given = eight_gaussians(tmp_path / "a", seeds=1, iterations=60)
    (given.stored[0].folder / CURVES).write_bytes(b"not a zip file")
    write_report(tmp_path / "b", [given], formats=["html"])
    record = given.stored[0].record
    line = f"gan_rl/{record.experiment}/{record.run_id}/curves.npz cannot be read"
    assert line in Page.of(tmp_path / "b" / "index.html").text


def test_a_run_that_serves_two_experiments_is_shown_under_both(tmp_path: Path) -> None:
    given = eight_gaussians(tmp_path, seeds=2, iterations=60)
    experiments = {**given.spec.experiments, "twin": given.spec.experiments["toy_minimax"]}
    spec = given.spec.model_copy(update={"experiments": experiments})
    assert make_run(spec, "twin", "short", 1, "fp32").run_id == make_run(spec, "toy_minimax", "short", 1, "fp32").run_id
    group = Evidence(spec, given.stored).group("twin")
    assert group is not None
    assert [stored.record.experiment for stored in group.runs] == ["toy_minimax", "toy_minimax"]


def test_the_highest_tier_at_hand_is_shown(tmp_path: Path) -> None:
    short = eight_gaussians(tmp_path / "a", "short", seeds=2, iterations=60)
    smoke = eight_gaussians(tmp_path / "b", "smoke", seeds=1, iterations=60)
    stored: list[Stored] = [*smoke.stored, *short.stored]
    assert [(group.tier, group.seeds) for group in Evidence(short.spec, stored).groups] == [("short", [0, 1])] * 3


def test_audit_is_summed_up(page: Page, papers: list[PaperInput]) -> None:
    found = papers[0].audit
    assert found is not None
    share = f"{100 * found.recipe.stated / found.recipe.total:.1f}".removesuffix(".0")
    assert f"of the recipe stated {share} %" in page.by_id["gan_rl"]
    assert f"contradictions {len(papers[0].spec.contradictions)}" in page.by_id["gan_rl"]


def test_an_unknown_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown format 'htm', known: .*did you mean 'html'"):
        write_report(tmp_path / "x", [], formats=["htm"])
    assert not (tmp_path / "x").exists()


def test_reporting_does_not_import_torch() -> None:
    code = "import sys, benchmark.reporting.report, benchmark.reporting.summary; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
