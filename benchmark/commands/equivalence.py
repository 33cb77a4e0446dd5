"""``ganrepro equivalence``: the same seeds in fp32 and in a rougher tier, and whether their scores agree."""

from __future__ import annotations

import argparse

from benchmark import places
from benchmark.commands import engines, terminal
from benchmark.commands import options as opt
from benchmark.commands.run import run
from benchmark.commands.select_runs import load_papers
from benchmark.judging.equivalence import equivalence as tested
from benchmark.registry import did_you_mean
from benchmark.runs import sidecars
from benchmark.runs.records import read_records
from benchmark.spec.numerics import ROUGHER


def equivalence_options(to: argparse.ArgumentParser) -> None:
    share = opt.number(float, lambda value: 0 < value < 1, ": write a share between 0 and 1")
    to.add_argument("experiment", metavar="PAPER/EXPERIMENT")
    to.add_argument("--numerics", choices=ROUGHER, required=True, help="the rougher tier")
    to.add_argument("--tier", choices=("full", "short", "smoke"), default="full", help="default: full")
    opt.add(to, "--seeds")
    to.add_argument(
        "--margin", type=share, metavar="SHARE", help="of the mean in fp32; default: what is usual for the metric"
    )
    opt.add(to, "--results", "--data-root", "--device")
    to.add_argument("-j", "--jobs", type=opt.positive, metavar="N", help="runs at once")
    engines.options(to)
    to.add_argument("--judge-only", action="store_true", help="of the records that are there; nothing is trained")
    opt.add(to, "--json")


def equivalence(options: argparse.Namespace) -> int:
    paper, slash, name = options.experiment.rpartition("/")
    if not slash:
        raise opt.UsageError(f"'{options.experiment}': write PAPER/EXPERIMENT")
    (loaded,) = load_papers([paper])
    known = [name for name, experiment in loaded.spec.experiments.items() if experiment.setup(options.tier) is not None]
    if name not in known:
        raise opt.UsageError(f"{paper} has no experiment '{name}' at tier {options.tier}{did_you_mean(name, known)}")
    for numerics in () if options.judge_only else ("fp32", options.numerics):
        code = run(
            argparse.Namespace(
                **{**vars(options), "command": "run", "papers": [paper], "experiment": [name], "numerics": numerics},
                **{"table": [], "claim": [], "figure": [], "reading": None, "all": False, "no_report": True},
            )
        )
        if code != opt.OK:
            return code
    results = opt.existing_results(options.results)
    stored = [run for run in read_records(results) if run.record.paper == loaded.spec.paper.id]
    report = tested(
        loaded.spec, stored, name, options.tier, options.numerics, seeds=options.seeds, share=options.margin
    )
    there = {run.record.run_id for run in stored}
    if not any(there.intersection(pair) for pair in report.runs.values()):
        raise opt.NothingSelectedError(f"no run of {paper}/{name} at {options.tier} in either tier, so nothing is kept")
    file = sidecars.keep(results, report)
    if options.json:
        terminal.as_json(report.model_dump(mode="json"))
    else:
        agrees = "may be judged" if report.tier == "full" else "gives the same scores, of reduced runs"
        verdict = agrees if report.agrees else "is not shown equivalent"
        print(f"{paper}/{name} at {report.tier} in {report.numerics} {verdict}: {report.says}")
        print(f"kept in {places.shown(file)}")
    return opt.OK if report.agrees else opt.CHECK_FAILED
