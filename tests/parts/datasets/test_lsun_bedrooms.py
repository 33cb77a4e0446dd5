"""LSUN from a folder, and from an LMDB written here."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest

from benchmark.parts.datasets.lsun_bedrooms import LSUNBedrooms
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import gradient, held, levels

BEDROOMS = LSUNBedrooms(split="val", crop="centre", size=64, resize="none", mirror=False, value_range=SYMMETRIC)


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "bedroom_val" / "0").mkdir(parents=True)
    gradient(80, 64, 5).save(tmp_path / "bedroom_val" / "0" / "a.png")
    assert BEDROOMS.missing(tmp_path) is None
    (picture,) = levels(held(BEDROOMS, tmp_path))
    assert (picture[0] == np.arange(8, 72)[None, :]).all()
    with pytest.raises(DataError, match="holds 1 pictures, not 300"):
        BEDROOMS.load(tmp_path, "cpu")


def test_an_lmdb_without_its_package_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bedroom_val_lmdb").mkdir()
    (tmp_path / "bedroom_val_lmdb" / "data.mdb").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    message = BEDROOMS.missing(tmp_path)
    assert message is not None
    assert "pip install lmdb" in message
    assert str(tmp_path / "bedroom_val") in message


def write_lmdb(place: Path, content: dict[bytes, bytes]) -> None:
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(place), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        for key, value in content.items():
            transaction.put(key, value)


def encoded(blue: int) -> bytes:
    stream = io.BytesIO()
    gradient(64, 64, blue).save(stream, format="WEBP", lossless=True)
    return stream.getvalue()


def test_an_lmdb_is_read_in_the_order_of_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are ordered by their bytes, whatever the order they were written in; nothing is left beside the files."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "bedroom_val_lmdb"
    write_lmdb(place, {b"b": encoded(2), b"c": encoded(3), b"a": encoded(1)})
    before = sorted(file.name for file in tmp_path.iterdir())
    assert BEDROOMS.missing(tmp_path) is None
    shown = levels(held(BEDROOMS, tmp_path))
    assert shown[:, 2, 0, 0].tolist() == [1, 2, 3]
    assert (shown[:, 0] == np.arange(64)[None, None, :]).all()
    assert sorted(file.name for file in tmp_path.iterdir() if not file.name.startswith(".")) == before
    with pytest.raises(DataError, match="holds 3 pictures, not 300"):
        BEDROOMS.load(tmp_path, "cpu")


def test_a_spoilt_picture_of_an_lmdb_is_named(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "bedroom_val_lmdb", {b"a": encoded(1), b"b": b"spoilt"})
    with pytest.raises(DataError, match=r"picture b'b': not a readable picture"):
        held(BEDROOMS, tmp_path)


def test_a_spoilt_lmdb_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("lmdb")
    place = tmp_path / "bedroom_val_lmdb"
    place.mkdir()
    (place / "data.mdb").write_bytes(b"no pages of a database" * 999)
    with pytest.raises(DataError, match="not a readable LMDB") as caught:
        held(BEDROOMS, tmp_path)
    assert "\n" not in str(caught.value)
