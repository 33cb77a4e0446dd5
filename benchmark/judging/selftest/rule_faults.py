"""Faults planted in the rules that judge: a spec changed after the seal was made, and the seal itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmark.judging.seal import seal_file
from benchmark.judging.selftest import paper
from benchmark.judging.selftest.record_faults import Fault, nothing
from benchmark.runs.files import to_json, write_atomic
from benchmark.spec.base import canonical

_ORDER = "[{experiment: penalised, score: fid}, {experiment: plain, score: fid}]"
_TURNED = "[{experiment: plain, score: fid}, {experiment: penalised, score: fid}]"
_SECOND = "  MU-C2:" + paper.TEXT.partition("  MU-C2:")[2].partition("stated: {}")[0]


def of_rules() -> Iterator[Fault]:
    """What judging finds by the seal under which the evidence came to be."""

    def rule(name: str, old: str, new: str, named: str) -> Fault:
        assert paper.TEXT.count(old) == 1, f"'{old}' must be one place of the made-up paper"
        return Fault(name, nothing, named, paper.TEXT.replace(old, new))

    yield rule("margin widened afterwards", "margin: 3.0", "margin: 6.0", "margin changed from 3.0 to 6.0")
    yield rule("claim loosened afterwards", "below: 0.1", "below: 0.9", "predicate.below changed from 0.1 to 0.9")
    yield rule("claim turned around afterwards", _ORDER, _TURNED, "claims.MU-C1 predicate.order")
    yield rule("seeds left out afterwards", "seeds: [0, 1, 2, 3, 4]", "seeds: [0, 1, 2]", "seeds changed from")
    yield rule("published number moved", "value: 30.0", "value: 30.4", "value changed from 30.0 to 30.4")
    yield rule("claim withdrawn afterwards", _SECOND, "", "claims.MU-C2 removed")
    yield Fault("seal edited to fit", _edited_seal, "the seal itself has been edited")
    yield Fault("seal removed", lambda results: seal_file(results, paper.PAPER).unlink(), "no rules were sealed")


def _edited_seal(results: Path) -> None:
    file = seal_file(results, paper.PAPER)
    seal = json.loads(file.read_bytes())
    seal["items"]["tables.T1, digits, plain"]["margin"] = 6.0
    assert canonical(seal["items"]) != canonical(json.loads(file.read_bytes())["items"])
    write_atomic(file, to_json(seal))
