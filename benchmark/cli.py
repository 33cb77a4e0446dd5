"""The command line. Nothing heavy is imported before a command needs it, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from benchmark import __version__
from benchmark.commands import (
    anchors,
    bring,
    compare,
    completion,
    data,
    equivalence,
    inspect,
    judge,
    measure,
    merge,
    new,
    pack,
    plan,
    run,
    sample,
    score,
    selftest,
    speed,
    status,
    verify,
    why,
)
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

#: in the order in which ``--help`` lists their commands
_MODULES = (
    *(inspect, new, plan, run, status, judge, why, compare, merge, pack, verify),
    *(measure, bring, score, sample, anchors, selftest, speed, equivalence, data, completion),
)

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

    #: the words that are parsed
    given: Sequence[str] = ()
    #: parser of every command
    every: Mapping[str, argparse.ArgumentParser] = MappingProxyType({})

    def error(self, message: str) -> NoReturn:
        from benchmark.registry import did_you_mean

        _, unknown, words = message.partition("unrecognized arguments: ")
        before, invalid, choices = message.partition("invalid choice: ")
        if unknown:
            named = next((self.every[word] for word in self.given if word in self.every), self)
            message += did_you_mean(words.split()[0].partition("=")[0], completion.words_of(named))
        elif invalid:
            word = choices.split("'")[1]
            near = did_you_mean(word, choices.split("choose from", 1)[-1].strip(" )").replace("'", "").split(", "))
            lists = "; `ganrepro --help` lists them"
            message = f"no command '{word}'{near}{lists}" if "COMMAND" in before else message + near
        super().error(message)


def parser() -> _Parser:
    """The whole command line."""
    top = _Parser(
        prog="ganrepro",
        description="Does a GAN paper's evidence hold?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"ganrepro {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for module in _MODULES:
        module.register(commands)
    top.every = commands.choices
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can cause is one line, never a traceback."""
    for name, mode in (("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller: nobody wants to read it
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    top = parser()
    top.given = sys.argv[1:] if arguments is None else arguments
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return OK
    try:
        code = _answer(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code


def _answer(options: argparse.Namespace) -> int:
    from benchmark.registry import PartsError
    from benchmark.runs.files import StoreError
    from benchmark.spec.parts import DataError
    from benchmark.spec.source import SpecError

    try:
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
