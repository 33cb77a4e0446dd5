"""Which scores have anchors (floors and ceilings), and the code that their values rest on; without torch."""

from __future__ import annotations

from functools import cache

from benchmark.runs.environment import source_hash
from benchmark.spec.fields import NetworkMarker, marked_fields
from benchmark.spec.parts import Metric

#: files and folders of the package
_CODE = ("evaluation/anchors.py", "evaluation/scoring.py", "parts/metrics", "parts/extractors", "training/subject.py")


def anchored(metric: Metric) -> bool:
    """Whether there are anchors of a metric: losses say nothing without the training, nor a verdict without the network
    that gave it.
    """
    return metric.looks_at == "samples" and not marked_fields(metric, NetworkMarker)


@cache
def anchor_code() -> str:
    """SHA-256 over the source of all that an anchor's value rests on."""
    return source_hash(_CODE)
