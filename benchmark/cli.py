"""The command line. Nothing heavy is imported before a command needs it, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import __version__

OK, CHECK_FAILED, BAD_INPUT, RUN_FAILED, NOTHING, STORAGE, RESUMABLE, INTERRUPTED = 0, 1, 2, 3, 5, 74, 75, 130

#: command -> (module of benchmark.commands, function)
_HANDLERS = {
    "list": ("inspect", "list_papers"),
    "validate": ("inspect", "validate"),
    "audit": ("inspect", "audit"),
    "plan": ("plan", "plan"),
    "run": ("run", "run"),
    "run-one": ("run", "run_one"),
    "judge": ("report", "judge"),
    "report": ("report", "report"),
    "schema": ("inspect", "schema"),
    "compare": ("compare", "compare"),
    "pack": ("pack", "pack"),
    "verify": ("verify", "verify"),
    "selftest": ("selftest", "selftest"),
    "score": ("score", "score"),
    "sample": ("sample", "sample"),
    "anchors": ("anchors", "anchors"),
    "speed": ("speed", "speed"),
    "data": ("data", "data"),
    "sys-info": ("inspect", "sys_info"),
}

_EPILOG = """\
examples:
  ganrepro run                                        the default job: minutes, no download, no GPU needed
  ganrepro plan papers/gan_dcgan_mnist.yaml           what each tier would run
  ganrepro run papers/gan_dcgan_mnist.yaml --tier short --data-root DATA
  ganrepro audit papers/gan_rl.yaml                   the paper against itself, without any run

exit codes: 0 done; 1 a check failed; 2 bad input; 3 a run failed; 5 nothing selected; 74 storage; 75 stopped,
the same command resumes; 130 Ctrl-C, the same command resumes
"""


def _seeds(text: str) -> tuple[int, ...]:
    """``0-4`` or ``0,2,7`` as numbers."""
    seeds: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        try:
            seeds += range(int(first), int(last or first) + 1)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}': write seeds as 0-4 or 0,2,7") from None
    if not seeds or len(set(seeds)) != len(seeds) or min(seeds) < 0 or max(seeds) >= 2**32:
        raise argparse.ArgumentTypeError(f"'{text}': seeds must be distinct, from 0 to 2^32 - 1")
    return tuple(seeds)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive whole number")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="ganrepro",
        description="Does a GAN paper's evidence hold?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"ganrepro {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, summary: str, papers: str | None = "*") -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        if papers is not None:
            added.add_argument("papers", nargs=papers, metavar="PAPER", help="spec file or paper id; default: all")
        return added

    def choice_of_runs(to: argparse.ArgumentParser) -> None:
        to.add_argument("--tier", choices=("full", "short", "smoke"), help="full is the paper's budget; default: short")
        to.add_argument(
            "-e", "--experiment", action="append", metavar="GLOB", help="only these experiments; repeatable"
        )
        to.add_argument(
            "--reading",
            action="append",
            metavar="NAME|all|base",
            help="other ways to fill what the paper leaves open; repeatable; default: base",
        )
        to.add_argument("--seeds", type=_seeds, metavar="0-4", help="these seeds instead of the spec's")
        to.add_argument(
            "--numerics", choices=("exact", "fp32"), default="fp32", help="exact: bit-equal to a plain loop"
        )
        to.add_argument("--results", type=Path, metavar="DIR", help="default: results/local, or GANREPRO_RESULTS")
        to.add_argument("--data-root", type=Path, metavar="DIR", help="torchvision's layout; default: GANREPRO_DATA")

    def results(to: argparse.ArgumentParser) -> None:
        to.add_argument("--results", type=Path, metavar="DIR", help="default: results/local, or GANREPRO_RESULTS")
        to.add_argument("--numerics", choices=("exact", "fp32"), default="fp32")

    def where(to: argparse.ArgumentParser) -> None:
        to.add_argument("--results", type=Path, metavar="DIR", help="default: results/local, or GANREPRO_RESULTS")
        to.add_argument("--data-root", type=Path, metavar="DIR", help="torchvision's layout; default: GANREPRO_DATA")
        to.add_argument("--device", default="auto", metavar="auto|cpu|cuda")

    def formats(to: argparse.ArgumentParser) -> None:
        to.add_argument(
            "--format",
            action="append",
            choices=("html", "markdown", "csv", "latex"),
            help="repeatable; default: html and markdown",
        )

    def as_json(to: argparse.ArgumentParser) -> None:
        to.add_argument("--json", action="store_true", help="machine-readable")

    as_json(command("list", "papers, experiments and tiers", None))
    command("validate", "check spec files: every problem, with file, line and column", "+")
    audit = command("audit", "the papers against themselves: recipe, contradictions, claims; needs no run")
    audit.add_argument("--markdown", action="store_true", help="Markdown instead of plain text, with all details")
    audit.add_argument("--details", action="store_true", help="tests, numbers, sources and alternatives as well")
    as_json(audit)
    plan = command("plan", "what would run: iterations, images, disk, what is done, what is missing")
    choice_of_runs(plan)
    plan.add_argument("--todo", action="store_true", help="only what to give to run-one for each run that is not done")
    as_json(plan)
    run = command("run", "train, sample, score, record, judge, report; finished runs are not repeated")
    choice_of_runs(run)
    run.add_argument("--all", action="store_true", help="all papers; without this and without PAPER: the default job")
    run.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="default: cuda where there is one")
    run.add_argument(
        "-j", "--jobs", type=_positive, metavar="N", help="runs at once; default: cores, or 1 for each GPU"
    )
    run.add_argument("--no-report", action="store_true", help="stop after the records")
    one = command("run-one", "one run by id, for engines that schedule runs themselves", None)
    one.add_argument("run_id")
    one.add_argument("papers", nargs=1, metavar="PAPER")
    choice_of_runs(one)
    one.add_argument("--device", default="auto", metavar="auto|cpu|cuda")
    judge = command("judge", "verdicts from the records of a results folder, without torch")
    results(judge)
    as_json(judge)
    report = command("report", "the report from records alone, without torch")
    results(report)
    formats(report)
    compare = command("compare", "two results folders or packs side by side, with the statistics of the verdicts", None)
    compare.add_argument("first", type=Path, metavar="A")
    compare.add_argument("second", type=Path, metavar="B")
    as_json(compare)
    pack = command("pack", "an audit pack: records, files, seals, specs, verdicts and tables in one file")
    results(pack)
    pack.add_argument("-o", "--output", type=Path, default=Path("ganrepro-pack.zip"), metavar="FILE")
    verify = command("verify", "recompute a results folder or a pack, without torch; exit code 1 on any mismatch", None)
    verify.add_argument("path", type=Path, nargs="?", metavar="PATH", help="folder or pack; default: local results")
    verify.add_argument("papers", nargs="*", metavar="PAPER", help="specs to judge a folder by; default: all")
    verify.add_argument("--numerics", choices=("exact", "fp32"), default="fp32", help="of a folder's runs")
    verify.add_argument("--replay", type=_positive, metavar="N", help="train N iterations of each again; needs torch")
    verify.add_argument("--data-root", type=Path, metavar="DIR", help="for --replay; default: GANREPRO_DATA")
    as_json(verify)
    selftest = command("selftest", "plant faults and count what passes: the harness's own error rates", None)
    selftest.add_argument("--real", action="store_true", help="tiny real runs too: minutes, needs torch")
    as_json(selftest)
    score = command("score", "a finished run's generator under other protocols: how far these alone move it", None)
    score.add_argument("run_id", metavar="RUN", help="a run's id or its beginning")
    score.add_argument("paper", nargs="?", metavar="PAPER", help="its spec, where it is not found by the paper's id")
    score.add_argument(
        "--protocols", nargs="+", metavar="AXIS", help="what to vary, one at a time; default: everything"
    )
    score.add_argument("--score", action="append", metavar="NAME", help="only these scores; repeatable")
    score.add_argument(
        "--counts", nargs="+", type=_positive, metavar="N", help="instead of 1/4, 1/2 and 2 of the spec's"
    )
    where(score)
    as_json(score)
    sample = command(
        "sample", "a finished run's samples as PNG files, for any other program to look at and score", None
    )
    sample.add_argument("run_id", metavar="RUN", help="a run's id or its beginning")
    sample.add_argument("paper", nargs="?", metavar="PAPER", help="its spec, where it is not found by the paper's id")
    sample.add_argument("--count", type=_positive, default=64, metavar="N", help="how many; default: 64")
    sample.add_argument("--real", action="store_true", help="the data instead, in the order in which scores take them")
    sample.add_argument(
        "--score", metavar="NAME", help="of the checkpoint that counts for this score; default: the end"
    )
    sample.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    where(sample)
    anchors = command("anchors", "floors and ceilings of every score: real data, copier, untrained generator, noise")
    anchors.add_argument("--numerics", choices=("exact", "fp32"), default="fp32", help="of the folder's runs")
    where(anchors)
    as_json(anchors)
    speed = command("speed", "what this device does; with PAPER, the tuned loop against the textbook one", "*")
    choice_of_runs(speed)
    speed.add_argument("--device", default="auto", metavar="auto|cpu|cuda")
    speed.add_argument("--threads", type=_positive, metavar="N", help="of a CPU; default: as torch chooses")
    speed.add_argument("--seconds", type=_positive, default=30, metavar="S", help="per experiment; default: 30")
    speed.add_argument("--rounds", type=_positive, default=5, metavar="N", help="turns of the two loops; default: 5")
    as_json(speed)
    command("schema", "print the JSON schema of spec files, for editors", None)
    data = command("data", "fetch or verify datasets: the only command that uses the network", None)
    data.add_argument("action", choices=("fetch", "verify"))
    data.add_argument("datasets", nargs="+", metavar="DATASET")
    data.add_argument("--data-root", type=Path, metavar="DIR")
    as_json(command("sys-info", "device, versions, places and where each setting comes from", None))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can cause is one line, never a traceback."""
    options = parser().parse_args(arguments)
    from benchmark.commands.select_runs import NothingSelectedError, UsageError
    from benchmark.runs.files import StoreError
    from benchmark.spec.parts import DataError
    from benchmark.spec.source import SpecError

    module, function = _HANDLERS[options.command]
    handler = getattr(importlib.import_module(f"benchmark.commands.{module}"), function)
    try:
        code: int = handler(options)
    except SpecError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except (UsageError, DataError) as error:
        print(f"ganrepro: {error}", file=sys.stderr)
        return BAD_INPUT
    except NothingSelectedError as error:
        print(f"ganrepro: {error}", file=sys.stderr)
        return NOTHING
    except (StoreError, OSError) as error:
        print(f"ganrepro: {error}", file=sys.stderr)
        return STORAGE
    except KeyboardInterrupt:
        print("ganrepro: interrupted", file=sys.stderr)
        return INTERRUPTED
    return code
