"""``ganrepro compare A B``: two results folders or packs side by side, without torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.verify import opened
from benchmark.judging.compare import Comparison
from benchmark.judging.compare import compare as compared
from benchmark.judging.consistency import contradictions, identity
from benchmark.judging.verdict import Interval
from benchmark.runs.files import StoreError
from benchmark.runs.integrity import damage
from benchmark.runs.records import Stored, read_records
from benchmark.spec.words import number

#: experiments that an error message lists
_LISTED = 4


def compare_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("first", type=Path, metavar="A")
    to.add_argument("second", type=Path, metavar="B")
    opt.add(to, "--json")


def compare(options: argparse.Namespace) -> int:
    first: Path = options.first
    second: Path = options.second
    with opened(first) as one, opened(second) as other:
        for path, evidence in ((first, one), (second, other)):
            if evidence.findings.problems:
                raise StoreError(f"{path}: {evidence.findings.problems[0]}")
        comparison = _sound(one.results, other.results)
    if not comparison.experiments:
        sys.stderr.writelines(f"left out: {line}\n" for line in comparison.left_out)
        there = (_listed(path, names) for path, names in _only(comparison, first, second))
        raise opt.NothingSelectedError(
            f"no experiment is in both at one tier and under one reading: {'; '.join(there)}"
        )
    if options.json:
        return terminal.as_json(comparison.model_dump(mode="json"))
    print("\n".join(lines(comparison)))
    return 0


def _sound(*folders: Path) -> Comparison:
    """Runs whose records can be believed, compared; the others are named."""
    kept: list[list[Stored]] = []
    left_out: list[str] = []
    for side, folder in zip("AB", folders, strict=True):
        unreadable: list[str] = []
        kept.append([])
        for run in read_records(folder, unreadable):
            problems = [*damage(run), *filter(None, [identity(run.record)]), *contradictions(run)]
            if not problems:
                kept[-1].append(run)
            where = f"{run.folder.relative_to(folder)}: "
            left_out += [f"{side}: {where}{line.removeprefix(f'{run.folder}/')}" for line in problems]
        left_out += [f"{side}: {line.replace(f'{folder}/', '')}" for line in unreadable]
    return compared(*kept).model_copy(update={"left_out": left_out})


def _only(comparison: Comparison, first: Path | str, second: Path | str) -> list[tuple[Path | str, list[str]]]:
    return [(first, comparison.only_first), (second, comparison.only_second)]


def _listed(path: Path | str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{path} has {' and '.join(names[:_LISTED]) or 'no run'}{more}"


def lines(comparison: Comparison) -> Iterator[str]:
    """A comparison for a terminal."""
    for experiment in comparison.experiments:
        first, second = (",".join(map(str, seeds)) for seeds in (experiment.seeds_first, experiment.seeds_second))
        about = f"{experiment.paper}/{experiment.experiment} at {experiment.tier}"
        named = [reading for reading in dict.fromkeys(experiment.readings) if reading]
        about += f", reading {' and '.join(named)}" if named else ""
        rougher = [name for name in dict.fromkeys(experiment.numerics) if name != "fp32"]
        about += f", in {' and '.join(dict.fromkeys(experiment.numerics))}" if rougher else ""
        yield terminal.wrapped(f"{about} (seeds A {first}, B {second})", 4, "")
        for line in experiment.recipe:
            yield terminal.wrapped(f"recipe differs: {line}", 6, "  ")
        labels = [score.label for score in experiment.scores]
        for score in experiment.scores:
            label = f"{score.label} ({score.score})" if labels.count(score.label) > 1 else score.label
            if score.mean_first is None and score.mean_second is None:
                yield terminal.wrapped(f"{label}: measured in neither", 6, "  ")
                continue
            means = " and ".join(
                "none" if mean is None else number(mean) for mean in (score.mean_first, score.mean_second)
            )
            between = ""
            if score.difference is not None:
                between = f", B - A {number(score.difference.estimate)}{_bounds(score.difference)}"
            proxy = ", a proxy" if score.proxy and "proxy" not in label else ""
            text = f"{label}{proxy}: {means}{between}: {score.outcome} ({score.says})"
            yield terminal.wrapped(text, 6, "  ")
        if experiment.times is not None:
            told = f"{experiment.times.says}{_bounds(experiment.times.ratio)}"
            yield terminal.wrapped(f"training time per iteration: {told} ({experiment.times.device})", 6, "  ")
    for side, names in _only(comparison, "A", "B"):
        yield from (terminal.wrapped(f"only in {side}: {name}", 4, "") for name in names)
    yield from (terminal.wrapped(f"left out: {line}", 4, "") for line in comparison.left_out)
    yield from (terminal.wrapped(f"environment differs: {line}", 4, "") for line in comparison.environment)
    if comparison.environment_more:
        yield f"environment differs in {comparison.environment_more} more fields"


def _bounds(interval: Interval | None) -> str:
    ends = [number(end) for end in (interval.low, interval.high) if end is not None] if interval is not None else []
    return f" [{', '.join(ends)}]" if ends else ""
