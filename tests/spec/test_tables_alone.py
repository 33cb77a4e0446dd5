"""A paper of which only tables and claims are written down: it validates and is audited, without any recipe."""

from __future__ import annotations

import pytest

from benchmark.commands.audit_text import render_text
from benchmark.judging.audit import audit
from benchmark.spec.load import loads
from benchmark.spec.source import SpecError

TEXT = """
schema_version: 1
paper: {id: tiny, title: A table, authors: [A], venue: V, year: 2020, question: Is it the best?}
tables:
  T1:
    where: table 1
    caption: FID
    quantity: frechet_inception_distance
    direction: lower
    columns: [ours, theirs]
    rows:
      - {label: SVHN, cells: {ours: {value: 17.2, decimals: 1, bold: true}, theirs: {value: 24.4, decimals: 1}}}
      - {label: LSUN, cells: {ours: {value: 26.1, decimals: 1, bold: true}, theirs: {value: 25.4, decimals: 1}}}
claims:
  C1:
    where: section 4
    says: Ours is better on SVHN.
    predicate: {order: [{printed: "T1, SVHN, ours"}, {printed: "T1, SVHN, theirs"}]}
    min_seeds: 3
  C2:
    where: section 4
    says: Ours is better on LSUN.
    predicate: {order: [{printed: "T1, LSUN, ours"}, {printed: "T1, LSUN, theirs"}]}
    min_seeds: 3
"""


def test_claims_over_printed_cells_are_tested_on_them() -> None:
    loaded = loads(TEXT)
    found = audit(loaded.spec, loaded.source.data)
    assert [(one.id, one.on_published) for one in found.claims] == [("C1", "holds"), ("C2", "fails")]
    assert found.claims[1].reason == "T1, LSUN, ours 26.1 is not below T1, LSUN, theirs 25.4"
    assert [one.kind for one in found.findings] == ["claim fails", "bold", "bold"]
    assert "RECIPE" not in render_text(found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("T1, SVHN, ours", "T1, SVNH, ours", "did you mean 'T1, SVHN, ours'?"),
        ('{printed: "T1, SVHN, ours"}', '{printed: "T1, SVHN, ours", score: fid}', "takes nothing else"),
        ('{printed: "T1, SVHN, ours"}', "{score: fid}", "needs either an experiment or a printed number"),
    ],
)
def test_a_printed_number_must_be_there(old: str, new: str, message: str) -> None:
    with pytest.raises(SpecError, match=message.replace("?", r"\?")):
        loads(TEXT.replace(old, new, 1))
