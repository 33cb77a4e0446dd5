"""``ganrepro bring``: somebody else's samples, values or curves become records of their own kind."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.devices import resolve_device
from benchmark.commands.select_runs import load_papers
from benchmark.judging.seal import ensure_seal
from benchmark.runs import brought
from benchmark.runs.records import Origin, read_records


def bring_options(to: argparse.ArgumentParser) -> None:
    opt.papers(to, "?")
    to.add_argument("--samples", type=Path, metavar="DIR", help="DIR/EXPERIMENT/SEED.npz (.npy, .zip, or a folder)")
    to.add_argument(
        "--values", type=Path, metavar="CSV", help="experiment, score, seed, value, source, protocol fields"
    )
    to.add_argument("--curves", type=Path, metavar="CSV", help="experiment, seed, iteration, and a column for a curve")
    for name, what in (("who", "who made it"), ("code", "with what code, as an address"), ("commit", "at what commit")):
        to.add_argument(f"--{name}", required=True, help=f"{what}; write unknown where nobody knows")
    to.add_argument(
        "--unchecked", action="append", default=[], metavar="TEXT", help="what else nobody here checked; repeatable"
    )
    opt.add(to, "--results", "--data-root", "--device")


def bring(options: argparse.Namespace) -> int:
    if not options.papers or not (options.samples or options.values or options.curves):
        raise opt.UsageError("name the paper, and at least one of --samples, --values and --curves")

    said = [("who", options.who), ("code", options.code), ("commit", options.commit)]
    for name, text in (*said, *(("unchecked", text) for text in options.unchecked)):
        if not text.strip() or not text.isprintable():
            raise opt.UsageError(f"--{name} takes one line of text, not {text!a}")

    def origin(kind: str) -> Origin:
        unchecked = [*brought.UNCHECKED[kind], *options.unchecked]
        return Origin.model_validate({"kind": kind, **dict(said), "unchecked": unchecked})

    (loaded,) = load_papers([options.papers])
    spec, results = loaded.spec, places.results_folder(options.results)
    try:
        values = brought.read_values(spec, options.values, origin("reported")) if options.values else []
        curves = brought.read_curves(spec, options.curves, origin("reported")) if options.curves else []
        everything = brought.merged(values, curves)
        known = [*read_records(results, brought=True)] if results.is_dir() else []
        brought.check_new(known, ((one.run, one.origin) for one in everything))
        if options.samples:
            opt.require_training()
            from benchmark.evaluation import bring as measuring

            root, device = places.data_folder(options.data_root), resolve_device(options.device)
            folders, measured = measuring.places(spec, options.samples), origin("measured")
            brought.check_new(known, ((run, measured) for run, _ in folders))  # before what takes long
            everything += measuring.measured(folders, measured, root, device, terminal.say)
        if not everything:
            raise brought.BroughtError("nothing was brought: the files hold no rows")
        records = [brought.record_of(supplied) for supplied in everything]

        ensure_seal(results, spec)
        for supplied, record in zip(everything, records, strict=True):
            folder = brought.write(results, supplied, record)
            parts = [
                f"{name} {score.value:.6g}" if score.value is not None else f"{name} none: {score.reason}"
                for name, score in record.scores.items()
                if name in supplied.scores
            ] + [f"{len(supplied.curves)} curves"] * bool(supplied.curves)
            print(f"{record.experiment}, seed {record.seed}, {supplied.origin.kind}: {'; '.join(parts)}")
            print(f"  {places.shown(folder)}")
    except brought.BroughtError as error:
        raise opt.UsageError(str(error)) from error
    accept = " ".join(f"--accept {kind}" for kind in sorted({one.origin.kind for one in everything}))
    print(f"judged by itself: ganrepro judge {spec.paper.id} {accept} --results {places.shown(results)}")
    return 0
