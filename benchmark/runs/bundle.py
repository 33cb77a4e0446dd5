"""Audit packs: records, files, seals, specs, verdicts and tables in one zip, with equal bytes for equal contents.

Members are stored without compression (what is large is compressed already), in the order of their names, without
times, so that a pack's bytes depend on nothing but its contents. ``MANIFEST.json`` comes first and lists every other
member with its SHA-256. Reading trusts nothing: only plain members with plain names, within limits, are written out,
and no array that would need a pickle, or that claims more than its bytes hold, is opened.
"""

from __future__ import annotations

import filecmp
import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from benchmark.runs.files import StoreError, first_fault, plain, replacing, sha256, to_json
from benchmark.spec.base import Model, digest

MANIFEST = "MANIFEST.json"
MOST_MEMBERS = 20_000
MOST_BYTES = 16 << 30
MOST_MEMBER_BYTES = 4 << 30
MOST_TEXT_BYTES = 64 << 20
_CHUNK = 1 << 20


class PackError(StoreError):
    """A file that is no pack, or a pack that must not be unpacked."""


class Member(Model):
    """What one member must be."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


class Manifest(Model):
    """What a pack holds, and what judged it."""

    format: Literal["ganrepro-pack"]
    version: Literal[1]
    ganrepro: str
    numerics: str
    papers: list[str]
    rules_version: int
    #: SHA-256 of the modules that decide verdicts
    rules_sources: dict[str, str]
    members: dict[str, Member]
    #: SHA-256 of the canonical JSON of all the rest
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def whole(self) -> bool:
        """Whether it is what was written: no digit of it has changed."""
        return digest(self.model_dump(mode="json", exclude={"sha256"})) == self.sha256


@dataclass(frozen=True)
class Unpacked:
    """A pack's manifest, the folder its members lie in, and what does not agree between the two."""

    manifest: Manifest
    folder: Path
    problems: list[str] = field(default_factory=list)


def write_pack(file: Path, about: Mapping[str, Any], members: Mapping[str, Path | bytes]) -> str:
    """Write a pack whole or not at all, and return its SHA-256; ``about`` is the manifest without its members."""
    listed: dict[str, dict[str, Any]] = {}
    for name, content in sorted(members.items()):
        if not plain(name):
            raise PackError(f"'{name}' cannot be the name of a member")
        if isinstance(content, Path) and (content.is_symlink() or not content.is_file()):
            raise PackError(f"{content} is not a plain file")
        listed[name] = _facts(content)
    facts = {"format": "ganrepro-pack", "version": 1, **about, "members": listed}
    manifest = Manifest.model_validate({**facts, "sha256": digest(facts)})
    with replacing(file) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, MANIFEST, to_json(manifest.model_dump(mode="json")))
        for name, content in sorted(members.items()):
            _add(archive, name, content)
    return sha256(file)


def _facts(content: Path | bytes) -> dict[str, Any]:
    if isinstance(content, bytes):
        return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return {"sha256": sha256(content), "bytes": content.stat().st_size}


def _add(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.file_size = len(content) if isinstance(content, bytes) else content.stat().st_size
    with (
        archive.open(info, "w") as target,
        io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source,
    ):
        shutil.copyfileobj(source, target, _CHUNK)


def unpack(file: Path, folder: Path) -> Unpacked:
    """Write a pack's members below ``folder``; raises :class:`PackError` for what must not be written anywhere.

    Members that differ from the manifest are written all the same and named in ``problems``, so that everything that
    does not agree can be told at once.
    """
    try:
        with file.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            infos = _checked(file, archive)
            manifest = _manifest(file, archive, infos)
            problems = _extract(archive, infos, manifest, folder)
            if not problems and not _as_written(file, manifest, folder):
                problems.append("the file is not, byte for byte, what packing its members gives")
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise PackError(f"{file}: not a readable pack ({error})") from error
    return Unpacked(manifest, folder, problems)


def _as_written(file: Path, manifest: Manifest, folder: Path) -> bool:
    """Whether packing the members that were written below ``folder`` again gives the very same file."""
    about = manifest.model_dump(mode="json", exclude={"format", "version", "members", "sha256"})
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".again-") as scratch:
        again = Path(scratch) / "again.zip"
        write_pack(again, about, {name: folder / name for name in manifest.members})
        return filecmp.cmp(file, again, shallow=False)


def _checked(file: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    size = file.stat().st_size
    if any(not 0 <= info.header_offset < size for info in infos):
        raise PackError(f"{file}: not a readable pack (a member lies outside the file)")
    if len(infos) > MOST_MEMBERS:
        raise PackError(f"{file}: {len(infos)} members, at most {MOST_MEMBERS} are read")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise PackError(f"{file}: unfolds to more than {MOST_BYTES} bytes")
    members: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for info in infos:
        mode = info.external_attr >> 16
        if not plain(info.filename) or info.filename != info.orig_filename:
            raise PackError(f"{file}: a member is called {ascii(info.orig_filename)[:120]}")
        if info.filename.lower() in seen:
            raise PackError(f"{file}: {info.filename} occurs twice")
        seen.add(info.filename.lower())
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise PackError(f"{file}: {info.filename} is a link or a device")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise PackError(f"{file}: {info.filename} is compressed or encrypted, members of a pack are stored")
        text = not info.filename.endswith(".npz")
        if info.file_size > (MOST_TEXT_BYTES if text else MOST_MEMBER_BYTES):
            raise PackError(f"{file}: {info.filename} has {info.file_size} bytes, too many")
        members[info.filename] = info
    for name in members:
        if any(str(parent).lower() in seen for parent in PurePosixPath(name).parents):
            raise PackError(f"{file}: {name} lies below a file")
    return members


def _manifest(file: Path, archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo]) -> Manifest:
    if MANIFEST not in infos:
        raise PackError(f"{file}: no {MANIFEST}, so this is no pack")
    try:
        return Manifest.model_validate_json(archive.read(infos[MANIFEST]))
    except ValidationError as error:
        raise PackError(f"{file}: {MANIFEST}: {first_fault(error)}") from error


def _extract(
    archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo], manifest: Manifest, folder: Path
) -> list[str]:
    problems = [] if manifest.whole else [f"{MANIFEST} has changed since it was written"]
    problems += [f"{name} is listed and missing" for name in sorted(set(manifest.members) - set(infos))]
    for name, info in sorted(infos.items()):
        if name == MANIFEST:
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        damaged = False
        try:
            with archive.open(info) as source, target.open("xb") as out:  # no more is read than the checked size
                shutil.copyfileobj(source, out, _CHUNK)
        except zipfile.BadZipFile:  # its checksum
            damaged = True
        listed = manifest.members.get(name)
        if listed is None:
            problems.append(f"{name} is not listed in {MANIFEST}")
        elif damaged or sha256(target) != listed.sha256 or info.file_size != listed.bytes:
            problems.append(f"{name} is not the file that was packed (SHA-256 differs)")
    return problems
