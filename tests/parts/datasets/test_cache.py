"""The cache of decoded pictures: made once, whole or not at all, by one process at a time, and again when damaged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.parts.datasets.celeba import CelebA
from benchmark.parts.datasets.images.cache import cache_folder, decoded
from benchmark.parts.datasets.images.resident import hash_levels
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DataError
from tests.parts.datasets.layouts import gradient, held, levels, noise, write_celeba

ROOT = Path(__file__).parents[3]
SHAPE = (200, 3, 4, 4)
IMAGES = noise(*SHAPE)


class Decoder:
    """Gives pictures, counts how often it is asked, and may fail at one of them."""

    def __init__(self, fails_at: int | None = None, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.asked = 0
        self.fails_at = fails_at
        self.error = error

    def __call__(self, index: int) -> np.ndarray:
        self.asked += 1
        if index == self.fails_at:
            raise self.error("planted")
        picture: np.ndarray = IMAGES[index]
        return picture


def make(folder: Path, decoder: Callable[[int], np.ndarray], **key: object) -> tuple[np.ndarray, str]:
    return decoded(folder, key=key, shape=SHAPE, example=decoder, label="test")


def entry(folder: Path) -> Path:
    (found,) = [path for path in folder.iterdir() if path.is_dir()]
    return found


def test_made_once_and_then_mapped(tmp_path: Path) -> None:
    first, again = Decoder(), Decoder()
    images, fingerprint = make(tmp_path, first)
    mapped, same = make(tmp_path, again)
    assert (first.asked, again.asked) == (200, 0)
    assert (images == IMAGES).all()
    assert (mapped == IMAGES).all()
    assert fingerprint == same == hash_levels(IMAGES)
    mapped[:] = 0  # a private mapping: whoever writes into it by mistake spoils nobody else's pictures
    assert (make(tmp_path, again)[0] == IMAGES).all()
    assert again.asked == 0


def test_another_key_is_another_entry(tmp_path: Path) -> None:
    make(tmp_path, Decoder(), size=64)
    other = Decoder()
    make(tmp_path, other, size=128)
    assert other.asked == 200


@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError, MemoryError])
def test_an_interrupted_build_leaves_nothing_and_the_next_is_whole(error: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(error):
        make(tmp_path, Decoder(fails_at=150, error=error))
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert (make(tmp_path, Decoder())[0] == IMAGES).all()


def flip_a_bit(levels: Path, facts: Path) -> None:
    with levels.open("r+b") as stream:
        stream.seek(1000)
        (byte,) = stream.read(1)
        stream.seek(1000)
        stream.write(bytes([byte ^ 1]))


def truncate(levels: Path, facts: Path) -> None:
    os.truncate(levels, 500)


def spoil_facts(levels: Path, facts: Path) -> None:
    facts.write_text("[]")


def half_facts(levels: Path, facts: Path) -> None:
    facts.write_text(facts.read_text()[:40])


def other_key(levels: Path, facts: Path) -> None:
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "key": "another"}))


def lose_levels(levels: Path, facts: Path) -> None:
    levels.unlink()


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, spoil_facts, half_facts, other_key, lose_levels])
def test_a_damaged_entry_is_made_again(damage: Callable[[Path, Path], None], tmp_path: Path) -> None:
    _, fingerprint = make(tmp_path, Decoder())
    damage(entry(tmp_path) / "levels.uint8", entry(tmp_path) / "facts.json")
    decoder = Decoder()
    images, again = make(tmp_path, decoder)
    assert decoder.asked == 200
    assert (images == IMAGES).all()
    assert again == fingerprint


def test_a_copied_entry_is_hashed_and_then_trusted(tmp_path: Path) -> None:
    """A copy has another time of change: its bytes are compared with the recorded hash, and not decoded again."""
    make(tmp_path / "a", Decoder())
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    decoder = Decoder()
    assert (make(tmp_path / "b", decoder)[0] == IMAGES).all()
    assert decoder.asked == 0


BUILDER = """
import sys, time
from pathlib import Path
import numpy as np
from benchmark.parts.datasets.images.cache import decoded
def example(index):
    with open(sys.argv[2], "a") as log:
        log.write(f"{index}\\n")
    time.sleep(float(sys.argv[3]))
    return np.full((3, 4, 4), index, np.uint8)
images, fingerprint = decoded(Path(sys.argv[1]), key={}, shape=(128, 3, 4, 4), example=example, label="test")
print(fingerprint, int(images.sum()))
"""


def builder(folder: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", BUILDER, str(folder), str(log), str(seconds)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_builders_at_once_decode_every_picture_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [builder(tmp_path / "cache", log, 0.005) for _ in range(2)]
    answers = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(answers) == 1
    assert answers.pop().split()[1] == str(48 * sum(range(128)))
    assert sorted(map(int, log.read_text().split())) == list(range(128))


def test_a_killed_builder_is_followed_by_a_whole_build(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    process = builder(tmp_path / "cache", log, 0.05)
    until = time.monotonic() + 30
    while len(log.read_text().split()) < 10 and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert [path.suffix for path in (tmp_path / "cache").iterdir() if path.is_dir()] == [".partial"]
    log.write_text("")
    answer, _ = builder(tmp_path / "cache", log, 0).communicate(timeout=60)
    assert answer.split()[1] == str(48 * sum(range(128)))
    assert len(log.read_text().split()) == 128
    assert [path.suffix for path in (tmp_path / "cache").iterdir() if path.is_dir()] == [""]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="GANREPRO_CACHE names another place") as caught:
        make(tmp_path / "file" / "cache", Decoder())
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_said_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    decoder = Decoder()
    with pytest.raises(DataError, match=r"are needed, 0\.0 GB are free"):
        make(tmp_path, decoder)
    assert decoder.asked == 0


def test_the_environment_may_name_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANREPRO_CACHE", raising=False)
    assert cache_folder(tmp_path) == tmp_path / ".cache"
    monkeypatch.setenv("GANREPRO_CACHE", str(tmp_path / "elsewhere"))
    assert cache_folder(tmp_path) == tmp_path / "elsewhere"


def test_the_key_follows_files_and_settings(tmp_path: Path) -> None:
    """Another crop or filter, and a changed file, are decoded; mirroring takes the same bytes."""

    def entries(crop: str, size: int, resize: str, mirror: bool = False) -> int:
        settings = {
            "split": "all",
            "crop": crop,
            "size": size,
            "resize": resize,
            "mirror": mirror,
            "value_range": [-1, 1],
        }
        held(CelebA.model_validate(settings), tmp_path)
        return len([path for path in (tmp_path / ".cache").iterdir() if path.is_dir()])

    write_celeba(tmp_path, "00")
    assert entries("face_128", 64, "box") == 1
    assert entries("face_128", 64, "box", mirror=True) == 1
    assert entries("face_128", 64, "lanczos") == 2
    assert entries("centre_108", 64, "box") == 3
    gradient(178, 218, 200).save(tmp_path / "celeba" / "img_align_celeba" / "000002.jpg", quality=50)
    assert entries("face_128", 64, "box") == 4
    changed = CelebA(split="all", crop="face_128", size=64, resize="box", mirror=False, value_range=SYMMETRIC)
    assert levels(held(changed, tmp_path))[1, 2].mean() == pytest.approx(200, abs=5)
