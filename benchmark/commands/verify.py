"""``ganrepro verify``: a results folder or an audit pack recomputed, without torch; every mismatch is one line."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import score_sidecars, terminal
from benchmark.commands.planned_records import UNPLANNED, run_behind
from benchmark.commands.select_runs import load_all, load_papers
from benchmark.evaluation.recompute import Rescoring, comparable, differences, named, rows_that_differ
from benchmark.judging.inspection import Facts, Inspected
from benchmark.judging.judge import (
    JudgedPaper,
    SealedStates,
    expected_ones,
    gone_and_come,
    states_file,
    states_of,
    states_then,
    verdicts_on,
)
from benchmark.judging.seal import RULES_VERSION, sources
from benchmark.judging.verdict import PaperVerdicts
from benchmark.reporting.tabular import table_csv
from benchmark.reporting.view import paper_view
from benchmark.runs import bundle
from benchmark.runs.bundle import Manifest, PackError
from benchmark.runs.files import StoreError, irregular, parse, read_as, read_bytes, sha256, unsafe_arrays
from benchmark.runs.integrity import misnamed, other_code, samples_problems, unsaid
from benchmark.runs.plan import run_ids
from benchmark.runs.records import CURVES, MEASURED, RECORD, RECORD_HASH, SAMPLES, Stored, read_record
from benchmark.runs.sidecars import Equivalence
from benchmark.spec.load import Loaded
from benchmark.spec.numerics import NUMERICS
from benchmark.spec.source import SpecError
from benchmark.spec.words import counted, cut


def verify_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("path", type=Path, nargs="?", metavar="PATH", help="folder or pack; default: local results")
    to.add_argument("papers", nargs="*", metavar="PAPER", help="specs to judge a folder by; default: all")
    to.add_argument("--numerics", choices=NUMERICS, help="of a folder's runs; default: what its verdicts are of")
    to.add_argument("--replay", type=opt.positive, metavar="N", help="train N iterations of each again; needs torch")
    to.add_argument("--data-root", type=Path, metavar="DIR", help="for --replay; default: data, or GANREPRO_DATA")
    opt.add(to, "--json")


def verify(options: argparse.Namespace) -> int:
    path: Path = options.path or opt.existing_results(None)
    if path.is_file() and (options.papers or options.numerics):
        raise opt.UsageError(f"{path}: a pack holds the specs and the numerics tier that it is verified by: name none")
    findings = verified(path, options.papers, options.numerics, options.replay, places.data_folder(options.data_root))
    if not findings.records and not findings.problems:
        raise opt.NothingSelectedError(f"{path} holds no record, so nothing was verified")
    if options.json:
        terminal.as_json(vars(findings))
    else:
        for line in findings.problems:
            print(f"MISMATCH {line}")
        for line in findings.notes:
            print(f"note: {line}")
        records, scores, verdicts = findings.records, findings.rescored, findings.verdicts
        counts = f"{counted(records, 'record')}, {counted(scores, 'score')} and {counted(verdicts, 'verdict')}"
        again = (
            f", {counted(findings.replayed, 'run')} begun again for {counted(findings.iterations, 'iteration')} in all"
        )
        counts += f" computed again{again if options.replay else ''}"
        few = f"{len(findings.problems)} mismatch{'es' if len(findings.problems) != 1 else ''}"
        print(f"{path}: {few if findings.problems else 'all agrees'} ({counts})")
    return 1 if findings.problems else 0


#: records from which on a person is told how many there are: they take a while
_MANY = 20
#: states of what nothing was measured for
_WITHOUT_RUNS = ("NOT RUN", "NOT MEASURED", "NOT ASSESSABLE", "QUOTED")


@dataclass
class Findings:
    """What was found: ``problems`` fail a verification, ``notes`` do not."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: int = 0
    rescored: int = 0
    #: scores that nothing is kept of by intent: reason and number
    not_rescored: Mapping[str, int] = field(default_factory=dict)
    verdicts: int = 0
    replayed: int = 0
    #: of all runs that were begun again
    iterations: int = 0


@dataclass(frozen=True)
class Opened:
    """A results folder, the folder of specs that it is judged by, and the manifest where both were packed."""

    results: Path
    papers: Path
    manifest: Manifest | None = None
    findings: Findings = field(default_factory=Findings)


def verified(
    path: Path, papers: Sequence[str], numerics: str | None, replay: int | None = None, data_root: Path | None = None
) -> Findings:
    """What does not agree in a results folder or a pack; ``replay`` iterations of every run are trained again.

    Without ``numerics`` each paper's runs are those of the tier that its verdicts are of.
    """
    try:
        with opened(path) as evidence:
            if evidence.manifest is None:
                specs = _with_shipped(load_papers(papers))
            else:
                specs = _packed_specs(evidence, evidence.manifest)
                numerics = evidence.manifest.numerics
            _check(evidence, specs, numerics)
            if replay:
                _replay(evidence, specs, replay, data_root or places.data_folder(None))
    except PackError as error:
        return Findings([str(error)])
    findings, folder = evidence.findings, f"{evidence.results}/"
    findings.problems = [*dict.fromkeys(line.replace(folder, "") for line in findings.problems)]
    findings.notes = [line.replace(folder, "") for line in findings.notes]
    return findings


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """A results folder as it lies, or a pack unfolded for as long as the block runs."""
    if path.is_dir():
        yield Opened(path, places.papers_folder())
        return
    if not path.is_file():
        raise opt.UsageError(f"{path}: neither a results folder nor a pack")
    with tempfile.TemporaryDirectory(prefix="ganrepro-") as scratch:
        unpacked = bundle.unpack(path, Path(scratch))
        results = unpacked.folder / "results"
        results.mkdir(exist_ok=True)
        yield Opened(results, unpacked.folder / "papers", unpacked.manifest, Findings(list(unpacked.problems)))


def _with_shipped(given: Sequence[Loaded]) -> list[Loaded]:
    """Specs that were named, and those that ship with the package for all other papers."""
    named, files = {loaded.spec.paper.id for loaded in given}, [loaded.file for loaded in given]
    shipped = [file for file in places.papers_folder().glob("*.yaml") if file not in files]
    others = [loaded for loaded in load_all(sorted(shipped)) if loaded.spec.paper.id not in named]
    return [*given, *others]


def _packed_specs(pack: Opened, manifest: Manifest) -> list[Loaded]:
    papers, findings = [], pack.findings
    for file in sorted(pack.papers.glob("*.yaml")):
        try:
            papers += load_all([file])
        except SpecError as error:
            findings.problems += [f"papers/{file.name}: {line}" for line in str(error).splitlines()[:3]]
            continue
        here = places.papers_folder() / file.name
        if here.is_file() and sha256(here) != sha256(file):
            findings.notes.append(f"papers/{file.name} differs from the one here ({places.shown(here)})")
    names = sorted(loaded.spec.paper.id for loaded in papers)
    if names != sorted(manifest.papers):
        findings.problems.append(f"specs of {', '.join(names) or 'no paper'}, listed are {', '.join(manifest.papers)}")
    return papers


def _check(evidence: Opened, papers: Sequence[Loaded], numerics: str | None) -> None:
    """Recompute everything, and add what differs to the findings."""
    results, manifest, findings = evidence.results, evidence.manifest, evidence.findings
    stored = []
    if (many := len([*results.glob(f"*/*/*/{RECORD}")])) >= _MANY:
        terminal.say(f"computing again what {many} records say")
    rescoring, inspected = Rescoring(results), Inspected()
    for run in _records(results, findings):
        unsafe = _unsafe(run)
        if unsafe is not None:  # nothing of it is opened, here or in judging
            findings.problems.append(unsafe)
            continue
        stored.append(run)
        findings.problems += _record_problems(run, inspected[run], results)
        findings.problems += [f"{run.folder}: {line}" for line in rescoring.problems(run)]
    findings.problems += other_code(stored)
    strangers = findings.notes if manifest is None else findings.problems
    specs = {loaded.spec.paper.id: loaded.spec for loaded in papers}
    findings.problems += [*rescoring.shared_problems(), *score_sidecars.problems(results, stored, specs, strangers)]
    findings.rescored, findings.not_rescored = rescoring.recomputed, rescoring.without
    findings.notes += [
        f"{counted(count, 'score')} not computed again: {why}" for why, count in sorted(rescoring.without.items())
    ]
    for paper in sorted({run.record.paper for run in stored} - set(specs)):
        findings.problems.append(f"no spec of paper '{paper}', so its verdicts cannot be recomputed")
    same_rules = _same_rules(evidence)
    inputs: list[JudgedPaper] = []
    for loaded in papers:
        mine = [run for run in stored if run.record.paper == loaded.spec.paper.id]
        file = results / "verdicts" / f"{loaded.spec.paper.id}.json"
        if not mine and not file.is_file() and not states_file(results, loaded.spec.paper.id).is_file():
            continue
        tier = numerics or _tier(results, loaded, mine)
        expected, text = run_ids(loaded.spec, tier), loaded.file.read_bytes()
        verdicts = verdicts_on(loaded, text, mine, expected, results, inspected=inspected, numerics=tier)
        # what is wrong with sidecars was told above, with what the records give
        findings.problems += [line for line in verdicts.damage if not line.startswith(f"{Equivalence.FOLDER}/")]
        findings.notes += [f"{folder}: {UNPLANNED}" for folder in verdicts.stale]
        _seal(verdicts, findings)
        if manifest is None and not file.is_file():
            _states(results, verdicts, mine, findings, numerics)
            continue
        said = _said(results, loaded)
        if said in NUMERICS and numerics not in (None, said):
            findings.problems.append(f"verdicts/{file.name}: they are of {said}, asked was {numerics}: not compared")
            continue
        _verdicts(file, verdicts, same_rules, manifest is not None, findings)
        inputs.append(JudgedPaper(loaded.spec, verdicts, expected_ones(mine, expected)))
    if manifest is not None:
        order = {paper: place for place, paper in enumerate(manifest.papers)}
        inputs.sort(key=lambda item: order.get(item.verdicts.paper, len(order)))
        for name, content in tables(inputs).items():
            file = results.parent / "tables" / name
            if not file.is_file():
                findings.problems.append(f"tables/{name} is missing")
            elif file.read_bytes() != content:
                findings.problems += rows_that_differ(name, file.read_bytes(), content)


def tables(inputs: Sequence[JudgedPaper]) -> dict[str, bytes]:
    """The tables of a pack, by file name."""
    views = [paper_view(paper) for paper in inputs]
    return {file: table_csv(file, views).encode() for file in ("tables.csv", "claims.csv")}


def _records(results: Path, findings: Findings) -> Iterator[Stored]:
    """Every record that can be read; the others are problems."""
    for file in sorted(results.glob(f"*/*/*/{RECORD}")):
        try:
            yield Stored(read_record(file), file.parent)
        except StoreError as error:
            findings.problems.append(str(error))
        else:
            findings.records += 1


def _unsafe(run: Stored) -> str | None:
    """Why the files of a record must not be opened; None where they may."""
    if (why := misnamed(run)) is not None:
        return why
    for file in sorted({run.folder / name for name in (*run.record.files, RECORD_HASH, CURVES, SAMPLES, MEASURED)}):
        if (why := irregular(file)) is not None:
            return why
        if file.suffix == ".npz" and file.is_file() and (why := unsafe_arrays(file)) is not None:
            return f"{file}: {why}"
    return None


def _record_problems(run: Stored, facts: Facts, results: Path) -> Iterator[str]:
    """What is wrong with one record, whether or not a spec wants it."""
    record = run.record
    place = run.folder.relative_to(results).parts
    stated = (record.paper, record.experiment, record.run_id)
    if place != stated:
        yield f"{run.folder}: the record says it is {'/'.join(stated)}"
    if record.status == "finished" and record.origin is None:
        yield from (f"{run.folder}: {name} is not listed" for name in (CURVES, SAMPLES) if name not in record.files)
    yield from facts.damage
    yield from samples_problems(run)
    problem = facts.identity
    for line in (*([problem] if problem is not None else []), *facts.contradictions, *unsaid(record)):
        yield f"{run.folder}: {line}"


def _said(results: Path, loaded: Loaded) -> str | None:
    """The numerics tier that stored verdicts say they are of."""
    try:
        return read_as(results / "verdicts" / f"{loaded.spec.paper.id}.json", PaperVerdicts).numerics
    except (StoreError, ValueError):
        return None


def _tier(results: Path, loaded: Loaded, stored: Sequence[Stored]) -> str:
    """The numerics tier that stored verdicts are of; that of the records where they say none, fp32 before others."""
    said = _said(results, loaded)
    tiers = {run.record.numerics for run in stored}
    return said if said in NUMERICS else "fp32" if "fp32" in tiers else min(tiers & set(NUMERICS), default="fp32")


def _replay(evidence: Opened, papers: Sequence[Loaded], iterations: int, data_root: Path) -> None:
    """Begin every finished run again where its data and its kind of device are at hand; this needs torch."""
    import torch

    from benchmark.runs.retrain import reach, replay

    findings = evidence.findings
    specs = {loaded.spec.paper.id: loaded for loaded in papers}
    devices = {"cpu": True, "cuda": torch.cuda.is_available()}
    for stored in _records(evidence.results, Findings()):
        record, where = stored.record, stored.folder
        if _unsafe(stored) is not None or record.origin is not None:
            continue
        loaded = specs.get(record.paper)
        run = None if loaded is None else run_behind(loaded, stored)
        device = str(record.environment.get("device", "cpu")).partition(":")[0]
        try:
            curves = stored.curves()
        except StoreError:  # told above
            curves = {}
        if run is None:
            missing: str | None = "no run of these papers"
        elif record.status != "finished":
            missing = record.status
        elif not curves:
            missing = "it has no curves to compare with"
        elif not devices.get(device, False):
            missing = f"it was trained on {'a GPU' if device == 'cuda' else repr(device)}, there is none here"
        else:
            missing = run.setup.dataset.problem(data_root)
        if run is None or missing is not None:
            findings.notes.append(f"{where}: not begun again: {missing}")
            continue
        difference = replay(run, curves, data_root, device, iterations=iterations)
        findings.replayed += 1
        findings.iterations += reach(run, curves, iterations)
        if difference is not None:
            findings.problems.append(f"{where}: {difference}")


def _seal(verdicts: PaperVerdicts, findings: Findings) -> None:
    seal = verdicts.seal
    if seal is None:
        return
    line = f"seal of {verdicts.paper}: {seal.status}: {seal.says}"
    (findings.problems if seal.status in ("changed", "damaged") else findings.notes).append(line)
    for change in (change for change in seal.changes if change.kind != "code"):
        where = f"{change.item}{f'.{change.path}' if change.path else ''}"
        detail = f"seal of {verdicts.paper}: {where} {change.kind}: {cut(change.old)} -> {cut(change.new)}"
        (findings.problems if change.kind in ("changed", "removed") else findings.notes).append(detail)


def _same_rules(evidence: Opened) -> bool:
    """Whether what judges here is what judged the pack."""
    manifest = evidence.manifest
    if manifest is None or (manifest.rules_sources == sources() and manifest.rules_version == RULES_VERSION):
        return True
    evidence.findings.notes.append(
        f"judged by rules version {manifest.rules_version} of ganrepro {manifest.ganrepro}, here by {RULES_VERSION}"
    )
    return False


def _states(
    results: Path, verdicts: PaperVerdicts, stored: Sequence[Stored], findings: Findings, numerics: str | None
) -> None:
    """Of verdicts that are not stored, those states that are kept beside a seal of these very records.

    Of other records, which may be more of them by now, a verdict must still follow where one was sealed.
    """
    kept, now = states_then(results, verdicts, verdicts.seal, stored), states_of(verdicts)
    if kept is None:
        findings.notes.append(f"no stored verdicts on {verdicts.paper}")
        if numerics is None:  # runs of another tier may be asked for
            _of_other_records(results, verdicts, stored, now, findings)
        return
    findings.verdicts += len(kept)
    findings.problems += [
        f"seals/{verdicts.paper}.judged.json: {name}: stored {then}, recomputed {now.get(name, 'nothing')}"
        for name, then in kept.items()
        if now.get(name) != then
    ]


def _of_other_records(
    results: Path, verdicts: PaperVerdicts, stored: Sequence[Stored], now: Mapping[str, str], findings: Findings
) -> None:
    """Verdicts that were sealed on other records: of runs that are gone, or that nothing gives any more."""
    paper, where = verdicts.paper, f"seals/{verdicts.paper}.judged.json"
    try:
        sealed = read_as(states_file(results, paper), SealedStates)
    except StoreError:
        return
    gone, come = gone_and_come(sealed, stored, verdicts.numerics)
    if gone:
        many = f"{counted(len(gone), 'run')} that sealed verdicts rest on {'is' if len(gone) == 1 else 'are'} gone"
        findings.problems.append(f"{where}: {many}: {', '.join(gone)}")
    if come:
        has = "has" if len(come) == 1 else "have"
        findings.notes.append(f"{counted(len(come), 'run')} on {paper} {has} come since its verdicts were sealed")
    findings.problems += [
        f"{where}: {name}: sealed as {then}, recomputed {found}"
        for name, then in sealed.states.items()
        if then not in _WITHOUT_RUNS and (found := now.get(name, "nothing")) in ("NOT RUN", "NOT MEASURED", "nothing")
    ]


def _verdicts(file: Path, verdicts: PaperVerdicts, same_rules: bool, needed: bool, findings: Findings) -> None:
    if not file.is_file():
        line = f"no stored verdicts on {verdicts.paper}"
        (findings.problems if needed else findings.notes).append(line)
        return
    try:
        old = parse(read_bytes(file))
    except (StoreError, ValueError) as error:
        findings.problems.append(f"verdicts/{file.name}: {error}")
        return
    judged_with = old.get("ours") if isinstance(old, dict) else None
    own = {one.get("experiment") for one in judged_with or () if isinstance(one, dict)}
    unknown = sorted(map(str, own - {state.experiment for state in verdicts.experiments}))
    if unknown:
        line = f"judged with {', '.join(unknown)}, which no spec here has: name the file that adds it"
        findings.problems.append(f"verdicts/{file.name}: {line}")
        return
    same_code = needed and same_rules  # who judged a folder is not known
    old, new = (comparable(verdict, same_rules, same_code) for verdict in (old, verdicts.model_dump(mode="json")))
    findings.verdicts += len(verdicts.claims) + len(verdicts.cells)
    unlike = [*differences(old, new)]
    if unlike and isinstance(old, dict) and old.get("spec_sha256") != verdicts.spec_sha256:
        line = f"judged by another spec of {verdicts.paper} than today's; `ganrepro judge` does it anew"
        findings.problems.append(f"verdicts/{file.name}: {line}")
    for place, then, now in unlike:
        place = named(place, new)
        findings.problems.append(f"verdicts/{file.name}: {place}: stored {cut(then)}, recomputed {cut(now)}")
