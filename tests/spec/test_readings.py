"""Readings: edits of the spec's file that change what they say and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.commands.options import UsageError
from benchmark.commands.select_runs import planned_under, readings_named
from benchmark.runs.plan import make_plan
from benchmark.spec.load import Loaded, loads
from benchmark.spec.readings import ReadingError
from tests.spec.small import TEXT, problems
from tests.specs import load

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
  fewer:
    says: A mode counts from 5 % on, in the heir alone.
    of: [experiments]
    change: {experiments.ring_saturating.scores.modes.metric.modes_found.least_share: 0.05}
  threshold:
    says: A gain is a tenth.
    of: [claims.C3]
    change: {claims.C3.predicate.all_of.1.above: 0.1}
  both:
    says: Narrow and long.
    combines: [narrow, longer]
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return loads(TEXT + READINGS)


def ids(loaded: Loaded, reading: str | None, tier: str = "full") -> dict[str, str]:
    runs = make_plan(loaded.under(reading), tier, seeds=[0])  # type: ignore[arg-type]
    return {name: run.run_id for run in runs for name in (run.experiment, *run.also)}


def written(text: str, *changes: str) -> dict[str, str]:
    """Run ids of a file in which the values are written by hand: what a reading must equal."""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return ids(loads(text), None)


def test_a_reading_is_the_file_with_its_values_written_into_it(loaded: Loaded) -> None:
    plain = TEXT.replace("    parameters: 226\n", "")
    assert ids(loaded, "narrow") == written(plain, "width: 8", "width: 4")
    assert ids(loaded, "longer") == written(plain, "budget: {iterations: 100}", "budget: {iterations: 200}")
    both = written(plain, "width: 8", "width: 4", "budget: {iterations: 100}", "budget: {iterations: 200}")
    assert ids(loaded, "both") == ids(loaded, "narrow+longer") == ids(loaded, "longer+narrow") == both


def test_heirs_follow_and_an_heir_can_be_changed_alone(loaded: Loaded) -> None:
    base = ids(loaded, None)
    changed = {
        name: {one for one, run_id in ids(loaded, name).items() if run_id != base[one]} for name in loaded.spec.readings
    }
    assert changed["longer"] == {"ring", "ring_saturating"}
    assert changed["fewer"] == {"ring_saturating"}
    assert changed["threshold"] == set()
    assert loaded.readings.affected("fewer") == ["ring_saturating"]
    assert loaded.readings.affected("narrow") == ["ring", "ring_saturating"], "scans have no size of that name"
    assert loaded.readings.affected("threshold") == []
    assert loaded.under("threshold").claims["C3"] != loaded.spec.claims["C3"]
    assert loaded.under("threshold").claims["C1"] is loaded.spec.claims["C1"]


def test_readings_leave_the_base_as_it_is(loaded: Loaded) -> None:
    assert ids(loaded, None) == ids(loads(TEXT), None)
    assert loaded.under("base") is loaded.spec


def test_all_are_planned_alone_and_on_top_of_the_ground(loaded: Loaded) -> None:
    alone = ["narrow", "longer", "fewer", "threshold", "both"]
    on_top = ["narrow+longer", "narrow+fewer", "narrow+threshold"]
    assert loaded.readings.planned == alone + on_top, "narrow+both is both"


def test_what_replaces_all_that_a_ground_changes_is_not_tried_on_it() -> None:
    wider = "{says: Twice as wide., of: [networks], change: {networks.*.sizes.width: 16}}"
    loaded = loads(f"{TEXT}{READINGS}  wider: {wider}\n  wide_and_long: {{says: Both., combines: [wider, longer]}}\n")
    assert ids(loaded, "narrow+wider") == ids(loaded, "wider") != ids(loaded, "narrow")
    assert set(loaded.readings.on("narrow")) == {"longer", "fewer", "threshold"}
    assert {"wider", "wide_and_long"} <= set(loaded.readings.planned)


def test_every_run_is_planned_once_and_belongs_to_the_base_where_a_reading_leaves_it(loaded: Loaded) -> None:
    runs = planned_under(loaded, "full", [None, *loaded.readings.planned], list(loaded.spec.experiments), [0], "fp32")
    assert len({run.run_id for run in runs}) == len(runs)
    of = {(run.reading, run.experiment) for run in runs}
    assert {(None, "ring"), (None, "scans"), ("longer", "ring"), ("fewer", "ring_saturating")} <= of
    assert ("both", "ring") in of
    assert ("narrow+longer", "ring") not in of, "the same run under another name"
    assert not {run.experiment for run in runs if run.reading == "threshold"}
    only = planned_under(loaded, "full", ["fewer"], list(loaded.spec.experiments), [0], "fp32")
    assert [(run.experiment, run.reading) for run in only] == [("ring_saturating", "fewer")]
    assert planned_under(loaded, "smoke", ["longer"], ["ring"], [0], "fp32") == [], "the smoke tier has its own budget"
    whole = planned_under(loaded, "full", ["fewer"], ["ring", "ring_saturating"], [0], "fp32", whole=True)
    assert [(run.experiment, run.reading) for run in whole] == [("ring", None), ("ring_saturating", "fewer")]
    (same,) = planned_under(loaded, "smoke", ["longer"], ["ring"], [0], "fp32", whole=True)
    assert same.reading is None


def test_a_run_that_the_base_has_under_another_name_is_the_base_s() -> None:
    """By batch statistics LSGAN's networks are an experiment of their own already."""
    lsgan = load(Path(__file__).parents[2] / "papers" / "lsgan_fashion_mnist.yaml")
    (run,) = planned_under(lsgan, "smoke", ["batch_statistics"], ["gan_batch_norm"], [0], "fp32")
    assert (run.experiment, run.reading) == ("gan_batch_norm_batch_statistics", None)
    everything = planned_under(lsgan, "smoke", ["batch_statistics"], list(lsgan.spec.experiments), [0], "fp32")
    assert [other for other in everything if other.run_id == run.run_id] == [run], "the reading's verdicts rest on it"
    both = planned_under(lsgan, "smoke", ["batch_statistics", None], list(lsgan.spec.experiments), [0], "fp32")
    assert [other for other in both if other.run_id == run.run_id] == [run]


def test_networks_that_an_experiment_puts_in_place_of_its_systems_count_as_its_own() -> None:
    """GAN-RL's ResNets stand in `replace`: a reading of their discriminator is trained, and is none of the base's."""
    loaded = load(Path(__file__).parents[2] / "papers" / "gan_rl.yaml")
    assert loaded.readings.affected("resnet_slope_01") == ["resnet_gan_rl", "resnet_gan"]
    (base,), (read,) = (
        make_plan(loaded.under(name), "full", experiments=["resnet_gan"], seeds=[0])
        for name in (None, "resnet_slope_01")
    )
    assert base.run_id != read.run_id


def test_of_two_that_change_one_value_the_last_decides() -> None:
    shorter = "{says: Half., of: [experiments], change: {experiments.ring.budget.iterations: 50}}"
    loaded = loads(f"{TEXT}{READINGS}  shorter: {shorter}\n")
    assert ids(loaded, "longer+shorter") == ids(loaded, "shorter")
    assert ids(loaded, "shorter+longer") == ids(loaded, "longer")


@pytest.mark.parametrize("name", ["narow", "narrow+nothing", ""])
def test_an_unknown_reading_is_told_with_what_there_is(loaded: Loaded, name: str) -> None:
    with pytest.raises(ReadingError, match=r"unknown reading '.*', known: base, narrow, longer") as error:
        loaded.under(name)
    if name == "narow":
        assert str(error.value).endswith("did you mean 'narrow'?")


def test_the_base_is_joined_with_nothing(loaded: Loaded) -> None:
    with pytest.raises(ReadingError, match=r"'base\+narrow': base is the spec without readings"):
        loaded.under("base+narrow")


@pytest.mark.parametrize(
    ("reading", "problem"),
    [
        (
            "of: [experimens], change: {experiments.ring.batch_size: 5}",
            ".of[0]: no unstated value, contradiction or claim 'experimens'; did you mean 'experiments'?",
        ),
        (
            "of: [experiments], change: {experiments.ring.seeds: [5]}",
            ".change.experiments.ring.seeds: experiments.ring.seeds is how often a run is repeated, which is the same "
            "under all readings",
        ),
        (
            "of: [experiments], change: {experiments.ring.tiers.smoke.seeds: [5]}",
            ".change.experiments.ring.tiers.smoke.seeds: experiments.ring.tiers.smoke.seeds[0] is how often a run is "
            "repeated, which is the same under all readings",
        ),
        (
            "of: [experiments, networks], change: {experiments.ring.batch_size: 5}",
            ".of[1]: the reading changes nothing that 'networks' covers",
        ),
        (
            "of: [networks], change: {experiments.ring.batch_size: 5}",
            ".change.experiments.ring.batch_size: experiments.ring.batch_size is covered by 'experiments', "
            "which 'of' does not name",
        ),
        (
            "of: [experiments], change: {systems.plain.schedule: [generator, discriminator]}",
            ".change.systems.plain.schedule: systems.plain.schedule[0] is stated: section 3.2",
        ),
        (
            "of: [experiments], change: {experiments.ring.batch_size: 16}",
            ".change.experiments.ring.batch_size: is what the base has",
        ),
        (
            "of: [experiments], change: {experiments.rang.batch_size: 5}",
            ".change.experiments.rang.batch_size: fits nothing that the file writes or inherits there",
        ),
        (
            "of: [experiments], change: {tables.T1.caption: x}",
            ".change.tables.T1.caption: must be a path below networks, systems, experiments, claims",
        ),
        (
            "of: [claims.C1], change: {claims.C1.says: x}",
            ".change.claims.C1.says: claims.C1.says is no part of the claim's test",
        ),
        (
            "of: [claims.C1], change: {claims.C3.predicate.all_of.1.above: 0.1}",
            ".change.claims.C3.predicate.all_of.1.above: claims.C3.predicate.all_of[1].above belongs to 'claims.C3', "
            "which 'of' does not name",
        ),
        (
            "of: [experiments], change: {experiments.ring.batch_size: many}",
            ".change: experiments.ring.batch_size: must be a whole number, found 'many'",
        ),
        (
            "of: [experiments], change: {experiments.ring.dataset: {digits: {value_range: [0, 1]}}}",
            ": under 'x', experiments.ring.scores.modes.metric: 'modes_found' is for points, this dataset holds images",
        ),
        (
            "of: [claims.C1], change: {claims.C1.predicate.order.0.experiment: ring}",
            ".change.claims.C1.predicate.order.0.experiment: claims.C1.predicate.order[0].experiment is what the claim "
            "compares: a reading changes numbers and statistics of its test",
        ),
        (
            "of: [claims.C3], change: {claims.C3.predicate.all_of.0.given.bound.score: mods}",
            ".change.claims.C3.predicate.all_of.0.given.bound.score: claims.C3.predicate.all_of[0].given.bound.score "
            "is what the claim compares: a reading changes numbers and statistics of its test",
        ),
        ("of: [claims.C3], change: {claims.C3.predicate.all_of.1.bound.compute: 2 - worse / better}", None),
        (
            "of: [experiments], change: {systems.plain.observe.real_mean.signal: fake_logit}",
            ".change.systems.plain.observe.real_mean.signal: systems.plain.observe.real_mean.signal is stated: "
            "section 3.2",
        ),
        (
            "of: [networks], change: {experiments.ring.system: saturating}",
            ".change.experiments.ring.system: experiments.ring.system names another item of systems, of which 'of' has "
            "no entry",
        ),
        (
            "of: [experiments], change: {experiments.ring.where: there}",
            ".change.experiments.ring.where: experiments.ring.where is said of a value and is none",
        ),
        (
            "of: [experiments], change: {experiments.ring.budget.iterations: 200}",
            ": changes what 'longer' changes, and would count twice",
        ),
        (
            "of: [experiments], change: {experiments.ring_saturating.batch_size: 16}",
            ": under 'x' nothing is trained, sampled, scored or judged otherwise",
        ),
        (
            "of: [experiments], change: {experiments.ring.budget.iterations: 200.0}",
            ": changes what 'longer' changes, and would count twice",
        ),
        ("of: [networks], change: {networks.maker: null}", ".change.networks.maker: networks.maker must be a mapping"),
        ("of: [networks], change: {networks: []}", ".change.networks: networks must be a mapping"),
        (
            "of: [experiments], change: {experiments.ring_saturating.extends: [ring]}",
            ".change.experiments.ring_saturating.extends: experiments.ring_saturating.extends must be one name",
        ),
        ("of: [experiments]", ": needs either of and change, or combines"),
        ("combines: [narrow]", ": combines needs at least two readings, each once"),
        (
            "combines: [narrow, longr]",
            ".combines[1]: unknown reading 'longr', known: narrow, longer, fewer, threshold; did you mean 'longer'?",
        ),
        ("combines: [longer, narrow_too]", None),
        (
            "combines: [narrow, narrow_too]",
            ".combines: 'narrow' and 'narrow_too' both change networks.maker.sizes.width",
        ),
    ],
)
def test_what_is_wrong_with_a_reading_is_told_where_it_stands(reading: str, problem: str | None) -> None:
    too = "  narrow_too:\n    says: Thin.\n    of: [networks]\n    change: {networks.*.sizes.width: 2}\n"
    text = TEXT + READINGS + (too if "too" in reading else "")
    lines = problems(f"{text}  x: {{says: A reading., {reading}}}\n")
    found = [shown for line in lines for _, _, shown in [line.partition("readings.x")]]
    assert (problem in found) if problem is not None else not lines, lines


@pytest.mark.parametrize("name", ["base", "all"])
def test_names_that_stand_for_something_else_are_no_readings(name: str) -> None:
    reading = f"  {name}:\n    says: A.\n    of: [experiments]\n    change: {{experiments.ring.batch_size: 5}}\n"
    found = problems(TEXT + READINGS + reading)
    assert [line.partition(": ")[2] for line in found] == [
        f"readings.{name}: '{name}' is no name of a reading: it stands for "
        + ("the spec without readings" if name == "base" else "all readings")
    ]


@pytest.mark.parametrize("name", ["base", "all"])
def test_nor_are_they_combinations(name: str) -> None:
    (line,) = problems(f"{TEXT}{READINGS}  {name}: {{says: A., combines: [narrow, fewer]}}\n")
    assert f"readings.{name}: '{name}' is no name of a reading" in line


def test_what_does_not_fit_on_top_of_a_ground_is_told() -> None:
    """Iterations take the place of epochs on the ground, where a reading then sets epochs as well."""
    readings = """
readings:
  short:
    says: Few iterations.
    of: [experiments]
    ground: true
    change: {experiments.scans.budget: {iterations: 30}}
  epochs:
    says: More epochs.
    of: [experiments]
    change: {experiments.scans.budget.epochs: 3}
"""
    (line,) = problems(TEXT + readings)
    assert "readings.epochs" in line
    assert "budget" in line


SIZED = """
readings:
  small:
    says: The ring's networks are 4 wide.
    of: [experiments]
    ground: true
    change: {experiments.ring.sizes: {width: 4}}
  wide:
    says: Twice as wide.
    of: [networks]
    change: {networks.maker.sizes.width: 16}
"""


def test_a_size_that_the_ground_sets_leaves_a_reading_of_it_nothing_to_change() -> None:
    """`small+wide` would be `small` by another name: it must not be counted as tried."""
    text = TEXT.replace("    batch_size: 16\n", "    sizes: {latent: 4}\n    batch_size: 16\n", 1)
    (line,) = problems(text + SIZED)
    message = "on top of 'small' it no longer changes ring: 'grounds' names what it is tried on"
    assert line.endswith(f"readings.wide: {message}")
    loaded = loads(f"{text}{SIZED}    grounds: [base]\n")
    assert loaded.readings.planned == ["small", "wide"]
    assert ids(loaded, "small+wide") == ids(loaded, "small")
    assert loaded.readings.affected("wide") == ["ring", "ring_saturating"]
    assert loaded.readings.affected("small+wide", "small") == []


def test_a_reading_may_be_for_some_grounds_alone() -> None:
    loaded = loads(f"{TEXT}{READINGS}  fast: {{says: Fast., combines: [longer, fewer], grounds: [narrow]}}\n")
    assert "narrow+fast" in loaded.readings.planned
    assert "fast" not in loaded.readings.planned
    assert loaded.readings.stray("narrow+fast") is None
    assert (
        loaded.readings.stray("fast")
        == loaded.readings.stray("longer+fast")
        == ("'fast' is for other grounds: narrow+fast")
    )
    with pytest.raises(UsageError, match="'fast' is for other grounds: narrow"):
        readings_named(loaded, "fast")
    (line,) = problems(f"{TEXT}{READINGS}  fast: {{says: Fast., combines: [longer, fewer], grounds: [narow]}}\n")
    assert line.endswith("readings.fast.grounds[0]: no ground 'narow', known: base, narrow; did you mean 'narrow'?")


def test_a_reading_that_is_tried_nowhere_is_told() -> None:
    """It replaces all that its one ground changes."""
    wider = "{says: Wide., of: [networks], grounds: [narrow], change: {networks.*.sizes.width: 16}}"
    (line,) = problems(f"{TEXT}{READINGS}  wider: {wider}\n")
    assert line.endswith("readings.wider.grounds: is tried on none of them: it replaces all that they change")


def test_a_ground_may_leave_a_reading_an_experiment_that_the_claims_compare() -> None:
    """On the ground ring_saturating counts modes otherwise already, and ring, which C1 compares it with, does not."""
    readings = """
readings:
  half:
    says: The heir counts otherwise.
    of: [experiments]
    ground: true
    change: {experiments.ring_saturating.scores.modes.metric.modes_found.least_share: 0.05}
  both:
    says: Both do.
    of: [experiments]
    change: {experiments.ring.scores.modes.metric.modes_found.least_share: 0.05}
"""
    loaded = loads(TEXT + readings)
    assert loaded.readings.affected("half+both", "half") == ["ring"]


def test_any_step_of_a_path_that_an_heir_inherits(loaded: Loaded) -> None:
    """`saturating` writes neither player's optimizer."""
    data, path = loaded.source.data, "systems.saturating.players.{}.optimizer.adam.learning_rate"
    one = loaded.readings.with_value(data, path.format("discriminator"), 0.5)
    both = loaded.readings.with_value(one, path.format("generator"), 0.5)
    assert one != both != data
    assert loaded.readings.with_value(data, path.format("*"), 0.5) == both
    with pytest.raises(ReadingError, match="fits nothing"):
        loaded.readings.with_value(data, path.format("*") + "s", 0.5)


def test_what_is_stated_is_not_changed_in_an_heir_by_an_entry_for_all() -> None:
    """`systems` as a whole is open but for what is stated; the heir inherits that, and has no entry of its own."""
    open_ = "  systems:\n    chosen: as written\n    tag: inferred\n    source: it\n"
    text = TEXT.replace("  systems.*: section 3.2\n", "  systems.plain.schedule: section 3.2\n")
    text = text.replace("unstated:\n", f"unstated:\n{open_}")
    change = "change: {systems.saturating.schedule: [discriminator, discriminator, generator]}"
    (line,) = problems(f"{text}readings:\n  x: {{says: Twice., of: [systems], {change}}}\n")
    assert "is stated: section 3.2" in line


def test_an_experiment_that_a_sweep_makes_can_be_changed_alone_and_inherits_what_is_not_stated_of_it() -> None:
    """The sweep's point is stated, and what it does not write is the family's, which is not."""
    family = "  family:\n    extends: ring\n    sizes: {width: 8}\n"
    swept = TEXT.replace(
        "tables:\n  T1", f"{family}    sweep: {{few: {{batch_size: 8}}, more: {{batch_size: 24}}}}\n\ntables:\n  T1"
    ).replace("unstated:\n", "  experiments.family.sweep.few: section 5\nunstated:\n")
    reading = "readings:\n  x: {{says: Half as wide., of: [experiments], change: {{experiments.family_few.{}}}}}\n"
    loaded = loads(swept + reading.format("sizes: {width: 4}"))
    assert loaded.readings.affected("x") == ["family_few"]
    by_hand = loads(swept.replace("few: {batch_size: 8}", "few: {batch_size: 8, sizes: {width: 4}}"))
    assert ids(loaded, "x") == ids(by_hand, None)
    assert not problems(swept + reading.format("tiers.smoke.budget.iterations: 7"))
    (line,) = problems(swept + reading.format("batch_size: 16"))
    assert line.endswith("experiments.family.sweep.few.batch_size is stated: section 5")


def test_a_reading_takes_no_score_away_and_adds_no_experiment() -> None:
    """Claims read the one; of the other the base knows nothing."""
    tiers = TEXT[TEXT.index("    tiers:\n") : TEXT.index("  ring_saturating:\n")]
    swept = "  swept:\n    extends: ring\n    sweep:\n      p1: {batch_size: 4, says: p, where: q}\n  scans:\n"
    text = TEXT.replace(tiers, "").replace("  scans:\n", swept, 1)
    less = "  less: {says: L., of: [experiments], change: {experiments.ring.scores: {}}}\n"
    points = "{p1: {batch_size: 4, says: p, where: q}, p2: {batch_size: 5, says: p, where: q}}"
    more = f"  more: {{says: M., of: [experiments], change: {{experiments.swept.sweep: {points}}}}}\n"
    assert not problems(text)
    found = problems(f"{text}\nreadings:\n{less}{more}")
    assert any("under 'less', experiments.ring.scores.modes is gone" in line for line in found), found
    assert any("is one more than the paper has" in line for line in found), found


def test_a_value_below_what_another_change_made_plain_is_told() -> None:
    """On the ground the law of a weight is a name alone, and the reading sets a deviation of the law before."""
    readings = """
readings:
  he:
    says: He's weights.
    of: [networks]
    ground: true
    change: {networks.judge.initialise.linear.weight: he_uniform}
  narrower:
    says: Narrower weights.
    of: [networks]
    change: {networks.judge.initialise.linear.weight.normal.deviation: 0.05}
"""
    (line,) = problems(TEXT + readings)
    assert "readings.narrower.change" in line
    assert "'weight' is no mapping there" in line


def test_a_reading_that_sets_a_value_below_its_own_plain_one_is_told() -> None:
    weight = "networks.judge.initialise.linear.weight"
    change = f"{{{weight}: he_uniform, {weight}.normal.deviation: 0.05}}"
    (line,) = problems(f"{TEXT}\nreadings:\n  x: {{says: X., of: [networks], change: {change}}}\n")
    assert "readings.x.change" in line
    assert "'weight' is no mapping there" in line
