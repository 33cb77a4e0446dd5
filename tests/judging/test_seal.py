"""Rules that were sealed: what counts as a change, what does not, and what a changed rule does to verdicts."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Literal

import pytest

from benchmark import places
from benchmark.judging import seal as seals
from benchmark.judging.judge import (
    evidence_sha256,
    judge,
    keep_states,
    states_file,
    states_of,
    under_seal,
    under_seal_in,
)
from benchmark.judging.rule_changes import state, stored_state
from benchmark.judging.seal import Seal, ensure_seal, make_seal, read_seal, rules, seal_file
from benchmark.judging.selftest import paper
from benchmark.judging.verdict import AcrossReadings, ClaimState, ReadingVerdict, RuleChange, SealState, Side
from benchmark.runs.files import to_json, write_atomic
from benchmark.runs.records import Stored, read_records
from benchmark.spec.load import loads

NOW = "2026-01-02T03:04:05+00:00"
CLAIM_1 = "  MU-C1:" + paper.TEXT.partition("  MU-C1:")[2].partition("  MU-C2:")[0]
CLAIM_2 = "  MU-C2:" + paper.TEXT.partition("  MU-C2:")[2].partition("stated: {}")[0]


def sealed(text: str = paper.TEXT) -> Seal:
    return make_seal(paper.loaded(text).spec, NOW, 0)


def edited(*changes: tuple[str, str]) -> str:
    text = paper.TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def against(text: str, seal: Seal | None = None) -> SealState:
    found = state(paper.loaded(text).spec, seal or sealed())
    assert found is not None
    return found


def told(found: SealState) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(one.kind, one.item, one.path, one.old, one.new) for one in found.changes]


@pytest.mark.parametrize(
    "text",
    [
        paper.TEXT,
        edited((CLAIM_1 + CLAIM_2, CLAIM_2 + CLAIM_1)),
        edited(("seeds: [0, 1, 2, 3, 4]", "seeds: [4, 3, 2, 1, 0]")),
        edited(("columns: [plain, penalised]", "columns: [penalised, plain]")),
        edited(("caption: FID", "caption: Scores of everything")),
        edited(
            ("snapshots: {every: {iterations: 20}, samples: 4}", "snapshots: {every: {iterations: 10}, samples: 9}")
        ),
    ],
    ids=["same", "claims", "seeds", "columns", "caption", "pictures"],
)
def test_order_and_prose_are_no_rules(text: str) -> None:
    found = against(text)
    assert found.status == "intact"
    assert found.changes == []
    assert found.sealed_sha256 == found.today_sha256


@pytest.mark.parametrize("key", ["all_of", "any_of", "equal"])
def test_lists_whose_order_means_nothing_are_sealed_in_one_order(key: str) -> None:
    a, b = {"x": 1}, {"x": 2}
    assert seals._unordered({key: [a, b]}) == seals._unordered({key: [b, a]})


@pytest.mark.parametrize("key", ["smallest", "largest"])
def test_the_first_of_a_smallest_and_the_order_of_an_order_are_rules(key: str) -> None:
    a, b, c = {"x": 1}, {"x": 2}, {"x": 3}
    assert seals._unordered({key: [a, b, c]}) == seals._unordered({key: [a, c, b]})
    assert seals._unordered({key: [a, b, c]}) != seals._unordered({key: [b, a, c]})
    assert seals._unordered({"order": [a, b]}) != seals._unordered({"order": [b, a]})


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("below: 0.1", "below: 0.2", ("changed", "claims.MU-C2", "predicate.below", "0.1", "0.2")),
        (
            "says: The penalty lowers FID.",
            "says: The penalty raises FID.",
            ("changed", "claims.MU-C1", "says", '"The penalty lowers FID."', '"The penalty raises FID."'),
        ),
        ("decimals: 1, experiment: plain", "decimals: 0, experiment: plain", None),
        ("generator_mode: running_statistics", "generator_mode: batch_statistics", None),
        ("budget: {iterations: 40}", "budget: {iterations: 80}", None),
        ("{samples: 10000, reference", "{samples: 5000, reference", None),
        ("batch_size: 32", "batch_size: 64", None),
        ("direction: lower", "direction: two_sided", ("changed", "tables.T1", "direction", '"lower"', '"two_sided"')),
    ],
)
def test_a_changed_rule_is_told_with_its_path_and_both_values(
    old: str, new: str, change: tuple[str, str, str, str | None, str | None] | None
) -> None:
    found = against(edited((old, new)))
    assert found.status == "changed"
    assert "changed after results were seen" in found.says
    assert {one.kind for one in found.changes} == {"changed"}
    if change is not None:
        assert told(found) == [change]


def test_a_margin_that_is_only_a_default_is_sealed_as_the_number_it_gives() -> None:
    items = rules(paper.loaded(edited(("    margin: 3.0\n", ""))).spec)
    assert items["tables.T1, digits, plain"]["margin"] == pytest.approx(3.0)  # a tenth of 30
    assert items["tables.T1, digits, penalised"]["margin"] == pytest.approx(2.0)


def test_what_is_only_new_is_added_after() -> None:
    found = against(paper.TEXT, sealed(edited((CLAIM_2, ""))))
    assert found.status == "added to"
    assert [(one.kind, one.item) for one in found.changes] == [("added", "claims.MU-C2")]
    assert "1 rule added after results were seen" in found.says


def test_what_is_gone_was_changed() -> None:
    found = against(edited((CLAIM_2, "")))
    assert found.status == "changed"
    assert [(one.kind, one.item, one.new) for one in found.changes] == [("removed", "claims.MU-C2", None)]


def test_a_network_that_only_a_reading_names_is_sealed() -> None:
    """GAN-RL's generator that D's features enter late is of no experiment as it stands."""
    text = places.paper_file("gan_rl").read_text()
    before, after = text[: (here := text.index("  toy_generator_entered_late:"))], text[here:]
    spec, other = loads(text).spec, loads(before + after.replace("- relu\n", "- tanh\n", 1)).spec
    found = state(other, make_seal(spec, NOW, 0))
    assert found is not None
    assert {(one.kind, one.item) for one in found.changes} == {("changed", "networks.toy_generator_entered_late")}
    assert "networks.toy_generator" not in rules(spec), "what an experiment has is sealed with its recipe"


def test_a_new_version_of_the_rules_changes_every_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    old = sealed()
    monkeypatch.setattr(seals, "RULES_VERSION", seals.RULES_VERSION + 1)
    assert told(against(paper.TEXT, old))[0][:3] == ("changed", "rules", "version")


def test_other_code_with_the_same_rules_is_told_apart() -> None:
    old = sealed()
    facts = {**old.model_dump(exclude={"seal_sha256"}), "sources": {**old.sources, "judging/cells.py": "0" * 64}}
    other = Seal.model_validate({**facts, "seal_sha256": seals.digest(facts)})
    found = against(paper.TEXT, other)
    assert found.status == "code changed"
    assert [(one.kind, one.item) for one in found.changes] == [("code", "judging/cells.py")]


def test_every_file_that_decides_is_sealed_by_what_judging_imports() -> None:
    """By hand: what forms a sample, tests it, or says which way is better; and nothing that only reports."""
    decides = ("judging/cells", "judging/claims", "judging/evidence", "judging/hypothesis_tests", "judging/consistency")
    decides += (
        "spec/claims",
        "spec/quantities",
        "spec/expression",
        "spec/curve_statistics",
        "runs/records",
        "registry",
    )
    files = set(seals.sources())
    assert {f"{name}.py" for name in decides} <= files
    assert not {file for file in files if file.startswith(("commands/", "reporting/", "training/", "evaluation/"))}
    assert not {"judging/audit.py", "judging/compare.py", "judging/seal.py", "spec/messages.py"} & files


def test_a_seal_edited_to_fit_is_damaged() -> None:
    text = edited(("margin: 3.0", "margin: 6.0"))
    forged = sealed().model_copy(update={"items": rules(paper.loaded(text).spec)})
    assert against(text, forged).status == "damaged"


@pytest.mark.parametrize("change", [{"sealed_at": NOW.replace("3", "4")}, {"runs_before": 1}, {"sources": {}}])
def test_any_other_digit_of_a_seal_counts_too(change: dict[str, object]) -> None:
    assert against(paper.TEXT, sealed().model_copy(update=change)).status == "damaged"


def test_no_seal_is_said_only_where_there_are_runs() -> None:
    spec = paper.loaded().spec
    assert state(spec, None) is None
    absent, damaged = state(spec, None, runs=3), state(spec, None, damaged=True)
    assert absent is not None
    assert absent.status == "absent"
    assert "3 runs" in absent.says
    assert damaged is not None
    assert damaged.status == "damaged"
    assert read_seal(b"{}") is None


def test_a_file_that_decides_only_today_is_other_code() -> None:
    old = sealed()
    facts = {**old.model_dump(exclude={"seal_sha256"}), "sources": dict(old.sources)}
    digest = facts["sources"].pop("judging/cells.py")
    found = against(paper.TEXT, Seal.model_validate({**facts, "seal_sha256": seals.digest(facts)}))
    assert (found.status, told(found)) == ("code changed", [("code", "judging/cells.py", "", None, digest)])


# --- on disk --------------------------------------------------------------------------------------------------------


def test_a_seal_is_written_once_results_or_not(tmp_path: Path) -> None:
    file = ensure_seal(tmp_path, paper.loaded().spec)
    content = file.read_bytes()
    assert json.loads(content)["runs_before"] == 0
    assert ensure_seal(tmp_path, paper.loaded().spec).read_bytes() == content
    paper.made("plain", 0).write(tmp_path)
    ensure_seal(tmp_path, paper.loaded(edited(("margin: 3.0", "margin: 6.0"))).spec)
    assert file.read_bytes() == content


def test_a_seal_follows_the_spec_until_something_above_smoke_has_begun(tmp_path: Path) -> None:
    other = paper.loaded(edited(("margin: 3.0", "margin: 6.0"))).spec
    file = ensure_seal(tmp_path, paper.loaded().spec)
    smoke = paper.made("plain", 0, tier="smoke")
    smoke.write(tmp_path)
    ensure_seal(tmp_path, other)
    assert json.loads(file.read_bytes())["items"]["tables.T1, digits, plain"]["margin"] == 6.0
    (tmp_path / paper.PAPER / "plain" / "begun").mkdir()  # a run whose tier no record tells
    ensure_seal(tmp_path, paper.loaded().spec)
    assert json.loads(file.read_bytes())["items"]["tables.T1, digits, plain"]["margin"] == 6.0


def test_rules_that_are_sealed_late_say_so_ever_after(tmp_path: Path) -> None:
    paper.made("plain", 0).write(tmp_path)
    file = ensure_seal(tmp_path, paper.loaded().spec)
    found = against(paper.TEXT, read_seal(file.read_bytes()))
    assert found.status == "late"
    assert "1 run had been begun before the rules were sealed" in found.says
    assert "before the first run" not in found.says


def test_without_a_file_only_runs_of_the_paper_above_smoke_miss_a_seal(tmp_path: Path) -> None:
    spec = paper.loaded().spec
    full, smoke = (paper.made("plain", 0, tier=tier).write(tmp_path / tier) for tier in ("full", "smoke"))
    other = Stored(full.record.model_copy(update={"paper": "other"}), full.folder)
    assert stored_state(tmp_path, spec, []) is None
    assert stored_state(tmp_path, spec, [smoke, other]) is None
    found = stored_state(tmp_path, spec, [smoke, other, full])
    assert found is not None
    assert (found.status, found.runs_before) == ("absent", 1)


def test_a_file_that_is_no_seal_is_never_replaced(tmp_path: Path) -> None:
    file = seal_file(tmp_path, paper.PAPER)
    write_atomic(file, b"what?")
    ensure_seal(tmp_path, paper.loaded().spec)
    assert file.read_bytes() == b"what?"
    found = stored_state(tmp_path, paper.loaded().spec, [])
    assert found is not None
    assert found.status == "damaged"


# --- verdicts -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> list[Stored]:
    results = tmp_path_factory.mktemp("results")
    for experiment, seed in paper.runs():
        paper.made(experiment, seed).write(results)
    write_atomic(seal_file(results, paper.PAPER), to_json(sealed().model_dump(mode="json")))
    return list(read_records(results))


def reasons(stored: list[Stored], text: str, seal: Seal | None) -> dict[str, str]:
    spec = paper.loaded(text).spec
    verdicts = under_seal(
        spec, judge(spec, "0" * 64, stored, paper.expected(text)), state(spec, seal, runs=len(stored))
    )
    found = {claim.claim: claim.reason for claim in verdicts.claims}
    return found | {cell.column: cell.reason for cell in verdicts.cells}


def test_only_what_rests_on_a_changed_rule_says_so(stored: list[Stored]) -> None:
    found = reasons(stored, edited(("value: 30.0", "value: 30.4")), sealed())
    marked = {name for name, reason in found.items() if "CHANGED AFTER RESULTS WERE SEEN" in reason}
    assert marked == {"plain"}
    assert "tables.T1, digits, plain" in found["plain"]


def test_a_changed_claim_moves_the_claims_that_are_corrected_with_it(stored: list[Stored]) -> None:
    found = reasons(stored, edited(("below: 0.1", "below: 0.2")), sealed())
    assert "CHANGED AFTER RESULTS WERE SEEN: claims.MU-C2" in found["MU-C2"]
    assert "corrected together with claims that were changed or added after: claims.MU-C2" in found["MU-C1"]
    assert "AFTER" not in found["plain"]


def test_a_claim_that_is_added_says_so_and_nothing_else_does(stored: list[Stored]) -> None:
    found, plain = reasons(stored, paper.TEXT, sealed(edited((CLAIM_2, "")))), reasons(stored, paper.TEXT, sealed())
    assert found["MU-C2"] == f"{plain['MU-C2']}; added after results were seen: claims.MU-C2"
    together = "corrected together with claims that were changed or added after: claims.MU-C2"
    assert found["MU-C1"] == f"{plain['MU-C1']}; {together}"
    assert found["plain"] == plain["plain"]


@pytest.mark.parametrize("kind", ["changed", "removed", "added", "code"])
@pytest.mark.parametrize(
    ("item", "touched"),
    [
        ("experiments.penalised at full", {"MU-C1", "penalised"}),
        ("experiments.plain at full, fid", {"MU-C1", "plain"}),  # MU-C2 is on a curve
        ("experiments.plain at full", {"MU-C1", "MU-C2", "plain"}),
        ("experiments.plain at short", set()),
        ("tables.T1", {"plain", "penalised"}),
        ("tables.T1, digits, plain", {"plain"}),
        ("readings.wide", set()),
    ],
)
def test_a_verdict_says_what_it_rests_on_that_was_changed_or_added(
    stored: list[Stored], kind: Literal["changed", "removed", "added", "code"], item: str, touched: set[str]
) -> None:
    spec = paper.loaded().spec
    intact = state(spec, sealed())
    assert intact is not None
    change = RuleChange(kind=kind, item=item, path="", old=None, new=None)
    plain = judge(spec, "0" * 64, stored, paper.expected())
    found = under_seal(spec, plain, intact.model_copy(update={"changes": [change]}))
    says = {
        "code": "",
        "added": f"; added after results were seen: {item}",
        "changed": f"; CHANGED AFTER RESULTS WERE SEEN: {item}",
    }["changed" if kind == "removed" else kind]
    before, after = (
        {claim.claim: claim.reason for claim in one.claims} | {cell.column: cell.reason for cell in one.cells}
        for one in (plain, found)
    )
    assert {name for name in after if after[name] != before[name]} == (touched if says else set())
    assert all(after[name] == before[name] + says for name in touched)


def test_a_verdict_rests_on_its_own_score_at_its_own_tier_and_on_full_where_nothing_ran(stored: list[Stored]) -> None:
    spec = paper.loaded(edited((", experiment: penalised, score: fid}", "}"))).spec
    intact = state(spec, make_seal(spec, NOW, 0))
    assert intact is not None
    for runs, tier, marked in ((stored, "full", {"MU-C1", "plain"}), (stored, "short", set()), ([], "full", {"MU-C1"})):
        change = RuleChange(kind="changed", item=f"experiments.plain at {tier}, fid", path="", old=None, new=None)
        changed = intact.model_copy(update={"changes": [change]})
        found = under_seal(spec, judge(spec, "0" * 64, runs, paper.expected()), changed)
        reasons = {claim.claim: claim.reason for claim in found.claims}
        reasons |= {cell.column: cell.reason for cell in found.cells}
        assert {name for name, reason in reasons.items() if "CHANGED" in reason} == marked
        if tier == "short":  # the same number as a short run gives it
            cells = [cell.model_copy(update={"tier": "short"}) for cell in found.cells]
            (cell, _) = under_seal(spec, found.model_copy(update={"cells": cells}), changed).cells
            assert cell.reason.endswith(f"CHANGED AFTER RESULTS WERE SEEN: {change.item}")


def test_verdicts_by_later_rules_or_under_a_damaged_seal_all_say_so(stored: list[Stored]) -> None:
    spec = paper.loaded().spec
    intact = state(spec, sealed())
    assert intact is not None
    later = RuleChange(kind="changed", item="rules", path="version", old="1", new="2")
    for changes, says in (
        ({"changes": [later]}, "; judged by later rules than were sealed"),
        ({"status": "damaged", "changes": [later]}, "; the seal of the rules is damaged"),
    ):
        plain = judge(spec, "0" * 64, stored, paper.expected())
        found = under_seal(spec, plain, intact.model_copy(update=changes))
        assert found.seal is not None
        unknown = "; whether that moves any verdict is not known"
        assert found.seal.says == intact.says + ("" if "status" in changes else unknown)
        for before, after in zip((*plain.claims, *plain.cells), (*found.claims, *found.cells), strict=True):
            assert after.reason == before.reason + says


def test_a_note_goes_on_with_the_sentence_of_a_reason(stored: list[Stored]) -> None:
    spec = paper.loaded().spec
    plain = judge(spec, "0" * 64, stored, paper.expected())
    claims = [claim.model_copy(update={"reason": "Nothing is stated. No run can tell."}) for claim in plain.claims]
    missing = state(spec, None, runs=1)
    found = under_seal(spec, plain.model_copy(update={"claims": claims}), missing)
    reasons = {claim.reason for claim in found.claims}
    assert reasons == {"Nothing is stated. No run can tell; no rules were sealed before the results"}


def test_intact_rules_add_nothing_and_missing_ones_mark_everything(stored: list[Stored]) -> None:
    plain = reasons(stored, paper.TEXT, sealed())
    bare = reasons(stored, paper.TEXT, None)
    assert all(bare[name] == f"{plain[name]}; no rules were sealed before the results" for name in plain)


def test_verdicts_of_rules_that_were_sealed_late_say_so(stored: list[Stored]) -> None:
    late = make_seal(paper.loaded().spec, NOW, 3)
    plain, marked = reasons(stored, paper.TEXT, sealed()), reasons(stored, paper.TEXT, late)
    words = "; the rules were sealed after 3 runs had been begun"
    late_ones = {name for name in plain if marked[name] == plain[name] + words}
    assert {name for name in plain if marked[name] != plain[name]} == late_ones
    assert {name for name in plain if "no run" in plain[name]}.isdisjoint(late_ones), "what rests on no run is not late"
    assert late_ones


def test_a_seal_that_is_deleted_and_made_again_marks_every_verdict(tmp_path: Path) -> None:
    """The margin doubled and the seal removed: ``run`` seals anew, and that is seen."""
    paper.made("plain", 0).write(tmp_path)
    ensure_seal(tmp_path, paper.loaded().spec).unlink()
    spec = paper.loaded(edited(("margin: 3.0", "margin: 6.0"))).spec
    ensure_seal(tmp_path, spec)
    records = list(read_records(tmp_path))
    verdicts = under_seal_in(tmp_path, spec, judge(spec, "0" * 64, records, paper.expected()), records)
    assert verdicts.seal is not None
    assert verdicts.seal.status == "late"
    rest = [*(one.seeds > 0 for one in verdicts.claims), *(one.measured is not None for one in verdicts.cells)]
    told = ["sealed after 1 run had been begun" in one.reason for one in (*verdicts.claims, *verdicts.cells)]
    assert told == rest
    assert {*told} == {True, False}


def other_code(seal: Seal) -> Seal:
    facts = {**seal.model_dump(exclude={"seal_sha256"}), "sources": {**seal.sources, "judging/cells.py": "0" * 64}}
    return Seal.model_validate({**facts, "seal_sha256": seals.digest(facts)})


def test_whether_other_code_moves_a_verdict_is_told(tmp_path: Path) -> None:
    """States are kept while seal and code agree; after that they are what today's are compared with."""
    for experiment, seed in paper.runs():
        paper.made(experiment, seed).write(tmp_path)
    file, spec, records = seal_file(tmp_path, paper.PAPER), paper.loaded().spec, list(read_records(tmp_path))
    plain = judge(spec, "0" * 64, records, paper.expected())
    count = len(states_of(plain))

    def says(keep: bool = False) -> tuple[str, bool | None]:
        verdicts = under_seal_in(tmp_path, spec, plain, records)
        if keep:
            keep_states(tmp_path, verdicts, records)
        assert verdicts.seal is not None
        return verdicts.seal.says, verdicts.seal.agrees

    write_atomic(file, to_json(other_code(sealed()).model_dump(mode="json")))
    assert says(keep=True)[0].endswith("; whether that moves any verdict is not known")
    assert not states_file(tmp_path, paper.PAPER).exists(), "other code keeps nothing in the name of the sealed one"
    write_atomic(file, to_json(sealed().model_dump(mode="json")))
    assert says(keep=True)[1] is None
    write_atomic(file, to_json(other_code(sealed()).model_dump(mode="json")))
    code = "the code that applies the rules has changed since they were sealed (1 file)"
    assert says() == (
        f"{code}; that moves none of the {count} verdicts",
        True,
    )
    kept = json.loads(states_file(tmp_path, paper.PAPER).read_bytes())
    kept["states"]["MU-C1"] = "REVERSED"
    write_atomic(states_file(tmp_path, paper.PAPER), to_json(kept))
    now = states_of(plain)["MU-C1"]
    assert says()[0].endswith(f"; of {count} verdicts 1 is not what it was then: MU-C1 {now}, then REVERSED")
    under = plain.model_copy(update={"reading": "narrow"})
    seen = under_seal_in(tmp_path, spec, under, records).seal
    assert seen is not None
    assert seen.agrees is None, "a reading's verdict is not held against the base's"
    assert seen.says.endswith("; whether that moves any verdict is not known")
    some = plain.model_copy(update={"claims": plain.claims[1:]})
    fewer = under_seal_in(tmp_path, spec, some, records).seal
    assert fewer is not None
    assert fewer.says.endswith(f"; of {count} verdicts 1 is not what it was then: MU-C1 none, then REVERSED")
    assert fewer.agrees is False, "a verdict that is gone has moved"
    kept["evidence_sha256"] = "0" * 64
    write_atomic(states_file(tmp_path, paper.PAPER), to_json(kept))
    assert says()[0].endswith("; whether that moves any verdict is not known")


def test_states_under_readings_are_kept_beside_the_base_s() -> None:
    def reading(name: str, side: Side, state: ClaimState) -> ReadingVerdict:
        return ReadingVerdict(
            reading=name, choices=[name], side=side, state=state, tier="full", leans=None, effects=[], moves=None
        )

    across = AcrossReadings(
        claim="MU-C1",
        ground="base",
        reduced=False,
        says="",
        disagree=True,
        readings=[
            reading("base", "holds", "HOLDS"),
            reading("wide", "reversed", "REVERSED"),
            reading("late", "not run", "NOT RUN"),
        ],
        ranking=[],
        flips=[["wide"]],
    )
    plain = judge(paper.loaded().spec, "0" * 64, [], paper.expected())
    states = states_of(plain.model_copy(update={"readings": [across]}))
    assert {name: state for name, state in states.items() if name not in states_of(plain)} == {
        "wide: MU-C1": "REVERSED"
    }


def test_what_is_imported_for_annotations_alone_decides_nothing() -> None:
    source = """
from typing import TYPE_CHECKING
import os, benchmark.one
if TYPE_CHECKING:
    from benchmark.two import x
if os.name:
    from benchmark.three import y
def inside():
    try:
        from other.package import z
    except ImportError:
        import benchmark.four
"""
    assert [*seals._imported(ast.parse(source).body)] == [
        "benchmark.one",
        "benchmark.three",
        "benchmark.three.y",
        "benchmark.four",
    ]


def test_the_hash_of_the_evidence_is_that_of_all_records_above_smoke(tmp_path: Path) -> None:
    full, other, smoke = (
        paper.made("plain", seed, tier=tier).write(tmp_path) for seed, tier in ((0, "full"), (1, "full"), (0, "smoke"))
    )
    one = evidence_sha256([full])
    assert evidence_sha256([full, smoke]) == one
    assert evidence_sha256([smoke]) == evidence_sha256([])
    assert len({one, evidence_sha256([other]), evidence_sha256([]), evidence_sha256([full, other])}) == 4
    assert evidence_sha256([other, full]) == evidence_sha256([full, other])
    rougher = Stored(other.record.model_copy(update={"numerics": "bf16"}), other.folder)
    assert evidence_sha256([full, rougher], "fp32") == one, "verdicts on one tier rest on its records"
    assert evidence_sha256([full, rougher], "bf16") == evidence_sha256([other])


def test_runs_that_may_have_shown_results(tmp_path: Path) -> None:
    """One above smoke, one with a broken record and one without any; not one at smoke, nor another paper's."""
    for seed, tier in ((0, "full"), (1, "smoke")):
        paper.made("plain", seed, tier=tier).write(tmp_path)
    for place in (f"{paper.PAPER}/plain/broken", f"{paper.PAPER}/plain/begun", "other/plain/begun"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / paper.PAPER / "plain" / "broken" / "record.json").write_bytes(b"{}")
    assert seals.runs_begun(tmp_path, paper.PAPER) == 3
    assert seals.runs_begun(tmp_path, "none") == 0
