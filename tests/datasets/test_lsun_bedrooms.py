"""LSUN from a folder, and from its LMDB through a stand-in for the package that reads it."""

from __future__ import annotations

import importlib.util
import io
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from benchmark.datasets.lsun_bedrooms import LSUNBedrooms
from benchmark.spec.parts import DataError
from tests.datasets.layouts import gradient, held, levels

BEDROOMS = LSUNBedrooms(split="val", crop="centre", size=64, resize="none", mirror=False)


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "bedroom_val" / "0").mkdir(parents=True)
    gradient(80, 64, 5).save(tmp_path / "bedroom_val" / "0" / "a.png")
    assert BEDROOMS.missing(tmp_path) is None
    (picture,) = levels(held(BEDROOMS, tmp_path))
    assert (picture[0] == np.arange(8, 72)[None, :]).all()
    with pytest.raises(DataError, match="1 pictures, lsun_bedrooms has 300"):
        BEDROOMS.load(tmp_path, "cpu")


def test_an_lmdb_without_its_package_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bedroom_val_lmdb").mkdir()
    (tmp_path / "bedroom_val_lmdb" / "data.mdb").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    message = BEDROOMS.missing(tmp_path)
    assert message is not None
    assert "pip install lmdb" in message
    assert str(tmp_path / "bedroom_val") in message


class FakeEnvironment:
    """As much of an LMDB environment as is used: a context, a cursor in the order of keys, and ``get``."""

    def __init__(self, content: dict[bytes, bytes]) -> None:
        self.content = content

    def begin(self) -> FakeEnvironment:
        return self

    def __enter__(self) -> FakeEnvironment:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def cursor(self) -> FakeEnvironment:
        return self

    def iternext(self, *, keys: bool, values: bool) -> list[bytes]:
        assert (keys, values) == (True, False)
        return sorted(self.content)

    def get(self, key: bytes) -> bytes:
        return self.content[key]


def test_an_lmdb_is_read_in_the_order_of_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {}
    for key, blue in ((b"b", 2), (b"c", 3), (b"a", 1)):
        encoded = io.BytesIO()
        gradient(64, 64, blue).save(encoded, format="WEBP", lossless=True)
        content[key] = encoded.getvalue()
    place = tmp_path / "bedroom_val_lmdb"
    place.mkdir()
    (place / "data.mdb").write_bytes(b"pages")

    def open_(path: str, *, readonly: bool, lock: bool, readahead: bool, meminit: bool) -> FakeEnvironment:
        assert (path, readonly, lock) == (str(place), True, False)
        return FakeEnvironment(content)

    fake = types.ModuleType("lmdb")
    fake.open = open_  # type: ignore[attr-defined]
    fake.Error = OSError  # type: ignore[attr-defined]
    fake.__spec__ = importlib.util.spec_from_loader("lmdb", None)
    monkeypatch.setitem(sys.modules, "lmdb", fake)
    assert BEDROOMS.missing(tmp_path) is None
    shown = levels(held(BEDROOMS, tmp_path))
    assert shown[:, 2, 0, 0].tolist() == [1, 2, 3]
    assert (shown[:, 0] == np.arange(64)[None, None, :]).all()
    content[b"b"] = b"spoilt"
    (place / "data.mdb").write_bytes(b"other pages")
    with pytest.raises(DataError, match=r"picture b'b': not a readable picture"):
        held(BEDROOMS, tmp_path)
