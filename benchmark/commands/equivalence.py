"""``ganrepro equivalence``: the same seeds in fp32 and in a rougher tier, and whether their scores agree."""

from __future__ import annotations

import argparse

from benchmark import places
from benchmark.commands import engines, terminal
from benchmark.commands import options as opt
from benchmark.commands.options import CHECK_FAILED, OK, UsageError
from benchmark.spec.numerics import ROUGHER


def register(subparsers: opt.Subparsers) -> None:
    says = "train the same seeds in fp32 and in a rougher numerics tier, and test whether scores agree"
    compares = opt.command(subparsers, equivalence, says, None)
    compares.add_argument("experiment", metavar="PAPER/EXPERIMENT")
    compares.add_argument("--numerics", choices=ROUGHER, required=True, help="the rougher tier")
    compares.add_argument("--tier", choices=("full", "short", "smoke"), default="full", help="default: full")
    compares.add_argument("--seeds", type=opt.seeds, metavar="0-4", help="these seeds instead of the spec's")
    compares.add_argument(
        "--margin", type=_share, metavar="SHARE", help="of the mean in fp32; default: what is usual for the metric"
    )
    opt.add(compares, opt.results, opt.data_root, opt.device)
    compares.add_argument("-j", "--jobs", type=opt.positive, metavar="N", help="runs at once")
    engines.register(compares)
    compares.add_argument("--judge-only", action="store_true", help="of the records that are there; nothing is trained")
    opt.as_json(compares)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"'{text}': write a share between 0 and 1")
    return share


def equivalence(options: argparse.Namespace) -> int:
    from benchmark.commands.run import run
    from benchmark.commands.select_runs import load_all, spec_files
    from benchmark.judging.equivalence import equivalence as tested
    from benchmark.registry import did_you_mean
    from benchmark.runs import sidecars
    from benchmark.runs.records import read_records

    paper, slash, name = options.experiment.rpartition("/")
    if not slash:
        raise UsageError(f"'{options.experiment}': write PAPER/EXPERIMENT")
    ((_, loaded),) = load_all(spec_files([paper]))
    known = [name for name, experiment in loaded.spec.experiments.items() if experiment.setup(options.tier) is not None]
    if name not in known:
        raise UsageError(f"{paper} has no experiment '{name}' at tier {options.tier}{did_you_mean(name, known)}")
    for numerics in () if options.judge_only else ("fp32", options.numerics):
        code = run(
            argparse.Namespace(
                **{**vars(options), "command": "run", "papers": [paper], "experiment": [name], "numerics": numerics},
                **{"table": [], "claim": [], "figure": [], "reading": None, "all": False, "no_report": True},
            )
        )
        if code != OK:
            return code
    results = places.results_folder(options.results)
    stored = [run for run in read_records(results) if run.record.paper == loaded.spec.paper.id]
    report = tested(
        loaded.spec, stored, name, options.tier, options.numerics, seeds=options.seeds, share=options.margin
    )
    file = sidecars.write_equivalence(results, report)
    if options.json:
        terminal.as_json(report.model_dump(mode="json"))
    else:
        verdict = "may be judged" if report.agrees else "is not shown equivalent"
        print(f"{paper}/{name} at {report.tier} in {report.numerics} {verdict}: {report.says}")
        print(f"kept in {places.shown(file)}")
    return OK if report.agrees else CHECK_FAILED
