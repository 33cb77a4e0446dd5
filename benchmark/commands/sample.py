"""``ganrepro sample``: what a finished run's generator makes, or the data it saw, as files for any other program."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from benchmark import places
from benchmark.batches import batches
from benchmark.commands import options as opt
from benchmark.commands.devices import resolve_device
from benchmark.commands.planned_records import check_scores, run_of


def sample_options(to: argparse.ArgumentParser) -> None:
    opt.finished_run(to)
    to.add_argument("--count", type=opt.positive, default=64, metavar="N", help="how many; default: 64")
    to.add_argument("--real", action="store_true", help="the data instead, in the order in which scores take them")
    to.add_argument("--score", metavar="NAME", help="of the checkpoint that counts for this score; default: the end")
    to.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="a new or empty folder")
    opt.add(to, "--results", "--data-root", "--device")


def sample(options: argparse.Namespace) -> int:
    from benchmark.evaluation.rescoring import trained
    from benchmark.training.subject import TrainedSubject

    results = opt.existing_results(options.results)
    run, stored = run_of(results, options.run_id, options.paper)
    folder: Path = options.output
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise opt.UsageError(f"{places.shown(folder)} is there already and is not an empty folder")
    root = places.data_folder(options.data_root)
    check_scores(run, [options.score] if options.score else ())
    score = run.setup.scores.get(options.score)
    if score is not None and stored.record.scores[options.score].value is None:
        reason = stored.record.scores[options.score].reason
        raise opt.UsageError(f"{options.score} was not measured, so no checkpoint counts for it: {reason}")
    trainer, state = trained(run, stored.record, stored.folder, root, resolve_device(options.device))
    if score is not None and score.checkpoint == "best" and options.score in state["best"]:
        best = state["best"][options.score]
        trainer.use(state["best_weights"][best], best)
    if options.real and trainer.data.count is not None and options.count > trainer.data.count:
        raise opt.UsageError(f"--count {options.count}: the data has {trainer.data.count} examples")
    subject = TrainedSubject(trainer, root)
    examples = subject.reals(options.count) if options.real else subject.samples(options.count)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, examples)
    checkpoint = f"the one that counts for {options.score}" if options.score else "the end of training"
    about = {
        **{name: getattr(run, name) for name in ("run_id", "paper", "experiment", "tier", "seed")},
        "what": "real examples, in the order in which scores take them" if options.real else "generated, as for scores",
        **({} if options.real else {"iteration": trainer.iteration, "checkpoint": checkpoint}),
        "count": len(examples),
        "shape": list(examples.shape[1:]),
        "sha256": hashlib.sha256(examples.tobytes()).hexdigest(),
    }
    (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(f"{len(examples)} {'real' if options.real else 'generated'} examples in {places.shown(folder)}")
    return 0


def _write(folder: Path, examples: np.ndarray) -> None:
    """Images, uint8 (n, channels, height, width), as PNG files that keep every level; points as one array."""
    if examples.ndim != 4:
        np.save(folder / "points.npy", examples)
        return
    from PIL import Image

    digits = len(str(len(examples) - 1))
    for start in batches(len(examples), 64, "files"):
        for number, image in enumerate(examples[start : start + 64], start):
            picture = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
            Image.fromarray(np.ascontiguousarray(picture)).save(folder / f"{number:0{digits}}.png")
