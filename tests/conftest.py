"""What every test stands on: caches go with the tests, they never lie below the checkout or a data root."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _caches_go_with_the_tests(tmp_path_factory):
    """Statistics and decoded images are kept under GANREPRO_CACHE, in subprocesses too."""
    before = os.environ.get("GANREPRO_CACHE")
    os.environ["GANREPRO_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["GANREPRO_CACHE"]
    else:
        os.environ["GANREPRO_CACHE"] = before
