"""Whether a machine can do what it will be given: package, data, and the folder of results that all share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from benchmark.runs.engines.job import Job, resolve
from benchmark.spec.source import SpecError


@lru_cache(maxsize=1)
def code() -> str:
    """SHA-256 over all source of this package."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(f"{file.relative_to(package)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def problem(same_code: str, token: Path, jobs: Sequence[Job]) -> str | None:
    """Why this machine cannot do ``jobs``; ``token`` is a file that was just made in the folder of results."""
    if code() != same_code:
        return "it has another version of ganrepro"
    if find_spec("torch") is None:
        return "it has no torch: pip install 'ganrepro[train]' there"
    if not token.is_file():
        return f"{token.parent} is another folder there: all machines must share the folder of results"
    looked = set()
    for job in jobs:
        try:
            dataset = resolve(job).setup.dataset
        except (OSError, ValueError, SpecError) as error:
            return str(error).splitlines()[0]
        if dataset not in looked:
            looked.add(dataset)
            trouble = dataset.problem(job.data_root)
            if trouble is not None:
                return trouble
    return None
