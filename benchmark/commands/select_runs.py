"""Which papers and runs a command line names."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import places
from benchmark.commands import terminal
from benchmark.commands.options import NothingSelectedError, UsageError
from benchmark.registry import did_you_mean
from benchmark.runs.plan import Run, make_plan
from benchmark.spec.base import TIERS, Tier, grouped
from benchmark.spec.claims import quantities
from benchmark.spec.load import Loaded, load
from benchmark.spec.paper import PaperSpec
from benchmark.spec.readings import BASE, ReadingError
from benchmark.spec.source import SpecError

#: what ``ganrepro run`` does without words: (paper, tier, experiments, seeds or all), minutes on two cores; a part of
#: what results/reference/default-job holds, so that its scores can be compared one by one
DEFAULT_JOB: tuple[tuple[str, Tier, str, tuple[int, ...] | None], ...] = (
    ("gan_rl", "short", "toy_*", (0,)),
    ("gan_dcgan_mnist", "smoke", "*gan", None),
)
#: experiments that an error message lists
_LISTED = 12


@dataclass(frozen=True)
class Selection:
    """Runs of one paper that a command is about."""

    loaded: Loaded
    runs: list[Run]


def spec_files(words: Iterable[str]) -> list[Path]:
    files = []
    for word in words:
        file = places.paper_file(word)
        if not file.exists():
            ids = sorted(path.stem for path in places.papers_folder().glob("*.yaml"))
            there = f"no paper or file '{word}', papers here: {', '.join(ids)}"
            raise UsageError(f"{there}{did_you_mean(Path(word).stem, ids)}")
        files.append(file)
    if not files:
        files = sorted(places.papers_folder().glob("*.yaml"))
    if not files:
        raise NothingSelectedError(f"no spec in {places.papers_folder()}")
    return files


def has_runs(results: Path, paper: str) -> bool:
    """Whether a results folder has a run of a paper, ended or not."""
    return any(results.glob(f"{paper}/*/*/"))


def load_papers(words: Iterable[str]) -> list[Loaded]:
    """The papers that words name by file or id, all without words."""
    return load_all(spec_files(words))


def load_all(files: Iterable[Path]) -> list[Loaded]:
    """Load every file; the problems of all of them are raised together."""
    papers, errors = [], []
    for file in files:
        try:
            papers.append(load(file))
        except SpecError as error:
            errors.append(error)
    if errors:
        sys.stderr.writelines(f"{error}\n" for error in errors[:-1])
        raise errors[-1]
    seen: dict[str, Path] = {}
    for paper in papers:
        other = seen.setdefault(paper.spec.paper.id, paper.file)
        if other != paper.file:
            raise UsageError(f"{paper.file} and {other} both have the id '{paper.spec.paper.id}'")
    return papers


def readings_named(loaded: Loaded, word: str) -> list[str | None]:
    """The readings that a word of ``--reading`` names, None for the base: by name, by a pattern, or joined by ``+``."""
    planned = [BASE, *loaded.readings.planned]
    named = planned if word == "all" else fnmatch.filter(planned, word)
    if not named:
        try:
            loaded.under(word)
        except ReadingError as error:
            raise UsageError(f"{loaded.file}: {error}") from error
        if (stray := loaded.readings.stray(word)) is not None:
            raise UsageError(f"{loaded.file}: {stray}")
        named = [word]
    return [None if name == BASE else name for name in named]


def with_chosen_readings(
    papers: Iterable[Loaded], words: Sequence[str] | None
) -> list[tuple[Loaded, list[str | None]]]:
    """Papers with those readings of ``--reading`` that they have; a paper without any is left out and told.

    A word that no paper knows is a mistake.
    """
    words, chosen = words or [BASE], [(loaded, dict[str | None, None]()) for loaded in papers]
    for word in words:
        errors = []
        for loaded, readings in chosen:
            try:
                readings |= dict.fromkeys(readings_named(loaded, word))
            except UsageError as error:
                errors.append(error)
        if errors and len(errors) == len(chosen):
            raise errors[0]
    if without := [loaded.spec.paper.id for loaded, readings in chosen if not readings]:
        terminal.say(terminal.wrapped(f"left out, without reading {' or '.join(words)}: {', '.join(without)}"))
    return [(loaded, [*readings]) for loaded, readings in chosen if readings]


def by_reading(papers: Iterable[Loaded], words: Sequence[str] | None) -> dict[str | None, list[Loaded]]:
    """Papers by the readings that ``--reading`` names, see :func:`with_chosen_readings`."""
    pairs = ((reading, loaded) for loaded, readings in with_chosen_readings(papers, words) for reading in readings)
    return grouped(pairs)


def planned_under(
    loaded: Loaded,
    tier: Tier,
    readings: Collection[str | None],
    experiments: Collection[str],
    seeds: Iterable[int] | None,
    numerics: str,
    *,
    whole: bool = False,
) -> list[Run]:
    """Runs under several readings, each once: what is a run of the base under any name belongs to the base (None).

    ``whole`` adds the base's runs that a reading leaves as they are: verdicts under it rest on them as well.
    """
    base = make_plan(loaded.spec, tier, experiments=experiments, seeds=seeds, numerics=numerics)
    runs = {run.run_id: run for run in base}
    needed = set(runs) if None in readings else set()
    every = make_plan(loaded.spec, tier, seeds=seeds, numerics=numerics) if {*readings} - {None} else base
    of_the_base, own = {run.run_id: run for run in every}, {(run.experiment, run.run_id) for run in every}
    for reading in readings:
        read, touched = loaded.under(reading), loaded.readings.affected(BASE if reading is None else reading)
        names = [name for name in experiments if whole or name in touched]
        for run in make_plan(read, tier, experiments=names, seeds=seeds, numerics=numerics, reading=reading):
            if whole or (run.experiment, run.run_id) not in own:  # it may be another experiment's of the base
                needed.add(run.run_id)
            runs.setdefault(run.run_id, of_the_base.get(run.run_id, run))
    return [run for run_id, run in runs.items() if run_id in needed]


def chosen_experiments(spec: PaperSpec, options: argparse.Namespace) -> set[str] | None:
    """Experiments behind the tables, claims and figures that the command line names; None where it names none."""
    if not (options.table or options.claim or options.figure):
        return None
    names: set[str] = set()
    for key in options.table:
        rows = spec.tables[key].rows if key in spec.tables else ()
        names |= {cell.experiment for row in rows for cell in row.cells.values() if cell.experiment}
    for key in options.claim:
        claim = spec.claims.get(key)
        if claim is not None and claim.predicate is not None:
            names |= {quantity.experiment for quantity in quantities(claim.predicate)}
    for key in options.figure:
        names |= set(spec.figures[key].experiments) if key in spec.figures else set()
    return names


def check_printed(specs: Iterable[PaperSpec], options: argparse.Namespace) -> None:
    """A table, claim or figure that no paper has is a mistake, told with the nearest that there is."""
    specs = list(specs)
    for kind, words in (("table", options.table), ("claim", options.claim), ("figure", options.figure)):
        known = [*dict.fromkeys(key for spec in specs for key in getattr(spec, f"{kind}s"))]
        for word in words:
            if word not in known:
                there = ", ".join(known) or "none"
                raise UsageError(f"no {kind} '{word}', there are: {there}{did_you_mean(word, known)}")


def is_default_job(options: argparse.Namespace) -> bool:
    """Whether ``ganrepro run`` was called without saying what to run."""
    named = options.papers or getattr(options, "all", False) or options.tier
    return options.command == "run" and not (named or options.table or options.claim or options.figure)


def select(options: argparse.Namespace, tiers: Sequence[Tier] = ()) -> list[Selection]:
    """The runs that the command line names, at these tiers or its own; the default job where it names none."""
    wanted: list[tuple[Path, Tier, list[str], Sequence[int] | None]]
    if is_default_job(options):
        wanted = [(places.paper_file(paper), tier, [glob], seeds) for paper, tier, glob, seeds in DEFAULT_JOB]
        if options.experiment:
            raise UsageError("--experiment needs a PAPER or --all")
    else:
        chosen: Sequence[Tier] = tiers or [options.tier or "short"]
        globs: list[str] = options.experiment or ["*"]
        wanted = [(file, tier, globs, None) for tier in chosen for file in spec_files(options.papers)]
    papers = {loaded.file: loaded for loaded in load_all(dict.fromkeys(file for file, *_ in wanted))}
    check_printed((loaded.spec for loaded in papers.values()), options)
    _check_experiments(papers.values(), options.experiment or [])
    readings = {loaded.file: chosen for loaded, chosen in with_chosen_readings(papers.values(), options.reading)}
    selections = []
    for file, tier, globs, seeds in wanted:
        spec = papers[file].spec
        printed = chosen_experiments(spec, options)
        if file not in readings or (printed is not None and not printed):
            continue
        names = [
            name
            for name in spec.experiments
            if any(fnmatch.fnmatch(name, glob) for glob in globs) and (printed is None or name in printed)
        ]
        runs = planned_under(
            papers[file],
            tier,
            readings[file],
            names,
            options.seeds or seeds,
            options.numerics,
            whole=printed is not None,
        )
        selections.append(Selection(papers[file], runs))
    if not any(selection.runs for selection in selections):
        raise NothingSelectedError(_nothing(wanted, papers, options))
    return selections


def _check_experiments(papers: Collection[Loaded], globs: Iterable[str]) -> None:
    """A pattern that no experiment of any paper matches is a mistake."""
    known = [*dict.fromkeys(name for loaded in papers for name in loaded.spec.experiments)]
    for glob in globs:
        if not fnmatch.filter(known, glob):
            listed = ", ".join(known[:_LISTED]) + (f" and {len(known) - _LISTED} more" * (len(known) > _LISTED))
            within = [name for name in known if glob.strip("*") in name]
            near = f"; did you mean '*{glob.strip('*')}*'?" if within else did_you_mean(glob, known)
            where = "".join(f"{loaded.file}: " for loaded in papers if len(papers) == 1)
            raise UsageError(f"{where}no experiment matches '{glob}'{near}; there are: {listed or 'none'}")


def _nothing(
    wanted: Iterable[tuple[Path, Tier, list[str], Sequence[int] | None]],
    papers: Mapping[Path, Loaded],
    options: argparse.Namespace,
) -> str:
    """Why nothing is selected, and what would be."""
    named = [*options.table, *options.claim, *options.figure]
    experiments = {
        name: experiment
        for loaded in papers.values()
        for printed in [chosen_experiments(loaded.spec, options)]
        for name, experiment in loaded.spec.experiments.items()
        if any(fnmatch.fnmatch(name, glob) for glob in options.experiment or ["*"])
        and (printed is None or name in printed)
    }
    if not experiments:
        return f"no experiment regenerates {', '.join(named)}" if named else "these papers have no experiment"
    tiers = dict.fromkeys(tier for _, tier, *_ in wanted)
    there = [tier for tier in TIERS if any(one.setup(tier) is not None for one in experiments.values())]
    if not set(tiers) & set(there):
        return f"no experiment here has tier {' or '.join(tiers)}: --tier {' or '.join(there)}"
    return "the reading changes none of these experiments"
