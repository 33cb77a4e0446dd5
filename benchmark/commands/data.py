"""``ganrepro data fetch|verify``: the only command that touches the network."""

from __future__ import annotations

import argparse

from benchmark import places
from benchmark.commands.selection import UsageError
from benchmark.registry import RegistryError
from benchmark.spec.parts import DATASETS, DataError, Dataset


def data(options: argparse.Namespace) -> int:
    root = places.data_folder(options.data_root)
    worst = 0
    for name in options.datasets:
        for dataset in _splits(name):
            try:
                if options.action == "fetch":
                    dataset.fetch(root)
                message = dataset.missing(root)
                if message is not None:
                    raise DataError(message)
                loaded = dataset.load(root, "cpu")
            except DataError as error:
                print(f"{dataset.name}: {error}")
                worst = 1
            else:
                count = "endless" if loaded.count is None else f"{loaded.count:,} examples"
                print(f"{dataset.name} {_settings(dataset)}: {count}, SHA-256 {loaded.fingerprint}")
    return worst


def _settings(dataset: Dataset) -> str:
    return " ".join(f"{key}={value}" for key, value in dataset.model_dump().items())


def _splits(name: str) -> list[Dataset]:
    """The dataset at each of its splits."""
    try:
        part = DATASETS.get(name)
    except RegistryError as error:
        raise UsageError(str(error)) from error
    return part.variants()
