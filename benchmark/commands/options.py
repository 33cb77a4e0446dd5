"""What the commands share: exit codes, mistakes of a user, and groups of options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from benchmark import places
from benchmark.spec.numerics import NUMERICS

OK, CHECK_FAILED, BAD_INPUT, RUN_FAILED, NOTHING, STORAGE, RESUMABLE, INTERRUPTED = 0, 1, 2, 3, 5, 74, 75, 130

#: no command takes more seeds than these at once
_MOST_SEEDS = 10_000

#: libraries that the extra ``train`` brings
_TRAINING = ("torch", "torchvision", "torch_fidelity", "sklearn", "safetensors")


N = TypeVar("N", int, float)


class UsageError(Exception):
    """Words on the command line that do not fit."""


class NothingSelectedError(Exception):
    """A selection that is empty."""


def add(to: argparse.ArgumentParser, *options: str | Callable[[argparse.ArgumentParser], None]) -> None:
    """Add options of :data:`SHARED` by their names, and groups of options, in this order."""
    for option in options:
        if isinstance(option, str):
            to.add_argument(option, **SHARED[option])
        else:
            option(to)


def papers(to: argparse.ArgumentParser, count: str = "*") -> None:
    default = "; default: all" if count == "*" else ""
    none: list[str] | None = [] if count == "*" else None  # without it argparse calls what may be left out required
    to.add_argument("papers", nargs=count, default=none, metavar="PAPER", help=f"spec file or paper id{default}")


def runs(to: argparse.ArgumentParser, tier: str = "short") -> None:
    """Which runs, where they are kept and where their data lies."""
    experiments(to, tier)
    add(to, "--reading", "--seeds", "--numerics", "--results", "--data-root")


def experiments(to: argparse.ArgumentParser, tier: str) -> None:
    """Which experiments, at which tier."""
    to.add_argument("--tier", choices=("full", "short", "smoke"), help=f"full is the paper's budget; default: {tier}")
    to.add_argument(
        "-e", "--experiment", action="extend", type=several, metavar="GLOB", help="only these experiments; repeatable"
    )
    printed(to, "only what regenerates")


def finished_run(to: argparse.ArgumentParser) -> None:
    to.add_argument("run_id", metavar="RUN", help="a run's id or its beginning")
    to.add_argument("paper", nargs="?", metavar="PAPER", help="its spec, where it is not found by the paper's id")


def printed(to: argparse.ArgumentParser, what: str) -> None:
    """Tables, claims and figures of papers by their ids."""
    for name, example in (("table", "T3"), ("claim", "RL-C1"), ("figure", "F6")):
        to.add_argument(
            f"--{name}", action="append", default=[], metavar=example, help=f"{what} this {name}; repeatable"
        )


def seeds(text: str) -> tuple[int, ...]:
    """``0-4`` or ``0,2,7`` as numbers."""
    numbers: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        try:
            wanted = range(int(first), int(last or first) + 1)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}': write seeds as 0-4 or 0,2,7") from None
        if not wanted:
            raise argparse.ArgumentTypeError(f"'{text}': {piece} runs backwards, write the lower seed first")
        if wanted[0] < 0 or wanted[-1] >= 2**32:
            raise argparse.ArgumentTypeError(f"'{text}': seeds must be from 0 to 2^32 - 1")
        if len(numbers) + len(wanted) > _MOST_SEEDS:
            raise argparse.ArgumentTypeError(f"'{text}': more than {_MOST_SEEDS:,} seeds")
        numbers += wanted
    if len(set(numbers)) != len(numbers):
        raise argparse.ArgumentTypeError(f"'{text}': a seed is named twice")
    return tuple(numbers)


def several(text: str) -> list[str]:
    """What commas separate."""
    return text.split(",")


def number(kind: type[N], fits: Callable[[N], bool], says: str) -> Callable[[str], N]:
    """A type of an option's value: a number that ``fits``, else the error ``says`` what it should be."""

    def parse(text: str) -> N:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"'{text}'{says}")
        return value

    return parse


positive = number(int, lambda value: value >= 1, " is not a positive whole number")


#: options that several commands have, and what argparse is told of each
SHARED: dict[str, dict[str, Any]] = {
    "--accept": {
        "action": "append",
        "choices": ("trained", "measured", "reported"),
        "help": "whose word decides: runs trained here, samples that were supplied, reported values; repeatable; what "
        "is not accepted is only shown; default: trained",
    },
    "--data-root": {"type": Path, "metavar": "DIR", "help": "torchvision's layout; default: data, or GANREPRO_DATA"},
    "--device": {"default": "auto", "metavar": "auto|cpu|cuda", "help": "default: cuda where there is one"},
    "--json": {"action": "store_true", "help": "machine-readable"},
    "--numerics": {
        "choices": NUMERICS,
        "default": "fp32",
        "help": "how training computes; exact: bit-equal to a plain loop; tf32, bf16: faster, rounded; default: fp32",
    },
    "--reading": {
        "action": "extend",
        "type": several,
        "metavar": "NAME|all|base",
        "help": "other ways to fill what the paper leaves open, also patterns and several joined by +; default: base",
    },
    "--results": {"type": Path, "metavar": "DIR", "help": "default: results/local, or GANREPRO_RESULTS"},
    "--seeds": {"type": seeds, "metavar": "0-4", "help": "these seeds instead of the spec's"},
}


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """One line on how to get a library that an extra brings; None for any other."""
    name = (error.name or "").partition(".")[0]
    extra = "train" if name in _TRAINING else {"lmdb": "lsun", "ray": "ray", "submitit": "slurm"}.get(name)
    return None if extra is None else f"this needs {name}: pip install 'ganrepro[{extra}]'"


def require_training() -> None:
    """Raise ModuleNotFoundError where the first library that training needs is absent, before workers start."""
    for name in _TRAINING:
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def existing_results(flag: Path | None, papers: Iterable[str] = ()) -> Path:
    """The results folder that a command on ``papers`` reads; one that is not there is an error and is not created."""
    folder = places.results_folder(flag)
    if not folder.is_dir():
        raise UsageError(no_results(flag, papers))
    return folder


def no_results(flag: Path | None, papers: Iterable[str] = ()) -> str:
    """That a results folder is not there, and what is; of ``papers``, ids or files, where they are named."""
    text = f"there is no results folder {places.shown(places.results_folder(flag))}"
    if flag:
        return text
    ids = [Path(paper).stem for paper in papers]
    home = places.reference_folder()
    kept = [
        folder.name for folder in sorted(home.glob("*/")) if not ids or any((folder / paper).is_dir() for paper in ids)
    ]
    text += "; `ganrepro run` makes it"
    if not kept:
        return text
    about = f" on {', '.join(ids)}" if ids else ""
    return f"{text}; committed evidence{about} is in {places.shown(home)}: {', '.join(kept)} (--results DIR)"
