"""Write what audits and committed evidence say into README.md and docs/findings.md: python scripts/known_so_far.py

Numbers stand between marks, ``<!--=name-->...<!--=-->``, and are written anew; sentences are written by hand. One that
rests on a verdict names it, ``<!--DG-C2 HOLDS-->``, or ``<!--narrow+one_to_one: RL-C21 REVERSED-->`` under a reading.
Where the evidence says another, the script names the mark and ends with 1: somebody has to write that sentence anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from benchmark import load
from benchmark.judging.audit import Audit, audit
from benchmark.judging.judge import JudgedPaper, judge_papers, states_of
from benchmark.judging.readings import state_in_full
from benchmark.judging.verdict import AcrossReadings, ClaimVerdict
from benchmark.runs.plan import make_plan
from benchmark.runs.records import RunRecord, Stored, read_records
from benchmark.spec.base import Tier, grouped
from benchmark.spec.load import Loaded
from benchmark.spec.names import of_experiment, of_score
from benchmark.spec.readings import BASE

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "README.md", ROOT / "docs" / "findings.md")
REFERENCE = ROOT / "results" / "reference"
PAPERS = ("gan_rl", "gan_dcgan_mnist", "facegans", "hdcgan", "lsgan_fashion_mnist")
#: systems of GAN-RL's figure 1, each with the modes that it shows
TOY = {"toy_minimax": 1, "toy_non_saturating": 7, "toy_reconstruction": 8}
#: readings of FaceGAN's training that were tried on its small digits
FACES = (
    "equal_parameters_of_digits",
    "one_epoch_of_digits",
    "probability_as_meant",
    "two_sigmoids",
    "mean_of_terms",
    "two_generator_updates",
)
#: sets of FaceGAN's digits whose losses as printed are told of
FACE_SETS = (("digits-small", "small_digits"), ("digits-wide", "digits_at_32"))
#: systems that lose modes in 200,000 iterations
LATE = ("non_saturating", "reconstruction")
_EMPTY = ("NOT RUN", "NOT ASSESSABLE", "NOT COMPARABLE", "NOT MEASURED", "VERIFIED BY TEST")

paper = cache(load)


@cache
def stored(folder: str) -> dict[str, Stored]:
    """Runs of one folder of committed evidence, by id."""
    return {one.record.run_id: one for one in read_records(REFERENCE / folder)}


@cache
def records(folder: str) -> dict[str, RunRecord]:
    """Records of one folder of committed evidence, by run id."""
    return {run_id: one.record for run_id, one in stored(folder).items()}


@cache
def _planned(name: str, folder: str, reading: str | None, tier: Tier) -> list[str]:
    """Ids of what a reading plans of those experiments that a folder has runs of, in the plan's order."""
    there = {record.experiment for record in records(folder).values() if record.paper == name}
    spec = paper(name).under(reading)
    return [run.run_id for run in make_plan(spec, tier, experiments=[one for one in spec.experiments if one in there])]


def runs(loaded: Loaded, folder: str, reading: str | None, tier: Tier = "full") -> list[RunRecord]:
    """Records of what a reading plans, in the plan's order."""
    ids = _planned(loaded.spec.paper.id, folder, reading, tier)
    return [records(folder)[run_id] for run_id in ids if run_id in records(folder)]


@cache
def sets() -> list[tuple[Loaded, str]]:
    """Paper and folder of committed evidence at tier full."""
    return [
        (paper(name), folder.name)
        for folder in sorted(REFERENCE.iterdir())
        if folder.is_dir()
        for name in sorted({record.paper for record in records(folder.name).values() if record.tier == "full"})
    ]


@cache
def evidence() -> list[tuple[Loaded, str, str | None]]:
    """Sets with the grounds, the base or a reading that others are tried on, that they hold runs of."""
    return [
        (loaded, folder, ground)
        for loaded, folder in sets()
        for ground in (None, *loaded.readings.grounds)
        if runs(loaded, folder, ground)
    ]


@cache
def on_base(name: str, folder: str) -> JudgedPaper:
    """Verdicts on a paper from one folder, with what is known across readings."""
    (known,) = judge_papers([paper(name)], REFERENCE / folder, "fp32", write=False)
    return known


@cache
def claims() -> dict[tuple[str | None, str], tuple[ClaimVerdict, AcrossReadings | None]]:
    """Verdicts on claims by ground and id, each with what is known of it across readings."""
    verdicts = {}
    for loaded, folder, ground in evidence():
        here = base = on_base(loaded.spec.paper.id, folder)
        if ground:
            (here,) = judge_papers([loaded], REFERENCE / folder, "fp32", ground, write=False, bases=[base])
        others = {across.claim: across for across in base.verdicts.readings if across.ground == (ground or BASE)}
        verdicts |= {(ground, claim.claim): (claim, others.get(claim.claim)) for claim in here.verdicts.claims}
    return verdicts


@cache
def states() -> dict[str, str]:
    """The state of every verdict that evidence at tier full gives; under a reading as ``narrow: RL-C21``."""
    known: dict[str, str] = {}
    for loaded, folder in sets():
        here = states_of(on_base(loaded.spec.paper.id, folder).verdicts)
        known |= {name: state for name, state in here.items() if name not in known or state not in _EMPTY}
    return known


def claim_table() -> str:
    """Claims that evidence at tier full decides, or looks at before all seeds are there."""
    rows = ["| claim | what the paper says | verdict | seeds | across readings |", "|---|---|---|---|---|"]
    for (ground, _), (claim, across) in claims().items():
        if claim.state not in _EMPTY:
            seeds = f"{claim.seeds} of {claim.planned}" if claim.planned else f"{claim.seeds}"
            name = f"{claim.claim}, reading `{ground}`" if ground else claim.claim
            state = state_in_full(claim)
            state += ", but readings disagree" if across is not None and across.disagree else ""
            cells = [name, claim.says.replace("|", "/"), state, seeds, across.says if across is not None else ""]
            rows.append(f"| {' | '.join(cells)} |")
    return _block(rows)


def toy_table() -> str:
    """Modes and good samples of the eight Gaussians, by reading and system; what is first is the base at tier short."""
    loaded = paper("gan_rl")
    rows = [
        "| reading | system | seeds | runs by modes found | good samples, lowest to highest |",
        "|---|---|---|---|---|",
    ]
    places: list[tuple[str, str | None, Tier]] = [("default-job", None, "short")]
    for folder in sorted(path.name for path in REFERENCE.iterdir() if path.is_dir()):
        if any(record.paper == "gan_rl" and record.tier == "full" for record in records(folder).values()):
            for ground in (BASE, *loaded.readings.grounds):
                names = (None if ground == BASE else ground, *loaded.readings.on(ground).values())
                places += [(folder, name, "full") for name in names]
    shown: set[str] = set()
    for folder, reading, tier in places:
        for experiment in TOY:
            several = [record for record in runs(loaded, folder, reading, tier) if record.experiment == experiment]
            if several and not {record.run_id for record in several} & shown:
                shown |= {record.run_id for record in several}
                label = of_experiment(loaded.spec, experiment)
                name = f"`{reading}`" if reading else f"base{'' if tier == 'full' else f', tier {tier}'}"
                rows.append(f"| {name} | {label} | {len(several)} | {_modes(several)} | {_range(several, 'good')} |")
    return _block(rows)


#: tables of scores, each of a paper: sets of runs (name, folder, reading, tier) and the scores shown
SETS: dict[str, tuple[str, list[tuple[str, str, str | None, Tier]], list[str]]] = {
    "fashion": (
        "lsgan_fashion_mnist",
        [("a tenth", "fashion-short", None, "short")],
        ["clothes_distance", "sharpness_gap", "effective_classes"],
    ),
    "digits": (
        "gan_dcgan_mnist",
        [("base", "mnist-h200", None, "full")]
        + [(f"`{name}`", "mnist-cpu", name, "full") for name in ("stated_loss", "stated_loss_sampled_as_usual")],
        ["digit_distance", "recognised_share", "discriminator_accuracy"],
    ),
    "small digits": (
        "facegans",
        [
            (f"`{name}`", "digits-small", name, "full")
            for name in ("small_digits", *(f"small_digits+{choice}" for choice in FACES))
        ]
        + [(f"`{name}`", "digits-wide", name, "full") for name in ("digits_at_32", "digits_at_32+two_sigmoids")],
        ["digit_distance", "balance", "loss_gap"],
    ),
}


def score_table(name: str) -> str:
    """Scores of each experiment in each set of runs, lowest to highest over seeds; what two sets share stands once."""
    of, places, scores = SETS[name]
    loaded = paper(of)
    has = {score: name for name, one in reversed(loaded.spec.experiments.items()) for score in one.scores}
    labels = [of_score(loaded.spec, has[score], score) for score in scores]
    rows = [["runs", "system", "seeds", *labels], ["---"] * (3 + len(scores))]
    shown: set[str] = set()
    for label, folder, reading, tier in places:
        found = grouped(
            (record.experiment, record) for record in runs(loaded, folder, reading, tier) if record.run_id not in shown
        )
        for experiment, several in found.items():
            shown |= {record.run_id for record in several}
            values = [_range(several, score) for score in scores]
            rows.append([label, of_experiment(loaded.spec, experiment), str(len(several)), *values])
    return _block([f"| {' | '.join(row)} |" for row in rows])


def as_in_the_figure(folder: str, reading: str) -> str:
    """In how many seeds each system finds as many modes as GAN-RL's figure 1 shows, with most samples at modes."""
    loaded = paper("gan_rl")
    told = []
    for experiment, printed in TOY.items():
        found = [one.scores for one in runs(loaded, folder, reading) if one.experiment == experiment]
        alike = sum(scores["modes"].value == printed and scores["good"].value > 0.5 for scores in found)
        told.append(f"{of_experiment(loaded.spec, experiment)} {printed} in {alike} of {len(found)} seeds")
    return ", ".join(told)


def parts_that_hold(name: str, folder: str, reading: str, claim: str) -> str:
    """How many statements of a claim hold under a reading, of how many."""
    (known,) = judge_papers([paper(name)], REFERENCE / folder, "fp32", reading, write=False)
    (parts,) = (verdict.parts for verdict in known.verdicts.claims if verdict.claim == claim)
    return f"{sum(part.state == 'HOLDS' for part in parts)} of {len(parts)}"


def modes_lost(reading: str, experiment: str) -> str:
    """Evaluations at which runs that had all eight modes first lack some, first to last over seeds."""
    moments = []
    for record in runs(paper("gan_rl"), "toy-narrow", reading):
        if record.experiment == experiment:
            series = record.scores["modes"].series
            had = next(iteration for iteration, modes in series if modes == 8)
            moments.append(next(iteration for iteration, modes in series if iteration > had and modes < 8))
    return f"{min(moments):,} to {max(moments):,}"


def _curves(folder: str, reading: str, experiment: str) -> list[dict[str, np.ndarray]]:
    """Curves of an experiment's seeds under a reading of FaceGANs."""
    found = runs(paper("facegans"), folder, reading)
    return [stored(folder)[record.run_id].curves() for record in found if record.experiment == experiment]


def balance_lost(folder: str, reading: str, experiment: str = "mnist_facegan") -> str:
    """Iterations by which the two losses were on average 1 apart over the last 25, first to last over seeds."""
    moments = []
    for gap in _gaps(folder, reading, experiment):
        means = np.convolve(gap, np.full(25, 1 / 25), "valid")
        moments.append(int(np.flatnonzero(means > 1)[0]) + 25)
    return f"{min(moments)} to {max(moments)}"


def apart(folder: str, reading: str, experiment: str = "mnist_facegan") -> str:
    """Share of the iterations from 120 on in which the two losses are more than 1 apart, lowest to highest."""
    shares = [float(np.mean(gap[120:] > 1)) for gap in _gaps(folder, reading, experiment)]
    return f"{100 * min(shares):.0f} to {100 * max(shares):.0f} %"


def _gaps(folder: str, reading: str, experiment: str) -> list[np.ndarray]:
    several = _curves(folder, reading, experiment)
    return [np.abs(curves["generator_loss"] - curves["discriminator_loss"]) for curves in several]


def over_the_last(iterations: int, folder: str, reading: str, curve: str, experiment: str = "mnist_facegan") -> str:
    """A curve's means over the last iterations, lowest to highest over seeds."""
    means = [float(curves[curve][-iterations:].mean()) for curves in _curves(folder, reading, experiment)]
    return f"{min(means):.2f} to {max(means):.2f}"


def _modes(several: Sequence[RunRecord]) -> str:
    counts = [record.scores["modes"].value for record in several]
    return ", ".join(f"{value:.0f} in {counts.count(value)}" for value in sorted({*counts}, reverse=True))


def _range(several: Sequence[RunRecord], score: str) -> str:
    values = [record.scores[score].value for record in several]
    low, high = (f"{value:.0f}" if max(values) >= 100 else f"{value:.2f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _block(rows: Sequence[str]) -> str:
    return "\n".join(["", *rows, ""])


def extra_time() -> str:
    """How much longer GAN-RL trains than the GAN by GAN-RL's table 4, set by set."""
    rows = [row.cells for row in paper("gan_rl").spec.tables["T4"].rows]
    longer = [round(100 * (cells["GAN-RL"].value / cells["GAN"].value - 1)) for cells in rows]
    return ", ".join(f"{percent} %" for percent in longer[:-1]) + f" and {longer[-1]} %"


def of_audit(name: str, known: Audit) -> Iterator[tuple[str, str]]:
    """Counts of what a paper says in print."""
    yield f"{name} stated", f"{known.recipe.stated} of the {known.recipe.total}"
    yield f"{name} contradictions", str(len(known.contradictions))
    outcomes = [claim.on_published for claim in known.claims]
    yield f"{name} holds in print", str(outcomes.count("holds"))
    yield f"{name} in part in print", str(outcomes.count("holds in part"))
    yield f"{name} fails in print", str(outcomes.count("fails"))
    yield (
        f"{name} needs runs",
        str(sum(claim.way == "measured" and claim.on_published is None for claim in known.claims)),
    )


@cache
def facts() -> dict[str, str]:
    """Everything that a mark can name."""
    audits = {name: audit(paper(name).spec, paper(name).source.data) for name in PAPERS}
    return {
        "claims": claim_table(),
        "toy": toy_table(),
        **{name: score_table(name) for name in SETS},
        "RL-C7": extra_time(),
        "five to one": as_in_the_figure("toy-narrow", "narrow+five_to_one"),
        **{name: as_in_the_figure("toy-narrow", f"narrow+toy_{name}_weights") for name in ("pytorch", "tensorflow")},
        **{f"{name} lose modes": modes_lost("narrow+iterations_200k", f"toy_{name}") for name in LATE},
        **{f"{reading} balance lost": balance_lost(folder, reading) for folder, reading in FACE_SETS},
        **{f"{reading} apart": apart(folder, reading) for folder, reading in FACE_SETS},
        **{
            f"two sigmoids {which} {last}": over_the_last(
                last, "digits-small", "small_digits+two_sigmoids", f"mean_{which}_output"
            )
            for which in ("real", "fake")
            for last in (1580, 100)
        },
        "five to one parts": parts_that_hold("gan_rl", "toy-narrow", "narrow+five_to_one", "RL-C22"),
        **{key: value for name, known in audits.items() for key, value in of_audit(name, known)},
    }


def written(text: str) -> str:
    """``text`` with today's numbers; KeyError where a mark names what is not known."""
    return re.sub(
        r"(<!--=([\w ]+)-->).*?(<!--=-->)", lambda mark: mark[1] + facts()[mark[2]] + mark[3], text, flags=re.S
    )


def untrue(text: str) -> list[str]:
    """Verdicts that a sentence rests on and that the evidence does not give, each with what it gives."""
    named = re.findall(r"<!--((?:[\w+]+: )?[A-Z]+-C\w+) ([A-Z ]+)-->", text)
    return [
        f"{name} {state}: today {states().get(name, 'no evidence')}"
        for name, state in named
        if states().get(name) != state
    ]


if __name__ == "__main__":
    for file in FILES:
        file.write_text(written(file.read_text(encoding="utf-8")), encoding="utf-8")
    lines = [f"{file.name}: {line}" for file in FILES for line in untrue(file.read_text(encoding="utf-8"))]
    print("\n".join(lines))
    sys.exit(bool(lines))
