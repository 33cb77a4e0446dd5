"""Many tiny runs while their workers are killed at random: does each end, and is none trained twice?

    python scripts/load_test.py --engine local --runs 1000 --kills 50
    python scripts/load_test.py --engine ray --runs 1000 --kills 50

A kill is SIGKILL to the process that trains a run at that moment. Exits with 1 where anything is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from benchmark.runs.integrity import damage
from benchmark.runs.records import RECORD, read_records

ROOT = Path(__file__).parents[1]
#: marks the processes that this script has started, and no other may be killed
MARK = "GANREPRO_LOAD_TEST"
PAPER, EXPERIMENT = "gan_rl", "toy_minimax"


def training(results: Path, mark: str) -> list[int]:
    """Processes that train one of these runs now."""
    found = []
    for owner in results.glob("*/*/*/.owner"):
        try:
            pid = int(owner.read_text().split()[1])
            if f"{MARK}={mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
    return found


def load(
    engine: str, runs: int, kills: int, results: Path, seed: int = 0, paper: Path | str = PAPER
) -> dict[str, object]:
    """Train ``runs`` runs of ``paper``, kill ``kills`` times, and tell what became of them.

    A run of the paper's smoke tier takes a fifth of a second: where few are asked for, give a spec whose runs last.
    """
    chance, mark = random.Random(seed), uuid.uuid4().hex
    due = sorted(chance.uniform(0, 0.75 * runs) for _ in range(kills))  # records that are there when a kill is due
    call = [sys.executable, "-m", "benchmark", "run", str(paper), "-e", EXPERIMENT, "--tier", "smoke"]
    call += ["--device", "cpu", "--seeds", f"0-{runs - 1}", "--no-report", "--results", str(results)]
    call += ["--engine", engine, "--retries", str(kills)]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, MARK: mark}
    log, killed = results / "log.txt", 0
    seen: dict[Path, tuple[int, int]] = {}
    results.mkdir(parents=True)
    began = time.monotonic()
    with log.open("w") as stream:
        process = subprocess.Popen(call, env=environment, stderr=stream, cwd=ROOT)
        while process.poll() is None:
            for file in results.glob(f"*/*/*/{RECORD}"):
                if file not in seen:
                    facts = file.stat()
                    seen[file] = facts.st_ino, facts.st_mtime_ns
            alive = training(results, mark)
            if killed < kills and len(seen) >= due[killed] and alive:
                try:
                    os.kill(chance.choice(alive), signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
    trained = time.monotonic()
    ends = re.findall(r"seed (\d+): finished", log.read_text())
    stored = list(read_records(results))
    again = subprocess.run(call, env=environment, capture_output=True, text=True, cwd=ROOT, check=False)
    asked = time.monotonic()
    words = [sys.executable, "-m", "benchmark", "verify", str(results), str(paper)]
    verified = subprocess.run(words, env=environment, capture_output=True, text=True, cwd=ROOT, check=False)
    checked = time.monotonic()
    facts = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in seen}
    return {
        "engine": engine,
        "runs": runs,
        "kills": killed,
        "seconds": round(trained - began),
        "seconds to see that nothing is left": round(asked - trained),
        "seconds to verify": round(checked - asked),
        "exit": process.returncode,
        "finished": sum(one.record.status == "finished" for one in stored),
        "damaged": sum(bool(damage(one)) for one in stored),
        "ended more than once": len(ends) - len(set(ends)),
        "records written again": sum(facts[file] != seen[file] for file in seen),
        "nothing left": "Nothing to train" in again.stderr,
        "verify": verified.returncode,
    }


def sound(told: dict[str, object]) -> bool:
    """Whether all runs are there once and as they were written."""
    none = ("exit", "damaged", "ended more than once", "records written again", "verify")
    return told["finished"] == told["runs"] and told["nothing left"] is True and all(told[name] == 0 for name in none)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        told = load(options.engine, options.runs, options.kills, Path(place) / "results")
    print(json.dumps(told, indent=1))
    return 0 if sound(told) and told["kills"] == options.kills else 1


if __name__ == "__main__":
    sys.exit(main())
