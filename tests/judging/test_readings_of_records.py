"""Verdicts across readings, from records."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.judging.judge import verdicts_on
from benchmark.judging.readings import idle_parts, planned
from benchmark.judging.rule_changes import state
from benchmark.judging.seal import make_seal, rules
from benchmark.runs import records
from benchmark.runs.files import read_arrays
from benchmark.runs.plan import Run, make_plan, run_ids
from benchmark.runs.records import Stored, read_record, write_record
from benchmark.spec.base import Tier
from benchmark.spec.dataflow import curve_names
from benchmark.spec.load import Loaded, loads
from benchmark.spec.readings import BASE
from tests.judging import factory
from tests.spec.small import TEXT, edited
from tests.spec.test_readings import SIZED

READINGS = """
readings:
  narrow:
    says: Half as wide.
    of: [networks]
    ground: true
    change: {networks.*.sizes.width: 4}
  longer:
    says: Twice as long.
    of: [experiments]
    change: {experiments.ring.budget.iterations: 200}
  least_share:
    says: A mode counts from 5 % on.
    of: [experiments]
    change: {experiments.ring.scores.modes.metric.modes_found.least_share: 0.05}
  gain:
    says: A gain is a tenth.
    of: [claims.C3]
    change: {claims.C3.predicate.all_of.1.above: 0.1}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return loads(TEXT + READINGS)


def record(results: Path, run: Run, modes: float, curves: dict[str, list[float]] | None = None) -> Stored:
    """A finished run of a planned id with one score; every seed's files differ."""
    made = factory.run(results, run.experiment, run.seed, samples=run.run_id.encode(), folder=run.run_id, curves=curves)
    facts = {
        "run_id": run.run_id,
        "tier": run.tier,
        "reading": run.reading,
        "determinant": run.determinant(),
        "iterations": run.iterations,
        "planned_iterations": run.iterations,
        "iterations_per_epoch": None,
        "scores": {"modes": _score(run, modes)},
    }
    folder = results / run.folder
    folder.mkdir(parents=True)
    for file in made.folder.glob("*.npz"):
        file.rename(folder / file.name)
    shutil.rmtree(made.folder.parent)
    write_record(folder, made.record.model_validate({**made.record.model_dump(), **facts}))
    return Stored(read_record(folder / "record.json"), folder)


def _score(run: Run, modes: float) -> dict[str, Any]:
    return {
        "metric": "modes_found",
        "value": modes,
        "iteration": run.iterations,
        "checkpoint": "last",
        "protocol": run.setup.scores["modes"].metric.model_dump(mode="json"),
    }


def runs(loaded: Loaded, reading: str | None, experiment: str) -> list[Run]:
    return make_plan(loaded.under(reading), "full", experiments=[experiment], reading=reading)


def test_readings_are_judged_from_records_and_share_those_that_they_leave_alone(tmp_path: Path, loaded: Loaded) -> None:
    """C1 says that ring_saturating finds fewer modes than ring: so it is in the base, and the reverse when longer."""
    stored = [
        record(tmp_path, run, modes + run.seed / 10)
        for reading, experiment, modes in (
            (None, "ring", 7.0),
            (None, "ring_saturating", 2.0),
            ("longer", "ring", 2.0),
            ("longer", "ring_saturating", 7.0),
            ("least_share", "ring", 6.0),
            ("least_share", "ring_saturating", 2.5),
        )
        for run in runs(loaded, reading, experiment)
    ]
    verdicts = verdicts_on(loaded, TEXT.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    assert not verdicts.damage
    assert not verdicts.stale, "runs of a reading are not those of an older spec"
    states = {claim.claim: claim.state for claim in verdicts.claims}
    (one,) = [one for one in verdicts.readings if one.claim == "C1"]
    assert one.ground == "base"
    assert [(reading.reading, reading.side) for reading in one.readings] == [
        ("base", "holds"),
        ("narrow", "not run"),
        ("longer", "reversed"),
        ("least_share", "holds"),
    ], "a reading that changes another claim's test does not count here"
    assert [len(reading.effects) for reading in one.readings] == [1, 0, 1, 1], "what was not run has none"
    assert states["C1"] == "HOLDS"
    assert one.says == "holds under 2 of 3 readings (of 1 training), reversed under 1; 1 not run"
    assert one.flips == [["longer"]]
    assert one.ranking[0] == "longer"
    under = verdicts_on(loaded, TEXT.encode(), stored, run_ids(loaded.under("longer"), "fp32"), tmp_path, "longer")
    assert (under.reading, under.stale, under.readings) == ("longer", [], [])
    assert {claim.claim: claim.state for claim in under.claims}["C1"] == "REVERSED"


def test_a_part_of_a_reading_that_changes_nothing_of_a_claim_is_told_with_its_verdict(
    tmp_path: Path, loaded: Loaded
) -> None:
    """Under `longer+gain` C1 stands as it does under `longer`, for `gain` changes another claim's test alone."""
    given = {"ring": 7.0, "ring_saturating": 2.0}
    stored = [
        record(tmp_path, run, modes + run.seed / 10)
        for experiment, modes in given.items()
        for run in runs(loaded, "longer", experiment)
    ]

    def reasons(reading: str) -> dict[str, str]:
        ids = run_ids(loaded.under(reading), "fp32")
        verdicts = verdicts_on(loaded, TEXT.encode(), stored, ids, tmp_path, reading)
        return {claim.claim: claim.reason for claim in verdicts.claims if claim.seeds}

    alone, joined = reasons("longer"), reasons("longer+gain")
    assert joined["C1"] == alone["C1"].replace(
        "; no rules were sealed", "; gain changes nothing that it looks at; no rules were sealed"
    )
    assert "changes nothing" not in alone["C1"]


ALIKE = f"""{SIZED}    grounds: [base]
  longer:
    says: Twice as long.
    of: [experiments]
    change: {{experiments.ring.budget.iterations: 200}}
  both:
    says: The two, of which the ground leaves one.
    combines: [wide, longer]
  each_batch:
    says: Samples are drawn with the statistics of their batch.
    of: [experiments]
    change: {{experiments.ring.generator_mode: batch_statistics}}
  longer_each_batch:
    says: Both.
    combines: [longer, each_batch]
"""


def flat(run: Run) -> dict[str, list[float]]:
    """Curves that are zero throughout, but for one that differs by seed."""
    return {name: [run.seed * (name == "real_mean")] * run.iterations for name in curve_names(run.system)}


def test_readings_under_which_a_claim_sees_the_same_count_once(tmp_path: Path) -> None:
    """On the ground ``both`` is ``longer``; how samples are drawn is nothing to a claim about losses."""
    text = edited("    batch_size: 16\n", "    sizes: {latent: 4}\n    batch_size: 16\n") + ALIKE
    loaded = loads(text)
    stored = [
        record(tmp_path, run, modes + run.seed / 10, flat(run))
        for reading in (None, "small", "small+longer", "each_batch", "longer_each_batch")
        for experiment, modes in {"ring": 7.0, "ring_saturating": 2.0}.items()
        for run in runs(loaded, reading, experiment)
    ]
    verdicts = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    assert not verdicts.damage
    seen = {
        (one.claim, one.ground): [(read.reading, read.side != "not run") for read in one.readings]
        for one in verdicts.readings
    }
    assert seen["C1", "small"] == [
        ("small", True),
        ("small+longer", True),
        ("small+each_batch", False),
        ("small+longer_each_batch", False),
    ]
    assert seen["C2", "base"] == [
        ("base", True),
        ("small", True),
        ("wide", False),
        ("longer_each_batch", True),
        ("both", False),
    ], "of two that the losses do not tell apart the one with runs"
    assert [name for name, _ in seen["C1", "base"]] == ["base", *loaded.spec.readings]
    assert idle_parts(loaded, "longer+each_batch")["C2"] == ["each_batch"]
    assert idle_parts(loaded, "longer+each_batch")["C1"] == []
    assert idle_parts(loaded, "small+wide+longer")["C1"] == ["wide"]


def test_of_two_parts_that_make_the_same_change_one_is_idle(loaded: Loaded) -> None:
    change = "{experiments.ring.budget.iterations: 200, experiments.scans.budget.epochs: 3}"
    double = f"  double: {{says: Twice as long and more., of: [experiments], change: {change}}}\n"
    both = loads(f"{TEXT}{READINGS}{double}")
    assert idle_parts(both, "longer+double")["C1"] == ["longer"]


HELD = """
readings:
  narrow:
    says: Half as wide, as the short tier is.
    of: [networks]
    ground: true
    change: {networks.*.sizes.width: 4}
  half:
    says: Half as long.
    of: [experiments]
    change: {experiments.ring.budget.iterations: 50}
  best:
    says: The evaluation with the most modes counts.
    of: [experiments]
    change: {experiments.ring.scores.modes.checkpoint: best}
"""


SHORT = """    tiers:
      short: {reduces: the width, sizes: {width: 4}}
"""


@pytest.fixture(scope="module")
def held() -> tuple[str, Loaded]:
    """Modes are counted at 50 and at 100 iterations: what half as long a run gives stands in its record."""
    text = edited("checkpoint: last}\n", "checkpoint: last, every: {iterations: 50}}\n", "    tiers:\n", SHORT) + HELD
    return text, loads(text)


def counted(results: Path, run: Run, early: float, late: float) -> Stored:
    made = record(results, run, late)
    score = {**_score(run, late), "series": [(50, early), (100, late)]}
    facts = {**made.record.model_dump(), "scores": {"modes": score}}
    return replace(made, record=made.record.model_validate(facts))


def test_under_a_reading_a_claim_has_the_verdict_that_the_comparison_of_readings_gives_it(
    tmp_path: Path, held: tuple[str, Loaded]
) -> None:
    """ring_saturating finds fewer modes than ring at the end, and more half-way: no run of ``half`` is needed."""
    text, loaded = held
    stored = [
        counted(tmp_path, run, *modes)
        for experiment, modes in (("ring", (2.0, 7.0)), ("ring_saturating", (7.0, 2.0)))
        for run in runs(loaded, None, experiment)
    ]
    over = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    (across,) = [one for one in over.readings if one.claim == "C1"]
    told = {read.reading: read.state for read in across.readings if read.side != "not run"}
    assert (told["base"], told["half"]) == ("HOLDS", "REVERSED")
    for reading, given in told.items():
        ids = run_ids(loaded.under(reading), "fp32")
        under = verdicts_on(loaded, text.encode(), stored, ids, tmp_path, None if reading == BASE else reading)
        assert {claim.claim: claim.state for claim in under.claims}["C1"] == given


def test_a_ground_that_changes_nothing_at_a_tier_is_no_second_ground_there(
    tmp_path: Path, held: tuple[str, Loaded]
) -> None:
    """Short runs are as narrow as the ground: on top of it stands what stands on the base, and counts once."""
    text, loaded = held
    stored = [
        counted(tmp_path, run, 2.0, 7.0)
        for experiment in ("ring", "ring_saturating")
        for run in make_plan(loaded.spec, "short", experiments=[experiment])
    ]
    verdicts = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    assert [one.ground for one in verdicts.readings if one.claim == "C1"] == ["base"]


def test_reduced_runs_that_a_reading_leaves_alone_are_no_runs_of_it(tmp_path: Path) -> None:
    """ring was trained longer, ring_saturating not: C1 falls back to short runs, which are the base's as well."""
    text = edited("    tiers:\n", SHORT.replace("}\n", ", budget: {iterations: 20}}\n")) + READINGS
    loaded = loads(text)
    reduced = make_plan(loaded.spec, "short", experiments=["ring", "ring_saturating"])
    modes = {"ring": 7.0, "ring_saturating": 2.0}
    stored = [record(tmp_path, run, modes[run.experiment] + run.seed / 10) for run in reduced]
    stored += [record(tmp_path, run, 7 + run.seed / 10) for run in runs(loaded, "longer", "ring")]
    verdicts = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    sides = {read.reading: read.side for one in verdicts.readings if one.claim == "C1" for read in one.readings}
    assert sides.get("longer", "not run") == "not run"
    stored += [record(tmp_path, run, 2 + run.seed / 10) for run in runs(loaded, "longer", "ring_saturating")]
    verdicts = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    (one,) = [one for one in verdicts.readings if one.claim == "C1" and one.ground == "base"]
    assert {read.reading: read.side for read in one.readings}["longer"] == "holds"


def test_a_reading_whose_runs_are_all_the_grounds_was_run(tmp_path: Path) -> None:
    """What the reading makes of two experiments two others of the base are already, which it leaves alone."""
    twice = "  {}_twice: {{extends: ring, budget: {{iterations: 200}}{}}}\n"
    more = twice.format("ring", "") + twice.format("ring_saturating", ", system: saturating")
    text = edited("tables:\n  T1", f"{more}\ntables:\n  T1") + READINGS
    loaded = loads(text)
    assert loaded.readings.affected("longer") == ["ring", "ring_saturating"]
    stored = [
        record(tmp_path, run, modes + run.seed / 10)
        for experiment, modes in (
            *(("ring", 7.0), ("ring_saturating", 2.0)),
            *(("ring_twice", 2.0), ("ring_saturating_twice", 7.0)),
        )
        for run in runs(loaded, None, experiment)
    ]
    verdicts = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    (one,) = [one for one in verdicts.readings if one.claim == "C1" and one.ground == "base"]
    told = {read.reading: read.state for read in one.readings}
    assert (told["base"], told["longer"], told["narrow"]) == ("HOLDS", "REVERSED", "NOT RUN")


def test_a_claim_with_some_full_runs_is_not_said_to_have_reduced_ones_only(
    tmp_path: Path, held: tuple[str, Loaded]
) -> None:
    """ring has run in full; of ring_saturating, with which it is compared, there are short runs alone."""
    text, loaded = held
    both = [*make_plan(loaded.spec, "short", experiments=["ring", "ring_saturating"]), *runs(loaded, None, "ring")]
    stored = [counted(tmp_path, run, 2.0, 7.0) for run in both]
    verdicts = verdicts_on(loaded, text.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    (claim,) = [claim for claim in verdicts.claims if claim.claim == "C1"]
    assert (claim.state, claim.tier) == ("NOT COMPARABLE", "short")
    assert claim.reason.startswith("all that it needs has run at tier short alone")


def test_each_run_is_read_once_whatever_it_is_judged_under(
    tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of the base stand under every reading that leaves their experiment alone."""
    stored = [
        record(tmp_path, run, 7.0 + run.seed / 10)
        for reading in (None, "longer", "least_share")
        for run in runs(loaded, reading, "ring")
    ]
    read: list[Path] = []

    def reading(file: Path) -> Any:
        read.append(file)
        return read_arrays(file)

    monkeypatch.setattr(records, "read_arrays", reading)
    verdicts_on(loaded, TEXT.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    assert sorted(read) == sorted({one.folder / records.CURVES for one in stored})


@pytest.mark.parametrize("asked", ["fp32", "bf16"])
@pytest.mark.parametrize("tiers", [["full"], ["short"], ["full", "short"], ["short", "smoke"], ["smoke"], []])
def test_what_is_planned_under_a_reading_is_what_its_own_spec_plans(
    tmp_path: Path, tiers: list[Tier], asked: str
) -> None:
    """At tiers that records are of, in the numerics asked for; runs in all that are at hand are known, but smoke."""
    one = "  ring_saturating:\n    extends: ring\n"
    short = "    tiers: {short: {reduces: 50 of 100 iterations, budget: {iterations: 50}}}\n"
    loaded = loads((TEXT + READINGS).replace(one, one + short))
    made = record(tmp_path, runs(loaded, None, "ring")[0], 7.0)
    at_hand = itertools.product(tiers, ("fp32", "bf16"))
    plans = planned(
        loaded,
        [
            Stored(made.record.model_copy(update={"tier": tier, "numerics": numerics}), tmp_path)
            for tier, numerics in at_hand
        ],
        asked,
    )
    judging = [tier for tier in tiers if tier != "smoke"]
    assert set(plans.expected) == ({"base", *loaded.readings.planned} if judging else set())
    for name, expected in plans.expected.items():
        own = run_ids(loaded.under(None if name == "base" else name), asked)
        assert {at: set(seeds) for at, seeds in expected.items()} == {at: set(seeds) for at, seeds in own.items()}
        for experiment, tier in itertools.product(own, judging):
            assert expected[experiment].get(tier) == own[experiment].get(tier), (name, experiment, tier)
    known = {(run.tier, run.numerics) for run in plans.runs.values()}
    assert known == set(itertools.product(judging, ("fp32", "bf16")))


def test_runs_in_other_numerics_hide_none_in_those_asked_for(tmp_path: Path, loaded: Loaded) -> None:
    """Of the base there is no run; ``longer`` has them in fp32, and of ring in tf32 too."""
    stored = []
    for experiment, modes in (("ring", 7.0), ("ring_saturating", 2.0)):
        stored += [record(tmp_path, run, modes + run.seed / 10) for run in runs(loaded, "longer", experiment)]
    rougher = make_plan(loaded.under("longer"), "full", experiments=["ring"], numerics="tf32")
    for run in rougher:
        one = record(tmp_path / "tf32", run, 1.0)
        stored.append(replace(one, record=one.record.model_copy(update={"numerics": "tf32"})))
    verdicts = verdicts_on(loaded, TEXT.encode(), stored, run_ids(loaded.spec, "fp32"), tmp_path)
    sides = {read.reading: read.side for one in verdicts.readings if one.claim == "C1" for read in one.readings}
    assert (sides["base"], sides["longer"]) == ("not run", "holds")


@pytest.mark.parametrize("reading", [None, "longer"])
def test_what_a_reading_joined_by_hand_plans_is_no_stranger(
    tmp_path: Path, loaded: Loaded, reading: str | None
) -> None:
    """``narrow+longer`` is planned; ``longer+least_share`` only where somebody asked for it."""
    asked = loaded.under("longer+least_share")
    made = make_plan(asked, "full", experiments=["ring"], reading="longer+least_share")
    made += make_plan(loaded.spec, "smoke", experiments=["ring"])
    stored = [record(tmp_path, run, 7.0) for run in made]
    expected = run_ids(loaded.under(reading), "fp32")
    assert not verdicts_on(loaded, b"", stored, expected, tmp_path, reading).stale
    old = loads((TEXT + READINGS).replace("iterations: 200", "iterations: 300"))
    assert len(verdicts_on(old, b"", stored, run_ids(old.under(reading), "fp32"), tmp_path, reading).stale) == 3


def test_a_run_of_no_reading_is_still_stale(tmp_path: Path, loaded: Loaded) -> None:
    other = loads((TEXT + READINGS).replace("iterations: 200", "iterations: 300"))
    stored = [record(tmp_path, runs(loaded, "longer", "ring")[0], 7.0)]
    assert not verdicts_on(loaded, b"", stored, run_ids(loaded.spec, "fp32"), tmp_path).stale
    assert verdicts_on(other, b"", stored, run_ids(other.spec, "fp32"), tmp_path).stale


def test_a_smoke_run_of_a_reading_judges_nothing_and_is_no_stranger(tmp_path: Path, loaded: Loaded) -> None:
    of = {"experiments": ["ring"], "seeds": [0], "reading": "least_share"}
    (run,) = make_plan(loaded.under("least_share"), "smoke", **of)  # type: ignore[arg-type]
    assert run.run_id not in {one.run_id for one in make_plan(loaded.spec, "smoke")}
    made = record(tmp_path, run, 7.0)
    one = Stored(made.record.model_copy(update={"tier": "smoke", "reading": "least_share"}), made.folder)
    verdicts = verdicts_on(loaded, b"", [one], run_ids(loaded.spec, "fp32"), tmp_path)
    assert verdicts.stale == []
    assert verdicts.readings == []


def test_a_seal_covers_readings_and_not_their_prose(loaded: Loaded) -> None:
    seal = make_seal(loaded.spec, "2026-01-01T00:00:00+00:00", 0)
    prose = loads((TEXT + READINGS).replace("Twice as long.", "It takes twice as long."))
    value = loads((TEXT + READINGS).replace("iterations: 200", "iterations: 300"))
    assert rules(prose.spec) == rules(loaded.spec)
    found = state(value.spec, seal)
    assert found is not None
    assert [(change.kind, change.item) for change in found.changes] == [("changed", "readings.longer")]
    added = state(loaded.spec, make_seal(loads(TEXT).spec, "2026-01-01T00:00:00+00:00", 0))
    assert added is not None
    assert added.status == "added to"


SHIFTED = """
readings:
  doubled:
    says: Batches are of one of two devices.
    of: [experiments]
    change: {experiments.ring.batch_size: 32, experiments.ring_small.batch_size: 16}
"""


def test_a_run_that_is_of_two_experiments_under_two_readings_was_not_edited(tmp_path: Path) -> None:
    """What is ``ring`` as the spec stands is ``ring_small`` under ``doubled``; a third experiment's name is a fault."""
    text = (
        edited("  ring_saturating:\n", "  ring_small: {extends: ring, batch_size: 8}\n  ring_saturating:\n") + SHIFTED
    )
    text = text.replace("{experiment: ring_saturating, score: modes}", "{experiment: ring_small, score: modes}", 1)
    loaded = loads(text)
    base, doubled = (run_ids(loaded.under(name), "fp32") for name in (None, "doubled"))
    assert base["ring"]["full"] == doubled["ring_small"]["full"]
    planned = {run.run_id: run for name in ("ring", "ring_small") for run in runs(loaded, None, name)}
    planned |= {run.run_id: run for run in runs(loaded, "doubled", "ring")}
    modes = {
        run_id: value for value, name in ((7.0, "ring"), (2.0, "ring_small")) for run_id in base[name]["full"].values()
    }
    stored = [record(tmp_path, run, modes.get(run_id, 5.0) + run.seed / 10) for run_id, run in planned.items()]

    def states(stored: Sequence[Stored], reading: str | None) -> tuple[list[str], str]:
        expected = run_ids(loaded.under(reading), "fp32")
        verdicts = verdicts_on(loaded, text.encode(), stored, expected, tmp_path, reading)
        return verdicts.damage, next(claim.state for claim in verdicts.claims if claim.claim == "C1")

    assert states(stored, None) == ([], "HOLDS")
    assert states(stored, "doubled") == ([], "REVERSED")
    named = {"experiment": "ring_saturating"}
    forged = [replace(run, record=run.record.model_copy(update=named)) for run in stored]
    damage, state = states(forged, "doubled")
    assert state == "NOT MEASURED"
    assert any("it says it is ring_saturating, it is a run of ring_small" in line for line in damage)


def test_a_smoke_run_of_the_base_is_no_stranger_to_a_reading(tmp_path: Path, loaded: Loaded) -> None:
    (run,) = make_plan(loaded.spec, "smoke", experiments=["ring"], seeds=[0])
    made = record(tmp_path, run, 7.0)
    one = replace(made, record=made.record.model_copy(update={"tier": "smoke"}))
    expected = run_ids(loaded.under("least_share"), "fp32")
    assert run.run_id not in expected["ring"]["smoke"].values()
    assert verdicts_on(loaded, TEXT.encode(), [one], expected, tmp_path, "least_share").stale == []
