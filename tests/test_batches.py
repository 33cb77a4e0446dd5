"""Progress of long passes: every batch once, and what is shown of them where."""

from __future__ import annotations

import io
import sys

import pytest

from benchmark import batches as passes
from benchmark.batches import batches, heard_by
from benchmark.runs.engines import progress
from benchmark.runs.engines.progress import Display


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("count", "size", "starts"), [(10, 4, [0, 4, 8]), (8, 4, [0, 4]), (3, 4, [0]), (0, 4, [])])
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_every_batch_comes_once(stream, count: int, size: int, starts: list[int], monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream())
    assert list(batches(count, size, "features")) == starts
    heard = []
    with heard_by(lambda *told: heard.append(told)):
        assert list(batches(count, size, "features")) == starts
    assert heard == [("features", min(start + size, count), count) for start in starts]
    assert sys.stderr.getvalue() == "", "nothing is said of what takes no time"


def test_a_bar_on_a_terminal(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(passes, "_PATIENCE_SECONDS", 0)
    for _ in batches(1000, 100, "Inception features"):
        pass
    assert "Inception features:" in sys.stderr.getvalue()
    assert "1000" in sys.stderr.getvalue()


def test_lines_elsewhere(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(passes, "_EVERY_SECONDS", 0)
    for _ in batches(2500, 1000, "samples"):
        pass
    assert sys.stderr.getvalue().splitlines() == [
        "  samples: 1,000 of 2,500",
        "  samples: 2,000 of 2,500",
        "  samples: 2,500 of 2,500",
    ]


def test_runs_tell_what_they_are_busy_with(monkeypatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0)
    stream = io.StringIO()
    display = Display({"a": ("toy seed 0", 60)}, stream)
    display.advanced("a", 30)
    display.busy("a", "samples: 256 of 2,000")
    run, left = stream.getvalue().splitlines()[-2:]
    assert run.endswith("toy seed 0: 30/60 iterations, samples: 256 of 2,000")
    assert "1 run left" in left
    display.advanced("a", 31)
    assert "samples" not in "".join(stream.getvalue().splitlines()[-2:])
    bars = Terminal()
    display = Display({"a": ("toy seed 0", 60)}, bars)
    display.advanced("a", 30)
    display.busy("a", "samples: 256 of 2,000")
    assert "samples: 256 of 2,000" in bars.getvalue()
