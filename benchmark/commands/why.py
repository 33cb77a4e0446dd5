"""``ganrepro why CLAIM|CELL``: how a verdict comes about, and from which files."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.figures import claims_about
from benchmark.commands.select_runs import by_reading, has_runs, load_papers
from benchmark.judging.judge import LATE, JudgedPaper, judge_papers
from benchmark.judging.readings import headline
from benchmark.judging.verdict import CellVerdict, ClaimVerdict, Interval, Values
from benchmark.registry import did_you_mean
from benchmark.reporting.claims import p_text, statistic_name, told_across, told_by_seed
from benchmark.reporting.tables import CELL_STATES, CLAIM_STATES, margin_text
from benchmark.spec import names
from benchmark.spec.names import Say
from benchmark.spec.paper import PaperSpec


def why_options(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "what", metavar="CLAIM|CELL|FIGURE", help="RL-C7, table/row/column as `ganrepro judge` writes it, or F1"
    )
    opt.papers(to)
    opt.add(to, "--reading", "--results", "--numerics")


def why(options: argparse.Namespace) -> int:
    results = opt.existing_results(options.results) if options.results else places.results_folder(None)
    papers = load_papers(options.papers)
    having = [loaded for loaded in papers if _meant(loaded.spec, options.what)]
    if not having:
        raise opt.UsageError(_unknown([loaded.spec for loaded in papers], options.what))
    answered, passed_over = 0, dict[str, None]()
    for reading, under in by_reading(having, options.reading).items():
        here = under if options.papers else [one for one in under if has_runs(results, one.spec.paper.id)] or under
        passed_over |= dict.fromkeys(loaded.spec.paper.id for loaded in under if loaded not in here)
        judged = judge_papers(here, results, options.numerics, reading, write=False)
        for loaded, judged_paper in zip(here, judged, strict=True):
            texts = [*_answers(judged_paper, _meant(loaded.spec, options.what), loaded.file, results.is_dir())]
            answered += len(texts)
            for text in (*texts, *map(terminal.problem, judged_paper.verdicts.damage if texts else ())):
                print(text)
    if not results.is_dir():
        absent = opt.no_results(None, [loaded.spec.paper.id for loaded in having])
        if not answered:
            raise opt.UsageError(absent)
        print(terminal.wrapped(absent))
    if passed_over:
        others = f"{options.what} is also in {', '.join(passed_over)}, without a run here: name the paper"
        print(terminal.wrapped(others))
    return 0


def _meant(spec: PaperSpec, what: str) -> list[str]:
    """Claims and cells of a paper that a word names: one, those of a table, or the claims about a figure."""
    names, word = _names(spec), what.lower()
    found = [name for name in names if name.lower() == word]
    found = found or [name for name in names if name.lower().startswith(f"{word}/")]
    return [*found, *claims_about(spec, [key for key in spec.figures if key.lower() == word])]


def _names(spec: PaperSpec) -> list[str]:
    return [*spec.claims, *(printed.path for printed in spec.printed)]


def _unknown(specs: Sequence[PaperSpec], what: str) -> str:
    """Why a word names nothing in any paper."""
    if any(key.lower() == what.lower() for spec in specs for key in spec.figures):
        return f"no claim names figure {what}"
    near = did_you_mean(what, [name for spec in specs for name in _names(spec)])
    return f"no claim, cell or figure '{what}'{near}"


def _answers(judged: JudgedPaper, wanted: Collection[str], file: Path, results: bool) -> Iterator[str]:
    """What is wanted of a paper; without ``results`` only what no run is needed for."""
    for claim in (claim for claim in judged.verdicts.claims if claim.claim in wanted):
        if results or claim.on_published or judged.spec.claims[claim.claim].predicate is None:
            yield "\n".join(_claim(claim, judged, file))
    for cell in judged.verdicts.cells if results else ():
        if cell.path in wanted:
            yield "\n".join(_cell(cell, judged, file))


def _claim(claim: ClaimVerdict, about: JudgedPaper, file: Path) -> Iterator[str]:
    say, predicate = names.in_prose(about.spec), about.spec.claims[claim.claim].predicate
    head = headline(claim, about.verdicts.readings)
    yield terminal.wrapped(f"{claim.claim}  {terminal.coloured(head, CLAIM_STATES[claim.state].tone)}", 2, "")
    yield terminal.wrapped(f"{claim.says} ({about.spec.paper.id}, {claim.where}{_under(about)})", 2)
    if not claim.parts:
        yield from _told("tested as", say(claim.test))
    parts = "".join(f"{part.state}: {part.reason}; " for part in claim.parts)  # below, a line each
    yield from _told("because", say(claim.reason.partition(LATE)[0].replace(parts, "")))
    if predicate is not None and claim.p is not None and not claim.parts:
        yield from _interval(f"{say(statistic_name(predicate, None))}, plus is as claimed", claim.statistic)
    for part in claim.parts:
        yield terminal.wrapped(f"{part.state}: {say(part.reason)}", 4, "  - ")
        yield from _interval("distance on the claimed side, minus is the other", part.statistic, 4)
    yield from _told("test", p_text(claim))
    several = [reading for reading in about.verdicts.readings if reading.claim == claim.claim]
    numbers = False
    for compared in several:
        yield from _told("readings", say(told_across(compared)))
        for read in (reading for reading in compared.readings if reading.side != "not run"):
            effects = ", ".join("no number" if effect is None else f"{effect:.4g}" for effect in read.effects)
            told = any(effect is not None for effect in read.effects)
            numbers |= told
            so_far = f", {read.so_far}" if read.so_far else ""
            yield f"    {read.reading}: {read.state}{so_far}" + (f" ({effects})" if told else "")
    if numbers:
        yield from _told(
            "in brackets", "of each statement the effect that decides in the first line, plus is as claimed"
        )
    if several:
        yield f"  more on one of these: ganrepro why {claim.claim} --reading NAME"
    yield from _told(
        f"on the paper's own numbers it {claim.on_published}" if claim.on_published else "",
        say(claim.on_published_reason or ""),
    )
    if claim.seeds_needed is not None and claim.p is not None:
        yield f"  seeds: {claim.seeds}; about {claim.seeds_needed} would decide"
    yield from _told("note", claim.note)
    yield from _brought(claim.claim, about)
    yield from _values(claim.quantities, about, file, say)


def _cell(cell: CellVerdict, about: JudgedPaper, file: Path) -> Iterator[str]:
    say = names.in_prose(about.spec)
    yield f"{cell.path}  {terminal.coloured(cell.state, CELL_STATES[cell.state].tone)}"
    where = f"{about.spec.paper.id}, {about.spec.tables[cell.table].where}{_under(about)}"
    yield f"  published {cell.published:.{cell.decimals}f} ({where})"
    yield from _told("because", say(cell.reason.partition(LATE)[0]))
    yield from _interval("deviation, positive is worse", cell.deviation)
    yield from _told("margin", margin_text(cell))
    yield from _told("protocol, assumed", ", ".join(cell.assumed))
    yield from _brought(cell.path, about)
    yield from _values([cell.measured] if cell.measured else [], about, file, say)


def _brought(name: str, about: JudgedPaper) -> Iterator[str]:
    """What evidence that was brought says, a line for each origin; it is no part of the verdict."""
    for column in about.verdicts.brought:
        states = {one.claim: one.state for one in column.claims} | {one.path: one.state for one in column.cells}
        if name in states:
            decides = f"it decides nothing here (`ganrepro judge --accept {column.word}`)"
            yield from _told("brought", f"{column.says}: {states[name]}; {decides}")


def _under(about: JudgedPaper) -> str:
    return f"; reading {about.verdicts.reading}" if about.verdicts.reading else ""


def _told(head: str, text: str | None) -> Iterator[str]:
    if head and text:
        yield terminal.wrapped(f"{head}: {text}", 4, "  ")


def _interval(head: str, interval: Interval | None, indent: int = 2) -> Iterator[str]:
    if interval is not None:
        low, high = ("unbounded" if end is None else f"{end:.4g}" for end in (interval.low, interval.high))
        text = f"{head}: {interval.estimate:.4g}, {100 * interval.confidence:.0f} % interval {low} to {high}"
        yield terminal.wrapped(text, indent + 2, " " * indent)


def _values(quantities: Sequence[Values], about: JudgedPaper, file: Path, say: Say) -> Iterator[str]:
    """Measured values by seed, then the records that they are from."""
    files: dict[str, None] = {}
    for values in quantities:
        label = f"{names.of_experiment(about.spec, values.experiment)} ({values.tier}), {say(values.label)}"
        yield terminal.wrapped(f"{label}: {told_by_seed(values, say) or 'no run'}", 4, "  ")
        files |= {
            places.shown(run.folder / "record.json"): None
            for run in (*about.stored, *about.held)
            if run.record.tier == values.tier
            and run.record.seed in values.seeds
            and values.experiment == run.record.experiment
        }
    if files:
        yield "  from"
        yield from (f"    {file}" for file in files)
    yield f"  by the rules of {places.shown(file)}"
    seal = about.verdicts.seal
    if seal is not None:
        yield from _told("seal", f"{seal.status}: {seal.says}")
