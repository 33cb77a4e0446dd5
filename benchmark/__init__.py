"""ganrepro: does a GAN paper's evidence hold? The pipeline, each arrow a file on disk:

    papers/x.yaml -> spec.PaperSpec -> runs.plan.Run -> training -> runs.records.RunRecord
                                                        RunRecord -> judging.Verdict -> reporting

One room for each stage: ``spec`` is the paper as data; ``parts`` holds everything that a spec can name, one folder for
each kind; ``training`` is the one loop; ``runs`` plans runs, executes them and keeps their immutable records;
``evaluation`` measures trained systems; ``judging`` and ``reporting`` read records only and never import torch;
``commands`` is the command line. ``registry``, ``places`` and ``batches`` are what all rooms stand on.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from benchmark.commands.api import judge, load, plan, report, run

__all__ = ["judge", "load", "plan", "report", "run"]


def __getattr__(name: str) -> Any:
    """The functions of docs/api.md, imported when they are first used."""
    if name in __all__:
        from benchmark.commands import api

        return getattr(api, name)
    raise AttributeError(f"module 'benchmark' has no attribute '{name}'")
