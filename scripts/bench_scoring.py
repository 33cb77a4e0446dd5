"""Scoring against torch-fidelity's own on the same images: Inception's features, then the Fréchet distance.

Both are timed by turns in one process, so that only their ratio counts. Weights are random unless a file is given:
time does not depend on them. ``python scripts/bench_scoring.py --images 2048`` is the whole of it; fewer images give
the ratio of the features sooner, and the distance is timed on made-up features in any case.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from benchmark.extractors import inception
from benchmark.metrics.frechet import frechet_distance, moments

#: torch-fidelity's own default
_THEIR_BATCH = 64
_OUR_BATCH = 32
_SCORED = 2048


class _Untrained(FeatureExtractorInceptionV3):  # type: ignore[misc]
    def load_state_dict(self, *_ignored: object, **_also: object) -> None:
        """Keep the starting values."""


def weights(file: Path | None) -> bytes:
    """The given file's bytes, or random weights in the same format."""
    if file is not None:
        return file.read_bytes()
    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    network = _Untrained("untrained", ["2048"], feature_extractor_weights_path=empty)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    content = io.BytesIO()
    torch.save(network.state_dict(), content)
    return content.getvalue()


def by_turns(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median over rounds of second / first."""
    times: list[tuple[float, float]] = []
    for turn in range(rounds):
        pair = [0.0, 0.0]
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            began = time.perf_counter()
            (first, second)[which]()
            pair[which] = time.perf_counter() - began
        times.append((pair[0], pair[1]))
    ours, theirs = (statistics.median(one[which] for one in times) for which in (0, 1))
    return ours, theirs, statistics.median(theirs / ours for ours, theirs in times)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--images", type=int, default=_SCORED)
    words.add_argument("--side", type=int, default=32, help="of the images, in pixels")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--threads", type=int)
    words.add_argument("--weights", type=Path)
    options = words.parse_args()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    content = weights(options.weights)
    if options.weights is None:
        inception.check = lambda _digest, _file: None
    ours = inception.Inception(content, "cpu", "tensorflow_bilinear", source=options.weights or Path("random"))
    theirs = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=io.BytesIO(content))
    theirs.eval()
    images = np.random.default_rng(0).integers(0, 256, (options.images, 3, options.side, options.side), dtype=np.uint8)

    def our_features() -> np.ndarray:
        return ours.extract(images, batch_images=_OUR_BATCH)

    def their_features() -> torch.Tensor:
        with torch.no_grad():
            return torch.cat([theirs(part)[0] for part in torch.split(torch.from_numpy(images), _THEIR_BATCH)])

    found, reference = our_features(), their_features().numpy()
    difference = float(np.abs(found - reference).max() / np.abs(reference).max())
    print(f"features differ by {difference:.1e} of the largest")
    ours_each, theirs_each, features_ratio = by_turns(our_features, their_features, options.rounds)
    print(f"features of {options.images} images: ours {ours_each:.2f} s, torch-fidelity {theirs_each:.2f} s,", end=" ")
    print(f"{features_ratio:.2f} times as long ({torch.get_num_threads()} threads, {options.rounds} rounds)")

    random = np.random.default_rng(1)
    real, fake = random.normal(size=(2, _SCORED + 1, inception.DIMENSIONS)).astype(np.float32)

    def our_distance() -> float:
        return frechet_distance(moments(real, "real"), moments(fake, "generated"))

    def their_distance() -> float:
        statistics_of = [fid_features_to_statistics(torch.from_numpy(part)) for part in (real, fake)]
        (value,) = fid_statistics_to_metric(*statistics_of, verbose=False).values()
        return float(value)

    print(f"distance of the same features: ours {our_distance():.6f}, torch-fidelity {their_distance():.6f}")
    ours_end, theirs_end, ratio = by_turns(our_distance, their_distance, 1)
    print(f"distance: ours {ours_end:.2f} s, torch-fidelity {theirs_end:.2f} s, {ratio:.2f} times as long")
    ours_all = ours_each * _SCORED / options.images
    whole = (features_ratio * ours_all + theirs_end) / (ours_all + ours_end)
    print(f"{_SCORED} images at these rates: torch-fidelity takes {whole:.2f} times as long")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
