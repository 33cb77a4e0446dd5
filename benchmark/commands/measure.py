"""``ganrepro measure``: any samples against any data, without a paper."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.commands.devices import resolve_device

if TYPE_CHECKING:
    from benchmark.evaluation.measure import Answer

_UNTRUSTED = (
    "loading a generator runs code that its file or module holds, with all your rights: look who made it, then add "
    "--trust; samples saved as pictures or arrays need no trust"
)


def measure_options(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "samples",
        metavar="SAMPLES",
        help="folder or zip of pictures, .npy or .npz; with --trust a TorchScript (.pt) or torch.export (.pt2) "
        "generator, or package.module:function",
    )
    to.add_argument(
        "--against",
        required=True,
        metavar="DATA",
        help="a dataset (mnist, mnist:split=test), a folder or array of pictures, or an .npz of mu and sigma",
    )
    to.add_argument(
        "--metric",
        action="append",
        required=True,
        metavar="NAME[:SETTING=VALUE,...]",
        help="fid, kid, is, precision, recall or any metric's name; fid:resize=antialiased_bicubic is clean-fid's",
    )
    to.add_argument("--anchors", action="store_true", help="real data, copies and noise measured too, slow or not")
    to.add_argument("--trust", action="store_true", help="run the code of a generator that is given as SAMPLES")
    to.add_argument(
        "--noise", default="normal:128", metavar="LAW:SHAPE", help="normal, uniform or sphere; default: %(default)s"
    )
    to.add_argument(
        "--count", type=opt.positive, default=10_000, metavar="N", help="samples to draw; default: %(default)s"
    )
    to.add_argument("--seed", type=int, default=0, help="of the noise; default: 0")
    to.add_argument(
        "--range",
        nargs=2,
        type=float,
        default=(-1.0, 1.0),
        metavar=("LOW", "HIGH"),
        help="of its images; default: -1 1",
    )
    opt.add(to, "--data-root", "--device", "--json")


def measure(options: argparse.Namespace) -> int:
    if _generator(options.samples) and not options.trust:
        raise opt.UsageError(f"{options.samples}: {_UNTRUSTED}")
    opt.require_training()
    from benchmark.evaluation import measure as measuring
    from benchmark.evaluation.given import with_channels

    device, root = resolve_device(options.device), places.data_folder(options.data_root)
    samples = _samples(options, device)
    reference = measuring.against(options.against, root, device, samples.shape[1:])
    samples = with_channels(samples, reference.dataset.example_shape()[0])
    metrics = [measuring.metric_of(word, len(samples)) for word in options.metric]
    answers = measuring.measure(samples, reference, metrics, root, device, anchors=options.anchors)
    if options.json:
        terminal.as_json([asdict(answer) for answer in answers])
    else:
        print(f"{len(samples):,} samples of {' x '.join(map(str, samples.shape[1:]))}, {options.samples}")
        print(f"against {options.against}, SHA-256 {reference.data.fingerprint[:16]}")
        print("\n".join(line for answer in answers for line in _lines(answer)))
    return opt.OK if all(answer.value is not None for answer in answers) else opt.CHECK_FAILED


def _generator(word: str) -> bool:
    """Whether SAMPLES names code to run."""
    return word.lower().endswith((".pt", ".pth", ".pt2", ".ts", ".jit")) or (":" in word and not Path(word).exists())


def _samples(options: argparse.Namespace, device: str) -> np.ndarray:
    from benchmark.evaluation import given

    if not _generator(options.samples):
        return given.examples(Path(options.samples))
    law, _, shape = options.noise.partition(":")
    sides = shape.split("x")
    if law not in ("normal", "uniform", "sphere") or not all(side.isdigit() and int(side) for side in sides):
        raise opt.UsageError(
            f"--noise {options.noise}: write normal, uniform or sphere, and a shape: normal:128, normal:64x1x1"
        )
    low, high = options.range
    noise = given.GeneratorInput(law, tuple(map(int, sides)), options.count, options.seed, (low, high))
    return given.generated(options.samples, noise, device)


def _lines(answer: Answer) -> Iterator[str]:
    if answer.value is None:
        yield terminal.wrapped(f"{answer.label}: not measured: {answer.reason}", 2)
        return
    yield terminal.coloured(f"{answer.label} {answer.value:.6g}", "strong")
    text = ", ".join(f"{name} {value}" for name, value in answer.protocol.items() if value is not None)
    yield terminal.wrapped(f"protocol: {text}", 4, "  ")
    if answer.endless is not None:
        value, error = answer.endless
        yield terminal.wrapped(
            f"the number of samples adds about {answer.value - value:.3g}: "
            f"endless samples would have about {value:.6g} "
            f"(standard error {error:.2g}); numbers of other counts are not comparable with this one",
            4,
            "  ",
        )
    for kind, values in answer.anchors.items():
        yield f"  {_KINDS[kind]}: {', '.join(f'{value:.6g}' for value in values)}"


_KINDS = {"real": "half of the real data against the other", "copier": "copies of real data", "noise": "noise"}
