"""What an author reads: each slip is one line at the place of the slip, and all slips are shown at once."""

from __future__ import annotations

import re

import pytest

from tests.spec.small import TEXT, edited, problems, unmarked

NAME = "must be a name: lower-case letters, digits and _, beginning with a letter, at most 64"

#: in a message: a part of a list of valid keys that may grow
ANY = "…"
#: what is replaced, by what (the mark stands where the message must point), and the message
SLIPS = {
    "top-level key": (
        "claims:",
        "§clams:",
        "clams: unknown key, valid: claims, contradictions, …; did you mean 'claims'?",
    ),
    "version": ("schema_version: 1", "§schema_version: 2", "schema_version: must be 1, found 2"),
    "number as text": ("year: 2020", '§year: "2020"', "paper.year: must be a whole number, found '2020'"),
    "text for a list": ("authors: [A. Author]", "§authors: A", "paper.authors: must be a list, found 'A'"),
    "empty list": ("authors: [A. Author]", "§authors: []", "paper.authors: needs at least 1 item, found a list of 0"),
    "misspelt required key": (
        "year: 2020",
        "§yaer: 2020",
        "paper.yaer: unknown key, valid: arxiv, authors, doi, id, question, text, title, url, venue, "
        "year; did you mean 'year'?",
    ),
    "missing key": ("paper:\n  id: small\n", "§paper:\n", "paper.id: is missing"),
    "name that climbs": ("id: small", "§id: ../x", f"paper.id: {NAME}, found '../x'"),
    "name that calls": ("id: small", "§id: =cmd()", f"paper.id: {NAME}, found '=cmd()'"),
    "name of 300 letters": ("id: small", f"§id: {'a' * 300}", f"paper.id: {NAME}, found '{'a' * 60}...'"),
    "key that is no name": (
        "  ring_saturating:\n",
        "  §a/b:\n",
        f"experiments.a/b: the key {NAME}",
    ),
    "setting of a layer": (
        "{slope: 0.1}",
        "{§slop: 0.1}",
        "networks.maker.layers[4].leaky_relu.slop: unknown key, valid: slope; did you mean 'slope'?",
    ),
    "setting without a near match": (
        "{slope: 0.1}",
        "{slope: 0.1, §xyz: 1}",
        "networks.maker.layers[4].leaky_relu.xyz: unknown key, valid: slope",
    ),
    "wrong type in a layer": (
        "{slope: 0.1}",
        "{§slope: steep}",
        "networks.maker.layers[4].leaky_relu.slope: must be a number, found 'steep'",
    ),
    "out of range": (
        "{slope: 0.1}",
        "{§slope: -0.1}",
        "networks.maker.layers[4].leaky_relu.slope: must be at least 0.0, found -0.1",
    ),
    "settings that are none": (
        "- leaky_relu: {slope: 0.1}",
        "- §leaky_relu: 0.1",
        "networks.maker.layers[4].leaky_relu: must be a mapping of settings, found 0.1",
    ),
    "two layers in one": (
        "- leaky_relu: {slope: 0.1}",
        "- §{leaky_relu: {slope: 0.1}, relu: {}}",
        "networks.maker.layers[4]: must be one layer: a name, or one name with its settings, "
        "found a mapping of leaky_relu, relu",
    ),
    "layer's missing setting": (
        "padding: 1, bias: true}",
        "padding: 1}",
        "networks.critic.layers[0].conv.bias: is missing",
    ),
    "setting in defaults": (
        "linear: {bias: true}",
        "linear: {§bais: true}",
        "networks.maker.defaults.linear.bais: unknown key, valid: bias, features; did you mean 'bias'?",
    ),
    "defaults of no layer": (
        "linear: {bias: true}",
        "§linaer: {bias: true}",
        "networks.maker.defaults.linaer: no layer of this network is a 'linaer'; did you mean 'linear'?",
    ),
    "size that is no arithmetic": (
        "features: 2 * width",
        "§features: import os",
        "networks.maker.layers[0].linear.features: 'import os' is not an arithmetic expression",
    ),
    "size with a power": (
        "features: 2 * width",
        "§features: 2 ** width",
        "networks.maker.layers[0].linear.features: '2 ** width': only names, numbers, + - * / // %, abs(a), min(a, b) "
        "and max(a, b) are allowed",
    ),
    "size that is unknown": (
        "features: 2 * width",
        "§features: 2 * widht",
        "networks.maker.layers[0].linear.features: '2 * widht': unknown name 'widht', known: latent, width; "
        "did you mean 'width'?",
    ),
    "size that is broken": (
        "features: 2 * width",
        "§features: width / 3",
        "networks.maker.layers[0].linear.features: 'width / 3' gives 2.6666666666666665, not a positive whole number",
    ),
    "shapes that do not fit": (
        "- flatten\n      - linear",
        "- relu\n      - §linear",
        "networks.critic.layers[2]: linear: needs flat input, got shape (2, 4, 4); put 'flatten' before it",
    ),
    "kernel beyond the image": (
        "- conv: {channels: 2, kernel: 4",
        "- §conv: {channels: 2, kernel: 40",
        "networks.critic.layers[0]: conv: an input of shape (1, 8, 8) would give shape (2, -14, -14)",
    ),
    "parameter count": (
        "parameters: 226",
        "§parameters: 227",
        "networks.maker.parameters: the layers have 226 parameters, found 227",
    ),
    "law for no layer": (
        "deconv: {weight: he_uniform}",
        "deconv: {weight: he_uniform}\n      §conv: {weight: he_uniform}",
        "networks.painter.initialise.conv: unknown layer with parameters 'conv', known: deconv; did you mean 'deconv'?",
    ),
    "no law for a layer": (
        "    initialise:\n      deconv: {weight: he_uniform}",
        "    §initialise: {}",
        "networks.painter.initialise.deconv: is missing: how layers of this kind start",
    ),
    "no law for biases": (
        "linear: {weight: he_uniform, bias: {constant: {value: 0.0}}}\n    parameters",
        "§linear: {weight: he_uniform}\n    parameters",
        "networks.maker.initialise.linear.bias: is missing: these layers have one",
    ),
    "tap twice": (
        "- leaky_relu: {slope: 0.1}",
        "- §tap: {at: middle}",
        "networks.maker.layers[4]: tap 'middle' is already layers[2]",
    ),
    "network of a role": (
        "{generator: maker,",
        "{§generator: makre,",
        "systems.plain.networks.generator: unknown network 'makre', known: critic, judge, maker, painter; "
        "did you mean 'maker'?",
    ),
    "literal": (
        "law: normal",
        "§law: gaussian",
        "systems.plain.noise.z.law: must be 'normal', 'uniform' or 'sphere', found 'gaussian'",
    ),
    "size in a noise": (
        "shape: [latent]",
        "§shape: [latnet]",
        "systems.plain.noise.z.shape: unknown size 'latnet', known: latent, width; did you mean 'latent'?",
    ),
    "role of a signal": (
        "fake: {network: generator",
        "fake: {§network: genrator",
        "systems.plain.signals.fake.network: unknown role 'genrator', known: discriminator, generator; "
        "did you mean 'generator'?",
    ),
    "input of a signal": (
        "input: z}",
        "§input: zz}",
        "systems.plain.signals.fake.input: unknown signal 'zz', known: fake, fake_logit, real, real_logit, z; "
        "did you mean 'z'?",
    ),
    "sample that needs data": (
        "sample: fake",
        "§sample: real_logit",
        "systems.plain.sample: 'real_logit' depends on data, samples must come from noise alone",
    ),
    "signal of an objective": (
        "real: real_logit",
        "§real: real_logits",
        "systems.plain.players.discriminator.minimise[0].cross_entropy.real: unknown signal 'real_logits', "
        "known: fake, fake_logit, real, real_logit, z; did you mean 'real_logit'?",
    ),
    "setting of an objective": (
        "real: real_logit",
        "§rael: real_logit",
        "systems.plain.players.discriminator.minimise[0].cross_entropy.rael: unknown key, valid: fake, real, weight; "
        "did you mean 'real'?",
    ),
    "objective without effect": (
        "- absolute_error: {output: fake, target: real, weight: 2.0}",
        "- §absolute_error: {output: real_logit, target: real, weight: 2.0}",
        "systems.plain.players.generator.minimise[1].absolute_error: does not depend on generator, "
        "which this player updates",
    ),
    "setting of an optimizer": (
        "{learning_rate: 1e-4",
        "{§learning_rate: abc",
        "systems.plain.players.discriminator.optimizer.adam.learning_rate: must be a number, found 'abc'",
    ),
    "key of a player": (
        "optimizer: {adam",
        "§optimiser: {adam",
        "systems.plain.players.discriminator.optimiser: unknown key, valid: …; did you mean 'optimizer'?",
    ),
    "schedule": (
        "schedule: [discriminator, generator]",
        "schedule: [discriminator, §generater]",
        "systems.plain.schedule[1]: unknown player 'generater', known: discriminator, generator; "
        "did you mean 'generator'?",
    ),
    "player left out": (
        "schedule: [discriminator, generator]",
        "§schedule: [generator]",
        "systems.plain.schedule: player 'discriminator' is never updated",
    ),
    "observation like a loss": (
        "real_mean: {player",
        "§generator_loss: {player",
        "systems.plain.observe.generator_loss: is already the name of a curve of losses",
    ),
    "extends of unknown": (
        "extends: plain\n    players",
        "§extends: plian\n    players",
        "systems.saturating.extends: unknown item 'plian', known: pictures, plain; did you mean 'plain'?",
    ),
    "extends misspelt": (
        "extends: plain\n    players",
        "§extend: plain\n    players",
        "systems.saturating.extend: unknown key, valid: …, extends, …; did you mean 'extends'?",
    ),
    "extends of an extension": (
        "extends: plain\n    players",
        "§extends: pictures\n    players",
        "systems.saturating.extends: 'pictures' extends another itself, only one level is allowed",
    ),
    "system of an experiment": (
        "system: saturating",
        "§system: saturting",
        "experiments.ring_saturating.system: unknown system 'saturting', known: pictures, plain, saturating; "
        "did you mean 'saturating'?",
    ),
    "data that do not fit": (
        "dataset: {digits: {value_range: [-1, 1]}}",
        "§dataset: {mnist: {split: train, size: 28, resize: none, value_range: [-1, 1]}}",
        "experiments.scans.dataset: signal 'real_logit': 'real' has shape (1, 28, 28), the input of 'discriminator' "
        "takes (1, 8, 8)",
    ),
    "images out of the generator's range": (
        "dataset: {digits: {value_range: [-1, 1]}}",
        "§dataset: {digits: {value_range: [0, 1]}}",
        "experiments.scans.dataset: images lie in [0, 1], the system's samples in [-1, 1]",
    ),
    "batch beyond the data": (
        "batch_size: 64",
        "§batch_size: 1798",
        "experiments.scans.batch_size: one batch of 1798 is more than the dataset's 1797 examples",
    ),
    "two budgets": (
        "budget: {iterations: 100}",
        "§budget: {iterations: 100, epochs: 3}",
        "experiments.ring.budget: needs exactly one of iterations and epochs",
    ),
    "epochs of endless data": (
        "budget: {iterations: 100}",
        "budget: {§epochs: 3}",
        "experiments.ring.budget.epochs: endless data has no epochs, give iterations",
    ),
    "setting of a metric in a tier": (
        "{samples: 200}",
        "{§sampels: 200}",
        "experiments.ring.tiers.smoke.scores.modes.metric.modes_found.sampels: unknown key, valid: least_share, "
        "samples, within_deviations; did you mean 'samples'?",
    ),
    "best without evaluations": (
        "modes: {metric: {modes_found: {samples: 1000, within_deviations: 4.0, least_share: 0.01}}, checkpoint: last",
        "§modes: {metric: {modes_found: {samples: 1000, within_deviations: 4.0, least_share: 0.01}}, checkpoint: best",
        "experiments.ring.scores.modes: checkpoint 'best' needs 'every'",
    ),
    "metric for other data": (
        "scores: {}",
        "scores: {m: {§metric: {good_samples: {samples: 100, within_deviations: 4.0}}, checkpoint: last}}",
        "experiments.scans.scores.m.metric: 'good_samples' is for points, this dataset holds images",
    ),
    "tier": (
        "      smoke:",
        "      §smok:",
        "experiments.ring.tiers.smok: the key must be 'short' or 'smoke'; did you mean 'smoke'?",
    ),
    "size of a tier": (
        "sizes: {width: 4}",
        "sizes: {§widht: 4}",
        "experiments.ring.tiers.smoke.sizes.widht: unknown size 'widht', known: latent, width; did you mean 'width'?",
    ),
    "missing below a tier": (
        "        reduces: 10 of 100 iterations\n",
        "",
        "experiments.ring.tiers.smoke.reduces: is missing",
    ),
    "inherited missing key": ("    seeds: [0, 1, 2]\n", "", "experiments.ring.seeds: is missing"),
    "column": (
        "ring: {value: 3.5",
        "§rings: {value: 3.5",
        "tables.T1.rows[0].cells.rings: unknown column 'rings', known: ring; did you mean 'ring'?",
    ),
    "experiment of a cell": (
        "experiment: ring, score: modes}\n\nfigures",
        "§experiment: rin, score: modes}\n\nfigures",
        "tables.T1.rows[0].cells.ring.experiment: unknown experiment 'rin', known: ring, ring_saturating, scans; "
        "did you mean 'ring'?",
    ),
    "score of a cell": (
        "score: modes}\n\nfigures",
        "§score: mode}\n\nfigures",
        "tables.T1.rows[0].cells.ring.score: unknown score of 'ring': 'mode', known: modes; did you mean 'modes'?",
    ),
    "curve of a figure": (
        "curves: [generator_loss]",
        "curves: [§generater_loss]",
        "figures.F1.curves[0]: unknown curve of 'ring': 'generater_loss', known: discriminator_loss, "
        "generator_absolute_error, generator_loss, generator_non_saturating, real_mean; "
        "did you mean 'generator_loss'?",
    ),
    "predicate": (
        "      order:",
        "      §ordr:",
        "claims.C1.predicate.ordr: unknown key, one of these is needed: order, smallest, largest, bound, ratio, equal, "
        "exactly, in_seeds, all_of, together, any_of, given; did you mean 'order'?",
    ),
    "quantity in a predicate": (
        "{experiment: ring_saturating, score",
        "{experiment: ring_saturating, §scor",
        "claims.C1.predicate.order[0].scor: unknown key, valid: curve, experiment, outcome, printed, score, "
        "statistic, time; did you mean 'score'?",
    ),
    "figure of a claim": (
        "  C1:\n    where: section 4\n",
        "  C1:\n    where: section 4\n    figures: [§F2]\n",
        "claims.C1.figures[0]: unknown figure 'F2', known: F1; did you mean 'F1'?",
    ),
    "experiment in a predicate": (
        "- {experiment: ring_saturating",
        "- {§experiment: ring_saturting",
        "claims.C1.predicate.order[0].experiment: unknown experiment 'ring_saturting', known: ring, ring_saturating, "
        "scans; did you mean 'ring_saturating'?",
    ),
    "bound of a predicate": (
        "          below: 1.0",
        "          §blow: 1.0",
        "claims.C2.predicate.all_of[0].blow: unknown key, valid: above, below, bound; did you mean 'below'?",
    ),
    "statistic": (
        "statistic: {mean:",
        "statistic: {§men:",
        "claims.C2.predicate.all_of[0].bound.statistic.men: unknown key, one of these is needed: mean, median, "
        "quantile, lowest, highest, deviation, fluctuation, peak, slope, share, falling, movement, settled, "
        "first_below; "
        "did you mean 'mean'?",
    ),
    "window of a statistic": (
        "{mean: {unit: share, start",
        "{mean: {unit: share, §strat",
        "claims.C2.predicate.all_of[0].bound.statistic.mean.strat: unknown key, valid: end, start, unit; "
        "did you mean 'start'?",
    ),
    "bound of a statistic": (
        "end: 1}, below: 0.5}",
        "end: 1}, §bellow: 0.5}",
        "claims.C2.predicate.all_of[1].bound.statistic.bellow: unknown key, valid: above, below, share; "
        "did you mean 'below'?",
    ),
    "curve of a claim": (
        "curve: abs(generator_loss - discriminator_loss)",
        "§curve: abs(generator_loss - discriminater_loss)",
        "claims.C2.predicate.all_of[0].bound.curve: unknown curve of 'ring': 'discriminater_loss', known: "
        "discriminator_loss, generator_absolute_error, generator_loss, generator_non_saturating, real_mean; "
        "did you mean 'discriminator_loss'?",
    ),
    "function in a curve": (
        "curve: abs(generator_loss - discriminator_loss)",
        "§curve: sqrt(generator_loss)",
        "claims.C2.predicate.all_of[0].bound.curve: 'sqrt(generator_loss)': only names, numbers, + - * / // %, abs(a), "
        "min(a, b) and max(a, b) are allowed",
    ),
    "what a number is computed from": (
        "{worse: {experiment: ring_saturating, score",
        "{worse: {experiment: ring_saturating, §scor",
        "claims.C3.predicate.all_of[1].bound.of.worse.scor: unknown key, valid: curve, experiment, outcome, printed, "
        "score, statistic, time; did you mean 'score'?",
    ),
    "experiment that a number is computed from": (
        "{worse: {experiment: ring_saturating, score",
        "{worse: {§experiment: ring_saturting, score",
        "claims.C3.predicate.all_of[1].bound.of.worse.experiment: unknown experiment 'ring_saturting', known: ring, "
        "ring_saturating, scans; did you mean 'ring_saturating'?",
    ),
    "computed number": (
        "            compute: 1 - worse",
        "            §comput: 1 - worse",
        "claims.C3.predicate.all_of[1].bound.comput: unknown key, valid: compute, of, says; did you mean 'compute'?",
    ),
    "name in a computed number": (
        "        - bound:\n            compute: 1 - worse / better",
        "        - §bound:\n            compute: 1 - wors / better",
        "claims.C3.predicate.all_of[1].bound: 'wors' is in 'compute', not in 'of'",
    ),
    "condition": (
        "        - given: {bound",
        "        - §givn: {bound",
        "claims.C3.predicate.all_of[0].givn: unknown key, one of these is needed: order, smallest, largest, bound, "
        "ratio, equal, exactly, in_seeds, all_of, together, any_of, given; did you mean 'given'?",
    ),
    "runs of a condition": (
        "given: {bound: {experiment: ring, score: modes}",
        "§given: {bound: {experiment: ring_saturating, score: modes}",
        "claims.C3.predicate.all_of[0]: speaks of the runs of one experiment, found ring, ring_saturating",
    ),
    "identifier": (
        "  C2:",
        "  §c2:",
        "claims.c2: the key must be an identifier: letters, digits, . and -, beginning with a capital, at most 32",
    ),
    "tag of the ledger": (
        "tag: public",
        "§tag: publick",
        "unstated.networks.tag: must be 'stated', 'public', 'inferred', 'default' or 'recollection', found 'publick'; "
        "did you mean 'public'?",
    ),
    "ledger twice": (
        "networks.*.layers: section 3.1",
        "networks: section 3.1",
        "unstated.networks: is listed as stated too",
    ),
}
#: where the message must point when the replacement has no mark: the line of this text
NEAREST = {
    "layer's missing setting": "conv: {channels: 2",
    "missing below a tier": "smoke:",
    "inherited missing key": "ring:",
    "ledger twice": "networks:\n    chosen",
}


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_is_one_line_at_its_place(slip: str) -> None:
    old, new, message = SLIPS[slip]
    text, places = unmarked(edited(old, new))
    if not places:
        before = text.partition(NEAREST[slip])[0]
        places = [f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"]
    found = problems(text)
    expected = re.escape(f"{places[0]}: {message}").replace(ANY, ".*")
    assert any(re.fullmatch(expected, problem) for problem in found), found
    if slip != "key that is no name":
        assert len(found) == 1


def test_the_small_spec_loads() -> None:
    assert problems(TEXT) == []


@pytest.mark.parametrize(
    ("kind", "old", "wrong", "right"),
    [
        ("layer", "leaky_relu: {slope: 0.1}", "learky_relu", "leaky_relu"),
        ("layer", "leaky_relu\n      - tap", "learky_relu", "leaky_relu"),
        ("initialiser", "he_uniform", "he_unifrom", "he_uniform"),
        ("objective", "cross_entropy", "cros_entropy", "cross_entropy"),
        ("optimizer", "adam", "adma", "adam"),
        ("dataset", "digits", "digts", "digits"),
        ("dataset", "eight_gaussians", "eight_gausians", "eight_gaussians"),
    ],
)
def test_misspelt_part(kind: str, old: str, wrong: str, right: str) -> None:
    (problem,) = problems(edited(old, old.replace(right, wrong)))
    assert f"{wrong}: unknown {kind} '{wrong}', known: " in problem
    assert problem.endswith(f"; did you mean '{right}'?")


def test_misspelt_metric_is_one_line_for_the_full_setup() -> None:
    problem = problems(edited("modes_found", "modes_fond"))[0]
    assert "experiments.ring.scores.modes.metric.modes_fond: unknown metric 'modes_fond', known: " in problem
    assert problem.endswith("; did you mean 'modes_found'?")


def test_all_slips_are_shown_at_once_whatever_their_stage() -> None:
    text = edited(
        "year: 2020", "yaer: 2020",  # not accepted by the model
        "slope: 0.1", "slop: 0.1",  # in a network, which then says nothing of its shapes
        "{generator: painter", "{generator: paintr",  # a reference
        "width: 4}", "widht: 4}",
        "value: 3.5", "value: -3.5",
        "score: modes}\n\nfigures", "score: mods}\n\nfigures",
    )  # fmt: skip
    found = problems(text)
    assert [problem.split(": ")[1] for problem in found] == [
        "paper.yaer",
        "networks.maker.layers[4].leaky_relu.slop",
        "systems.pictures.networks.generator",
        "tables.T1.rows[0].cells.ring.value",
        "tables.T1.rows[0].cells.ring.score",
    ], "the tier's sizes belong to the broken network"
    assert len(problems(edited("width: 4}", "widht: 4}", "value: 3.5", "value: -3.5"))) == 2


def test_problems_stand_in_the_order_of_the_file() -> None:
    found = problems(edited("year: 2020", "yaer: 2020", "slope: 0.1", "slop: 0.1", "tag: public", "tag: publick"))
    lines = [int(problem.split(":")[0]) for problem in found]
    assert lines == sorted(lines)
    assert len(lines) == 3


def test_what_is_inherited_is_said_once_and_of_its_origin() -> None:
    for old, new in (("law: normal", "law: gaussian"), ("radius: 2.0", "radius: -2.0"), ("slope: 0.2", "slope: 2")):
        (problem,) = problems(edited(old, new))
        place = TEXT[: TEXT.index(old)].count("\n") + 1
        assert problem.startswith(f"{place}:")


def test_what_fails_only_for_the_heir_names_the_heir() -> None:
    problem = problems(edited("input: z}", "input: z, until: middle}"))[0]
    assert problem.endswith("systems.plain.signals.fake.until: unknown tap 'middle', known: none (in systems.pictures)")


def test_cycle_of_signals_is_a_complaint_and_no_endless_loop() -> None:
    found = problems(edited("input: z}", "input: fake_logit}"))
    assert [problem.split(": ", 2)[2] for problem in found] == [
        "depends on itself: fake <- fake_logit <- fake",
        "depends on itself: fake_logit <- fake <- fake_logit",
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{sum: {real: 1, §reel: -1}}", "systems.plain.signals.odd.sum.reel: unknown signal 'reel', known: fake, "),
        ("{join: [real, §fakes]}", "systems.plain.signals.odd.join[1]: unknown signal 'fakes', known: fake, "),
        ("{join: [real, §odd]}", "systems.plain.signals.odd.join[1]: depends on itself: odd <- odd"),
        ("{§join: [real]}", "systems.plain.signals.odd.join: needs at least 2 items, found a list of 1"),
        ("{§sum: {real: 1}}", "systems.plain.signals.odd.sum: needs at least 2 items, found a mapping of real"),
        ("{join: [real, fake], §input: z}", "systems.plain.signals.odd.input: unknown key, valid: join"),
        (
            "{§jion: [real, fake]}",
            "systems.plain.signals.odd.jion: unknown key, one of these is needed: network, sum, ",
        ),
    ],
)
def test_signals_made_of_several_are_checked_where_they_are_written(step: str, message: str) -> None:
    line = "      fake: {network: generator, input: z}\n"
    text, (place,) = unmarked(edited(line, f"{line}      odd: {step}\n"))
    first = problems(text)[0]
    assert first.startswith(f"{place}: {message}"), first


def test_noise_that_does_not_fit_a_sum_is_a_fault_of_the_system_and_not_of_the_data() -> None:
    line = "      fake: {network: generator, input: z}\n"
    text, (place,) = unmarked(edited(line, f"{line}      odd: {{§sum: {{z: 1, fake: 1}}}}\n"))
    found = problems(text)
    told = f"{place}: systems.plain.signals.odd.sum: 'z' has shape (4,), 'fake' has (2,)"
    assert any(line.startswith(told) for line in found), found


def test_samples_come_from_noise_alone() -> None:
    line, sample = "      fake: {network: generator, input: z}\n", "    sample: fake\n"
    text = edited(line, f"{line}      mixed: {{sum: {{real: 0.5, fake: 0.5}}}}\n", sample, "    sample: mixed\n")
    assert "systems.plain.sample: 'mixed' depends on data, samples must come from noise alone" in problems(text)[0]


def test_a_role_with_nothing_to_learn_needs_no_player() -> None:
    network = "  still:\n    input: [2]\n    layers: [relu]\n\n"
    text = edited(
        "  painter:\n", f"{network}  painter:\n", "discriminator: judge}", "discriminator: judge, still: still}"
    )
    assert problems(text) == []


def test_size_that_networks_disagree_about() -> None:
    (problem,) = problems(edited("  judge:\n    sizes: {width: 8}", "  judge:\n    sizes: {width: 8, latent: 5}"))
    assert problem.endswith("systems.plain.noise.z.shape: 'latent' is 4 and 5 in this system's networks")


def test_role_that_nobody_trains() -> None:
    text = edited("discriminator: judge}", "discriminator: judge, spare: judge}")
    assert [problem.partition(": ")[2] for problem in problems(text)] == [
        "systems.plain.networks.spare: is updated by no player"
    ]


def test_uncovered_values_are_summed_up() -> None:
    found = problems(edited("systems.*: section 3.2", "systems.plain: section 3.2"))
    assert [problem.partition(": ")[2] for problem in found] == [
        "systems.saturating: neither 'stated' nor 'unstated' says how this value is known",
        "systems.pictures: neither 'stated' nor 'unstated' says how these 3 values are known",
    ]


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ("smaple: fake", "replace.smaple: fits nothing that system 'saturating' writes"),
        ("networks.generator: nothing", "replace: networks.generator: unknown network 'nothing', known: "),
        ("signals.fake.input: zz", "replace: signals.fake.input: unknown signal 'zz', known: "),
        ("players.*.optimizer.adam.beta1: high", "replace.players.*.optimizer.adam.beta1: 'high' does not fit"),
    ],
)
def test_replacements_are_checked_like_what_they_replace(replaced: str, message: str) -> None:
    old = "    system: saturating\n"
    (problem, *_) = problems(edited(old, f"{old}    replace: {{{replaced}}}\n"))
    assert f"experiments.ring_saturating.{message}" in problem


def test_average_of_no_role() -> None:
    (problem,) = problems(edited("    says: The base.\n", "    says: The base.\n    average: {genrator: 0.9}\n"))
    assert "systems.plain.average.genrator: unknown role 'genrator', known: " in problem


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("3", "sweep: must map names of points"),
        ("{a: 3}", "sweep: must map names of points"),
        ("{a: {batch_image: 8}}", "sweep.a.batch_image: unknown key, valid: "),
        ("{A: {batch_size: 8}}", "sweep.A: the key must be a name"),
    ],
)
def test_sweeps_are_checked_where_they_are_written(points: str, message: str) -> None:
    old = "    system: saturating\n"
    found = problems(edited(old, f"{old}    sweep: {points}\n"))
    assert any(f"experiments.ring_saturating.{message}" in problem for problem in found), found
