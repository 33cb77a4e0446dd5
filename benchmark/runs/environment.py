"""What a run ran on: device, versions, commit, and every switch that changes numerics."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmark import __version__
from benchmark.runs.plan import Run

#: what a run's numbers may depend on
_PACKAGES = ("torch", "torchvision", "torch-fidelity", "numpy", "scipy", "scikit-learn", "pillow", "pydantic")

#: source that every run rests on, besides its own parts
_SHARED_CODE = (
    *("runs/runner.py", "runs/continued.py", "runs/plan.py", "evaluation/scoring.py", "training"),
    *(
        "parts/metrics",
        "parts/extractors",
        "parts/datasets/images",
        "parts/networks/modules",
        "parts/optimizers/modules",
    ),
    *("spec/curve_statistics.py", "spec/dataflow.py", "spec/levels.py", "spec/parts.py"),
)


def source_state(folder: Path) -> dict[str, Any]:
    """Commit of the checkout that holds ``folder`` and whether it has uncommitted changes; unknown outside one."""

    git = ("git", "-C", str(folder))
    commit = _said(*git, "rev-parse", "HEAD")
    return {"commit": commit, "dirty": None if commit is None else bool(_said(*git, "status", "--porcelain", "-uno"))}


def _said(*words: str) -> str | None:
    """What a program prints; None where there is no such program, or it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe(device: str) -> dict[str, Any]:
    """The environment of a run on ``device``, JSON-able; imports torch."""
    from importlib.metadata import PackageNotFoundError, version

    import torch

    def installed(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    cuda = device.startswith("cuda")
    gpu: dict[str, Any] = {}
    if cuda:
        facts = torch.cuda.get_device_properties(device)
        uuid = getattr(facts, "uuid", None)
        others = None if uuid is None else other_processes([f"--id=GPU-{uuid}"])
        gpu = {
            "name": facts.name,
            "memory_bytes": facts.total_memory,
            "capability": f"{facts.major}.{facts.minor}",
            "driver": nvidia("driver_version"),
            "other_processes": others if others is not None else other_processes(),
        }
    return {
        "device": device,
        "gpu": gpu or None,
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {"ganrepro": __version__, **{name: installed(name) for name in _PACKAGES}},
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if cuda else None,  # type: ignore[no-untyped-call]
        "flags": {
            "tf32_matmul": torch.backends.cuda.matmul.allow_tf32,
            "tf32_cudnn": torch.backends.cudnn.allow_tf32,
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "deterministic": torch.are_deterministic_algorithms_enabled(),
        },
        "source": source_state(Path(__file__).parent),
    }


def nvidia(query: str) -> str | None:
    """One field of nvidia-smi for the first GPU, or None."""
    said = _said("nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader")
    return said.splitlines()[0] if said else None


def other_processes(which: Sequence[str] = ()) -> int | None:
    """Number of other processes that compute on the GPUs chosen by ``which``; None where that cannot be known."""
    said = _said("nvidia-smi", "--query-compute-apps=pid", "--format=csv,noheader", *which)
    if said is None:
        return None
    return sum(line.strip().isdigit() and int(line) != os.getpid() for line in said.splitlines())


def source_hash(places: Iterable[str], modules: Iterable[str] = ()) -> str:
    """SHA-256 over source: files and all files of folders at ``places`` of this package, and of imported modules."""
    package = Path(__file__).parent.parent
    files: dict[str, Path] = {}
    for name in places:
        place = package / name
        for file in place.glob("*.py") if place.is_dir() else [place]:
            files[f"benchmark.{'.'.join(file.relative_to(package).with_suffix('').parts)}"] = file
    for name in modules:
        known = sys.modules[name].__file__
        assert known is not None, f"{name} has no file"
        files[name] = Path(known)
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def code_hash(run: Run) -> str:
    """SHA-256 over the source of the trainer, of all metrics and of every part that ``run`` uses.

    It is read off the files, so that it does not depend on what else a process has loaded.
    """
    setup, system = run.setup, run.system
    parts: list[Any] = [setup.dataset, *(score.metric for score in setup.scores.values())]
    for player in system.players.values():
        parts += [*player.minimise, *player.penalties, player.optimizer]
    for network in run.networks.values():
        parts += network.layers
        for laws in network.initialise.values():
            parts += [law for law in (laws.weight, laws.bias) if law is not None]
    return source_hash(_SHARED_CODE, {type(part).__module__ for part in parts})
