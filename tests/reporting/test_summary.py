from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmark.judging.judge import JudgedPaper
from benchmark.reporting.summary import WIDTH, summary_table
from tests.reporting.factory import judged, verdicts


def test_summary_fits_a_terminal_and_names_every_state(papers: list[JudgedPaper]) -> None:
    text = summary_table(papers)
    assert WIDTH == 100
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    words = " ".join(text.split())
    assert "9/12 short" in words
    assert "4/12 full" in words
    for count in ("1 holds", "1 reversed", "1 reproduced", "2 not comparable"):
        assert count in words
    assert "Reduced runs: not comparable with the paper (gan_rl)." in words


def test_summary_of_nothing_says_so(tmp_path: Path) -> None:
    spec = judged(tmp_path).spec
    assert "Nothing has run yet" in summary_table([JudgedPaper(spec, verdicts(spec, []), [])])


def test_reduced_tiers_that_nobody_ran_are_left_out(papers: list[JudgedPaper]) -> None:
    states = papers[1].verdicts.experiments
    idle = {"finished": 0, "diverged": 0, "failed": 0}
    more = [state.model_copy(update={"tier": tier, **idle}) for state in states for tier in ("short", "smoke")]
    verdict = papers[1].verdicts.model_copy(update={"experiments": [*states, *more]})
    text = summary_table([replace(papers[1], verdicts=verdict)])
    assert "4/12 full" in text
    assert "short" not in text
    nothing = verdict.model_copy(update={"experiments": [state.model_copy(update=idle) for state in states]})
    assert "0/12 full" in summary_table([replace(papers[1], verdicts=nothing, stored=[])])


def test_long_names_stay_within_the_width(papers: list[JudgedPaper]) -> None:
    spec = papers[0].spec
    long = spec.model_copy(update={"paper": spec.paper.model_copy(update={"id": "a" * 64})})
    text = summary_table([JudgedPaper(long, papers[0].verdicts, papers[0].stored)])
    assert max(len(line) for line in text.splitlines()) <= WIDTH
