"""``ganrepro data fetch|verify``: the only command that touches the network."""

from __future__ import annotations

import argparse
import http.client
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from benchmark import places
from benchmark.commands import options as opt
from benchmark.commands import terminal
from benchmark.parts.datasets.images.pictures import Pictures
from benchmark.parts.extractors import inception
from benchmark.registry import RegistryError, did_you_mean
from benchmark.runs.files import sha256
from benchmark.spec.parts import DATASETS, DataError, Dataset, MetricError

#: the network behind FID and the Inception score is fetched and verified like a dataset
INCEPTION = "inception"
_PATIENCE_SECONDS = 30


def data_options(to: argparse.ArgumentParser) -> None:
    to.add_argument("action", choices=("fetch", "verify"))
    to.add_argument("datasets", nargs="+", metavar="DATASET")
    opt.add(to, "--data-root", "--json")


def data(options: argparse.Namespace) -> int:
    """Fetch if asked to, then print count and SHA-256 of everything named; 1 if something is missing or damaged."""
    root = places.data_folder(options.data_root)
    chosen = [(name, _datasets(name)) for name in options.datasets]  # all names are read before anything is done
    worst = 0
    said: dict[str, None] = {}
    right: list[str] = []
    for name, datasets in chosen:
        for dataset in datasets:
            try:
                if options.action == "fetch":
                    _fetch_inception(root) if dataset is None else dataset.fetch(root)
                right.append(_verified(dataset, root))
                if not options.json:
                    print(right[-1], flush=True)
            except (DataError, MetricError) as error:
                worst = 1
                message = f"ganrepro: {name}: {error}"
                if message not in said:  # two splits may lack the same file
                    terminal.say(message)
                said[message] = None
    if options.json:
        terminal.as_json({"right": right, "wrong": list(said)})
    return worst


def _verified(dataset: Dataset | None, root: Path) -> str:
    """One line: which dataset, how many examples, and the SHA-256 of its files, or of its examples without files.

    None is Inception.
    """
    if dataset is None:
        if (reason := inception.unavailable(root)) is not None:
            raise MetricError(reason)
        file = inception.weights_file(root)
        return f"{INCEPTION}: {file}, SHA-256 {sha256(file)}"
    if isinstance(dataset, Pictures):
        source = dataset.checked_source(root)
        split = f" split={dataset.split}" if hasattr(dataset, "split") else ""
        known = "as published" if dataset.published() else "only their number is known to be right"
        return f"{dataset.name}{split}: {source.count:,} pictures, {known}, SHA-256 of the files {source.digest()}"
    loaded = dataset.load(root, "cpu")
    settings = "".join(f" {key}={value}" for key, value in dataset.model_dump().items())
    count = "endless" if loaded.count is None else f"{loaded.count:,} examples"
    return f"{dataset.name}{settings}: {count}, SHA-256 {loaded.fingerprint}"


def _datasets(text: str) -> Sequence[Dataset | None]:
    """The datasets that ``name`` or ``name:split`` stands for; None for Inception."""
    name, _, split = text.partition(":")
    if text == INCEPTION:
        return [None]
    try:
        part = DATASETS.get(name)
    except RegistryError as error:
        known = ", ".join([*DATASETS.names(), INCEPTION])
        near = did_you_mean(name, [*DATASETS.names(), INCEPTION])
        raise opt.UsageError(f"unknown dataset '{name}', known: {known}{near}") from error
    variants: list[Dataset] = [*part.variants()]
    if not variants:
        raise opt.UsageError(
            f"'{name}' is described by a spec, which names its content: it is checked when it is loaded"
        )
    if not split:
        return variants
    try:
        return [part.model_validate({**variants[0].model_dump(), "split": split})]
    except ValidationError as error:
        raise opt.UsageError(f"'{text}': {name} has no split '{split}'") from error


def _fetch_inception(root: Path) -> None:
    """Download Inception's weights unless the pinned ones are there; a file that is anything else is removed."""
    from torch.hub import download_url_to_file
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    file = inception.weights_file(root)
    if inception.unavailable(root) is None:
        return
    if file.is_file():
        terminal.say(f"{file}: not the pinned weights, removed")
        file.unlink()
    file.parent.mkdir(parents=True, exist_ok=True)
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        download_url_to_file(URL_INCEPTION_V3, str(file), inception.SHA256, progress=sys.stderr.isatty())
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        raise DataError(f"the download of {URL_INCEPTION_V3} failed: {error}") from error
    finally:
        socket.setdefaulttimeout(patience)
