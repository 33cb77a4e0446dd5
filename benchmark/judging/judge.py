"""All verdicts on one paper from run records. Pure: the same records and spec give the same verdicts, anywhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from benchmark.judging.cells import cell_verdicts
from benchmark.judging.checkpoint_luck import selection
from benchmark.judging.claims import claim_verdicts
from benchmark.judging.inspected import Inspected
from benchmark.judging.samples import Evidence, Expected
from benchmark.judging.variants import compared
from benchmark.judging.verdict import PaperVerdicts
from benchmark.runs.records import Stored
from benchmark.spec.paper import PaperSpec


def judge(
    spec: PaperSpec,
    spec_sha256: str,
    stored: Sequence[Stored],
    expected: Expected,
    others: Collection[str] = (),
    inspected: Inspected | None = None,
) -> PaperVerdicts:
    """Judge every claim and published number of ``spec``.

    ``expected[experiment][tier][seed]`` is the run_id that today's spec plans; records are found by it wherever they
    lie. Records of this paper that nobody expects are stale and judge nothing; ``others`` are planned under readings.
    """
    evidence = Evidence(spec, stored, expected, others, inspected)
    return PaperVerdicts(
        schema_version=1,
        paper=spec.paper.id,
        title=spec.paper.title,
        spec_sha256=spec_sha256,
        claims=claim_verdicts(spec, evidence),
        cells=cell_verdicts(spec, evidence),
        experiments=evidence.states(),
        stale=evidence.stale,
        damage=evidence.damage,
        selection=selection(evidence),
        ours=compared(spec, evidence),
    )
