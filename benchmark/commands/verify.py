"""``ganrepro verify``: a results folder or an audit pack recomputed, without torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.options import NothingSelectedError


def register(subparsers: opt.Subparsers) -> None:
    verifies = opt.command(
        subparsers, verify, "recompute a results folder or a pack, without torch; exit code 1 on any mismatch", None
    )
    verifies.add_argument("path", type=Path, nargs="?", metavar="PATH", help="folder or pack; default: local results")
    verifies.add_argument("papers", nargs="*", metavar="PAPER", help="specs to judge a folder by; default: all")
    opt.numerics(verifies)
    verifies.add_argument(
        "--replay", type=opt.positive, metavar="N", help="train N iterations of each again; needs torch"
    )
    opt.data_root(verifies, "for --replay")
    opt.as_json(verifies)


def verify(options: argparse.Namespace) -> int:
    from benchmark.commands.verification import verified

    path: Path = options.path or places.results_folder(None)
    findings = verified(path, options.papers, options.numerics, options.replay, places.data_folder(options.data_root))
    if not findings.records and not findings.problems:
        raise NothingSelectedError(f"{path} holds no record, so nothing was verified")
    if options.json:
        terminal.as_json(vars(findings))
    else:
        for line in findings.problems:
            print(f"MISMATCH {line}")
        for line in findings.notes:
            print(f"note: {line}")
        counts = (
            f"{findings.records} records, {findings.rescored} scores and {findings.verdicts} verdicts computed again"
        )
        counts += f", {findings.replayed} runs begun again" if options.replay else ""
        few = "1 mismatch" if len(findings.problems) == 1 else f"{len(findings.problems)} mismatches"
        print(f"{path}: {few if findings.problems else 'all agrees'} ({counts})")
    return 1 if findings.problems else 0
