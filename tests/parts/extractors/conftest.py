"""Inception's weights file in a data root, pinned to what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmark.parts.extractors import inception
from tests.parts.extractors.inception_weights import random_weights


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Place bytes as the weights file and pin their SHA-256; gives the data root."""
    monkeypatch.delenv("GANREPRO_WEIGHTS", raising=False)

    def place(content: bytes) -> Path:
        file = inception.weights_file(tmp_path)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        monkeypatch.setattr(inception, "SHA256", hashlib.sha256(content).hexdigest())
        return tmp_path

    return place


@pytest.fixture
def root(pinned) -> Path:
    """A data root with random weights in the real format."""
    return pinned(random_weights())
