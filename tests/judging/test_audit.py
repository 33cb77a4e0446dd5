"""The audit of a paper against itself, on a paper with planted faults."""

from __future__ import annotations

import pytest

from benchmark.judging.audit import Audit, audit
from benchmark.judging.audit_text import render_markdown, render_text
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
    batch_images: 64
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
  C3: {where: section 1, says: It looks good., not_assessable: nobody says what good means}
contradictions:
  I1:
    where: sections 2 and 3
    kind: itself
    finding: The batch is 64 in one place and 32 in the other.
    paths: [experiments.first.batch_images, networks.generator.initialise]
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
    parts = found.recipe.model_dump(exclude={"section", "total"})
    assert found.recipe.total == sum(parts.values()), "every value counts once"
    assert [one.values for one in found.unstated] == [4, 2]
    assert [one.values for one in found.contradictions] == [3]


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
    assert "1 of 2 published times would need more than the peak" in text
    assert [line.split()[2:4] for line in text.splitlines() if line.endswith("BEYOND THE PEAK")] == [["Y", "0.1"]]


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
    for expected in ("The batch is 64", "C2 (table 1): FAILS", "obody says what good means", "[default, 2 values]"):
        assert expected in text
    assert "Alternatives: normal" in detailed
    assert "Alternatives: normal" not in text
    stated = f"The paper states {found.recipe.stated} of {found.recipe.total} values"
    assert stated in " ".join(text.split())
    heads = [line for line in text.splitlines() if line and line == line.upper() and not line.startswith(" ")]
    assert heads[:2] == ["IN SHORT", "CLAIMS THAT FAIL ON THE PAPER'S OWN NUMBERS"]
    assert heads.index("CONTRADICTIONS") < heads.index("TABLES") < heads.index("RECIPE")


def test_markdown_is_inert(found: Audit) -> None:
    text = render_markdown(found)
    assert "# Audit of A \\<script\\> paper" in text
    assert "<script>" not in text
    assert "| networks | 10 | 4 | 2 | 0 | 2 | 0 | 0 | 2 |" in text
    assert "| T3, one, Y | 0.1000 |" in text or "| T3, one, Y | 0.1 |" in text
