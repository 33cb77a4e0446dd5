"""The command line. Nothing heavy is imported before a command needs it, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmark import __version__
from benchmark.commands import (
    anchors,
    compare,
    data,
    inspect,
    judge,
    pack,
    plan,
    run,
    sample,
    score,
    selftest,
    speed,
    verify,
)
from benchmark.commands.options import BAD_INPUT, INTERRUPTED, NOTHING, STORAGE, NothingSelectedError, UsageError

#: in the order in which ``--help`` lists their commands
_MODULES = (inspect, plan, run, judge, compare, pack, verify, score, sample, anchors, selftest, speed, data)

_EPILOG = """\
examples:
  ganrepro run                                        the default job: minutes, no download, no GPU needed
  ganrepro plan papers/gan_dcgan_mnist.yaml           what each tier would run
  ganrepro run papers/gan_dcgan_mnist.yaml --tier short --data-root DATA
  ganrepro audit papers/gan_rl.yaml                   the paper against itself, without any run

exit codes: 0 done; 1 a check failed; 2 bad input; 3 a run failed; 5 nothing selected; 74 storage; 75 stopped,
the same command resumes; 130 Ctrl-C, the same command resumes
"""


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
    for module in _MODULES:
        module.register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can cause is one line, never a traceback."""
    options = parser().parse_args(arguments)
    from benchmark.runs.files import StoreError
    from benchmark.spec.parts import DataError
    from benchmark.spec.source import SpecError

    try:
        code: int = options.handler(options)
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
