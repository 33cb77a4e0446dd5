"""Packs: equal contents give equal bytes, and nothing that is unsafe gets out of one."""

from __future__ import annotations

import io
import json
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.runs import bundle, files
from benchmark.runs.bundle import MANIFEST, PackError, unpack, write_pack
from benchmark.runs.files import packed, unsafe_arrays

ABOUT = {"ganrepro": "0", "numerics": "fp32", "papers": ["p"], "rules_version": 1, "rules_sources": {}}


def made(folder: Path, **members: bytes) -> Path:
    file = folder / "bundle.zip"
    write_pack(file, ABOUT, {name.replace("__", "/"): content for name, content in members.items()})
    return file


def test_a_pack_comes_back_as_it_was(tmp_path: Path) -> None:
    file = made(tmp_path, a__b=b"one", c=b"two")
    unpacked = unpack(file, tmp_path / "out")
    assert unpacked.problems == []
    assert (tmp_path / "out" / "a" / "b").read_bytes() == b"one"
    assert (tmp_path / "out" / "c").read_bytes() == b"two"
    assert unpacked.manifest.papers == ["p"]


def test_equal_contents_give_equal_bytes_whatever_the_order_and_the_time(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"two")
    first = write_pack(tmp_path / "1.zip", ABOUT, {"a": b"one", "b": source})
    source.touch()
    second = write_pack(tmp_path / "2.zip", ABOUT, {"b": b"two", "a": b"one"})
    assert first == second
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", ".hidden", "a//b", "a b", "a\\b", "", "c:a", "a/b/c/d/e/f/g"])
def test_names_that_are_not_plain_are_never_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackError, match="cannot be the name"):
        write_pack(tmp_path / "p.zip", ABOUT, {name: b""})
    assert not (tmp_path / "p.zip").exists()


def test_a_link_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(PackError, match="not a plain file"):
        write_pack(tmp_path / "p.zip", ABOUT, {"a": tmp_path / "link"})


def archive(folder: Path, write: Callable[[zipfile.ZipFile], Any]) -> Path:
    """A zip that says of itself that it is a pack, and then something else."""
    file = folder / "bad.zip"
    with zipfile.ZipFile(file, "w") as target:
        target.writestr(MANIFEST, json.dumps({"format": "ganrepro-pack", "version": 1, **ABOUT, "members": {}}))
        write(target)
    return file


def _linked(target: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    target.writestr(info, "/etc/hostname")


def _twice(target: zipfile.ZipFile) -> None:
    target.writestr("Member", "1")
    target.writestr("member", "2")


def _below(target: zipfile.ZipFile) -> None:
    target.writestr("a", "1")
    target.writestr("a/b", "2")


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda z: z.writestr("../escape", "x"), "is called"),
        (lambda z: z.writestr("/absolute", "x"), "is called"),
        (lambda z: z.writestr("a/../../b", "x"), "is called"),
        (_linked, "link or a device"),
        (_twice, "occurs twice"),
        (_below, "below a file"),
        (lambda z: z.writestr("bomb", "0" * 10_000_000, zipfile.ZIP_DEFLATED), "stored"),
        (lambda z: [z.writestr(f"m{index}", "") for index in range(30)], "members"),
        (lambda z: z.writestr("big.json", "0" * 3000), "too many"),
    ],
    ids=["up", "absolute", "inner", "link", "twice", "below", "compressed", "many", "large"],
)
def test_unsafe_archives_are_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[zipfile.ZipFile], Any], says: str
) -> None:
    monkeypatch.setattr(bundle, "MOST_MEMBERS", 20)
    if says == "too many":
        monkeypatch.setattr(bundle, "MOST_TEXT_BYTES", 2000)
    file = archive(tmp_path, write)
    out = tmp_path / "out"
    with pytest.raises(PackError, match=says):
        unpack(file, out)
    assert not out.exists()
    assert {entry.name for entry in tmp_path.iterdir()} == {"bad.zip"}


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(content)
    with pytest.raises(PackError) as caught:
        unpack(file, tmp_path / "out")
    assert len(str(caught.value).splitlines()) == 1


def test_members_that_are_missing_changed_or_unlisted_are_all_named(tmp_path: Path) -> None:
    good = made(tmp_path, a=b"one", b=b"two", c=b"three")
    listed = json.loads(zipfile.ZipFile(good).read(MANIFEST))
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as target:
        target.writestr(MANIFEST, json.dumps(listed))
        target.writestr("a", "one")
        target.writestr("b", "twO")
        target.writestr("d", "four")
    assert unpack(bad, tmp_path / "out").problems == [
        "c is listed and missing",
        "b is not the file that was packed (SHA-256 differs)",
        "d is not listed in MANIFEST.json",
    ]


# --- arrays ---------------------------------------------------------------------------------------------------------


def npz(file: Path, **arrays: Any) -> Path:
    np.savez_compressed(file, **arrays)
    return file


def header(shape: str, kind: str = "'<f4'") -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (64 - (len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_ordinary_arrays_are_safe(tmp_path: Path) -> None:
    file = npz(tmp_path / "a.npz", x=np.zeros((300, 200), np.float32), y=np.arange(3), z=np.array(2.0))
    assert unsafe_arrays(file) is None


def test_arrays_that_need_a_pickle_are_not_opened(tmp_path: Path) -> None:
    class Loud:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path(tmp_path / "ran").touch, ())

    file = tmp_path / "a.npz"
    content = header("(1,)", "'|O'") + pickle.dumps(Loud())
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("x.npy", content)
    assert "pickle" in (unsafe_arrays(file) or "")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(-1,)", "(3,)"])
def test_a_header_must_say_what_its_bytes_hold(tmp_path: Path, shape: str) -> None:
    file = tmp_path / "a.npz"
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("x.npy", header(shape) + bytes(4))
    assert "says it has" in (unsafe_arrays(file) or "")


def test_arrays_that_unfold_without_measure_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_SMALL_ARRAY_BYTES", 1000)
    file = npz(tmp_path / "a.npz", x=np.zeros(10_000_000, np.uint8))
    assert "unfolds from" in (unsafe_arrays(file) or "")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_a_broken_npz_is_a_reason_not_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    assert "not a readable .npz" in (unsafe_arrays(tmp_path / "a.npz") or "")


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', '{"a": 1, "a": 2}', "[" * 100_000, "{", "\xff"])
def test_json_that_two_readers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        files.parse(io.BytesIO(text.encode("latin-1")).read())


def test_every_single_bit_of_a_pack_counts(tmp_path: Path) -> None:
    """Contents, manifest, and the archive's own fields that nobody reads: names, times, sizes, versions, comments."""
    file = made(tmp_path, a__b=b"one", c=b"two")
    content = file.read_bytes()
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :])
        try:
            unpacked = unpack(file, tmp_path / f"out-{place}")
        except PackError:
            continue
        assert unpacked.problems, f"byte {place} of {len(content)}"


def test_what_is_added_to_a_pack_is_noticed(tmp_path: Path) -> None:
    file = made(tmp_path, a=b"one")
    with file.open("ab") as stream:
        stream.write(b" ")
    try:
        problems = unpack(file, tmp_path / "out").problems
    except PackError as error:
        problems = [str(error)]
    assert problems


@pytest.mark.parametrize(("size", "says"), [(4 * 2**30, "says it has"), (4 * 2**30 + 1, "unfolds from")])
def test_no_more_than_four_gibibytes_are_unfolded(
    size: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file of 64 MiB, of which a hole is the most, so that the ratio alone would let it pass."""
    file = tmp_path / "large.npz"
    with file.open("wb") as stream:
        stream.seek(64 * 2**20)
        stream.write(packed({"zeros": np.zeros(3)}))
    infolist = zipfile.ZipFile.infolist

    def claimed(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        (info,) = infolist(archive)
        info.file_size = size
        return [info]

    monkeypatch.setattr(zipfile.ZipFile, "infolist", claimed)
    assert says in (unsafe_arrays(file) or "")
