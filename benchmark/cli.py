"""The command line. The module of a command is imported when it is called, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import NoReturn

from benchmark import __version__
from benchmark.commands.options import (
    BAD_INPUT,
    INTERRUPTED,
    NOTHING,
    OK,
    STORAGE,
    NothingSelectedError,
    UsageError,
    missing_extra,
)

#: command -> the function that does it, and what it does, in the order of ``--help``; ``<function>_options`` beside
#: the function adds its options
COMMANDS = {
    "list": ("inspect.list_papers", "papers; with PAPER its experiments, tables, figures and claims"),
    "validate": ("inspect.validate", "check spec files: every problem, with file, line and column"),
    "audit": ("audit.audit", "the papers against themselves: recipe, contradictions, claims; needs no run"),
    "schema": ("inspect.schema", "print the JSON schema of spec files, for editors"),
    "sys-info": ("inspect.sys_info", "device, versions, places and where each setting comes from"),
    "new": ("new.new", "a commented spec to begin with, which loads and runs as it stands"),
    "plan": ("plan.plan", "what would run: hours, memory, disk, what is done, what is missing"),
    "run": ("run.run", "train, sample, score, record, judge, report; finished runs are not repeated"),
    "run-one": ("run.run_one", "one run by id, for engines that schedule runs themselves"),
    "status": ("status.status", "runs that are done, running, failed and left; also while another terminal trains"),
    "judge": ("judge.judge", "verdicts from the records of a results folder, without torch"),
    "report": ("report.report", "the report from records alone, without torch"),
    "why": ("why.why", "how one verdict comes about, number by number, and from which files"),
    "compare": ("compare.compare", "two results folders or packs side by side, with the statistics of the verdicts"),
    "merge": ("merge.merge", "copy finished runs of other machines' results folders into one, checked first"),
    "pack": ("pack.pack", "an audit pack: records, files, seals, specs, verdicts and tables in one file"),
    "verify": ("verify.verify", "recompute a results folder or a pack, without torch; exit code 1 on any mismatch"),
    "measure": ("measure.measure", "any samples against any data under any protocol, without a paper"),
    "bring": ("bring.bring", "somebody else's samples, values or curves become records, judged by themselves"),
    "score": ("score.score", "a finished run's generator under other protocols: how far these alone move it"),
    "sample": ("sample.sample", "a finished run's samples as PNG files, for any other program to look at and score"),
    "anchors": ("anchors.anchors", "floors and ceilings of every score: real data, copier, untrained generator, noise"),
    "selftest": ("selftest.selftest", "plant faults and count what passes: the harness's own error rates"),
    "speed": ("speed.speed", "what this device does; with PAPER, the training loop against the textbook one"),
    "equivalence": (
        "equivalence.equivalence",
        "train the same seeds in fp32 and in a rougher numerics tier, and test whether scores agree",
    ),
    "data": ("data.data", "fetch or verify datasets: the only command that uses the network"),
    "completion": ("completion.completion", "print a script for the shell's completion"),
}

_EPILOG = """\
examples:
  ganrepro audit gan_rl                       the paper against itself, without any run
  ganrepro run                                the default job: minutes, no download, no GPU needed
  ganrepro plan gan_rl --table T3             what each tier would run for one table
  ganrepro run gan_dcgan_mnist --tier short --data-root DATA
  ganrepro why DG-C5 --results results/reference/mnist-h200

exit codes: 0 done; 1 a check failed; 2 bad input; 3 a run failed; 5 nothing selected; 74 storage; 75 stopped,
the same command resumes; 130 Ctrl-C, the same command resumes
"""


class _Parser(argparse.ArgumentParser):
    """Names what is nearest to a command, an option or a choice that is misspelt."""

    #: the parsers of all commands, and that of the one that is called
    commands: Mapping[str, argparse.ArgumentParser] = MappingProxyType({})
    called: argparse.ArgumentParser | None = None

    def error(self, message: str) -> NoReturn:
        from benchmark.registry import did_you_mean, nearest

        _, unknown, words = message.partition("unrecognized arguments: ")
        before, invalid, choices = message.partition("invalid choice: ")
        if unknown:
            options = {word.lstrip("-"): word for word in option_words(self.called or self)}
            near = nearest(words.split()[0].partition("=")[0].lstrip("-"), options)  # dashes are no likeness
            message += f"; did you mean '{options[near]}'?" if near else ""
        elif invalid:
            word = choices.split("'")[1]
            like = did_you_mean(word, choices.split("choose from", 1)[-1].strip(" )").replace("'", "").split(", "))
            lists = "; `ganrepro --help` lists them"
            message = f"no command '{word}'{like}{lists}" if "COMMAND" in before else message + like
        super().error(message)


def option_words(command: argparse.ArgumentParser) -> list[str]:
    """All options of a command."""
    return [word for action in command._actions for word in action.option_strings]


def parser(called: Collection[str] = COMMANDS.keys()) -> _Parser:
    """The command line with the options of the commands that are ``called``; of the others it has the names."""
    top = _Parser(
        prog="ganrepro",
        description="Does a GAN paper's evidence hold?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"ganrepro {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, (place, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name in called:
            module_name, _, function = place.partition(".")
            module = import_module(f"benchmark.commands.{module_name}")
            command.set_defaults(handler=getattr(module, function))
            getattr(module, f"{function}_options", lambda _: None)(command)
            top.called = command
    top.commands = commands.choices
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can cause is one line, never a traceback."""
    for name, mode in (("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller: nobody wants to read it
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    words = sys.argv[1:] if arguments is None else arguments
    called = next((word for word in words if not word.startswith("-")), None)
    try:
        code = _usage(words) if called not in COMMANDS else _answer(called, words)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code


def _usage(words: Sequence[str]) -> int:
    """What there is, where no command is called, or none that there is."""
    top = parser(())
    top.parse_args(words)
    top.print_help()
    return OK


def _answer(called: str, words: Sequence[str]) -> int:
    from benchmark.registry import PartsError
    from benchmark.runs.files import StoreError
    from benchmark.spec.parts import DataError
    from benchmark.spec.source import SpecError

    try:
        options = parser([called]).parse_args(words)  # imports the command's module, and so the parts from outside
        code: int = options.handler(options)
    except SpecError as error:
        return _failed(str(error), BAD_INPUT)
    except (UsageError, DataError, PartsError) as error:
        return _failed(f"ganrepro: {error}", BAD_INPUT)
    except NothingSelectedError as error:
        return _failed(f"ganrepro: {error}", NOTHING)
    except ModuleNotFoundError as error:
        message = missing_extra(error)
        if message is None:
            raise
        return _failed(f"ganrepro: {message}", BAD_INPUT)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = error.filename2 or error.filename  # of a new file its name, not that under which it was written
        where = f"{place}: " if place else ""
        return _failed(f"ganrepro: {where}{error.strerror or error}", STORAGE)
    except StoreError as error:
        return _failed(f"ganrepro: {error}", STORAGE)
    except KeyboardInterrupt:
        return _failed("ganrepro: interrupted", INTERRUPTED)
    return code


def _failed(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
