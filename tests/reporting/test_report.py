from __future__ import annotations

import base64
import csv
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.judging.audit import audit
from benchmark.judging.judge import JudgedPaper, judge, judge_papers
from benchmark.judging.verdict import AcrossReadings, ReadingVerdict, SealState
from benchmark.reporting import report as reports
from benchmark.reporting.claims import bounds_of
from benchmark.reporting.cover import CoverLine, Section, decided, in_print, shortened
from benchmark.reporting.report import write_report
from benchmark.reporting.run_groups import PaperRecords
from benchmark.reporting.runs import score_tables
from benchmark.reporting.tables import CELL_STATES, CLAIM_STATES, State
from benchmark.reporting.view import paper_view
from benchmark.runs.plan import make_run, run_ids
from benchmark.runs.records import CURVES, Stored
from benchmark.spec import names
from benchmark.spec.claims import quantities
from tests.reporting.factory import PAPERS, eight_gaussians, judged, verdicts
from tests.reporting.page import Page
from tests.specs import load

LINKS = {"https://arxiv.org/abs/2001.00001", "https://example.org/paper?a=1&b=2"}
MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def cover(report: Path) -> Page:
    return Page.of(report / "index.html")


@pytest.fixture(scope="module")
def reduced(report: Path) -> Page:
    """The page of the paper with reduced runs only."""
    return Page.of(report / "gan_rl.html")


def remote(page: Page) -> list[str]:
    """Everything on a page that a browser would fetch, links left out."""
    found = [
        f"{tag} {name} {value[:60]}"
        for tag, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "data", "poster", "background", "xlink:href", "action")
        and not value.startswith(("data:image/png;", "data:image/webp;"))
    ]
    found += [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "embed", "base", "form")]
    return found + re.findall(r"url\(|@import", page.styles)


def test_pages_are_well_formed_and_load_nothing(page: Page, cover: Page, reduced: Page) -> None:
    for one in (page, cover, reduced):
        assert one.wrong == []
        assert one.open == []
        assert remote(one) == []
        (policy,) = [meta["content"] for meta in one.attributes("meta") if "http-equiv" in meta]
        assert policy.startswith("default-src 'none'; img-src data:")
        (script,) = one.scripts
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in policy, "the one script that may run"
        assert not re.search(r"fetch|XMLHttpRequest|import\(|eval", script)


def test_links_lead_to_elements_pages_or_the_spec_s_https_addresses(report: Path) -> None:
    pages = {file.name: Page.of(file) for file in report.glob("*.html")}
    assert set(pages) == {"index.html", "gan_rl.html", "judged.html"}
    ids = {name: {found["id"] for _, found in page.tags if "id" in found} for name, page in pages.items()}
    outside = set()
    for name, page in pages.items():
        for link in page.attributes("a"):
            file, _, anchor = link["href"].partition("#")
            if file.startswith("https:"):
                outside.add(link["href"])
            else:
                assert not anchor or anchor in ids[file or name], link["href"]
    assert outside == LINKS


def test_hostile_text_is_only_text(hostile: Path) -> None:
    for name in ("index.html", "judged.html"):
        page = Page.of(hostile / name)
        assert page.wrong == []
        assert remote(page) == []
        assert len(page.scripts) == 1
        assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
        assert {link["href"] for link in page.attributes("a") if "https" in link["href"]} <= LINKS
        assert "<script>alert(1)</script>" in page.text
        assert "{{ 7 * 191 }}" in page.text
        assert "1337" not in page.text


def test_every_picture_says_what_it_shows(page: Page, reduced: Page) -> None:
    for one in (page, reduced):
        images = one.attributes("img")
        assert images
        assert all(len(image["alt"]) > 25 and image["width"].isdigit() for image in images)
        drawings = [attributes for tag, attributes in one.tags if tag == "svg"]
        assert drawings
        assert all(drawing["aria-label"] for drawing in drawings)


def test_declared_figures_are_drawn_side_by_side(page: Page, reduced: Page) -> None:
    says = " ".join(image["alt"] for image in page.attributes("img"))
    for words in ("Grid of 36 generated images", "Progress of 5 fixed noises", "real images"):
        assert words in says
    assert "minimax GAN, iteration 900" in page.by_id["F1"]
    assert "Generated points over real ones" in " ".join(image["alt"] for image in reduced.attributes("img"))
    lines = [one["aria-label"] for one in reduced.attributes("svg") if one["aria-label"].startswith("Line chart")]
    assert any("probability (real, fake)" in one for one in lines)


def test_every_state_is_shown_by_symbol_and_word(page: Page) -> None:
    for state in {**CLAIM_STATES, **CELL_STATES}.values():
        assert f"{state.symbol} {state.word} " in page.by_id["summary"], "once in the counts"
    shown = {one["data-state"] for _, one in page.tags if "data-state" in one}
    assert shown == {*CLAIM_STATES, *CELL_STATES}


def test_verdicts_come_first_then_what_is_interim_then_the_rest(page: Page) -> None:
    order = [one["id"] for tag, one in page.tags if tag == "section" and one.get("id") in page.by_id]
    sections = ["verdicts", "interim", "apart", "idle", "figures", "evidence", "recipe", "provenance"]
    assert [one for one in order if one in sections] == sections
    assert "J-C0" in page.by_id["verdicts"]
    assert "ganrepro run judged --tier full --claim J-C8" in page.by_id["idle"]


def test_table_has_the_paper_s_layout_and_the_verdicts_numbers(page: Page) -> None:
    table = page.by_id["T1"]
    assert table.index("CIFAR-10") < table.index("SVHN") < table.index("system 0") < table.index("system 3")
    cell = page.by_id["T1-1-1"]
    assert "29.3 ± 0.2 over seeds 31.3 ± 0.4 +2.0 (+6.7 %) ✓ REPRODUCED" in cell
    assert "deviation +2.0 [+1.6, +2.3], 90 % CI margin ± 2.93" in cell
    assert "seed 0: 31.0 ; seed 1: 31.3 ; seed 2: 31.5" in cell
    assert any(one["aria-label"].startswith("Deviations of T1") for one in page.attributes("svg"))


def test_claim_shows_its_test_statistic_seeds_and_what_the_paper_s_own_numbers_say(page: Page) -> None:
    claim = page.by_id["J-C0"]
    assert claim.index("✓ HOLDS") < claim.index("Claim of state HOLDS")
    assert "statistic +0.421 [+0.112, open], 95 % CI; plus is as claimed" in claim
    assert "test p = 0.012 as claimed, p = 0.037 after Holm" in claim
    assert "seed 0: 0.1235 ; seed 1: 2 ; seed 2: none (diverged at iteration 700)" in claim
    assert "1 of 10 runs diverged" in claim
    assert "own numbers fails: the table's own cells say the opposite" in claim


def test_gaps_and_provenance_are_spelled_out(page: Page, reduced: Page) -> None:
    for fact in ("loss is not finite plain", "the extractor's weights are absent", "x is missing plain", "Some GPU"):
        assert fact in page.text
    for fact in ("2.15.0", "0123abc", "source.dirty true", "cd" * 32, "12" * 32):
        assert fact in page.by_id["provenance"]
    assert "ganrepro run gan_rl --tier short" in reduced.by_id["provenance"]


def test_times_are_set_in_ratio_to_the_first_experiment_on_the_same_device(page: Page) -> None:
    # (198 s over 880 iterations) over (98 s over 880 iterations)
    assert "2.02 \N{MULTIPLICATION SIGN} minimax GAN" in page.by_id["time"]


def test_ledger_names_every_unstated_value(reduced: Page, papers: list[JudgedPaper]) -> None:
    shown = reduced.by_id["recipe"].replace(" ", "")
    assert len(papers[0].spec.unstated) > 5
    for path, entry in papers[0].spec.unstated.items():
        assert path in shown
        assert "".join(entry.chosen.split()) in shown


def test_a_page_tells_what_contradicts_itself_from_what_is_no_contradiction(tmp_path: Path) -> None:
    """A slip or an omission is not held against a paper as a contradiction; the year stands once."""
    loaded = load(PAPERS / "hdcgan.yaml")
    given = JudgedPaper(loaded.spec, verdicts(loaded.spec, []), [], audit(loaded.spec, loaded.source.data))
    write_report(tmp_path, [given], formats=["html"])
    page = Page.of(tmp_path / "hdcgan.html")
    kinds = [one.kind.replace("_", " ") for one in loaded.spec.contradictions.values()]
    assert len(set(kinds)) > 2
    recipe = " ".join(page.by_id["recipe"].split())
    assert f"What cannot be reconciled {len(kinds)}" in recipe
    assert all(f"{name} {kind}" in recipe for name, kind in zip(loaded.spec.contradictions, kinds, strict=True))
    assert "2018, 2018" not in page.text


def test_the_cover_has_a_line_for_every_decided_claim_and_number_and_tells_evidence_apart(
    cover: Page, report: Path, papers: list[JudgedPaper], tmp_path: Path
) -> None:
    decided = cover.by_id["decided"]
    for state in ("HOLDS", "HOLDS IN PART", "REVERSED", "REPRODUCED", "NOT REPRODUCED IF", "BETTER THAN PUBLISHED"):
        assert f"{CLAIM_STATES.get(state) or CELL_STATES[state]} " in decided
    assert "INCONCLUSIVE" not in decided
    assert "T1: system 0 plain, CIFAR-10" in decided
    assert "31.3 ± 0.4 measured (+2.0)" in decided
    assert "points" not in cover.by_id["decided"]
    assert "AS CLAIMED" in cover.by_id["reduced"], "called reduced, and no verdict"
    assert not (report / "judged--there.html").exists()
    elsewhere = replace(papers[1], origin="there")
    bare = JudgedPaper(papers[1].spec, verdicts(papers[1].spec, []), [])
    write_report(tmp_path, [bare], formats=["html", "markdown"], reference=[elsewhere])
    page = Page.of(tmp_path / "index.html")
    assert "decided" not in page.by_id
    assert "results/reference/there" in page.by_id["reference"]
    assert "✓ HOLDS" in page.by_id["reference"]
    assert "committed reference evidence there" in Page.of(tmp_path / "judged--there.html").by_id["summary"]
    assert "Decided by the committed reference evidence" in (tmp_path / "report.md").read_text()
    for here, there in (("judged.html", "judged--there.html"), ("judged--there.html", "judged.html")):
        hrefs = [facts.get("href") for tag, facts in Page.of(tmp_path / here).tags if tag == "a"]
        assert there in hrefs, "one page of a paper leads to what else there is on it"


def test_what_the_cover_folds_away_is_counted_by_its_state() -> None:
    def line(word: str) -> CoverLine:
        return CoverLine(State(word, "", "", ""), "a", "", "", "", "")

    held, reversed_, part = line("HOLDS"), line("REVERSED"), line("REVERSED IN PART")
    section = Section("decided", "", "", [held, held, reversed_, part, held, reversed_])
    assert section.left_out(2) == "2 reversed, 1 reversed in part, 1 holds"
    assert section.left_out(6) == ""


@pytest.mark.parametrize("status", ["late", "changed"])
def test_the_cover_tells_whose_rules_were_sealed_late(tmp_path: Path, papers: list[JudgedPaper], status: str) -> None:
    """The committed evidence's, and not those of one's own runs, whose seal is intact."""
    facts = {"sealed_sha256": "ab" * 32, "today_sha256": "ab" * 32, "sealed_at": "2026-01-01", "runs_before": 1}
    seal = SealState.model_validate({"status": status, "changes": [], "says": "so", **facts})
    sealed = papers[1].verdicts.model_copy(update={"seal": seal})
    mine = papers[1].verdicts.model_copy(update={"seal": seal.model_copy(update={"status": "intact"})})
    own, elsewhere = replace(papers[1], verdicts=mine), replace(papers[1], verdicts=sealed, origin="there")
    write_report(tmp_path, [own], formats=["html"], reference=[elsewhere])
    summary = Page.of(tmp_path / "index.html").by_id["summary"]
    assert "judged (reference there)." in summary
    assert "runs of this folder" not in summary


def test_the_cover_tells_where_reduced_runs_lie_that_are_not_of_this_folder(
    tmp_path: Path, papers: list[JudgedPaper]
) -> None:
    elsewhere, bare = replace(papers[0], origin="there"), JudgedPaper(papers[0].spec, verdicts(papers[0].spec, []), [])
    write_report(tmp_path, [bare], formats=["html"], reference=[elsewhere])
    assert "Those of gan_rl lie in results/reference/there." in Page.of(tmp_path / "index.html").by_id["reduced"]
    write_report(tmp_path, [papers[0]], formats=["html"])
    assert "results/reference" not in Page.of(tmp_path / "index.html").by_id["reduced"]


def test_the_cover_tells_of_how_many_seeds_a_verdict_before_the_last_look_is() -> None:
    """Three of the five seeds that the report of GAN and DCGAN plans lie there."""
    loaded = load(PAPERS / "gan_dcgan_mnist.yaml")
    (early,) = judge_papers([loaded], PAPERS.parent / "results" / "reference" / "mnist-h200", "fp32", write=False)
    effects = {line.place: line.effect for line in decided(paper_view(early))}
    assert effects.keys() >= {"DG-C2", "DG-C7"}
    assert all(effect.startswith("3 of 5 seeds: ") for effect in effects.values())


@pytest.mark.parametrize(
    ("paper", "folder", "reading"),
    [("facegans", "digits-small", "small_digits"), ("gan_dcgan_mnist", "mnist-h200", None)],
)
def test_the_cover_keeps_the_numbers_of_what_decided(paper: str, folder: str, reading: str | None) -> None:
    """Each statement of a claim with the means that decided it, and no window of a curve."""
    results = PAPERS.parent / "results" / "reference" / folder
    (known,) = judge_papers([load(PAPERS / f"{paper}.yaml")], results, "fp32", reading, write=False)
    lines = {line.place.partition(",")[0]: line.effect for line in decided(paper_view(known))}
    parts = [
        (lines[claim.claim], part) for claim in known.verdicts.claims if claim.claim in lines for part in claim.parts
    ]
    assert len(parts) >= 2
    for effect, part in parts:
        (means,) = re.findall(r": means? ([-\d.]+)(?: and ([-\d.]+))?, ", part.reason)
        assert all(f" {mean}" in effect for mean in means if mean)
        assert "over the last 20 %" not in effect
        assert "over iterations" not in effect


def test_what_is_found_is_cut_between_clauses() -> None:
    long = [f"{name * 40}: GAN 0.5, DCGAN 12.75" for name in "abcd"]
    assert shortened("; ".join(long[:2])) == "; ".join(long[:2])
    assert shortened("; ".join(long)) == f"{'; '.join(long[:2])}; \N{HORIZONTAL ELLIPSIS}"
    assert shortened(f"{'a' * 200}: 1.5; b: 2") == f"{'a' * 200}: 1.5; \N{HORIZONTAL ELLIPSIS}"
    assert shortened("") == ""


def test_a_number_stands_beside_what_a_claim_is_tested_to_have_it_be() -> None:
    claims = load(PAPERS / "facegans.yaml").spec.claims
    predicate = claims["FG-C7"].predicate
    assert predicate is not None
    assert "below 1" in bounds_of(predicate).values()


def test_what_decides_is_told_before_what_is_met() -> None:
    """Of two bounds that stand together the second is not kept: the first would be all that a short line has."""
    spec = load(PAPERS / "facegans.yaml").spec
    predicate = spec.claims["FG-C1"].predicate
    assert predicate is not None
    _, second = quantities(predicate)
    (found,) = (one for one in judge(spec, "", [], run_ids(spec, "fp32")).claims if one.claim == "FG-C1")
    numbers = [one.model_copy(update={"mean": mean}) for one, mean in zip(found.quantities, (0.5, 2.0), strict=True)]
    about = {"quantities": numbers, "reason": f"{second.text} is below 1: mean 2, Student p = 0.01 against"}
    given = verdicts(spec, []).model_copy(update={"claims": [found.model_copy(update=about)]})
    (told,) = paper_view(JudgedPaper(spec, given, [])).claims
    assert told.effect.index(" 2 (tested: below 1)") < told.effect.index(" 0.5 (tested: below 1)")


def test_the_cover_tells_what_diverged_and_has_no_number(tmp_path: Path) -> None:
    given = judged(tmp_path / "a")
    claims = [one.model_copy(update={"diverged": (2, 10)}) for one in given.verdicts.claims]
    nothing = {"state": "NOT REPRODUCED", "measured": None, "deviation": None, "diverged": (5, 5)}
    cells = [one.model_copy(update=nothing if one.state == "REPRODUCED" else {}) for one in given.verdicts.cells]
    found = given.verdicts.model_copy(update={"claims": claims, "cells": cells})
    lines = decided(paper_view(replace(given, verdicts=found)))
    assert all(line.effect.endswith("; 2 of 10 runs diverged") for line in lines if line.place.startswith("J-C"))
    assert [line.effect for line in lines if line.effect.startswith("nothing")] == [
        "nothing measured; 5 of 5 runs diverged"
    ]


def test_the_margin_that_is_shown_is_the_one_that_decides(tmp_path: Path) -> None:
    """2.93, and half a unit of 29.3's last digit: an interval that reaches to 2.95 lies within."""
    given = judged(tmp_path / "a")
    about = {"rounding": 0.05}
    cells = [one.model_copy(update=about) for one in given.verdicts.cells]
    view = paper_view(replace(given, verdicts=given.verdicts.model_copy(update={"cells": cells})))
    told = [dict(cell.facts).get("margin") for _, _, cell in view.tables[0].cells if cell.deviation]
    assert told
    assert set(told) == {"\N{PLUS-MINUS SIGN} 2.98 (2.93, and 0.05 that print rounds off)"}


def test_the_cover_tells_what_the_audit_finds_most_decisive() -> None:
    loaded = load(PAPERS / "gan_rl.yaml")
    found = audit(loaded.spec, loaded.source.data)
    given = JudgedPaper(loaded.spec, verdicts(loaded.spec, []), [], found)
    shown = in_print(paper_view(given))
    wanted = [one for one in found.findings if one.weight >= 60 and one.kind != "recipe"]
    assert len(shown) == len(wanted) > 3
    (costs,) = [one for one in shown if one.place == "RL-C7"]
    assert costs.state.word == "FAILS IN PRINT"
    assert costs.says == loaded.spec.claims["RL-C7"].says
    assert "6050" in costs.effect
    contradictions = [one.sentence for one in wanted if one.kind == "contradiction"]
    assert {names.in_prose(loaded.spec)(one) for one in contradictions} <= {one.says for one in shown}


def test_a_matrix_shows_claims_under_readings(tmp_path: Path) -> None:
    given = judged(tmp_path / "a")
    sides: dict[str, Any] = {"base": "holds", "narrow": "reversed", "early": "undecided", "wide": "not run"}
    across = AcrossReadings(
        claim="J-C0",
        ground="base",
        reduced=True,
        says="holds under 1 of 3 readings",
        disagree=True,
        readings=[
            ReadingVerdict(
                reading=name,
                choices=[],
                side=side,
                state="INTERIM" if name == "early" else "HOLDS",
                tier="short" if name == "narrow" else "full",
                so_far="2 of 5 seeds" if name == "early" else None,
                leans=None,
                effects=[1.0],
                moves=1.5 if name == "narrow" else None,
            )
            for name, side in sides.items()
        ],
        ranking=["narrow"],
        flips=[["narrow"]],
    )
    found = given.verdicts.model_copy(update={"readings": [across]})
    write_report(tmp_path / "b", [replace(given, verdicts=found)], formats=["html", "markdown", "csv", "latex"])
    shown = Page.of(tmp_path / "b" / "judged.html").by_id["readings"]
    assert [shown.count(sign) for sign in "✓…?"] == [2, 2, 1], "in the legend, and in a cell where there is one"
    assert "Not run: wide" in shown
    says = "partly reduced runs, holds under 1 of 3 readings"
    everything = f"{says}; flipped by narrow; moved most by narrow (1.50), in units of the largest effect under any"
    assert everything in shown
    cover = Page.of(tmp_path / "b" / "index.html").by_id["decided"]
    assert f"runs diverged. Readings disagree: {says}" in cover
    disagree = f", but readings disagree: {says}"
    assert f"HOLDS{disagree}" in Page.of(tmp_path / "b" / "judged.html").by_id["J-C0"]
    assert f"holds{disagree}" in (tmp_path / "b" / "report.tex").read_text()
    page = (tmp_path / "b" / "report.md").read_text()
    assert f"HOLDS**{disagree}" in page
    assert f"* **J-C0** {everything}" in page.replace("\\", "")
    with (tmp_path / "b" / "claims.csv").open(encoding="utf-8-sig") as stream:
        told = {row["claim"]: row["readings"] for row in csv.DictReader(stream)}
    assert told["J-C0"].startswith(everything)
    assert told["J-C1"] == ""
    partly = [one.model_copy(update={"side": "in part"} if one.side == "reversed" else {}) for one in across.readings]
    milder = across.model_copy(update={"readings": partly, "disagree": False})
    (line, *_) = decided(paper_view(replace(given, verdicts=found.model_copy(update={"readings": [milder]}))))
    assert f"Over readings: {says}" in line.effect
    bare = verdicts(given.spec, []).model_copy(update={"readings": [across]})
    warned = paper_view(JudgedPaper(given.spec, bare, [])).banner
    assert warned is not None
    assert "by the spec as it stands: all runs are of other readings" in warned, "it is not so that nothing has run"


def test_a_page_on_reduced_runs_says_so_first(tmp_path: Path) -> None:
    phrase = "Reduced runs: not comparable with the paper"
    reduced = eight_gaussians(tmp_path / "a", seeds=1, iterations=60)
    write_report(tmp_path / "b", [reduced], formats=["html", "markdown", "latex"])
    for name in ("index.html", "gan_rl.html"):
        assert phrase in Page.of(tmp_path / "b" / name).by_id["summary"]
    assert phrase in (tmp_path / "b" / "report.md").read_text()
    assert phrase in (tmp_path / "b" / "report.tex").read_text()


def test_verdicts_of_the_reference_evidence_are_not_called_reduced(tmp_path: Path) -> None:
    reduced, full = eight_gaussians(tmp_path / "a", seeds=1, iterations=60), judged(tmp_path / "c")
    known = replace(full, origin="there")
    bare = JudgedPaper(full.spec, verdicts(full.spec, []), [])
    for mine, says in (
        (reduced, "tier ran); the verdicts below are those of the committed reference evidence"),
        (bare, "Nothing has run yet: what follows rests on the paper's own text and the committed reference evidence"),
    ):
        write_report(tmp_path / "b", [mine], formats=["html", "markdown"], reference=[known])
        assert says in Page.of(tmp_path / "b" / "index.html").by_id["summary"]
        assert says in (tmp_path / "b" / "report.md").read_text().replace("\\", "")


def test_full_runs_carry_no_banner_and_no_runs_are_called_so(tmp_path: Path, hostile: Path) -> None:
    assert "not comparable with the paper" not in Page.of(hostile / "judged.html").text
    full = judged(tmp_path / "a")
    bare = JudgedPaper(full.spec, verdicts(full.spec, []), [])
    write_report(tmp_path / "c", [bare], formats=["html", "markdown", "csv", "latex"])
    page = Page.of(tmp_path / "c" / "index.html")
    assert "Nothing has run yet" in page.by_id["summary"]
    assert "0 of 0" not in page.text
    assert "ganrepro run judged --tier full --table T1" in Page.of(tmp_path / "c" / "judged.html").by_id["idle"]


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    """Also from another folder, and with the records in another order."""
    formats = ["latex", "html", "csv", "markdown", "figures"]
    one, two = judged(tmp_path / "a"), judged(tmp_path / "elsewhere")
    written = write_report(tmp_path / "1", [one], formats=formats)
    again = write_report(tmp_path / "2", [replace(two, stored=two.stored[::-1])], formats=formats[::-1])
    names = [file.name for file in written]
    tables = ["measurements.csv", "tables.csv", "claims.csv", "curves.csv"]
    assert names[:8] == ["index.html", "judged.html", "report.md", *tables, "report.tex"]
    assert {file.suffix for file in written[8:]} >= {".svg", ".pdf", ".png"}
    assert [file.read_bytes() for file in written] == [file.read_bytes() for file in again]


def test_page_is_small_and_gives_up_detail_before_it_grows(
    report: Path, papers: list[JudgedPaper], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (report / "judged.html").stat().st_size
    assert size < MOST_BYTES
    monkeypatch.setattr(reports, "MOST_BYTES", size * 9 // 10)
    write_report(tmp_path, papers[1:], formats=["html"])
    assert (tmp_path / "judged.html").stat().st_size <= size * 9 // 10
    assert "less detail than the records" in Page.of(tmp_path / "judged.html").text


def test_unreadable_evidence_is_listed_and_stops_nothing(tmp_path: Path) -> None:
    given = eight_gaussians(tmp_path / "a", seeds=1, iterations=60)
    (given.stored[0].folder / CURVES).write_bytes(b"not a zip file")
    write_report(tmp_path / "b", [given], formats=["html"])
    record = given.stored[0].record
    line = f"gan_rl/{record.experiment}/{record.run_id}/curves.npz cannot be read"
    assert line in Page.of(tmp_path / "b" / "gan_rl.html").text


def test_a_run_that_serves_two_experiments_is_shown_under_both(tmp_path: Path) -> None:
    given = eight_gaussians(tmp_path, seeds=2, iterations=60)
    experiments = {**given.spec.experiments, "twin": given.spec.experiments["toy_minimax"]}
    spec = given.spec.model_copy(update={"experiments": experiments})
    assert make_run(spec, "twin", "short", 1, "fp32").run_id == make_run(spec, "toy_minimax", "short", 1, "fp32").run_id
    group = PaperRecords(spec, given.stored).group("twin")
    assert group is not None
    assert [stored.record.experiment for stored in group.runs] == ["toy_minimax", "toy_minimax"]


def test_the_highest_tier_at_hand_is_shown(tmp_path: Path) -> None:
    short = eight_gaussians(tmp_path / "a", "short", seeds=2, iterations=60)
    smoke = eight_gaussians(tmp_path / "b", "smoke", seeds=1, iterations=60)
    stored: list[Stored] = [*smoke.stored, *short.stored]
    assert [(group.tier, group.seeds) for group in PaperRecords(short.spec, stored).groups] == [("short", [0, 1])] * 3


def test_a_table_of_scores_counts_seeds_with_a_score_and_names_data_where_there_are_several(tmp_path: Path) -> None:
    given = eight_gaussians(tmp_path, seeds=3, iterations=60)
    assert [table.title for table in score_tables(PaperRecords(given.spec, given.stored))] == ["tier short"]
    first = given.stored[0]
    none = {
        name: score.model_copy(update={"value": None, "reason": "it diverged"})
        for name, score in first.record.scores.items()
    }
    lost = replace(first, record=first.record.model_copy(update={"status": "diverged", "scores": none}))
    evidence = PaperRecords(given.spec, [lost, *given.stored[1:]])
    (table,) = score_tables(evidence)
    assert [name.rpartition(", ")[2] for name, _ in table.rows] == ["2 of 3 seeds", "3 seeds", "3 seeds"]
    data = evidence.groups[0].setup.dataset
    wider = data.model_copy(update={"radius": 0.5})
    changed = evidence.groups[0].setup.model_copy(update={"dataset": wider})
    evidence.__dict__["groups"] = [replace(evidence.groups[0], setup=changed), *evidence.groups[1:]]
    titles = [table.title for table in score_tables(evidence)]
    assert titles == [f"tier short, on {data.name}, radius 0.5", f"tier short, on {data.name}, radius {data.radius}"]


def test_audit_is_summed_up(reduced: Page, papers: list[JudgedPaper]) -> None:
    found = papers[0].audit
    assert found is not None
    share = f"{100 * found.recipe.stated / found.recipe.total:.1f}".removesuffix(".0")
    assert f"of the recipe stated {share} %" in reduced.by_id["recipe"]
    assert f"contradictions with itself {len(found.contradictions)}" in reduced.by_id["recipe"]


def test_no_format_tells_a_folder_of_the_machine(tmp_path: Path) -> None:
    given = judged(tmp_path / "a", "/home/somebody/data/weights.pth is missing, see https://example.org/a/b")
    write_report(tmp_path / "b", [given], formats=["html", "markdown", "csv", "latex"])
    for file in (tmp_path / "b").iterdir():
        text = file.read_text()
        assert "loss is not finite weights.pth" in text or file.suffix != ".html" or file.stem == "index"
        shown = re.findall(r"because [^<]*|Because [^<]*", text)
        assert not [line for line in shown if "/home/somebody" in line]
    page = Page.of(tmp_path / "b" / "judged.html")
    assert "loss is not finite weights.pth is missing, see https://example.org/a/b" in page.by_id["gaps"]
    assert "/home/somebody" not in page.by_id["gaps"]


def test_an_unknown_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown format 'htm', known: .*did you mean 'html'"):
        write_report(tmp_path / "x", [], formats=["htm"])
    assert not (tmp_path / "x").exists()


def test_reporting_does_not_import_torch() -> None:
    code = "import sys, benchmark.reporting.report, benchmark.reporting.summary; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
