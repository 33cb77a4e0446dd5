"""The audit of a paper against itself, on a paper with planted faults."""

from __future__ import annotations

import re

import pytest

from benchmark.commands.audit_text import render_markdown, render_text
from benchmark.judging.audit import Audit, audit, findings, recipe_stated
from benchmark.judging.tables import Kind, TableFinding
from benchmark.runs.files import to_json
from benchmark.spec.load import Loaded, loads
from benchmark.spec.source import SpecError

PAPER = """
schema_version: 1
paper:
  {id: small, title: "A <script> paper", authors: [A], venue: V, year: 2020, question: "Does it hold?"}
networks:
  generator:
    input: [2]
    layers: [{linear: {features: 2, bias: true}}]
    initialise: {linear: {weight: he_uniform, bias: {constant: {value: 0.0}}}}
  discriminator:
    input: [2]
    layers: [{linear: {features: 1, bias: true}}]
    initialise: {linear: {weight: he_uniform, bias: {constant: {value: 0.0}}}}
systems:
  gan:
    networks: {generator: generator, discriminator: discriminator}
    batches: update
    noise: {z: {law: normal, shape: [2], redraw: update}}
    signals:
      fake: {network: generator, input: z}
      real_logit: {network: discriminator, input: real}
      fake_logit: {network: discriminator, input: fake}
    sample: fake
    players:
      discriminator:
        networks: [discriminator]
        minimise: [{cross_entropy: {real: real_logit, fake: fake_logit}}]
        optimizer: {adam: {learning_rate: 1e-4, beta1: 0.5, beta2: 0.9, epsilon: 1e-8}}
      generator:
        networks: [generator]
        minimise: [{non_saturating: {fake: fake_logit}}]
        optimizer: {adam: {learning_rate: 1e-4, beta1: 0.5, beta2: 0.9, epsilon: 1e-8}}
    schedule: [discriminator, generator]
experiments:
  first:
    system: gan
    dataset: {eight_gaussians: {radius: 2.0, deviation: 0.02, divisor: 1.414}}
    batch_size: 64
    last_batch: drop
    budget: {iterations: 10}
    generator_mode: running_statistics
    scores:
      fid: {metric: {collapse: {samples: 200, reference_images: 1000}}, checkpoint: last}
    snapshots: {every: {iterations: 10}, samples: 10}
    seeds: [0, 1, 2]
  second:
    extends: first
    scores: {fid: {metric: {collapse: {samples: 500}}}}
  third: {extends: first}
tables:
  T1:
    where: table 1
    caption: FID
    quantity: collapse
    direction: lower
    margin: 1.0
    protocol: {samples: 200}
    columns: [X, Y]
    rows:
      - label: one
        cells:
          X: {value: 30.5, decimals: 1, bold: true, experiment: first, score: fid}
          Y: {value: 20.5, decimals: 1, experiment: second, score: fid, spread: 0.2, spread_means: unknown}
      - label: two
        cells:
          X: {value: 10.5, decimals: 1, bold: true, experiment: third, score: fid}
          Y: {value: 40.5, decimals: 1, quoted_from: another paper}
      - label: three
        cells:
          X: {value: 10.5, decimals: 1, bold: true}
          Y: {value: 40.5, decimals: 1}
  T2:
    where: table 2
    caption: FID again
    quantity: collapse
    direction: lower
    margin: 1.0
    columns: [X]
    rows: [{label: one, cells: {X: {value: 30.6, decimals: 1, experiment: first, score: fid}}}]
  T3:
    where: table 3
    caption: Times
    quantity: seconds
    direction: lower
    device: {name: a GPU, peak_teraflops: 1e-7, source: nobody}
    columns: [X, Y]
    rows:
      - label: one
        cells:
          X: {value: 0.5, decimals: 1, experiment: first}
          Y: {value: 0.1, decimals: 1, experiment: second}
claims:
  C1:
    where: table 1
    says: The third is better than the second.
    predicate: {order: [{experiment: third, score: fid}, {experiment: second, score: fid}]}
    min_seeds: 3
  C2:
    where: table 1
    says: The second is below twenty.
    predicate: {bound: {experiment: second, score: fid}, below: 20}
    min_seeds: 3
    note: Below twenty is our reading.
  C3: {where: section 1, says: It looks good., not_assessable: nobody says what good means}
contradictions:
  I1:
    where: sections 2 and 3
    kind: itself
    finding: The batch is 64 in one place and 32 in the other.
    paths: [experiments.first.batch_size, networks.generator.initialise]
stated:
  networks.*.layers: section 2
  systems: section 2
  experiments: section 3
unstated:
  networks: {chosen: as in the code, tag: public, source: a repository}
  networks.discriminator.initialise:
    {chosen: He, tag: default, source: the library's default, alternatives: [normal]}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return loads(PAPER)


@pytest.fixture(scope="module")
def found(loaded: Loaded) -> Audit:
    return audit(loaded.spec, loaded.source.data)


def test_counts_by_origin(found: Audit) -> None:
    networks = next(one for one in found.sections if one.section == "networks")
    # each network: layers 2 values (features, bias), input 1, initialise 2 (weight, bias's value)
    assert (networks.total, networks.stated, networks.public, networks.default) == (10, 4, 2, 2)
    assert (networks.missing, networks.contradicted) == (0, 2)
    experiments = next(one for one in found.sections if one.section == "experiments")
    assert experiments.contradicted == 1
    assert found.recipe.total == sum(one.total for one in found.sections)
    # of each of the three experiments: dataset 3, batch, last batch, budget, mode and a score's 3 or 1; never its seeds
    assert experiments.total == (3 + 1 + 1 + 1 + 1 + 3) + 1
    assert found.others.total == 3, "the seeds"
    parts = found.recipe.model_dump(exclude={"section", "total"})
    assert found.recipe.total == sum(parts.values()), "every value counts once"
    assert [one.values for one in found.unstated] == [4, 2]
    assert [one.values for one in found.contradictions] == [3]


def test_rivals_controls_and_scores_of_ours_are_no_part_of_the_recipe(loaded: Loaded, found: Audit) -> None:
    """Whatever is added beside the paper's own leaves the share that it states as it was."""
    more = PAPER.replace(
        "experiments:\n",
        "  rival: {extends: gan, role: rival, schedule: [discriminator, discriminator, generator]}\nexperiments:\n",
    ).replace(
        "  third: {extends: first}\n",
        "  third: {extends: first}\n"
        "  fourth: {extends: first, system: rival, batch_size: 32}\n"
        "  fifth: {extends: first, role: control, batch_size: 32, budget: {iterations: 20}}\n",
    )
    ours = "      good: {metric: {good_samples: {samples: 200, within_deviations: 4.0}}, checkpoint: last}\n"
    more = more.replace("    snapshots: {every", f"{ours}    snapshots: {{every", 1)
    again = loads(more)
    counted = audit(again.spec, again.source.data)
    assert counted.recipe == found.recipe
    # the rival's schedule 3, two batches, a budget, a score of 4 values
    assert counted.others.total == found.others.total + 3 + 2 + 1 + 3


def test_what_a_rival_writes_and_the_papers_own_inherits_is_its_own() -> None:
    turned = loads(
        PAPER.replace("  gan:\n    networks", "  base:\n    role: rival\n    networks").replace(
            "experiments:\n", "  gan: {extends: base, batches: iteration}\nexperiments:\n"
        )
    )
    plain = loads(PAPER)
    own, before = (audit(one.spec, one.source.data).sections[1].total for one in (turned, plain))
    assert own == before, "all of the base but batches, which the paper's own system writes itself"


@pytest.mark.parametrize("kind", ["cited_work", "public_code", "practice", "omission", "misprint"])
def test_only_contradictions_of_the_paper_with_itself_take_from_what_it_states(found: Audit, kind: str) -> None:
    other = loads(PAPER.replace("kind: itself", f"kind: {kind}"))
    audited = audit(other.spec, other.source.data)
    assert (audited.contradictions, [one.kind for one in audited.remarks]) == ([], [kind])
    assert (audited.recipe.contradicted, audited.recipe.stated) == (0, found.recipe.stated + 1)
    text = " ".join(render_text(audited).split())
    assert "contradicts itself" not in text
    assert "0 contradictions of the paper with itself. Other remarks: 1 on" in text
    assert "CONTRADICTIONS OF THE PAPER" not in text
    assert all(one.kind != "contradiction" for one in audited.findings)


def test_nothing_is_said_of_what_a_paper_states_whose_text_is_not_at_hand() -> None:
    unread = loads(PAPER.replace('question: "Does', 'text: not_at_hand, question: "Does'))
    audited = audit(unread.spec, unread.source.data)
    text = " ".join(render_text(audited).split())
    assert not audited.text_at_hand
    assert "The paper states" not in text
    assert "NOT STATED BY THE PAPER" not in text
    assert "OWN NUMBERS" not in text
    assert "The paper's text is not at hand, so nothing is said of what it states" in text
    assert re.search(r"values networks systems experiments all others total( \d+)+ as stated( \d+)+ public", text)


def test_the_table_of_the_recipe_fits_a_terminal_and_its_columns_add_up(
    found: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    text = render_text(found)
    table = text[text.index("values  ") :].splitlines()[:9]
    rows = {line.split()[0]: [int(number) for number in line.split()[1:]] for line in table[1:]}
    assert max(map(len, table)) <= 72
    assert table[0].split()[1:] == [*(section.section for section in found.sections), "all", "others"]
    assert list(rows) == [
        "total", "stated", "public", "inferred", "default", "recollection", "missing", "contradicted",
    ]  # fmt: skip
    assert rows["total"][-2] == found.recipe.total > 0
    assert all(sum(parts) == whole for *parts, whole, _ in rows.values())


@pytest.mark.parametrize(
    ("known", "clauses"),
    [
        ({"contradicted": 0, "missing": 0}, ""),
        ({"contradicted": 3, "missing": 0}, ", contradicts itself on 3"),
        ({"contradicted": 0, "missing": 1}, ", leaves 1 that nothing explains"),
    ],
)
def test_how_much_of_its_recipe_a_paper_states(found: Audit, known: dict[str, int], clauses: str) -> None:
    recipe = found.recipe.model_copy(update={"total": 8, "stated": 2, **known})
    told = recipe_stated(found.model_copy(update={"recipe": recipe}))
    assert told == f"The paper states 2 of the 8 values of its own recipe that can move a score (25 %){clauses}."


def test_the_most_decisive_findings_come_first(found: Audit) -> None:
    told = [(one.kind, one.claims, one.cells) for one in found.findings]
    assert told[:4] == [
        ("claim fails", ["C2"], []),
        ("time beyond peak", [], ["T3, one, Y"]),
        ("contradiction", [], []),
        ("repeat", [], ["T1, one, X", "T2, one, X"]),
    ]
    assert [one.weight for one in found.findings] == sorted((one.weight for one in found.findings), reverse=True)
    assert found.findings[0].sentence.startswith("C2 (table 1) fails on the paper's own numbers: ")
    assert found.findings[0].note == "Below twenty is our reading."


def test_findings_on_tables_have_their_places_between_the_others(found: Audit) -> None:
    kinds: list[Kind] = ["regenerated", "quoted", "spread", "bold", "protocol", "repeat"]
    tables = [TableFinding(table="T1", kind=kind, says="so") for kind in kinds]
    told = [one.kind for one in findings(found.model_copy(update={"tables": tables}))]
    between = ["contradiction", "repeat", "recipe", "protocol", "bold", "spread", "quoted", "regenerated"]
    assert told == ["claim fails", "time beyond peak", *between]


def test_a_claim_that_holds_in_part_does_not_stand_below_those_that_fail() -> None:
    below = "{bound: {experiment: second, score: fid}, below: 20}"
    half = loads(PAPER.replace(below, f"{{all_of: [{below}, {below.replace('below', 'above')}]}}"))
    audited = audit(half.spec, half.source.data)
    text = render_text(audited)
    assert "CLAIMS THAT FAIL" not in text
    assert "CLAIMS THAT HOLD IN PART ON THE PAPER'S OWN NUMBERS" in text
    assert audited.findings[1].kind == "claim in part"


def test_what_nothing_explains_is_missing(loaded: Loaded) -> None:
    bare = loaded.spec.model_copy(update={"unstated": {}})
    found = audit(bare, loaded.source.data)
    assert found.recipe.missing == 4, "two of the six are contradicted as well"
    assert "networks.generator.input[0]" in found.missing


def test_tables(found: Audit) -> None:
    said = {(one.table, one.kind): one.says for one in found.tables}
    assert said["T1", "quoted"] == "1 of 6 numbers taken from another paper: two / Y"
    assert [one.says for one in found.tables if one.kind == "bold"] == [
        "one / X 30.5 is bold, one / Y 20.5 is lower",
        "one / Y 20.5 is the best and not bold",
    ]
    assert said["T1", "spread"].endswith("one / Y")
    assert "30.5 (T1, one, X), 30.6 (T2, one, X)" in said["T1", "repeat"]
    ours = [one.says for one in found.tables if one.kind == "regenerated"]
    assert ours == [
        "the experiments here measure its numbers with unequal 'samples': 200, 500",
        "'samples' is stated as 200, the experiments here measure with 500",
    ]


def test_claims_against_the_tables(found: Audit) -> None:
    assert [(one.id, one.on_published, one.way) for one in found.claims] == [
        ("C1", "holds", "measured"),
        ("C2", "fails", "measured"),
        ("C3", None, "not assessable"),
    ]
    assert "20.5 is not below 20" in found.claims[1].reason


def test_numbers_of_one_table_by_unequal_protocols_are_named() -> None:
    quoted = "quoted_from: another paper"
    unequal = loads(PAPER.replace(quoted, f"{quoted}, protocol: {{samples: 5000}}"))
    (line,) = [one.says for one in audit(unequal.spec, unequal.source.data).tables if one.kind == "protocol"]
    assert line == "'samples' is 200 (one / X, one / Y, two / X, three / X, three / Y); 5000 (two / Y)"


def test_times_are_held_against_the_peak(found: Audit) -> None:
    """By hand: G 4 products, D 2; ten iterations of 64 examples.

    D's update: G once, D twice forward and twice for weights, its one layer never for inputs. G's: G forward and for
    weights, D forward and for inputs.
    """
    operations = 2 * 64 * 10 * ((4 + 2 * 2 * 2) + (2 * 4 + 2 * 2))
    assert [one.operations for one in found.times] == [operations, operations]
    assert [one.implied_teraflops for one in found.times] == pytest.approx([operations / 0.5e12, operations / 0.1e12])
    assert [one.share_of_peak > 1 for one in found.times] == [False, True]
    text = render_text(found)
    most = 100 * operations / 0.1e12 / 1e-7
    said = f"would need more than the peak of a GPU, up to {most:.0f} % of it, for the networks assumed here, which the"
    assert f"1 of 2 published times {said}" in " ".join(text.split())
    assert found.times[0].assumes == ["as in the code"], "of the networks' shapes, not of how they begin"
    assert [line.split()[2:4] for line in text.splitlines() if line.endswith("BEYOND THE PEAK")] == [["Y", "0.1"]]


def test_a_time_at_the_very_peak_is_possible(found: Audit) -> None:
    at_peak = [time.model_copy(update={"peak_teraflops": time.implied_teraflops}) for time in found.times]
    possible = found.model_copy(update={"times": at_peak})
    assert [time.share_of_peak for time in possible.times] == [1.0, 1.0]
    assert "100 %" in render_text(possible)
    assert "peak of" not in render_text(possible)
    assert "BEYOND" not in render_text(possible)
    assert "time beyond peak" not in {finding.kind for finding in findings(possible)}


def test_a_device_belongs_to_times() -> None:
    wrong = PAPER.replace(
        "caption: FID again", "caption: FID again\n    device: {name: a, peak_teraflops: 1.0, source: b}"
    )
    with pytest.raises(SpecError, match="device goes with quantity seconds"):
        loads(wrong)


def test_audit_is_json(found: Audit) -> None:
    assert Audit.model_validate_json(to_json(found.model_dump(mode="json"))) == found


def test_text_fits_a_terminal_and_begins_with_what_fails(found: Audit) -> None:
    text, detailed = render_text(found), render_text(found, details=True)
    assert max(len(line) for line in (*text.splitlines(), *detailed.splitlines())) <= 100
    assert "3 claims: 1 fails on its own numbers, 1 holds there, 1 cannot be assessed." in text
    kept = [claim for claim in found.claims if claim.on_published != "fails"]
    assert "2 claims: 1 holds on its own numbers, 1 cannot be assessed." in render_text(
        found.model_copy(update={"claims": kept})
    ), "nothing was said of where there is"
    for expected in (
        "The batch is 64",
        "C2 (table 1): FAILS",
        "obody says what good means",
        "[default, 2 values]",
    ):
        assert expected in text
    assert "Alternatives: normal" in detailed
    assert "Alternatives: normal" not in text
    assert "Our reading: Below twenty is our reading." in " ".join(text.split()), "printed with the claim"
    stated = f"The paper states {found.recipe.stated} of the {found.recipe.total} values"
    assert stated in " ".join(text.split())
    heads = [line for line in text.splitlines() if line and line == line.upper() and not line.startswith(" ")]
    assert heads[:2] == ["IN SHORT", "CLAIMS THAT FAIL ON THE PAPER'S OWN NUMBERS"]
    assert heads.index("CONTRADICTIONS OF THE PAPER WITH ITSELF") < heads.index("TABLES") < heads.index("RECIPE")


def test_details_name_the_test_of_a_claim_that_can_be_measured_alone(found: Audit) -> None:
    """C1 as if the paper printed nothing for it, beside C3, which has no test."""
    untested = [claim.model_copy(update={"on_published": None}) for claim in found.claims if claim.id != "C2"]
    audited = found.model_copy(update={"claims": untested})
    detailed, plain = (" ".join(render_text(audited, details=details).split()) for details in (True, False))
    assert "C1 (table 1): not tested there The third is better than the second. Test: " in detailed
    assert "C3 (section 1): not assessable It looks good. Nobody says" in detailed
    assert detailed.count("Test: ") == 1
    assert "Test: " not in plain


def test_a_claim_that_holds_shows_the_numbers_in_print_with_details_alone(found: Audit) -> None:
    assert [render_text(found, details=details).count("In print: ") for details in (False, True)] == [1, 2]
    failing, _ = render_text(found).split("CLAIMS THAT HOLD")
    assert "In print: " in failing


def test_tables_in_markdown_have_a_rule_as_wide_as_their_head(found: Audit) -> None:
    lines = render_markdown(found).splitlines()
    rules = [index for index, line in enumerate(lines) if line.startswith("| --- |")]
    assert len(rules) == 2, "times and the recipe"
    for index in rules:
        width = lines[index - 1].count("|")
        assert [line.count("|") for line in lines[index : index + 2]] == [width, width]


def test_markdown_is_inert(found: Audit) -> None:
    text = render_markdown(found)
    assert "# Audit of A &#60;script&#62; paper" in text
    assert "<script>" not in text
    columns = [line.split(" | ")[1] for line in text.partition("| values | networks |")[2].splitlines()[2:10]]
    assert columns == ["10", "4", "2", "0", "2", "0", "0", "2"]
    assert "| T3, one, Y | 0.1000 |" in text or "| T3, one, Y | 0.1 |" in text


def test_a_time_half_beyond_the_peak_is_told_with_its_share(found: Audit) -> None:
    first, second = found.times
    times = [
        first.model_copy(update={"peak_teraflops": first.implied_teraflops / 1.5}),
        second.model_copy(update={"peak_teraflops": second.implied_teraflops / 0.25}),
    ]
    told = found.model_copy(update={"times": times})
    assert [time.beyond_peak for time in times] == [True, False]
    rows = [line for line in render_text(told).splitlines() if line.startswith("T3, one, ")]
    assert [("150 %" in row, "25 %" in row, "BEYOND" in row) for row in rows] == [
        (True, False, True),
        (False, True, False),
    ]
    assert "1 of 2 published times would need more" in " ".join(render_text(told).split())


def test_names_stand_on_the_left_and_numbers_on_the_right(found: Audit) -> None:
    lines = render_text(found).splitlines()
    head = next(index for index, line in enumerate(lines) if line.startswith("values  "))
    rows = lines[head : head + 3]
    assert [row[: len(name)] for row, name in zip(rows, ("values", "total", "stated"), strict=True)] == [
        "values",
        "total",
        "stated",
    ]
    end = rows[0].index("networks") + len("networks")
    assert [row[end - 1].isdigit() and row[end : end + 2] == "  " for row in rows[1:]] == [True, True]
