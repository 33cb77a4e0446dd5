"""Which records of a paper may not count, and why: damaged or edited ones, contradictions, copies, mixtures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmark.judging.consistency import Inspected, setup_of
from benchmark.runs.records import CURVES, SAMPLES, RunRecord, Stored
from benchmark.spec.base import canonical
from benchmark.spec.numerics import NUMERICS

#: digits of scores that two runs do not share by chance
_DIGITS = 14

#: a record, what is wrong with it, and why it does not count; None where it does all the same
_Fault = tuple[Stored, str, str | None]


def refusals(
    used: Sequence[Stored], owners: Mapping[str, Sequence[str]], inspected: Inspected
) -> tuple[list[str], dict[str, str]]:
    """All that is wrong with records, a line each, and by run id why a record does not count.

    ``owners`` are the experiments that each run id belongs to.
    """
    files, identities = list(_files(used, inspected)), list(_identities(used, owners, inspected))
    rest = [*_contradictions(used, inspected), *_repeats(used), *_copies(used), *_mixtures(used)]
    refused: dict[str, str] = {}
    for run, _, why in (*identities, *files, *rest):
        if why is not None:
            refused.setdefault(run.record.run_id, why)
    return [line for _, line, _ in (*files, *identities, *rest)], refused


def _files(used: Sequence[Stored], inspected: Inspected) -> Iterator[_Fault]:
    for run in used:
        why = "the record is not the one that was written" if inspected[run].edited else None
        yield from ((run, line, why) for line in inspected[run].damage)


def _identities(used: Sequence[Stored], owners: Mapping[str, Sequence[str]], inspected: Inspected) -> Iterator[_Fault]:
    """Records that were edited: the id is not the hash of what was run, or it belongs to another experiment."""
    for run in used:
        problem, here = inspected[run].identity, owners[run.record.run_id]
        if problem is None and run.record.experiment not in here:
            problem = f"it says it is {run.record.experiment}, it is a run of {' and '.join(here)}"
        if problem is not None:
            yield run, f"{run.folder}: {problem}", f"the record has been edited: {problem}"


def _contradictions(used: Sequence[Stored], inspected: Inspected) -> Iterator[_Fault]:
    """Records that cannot be true, by themselves or beside the others; see ``consistency``."""
    alone = ((run, problem) for run in used for problem in inspected[run].contradictions)
    for run, problem in (*alone, *_between(used)):
        yield run, f"{run.folder}: {problem}", f"the record contradicts itself or others: {problem}"


def _repeats(used: Sequence[Stored]) -> Iterator[_Fault]:
    first: dict[tuple[str, str, int], Stored] = {}
    for run in used:
        experiment, tier, seed = key = (run.record.experiment, run.record.tier, run.record.seed)
        known = first.setdefault(key, run)
        if known is not run:
            what = f"seed {seed} of {experiment} at tier {tier} is recorded in {known.folder} too"
            yield run, f"{run.folder}: {what}, which is the one used", None


def _copies(used: Sequence[Stored]) -> Iterator[_Fault]:
    """Two seeds with the very same samples are one run, whatever their records say."""
    first: dict[str, Stored] = {}
    once = {run.record.run_id: run for run in reversed(used)}
    for run in sorted(once.values(), key=_by_seed):
        digest = run.record.files.get(SAMPLES)
        known = first.setdefault(digest, run) if digest is not None else run
        if known.record.seed != run.record.seed:
            problem = f"same samples as seed {known.record.seed} in {known.folder}, not an independent run"
            yield run, f"{run.folder}: {problem}", problem


def _mixtures(used: Sequence[Stored]) -> Iterator[_Fault]:
    """One numerics tier counts, that of most records: tiers are never mixed."""
    tiers = [run.record.numerics for run in used if run.record.numerics in NUMERICS]
    kept = max(sorted(set(tiers)), key=tiers.count, default=None)
    for run in used:
        if run.record.numerics in NUMERICS and run.record.numerics != kept:
            problem = f"trained in {run.record.numerics}, others in {kept}: numerics tiers are not mixed"
            yield run, f"{run.folder}: {problem}", problem


def _between(stored: Sequence[Stored]) -> Iterator[tuple[Stored, str]]:
    """Records that cannot both be right: one dataset setting with two contents, or two seeds of one run.

    Where a dataset has two contents, those of the fewer records are named, and all if no content has more than the
    others. Of two equal runs that of the higher seed is named.
    """
    by_data: dict[str, dict[str, list[Stored]]] = {}
    by_curves: dict[str, Stored] = {}
    by_scores: dict[str, Stored] = {}
    for run in sorted(stored, key=_by_seed):
        data, content = setup_of(run.record).get("dataset"), run.record.hashes.get("dataset")
        if data is not None and content is not None:
            by_data.setdefault(canonical(data), {}).setdefault(content, []).append(run)
        digest = run.record.files.get(CURVES)
        known = by_curves.setdefault(digest, run) if digest is not None else run
        if known.record.seed != run.record.seed:
            yield run, f"same curves as seed {known.record.seed} in {known.folder}, not an independent run"
            continue
        digits = _digits(run.record)
        known = by_scores.setdefault(digits, run) if digits is not None else run
        if known.record.seed != run.record.seed:
            yield run, f"same scores to the last digit as seed {known.record.seed} in {known.folder}, no run of its own"
    for contents in by_data.values():
        groups = sorted(contents.values(), key=len)
        clear = len(groups) == 1 or len(groups[-1]) > len(groups[-2])
        for group in groups[: len(groups) - clear]:
            other = groups[-1] if group is not groups[-1] else groups[0]
            for run in group:
                yield run, f"trained on other data than {other[0].folder}, though both name the same dataset"


def _digits(record: RunRecord) -> str | None:
    """All scores of a run with their evaluations, to the last digit; None where so few digits may agree by chance."""
    values = {name: [score.value, *score.series] for name, score in sorted(record.scores.items())}
    numbers = {value for score in record.scores.values() for value in (score.value, *dict(score.series).values())}
    digits = sum(len(f"{value:.15g}") for value in numbers if value is not None and value % 1)
    return canonical([record.experiment, record.tier, values]) if digits >= _DIGITS else None


def _by_seed(run: Stored) -> tuple[int, str]:
    return run.record.seed, str(run.folder)
