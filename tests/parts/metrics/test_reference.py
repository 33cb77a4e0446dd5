"""Reference statistics on disk: found again, never for anything else, and rebuilt where damaged."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.parts.metrics import frechet
from benchmark.parts.metrics.frechet import reference_moments
from benchmark.parts.metrics.inputs import cache_folder, cached

KEY = {"dataset": "a", "n_real": 10, "resize": "r", "extractor": "e", "weights_sha256": "w"}


class Counted:
    """A computation that counts how often it is asked."""

    def __init__(self, value: float = 1.0) -> None:
        self.value = value
        self.times = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.times += 1
        return {"mean": np.full(3, self.value), "covariance": np.eye(3)}


def test_the_same_key_is_computed_once(tmp_path: Path) -> None:
    compute = Counted(2.5)
    first = cached(tmp_path, KEY, compute)
    again = cached(tmp_path, KEY, compute)
    assert compute.times == 1
    assert all((first[name] == again[name]).all() for name in ("mean", "covariance"))


def test_what_is_kept_can_be_read_by_all_who_share_the_folder(tmp_path: Path) -> None:
    cached(tmp_path, KEY, Counted())
    assert [(file.suffix, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [(".npz", 0o644)]


@pytest.mark.parametrize("ingredient", list(KEY))
def test_any_changed_ingredient_misses(tmp_path: Path, ingredient: str) -> None:
    cached(tmp_path, KEY, Counted(1.0))
    other = cached(tmp_path, {**KEY, ingredient: "other"}, Counted(9.0))
    assert other["mean"][0] == 9.0


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def _other_numbers(file: Path) -> None:
    with np.load(file) as archive:
        kept = dict(archive)
    np.savez(file, **{**kept, "mean": kept["mean"] + 1})


def _other_key(file: Path) -> None:
    cached(file.parent, {**KEY, "n_real": 11}, Counted(7.0))
    (other,) = set(file.parent.glob("*.npz")) - {file}
    other.replace(file)


def _pickle(file: Path) -> None:
    np.savez(file, mean=np.array([{"an": "object"}], dtype=object), seal=np.array("x"))


@pytest.mark.parametrize("damage", [_truncate, _other_numbers, _other_key, _pickle, lambda file: file.write_bytes(b"")])
def test_a_damaged_entry_is_computed_again_and_mended(tmp_path: Path, damage) -> None:
    compute = Counted(2.0)
    cached(tmp_path, KEY, compute)
    (file,) = tmp_path.glob("*.npz")
    damage(file)
    assert cached(tmp_path, KEY, compute)["mean"][0] == 2.0
    assert compute.times == 2
    assert cached(tmp_path, KEY, compute)["mean"][0] == 2.0
    assert compute.times == 2


def test_a_folder_that_cannot_be_made_costs_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would go")
    assert cached(tmp_path / "cache", KEY, Counted(4.0))["mean"][0] == 4.0


def test_a_root_marked_read_only_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        assert cached(tmp_path / "cache", KEY, Counted(4.0))["mean"][0] == 4.0
        assert not (tmp_path / "cache").exists()
    finally:
        tmp_path.chmod(0o755)


def test_the_environment_names_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder(tmp_path) == tmp_path / ".cache" / "statistics"
    monkeypatch.setenv("GANREPRO_CACHE", str(tmp_path / "elsewhere"))
    assert cache_folder(Path("data")) == tmp_path / "elsewhere" / "statistics"


class Pixels:
    """An extractor whose features are four pixels."""

    name = "pixels"
    weights_sha256 = "none"
    dimensions = 4

    def __init__(self) -> None:
        self.times = 0

    def features(self, images: np.ndarray) -> np.ndarray:
        self.times += 1
        return images.reshape(len(images), -1)[:, :4].astype(np.float32)

    def logits(self, features: np.ndarray) -> np.ndarray:
        return features


def test_reference_follows_images_and_settings(subject, digits: np.ndarray) -> None:
    extractor = Pixels()

    def ask(images: np.ndarray, count: int, resize: str = "plain") -> dict[str, object]:
        found, facts = reference_moments(asked, extractor, reference="training_data", images=count, resize=resize)
        expected = images[:count].reshape(count, -1)[:, :4].mean(0)
        np.testing.assert_allclose(found.mean, expected, rtol=1e-6)
        assert facts["n_real"] == count
        return facts

    asked = subject(digits, digits)
    facts = ask(digits, 50)
    assert ask(digits, 50) == facts
    assert extractor.times == 1
    ask(digits, 60)
    ask(digits, 60, resize="another")
    assert extractor.times == 3
    changed = digits.copy()
    changed[0, 0, 0, 0] ^= 1
    root = asked.root
    asked = subject(changed, changed)
    asked.root = root
    assert ask(changed, 50)["reference_sha256"] != facts["reference_sha256"]
    assert extractor.times == 4
    assert len(frechet._memory) == 3, "matrices of the last few alone are held"


@pytest.mark.parametrize("images", [50, "all"])
def test_statistics_that_are_kept_are_found_without_reading_an_image(subject, digits: np.ndarray, images) -> None:
    """In another process too, whose memory is empty; other images under the same name of a set are never taken."""
    extractor, made = Pixels(), subject(digits, digits)
    found = reference_moments(made, extractor, reference="training_data", images=images, resize="plain")
    frechet._memory.clear()

    class Unreadable(type(made)):
        def reals(self, count: int | None) -> np.ndarray:
            raise AssertionError("an image was read")

    def unread() -> np.ndarray:
        raise AssertionError("an image was read")

    data = SimpleNamespace(fingerprint=made.data.fingerprint, count=len(digits), levels=unread)
    made.dataset.held_out = lambda: SimpleNamespace(
        problem=lambda *_: None, load=lambda *_: data, image_range=lambda: (-1.0, 1.0)
    )
    again = Unreadable(digits, digits, made.dataset, made.root)
    kept = reference_moments(again, extractor, reference="training_data", images=images, resize="plain")
    assert kept[1] == found[1]
    assert (kept[0].covariance == found[0].covariance).all()
    changed = digits.copy()
    changed[0, 0, 0, 0] ^= 1
    for other in (
        {"made": Unreadable(changed, changed, made.dataset, made.root)},
        {"images": 60},
        {"resize": "another"},
        {"reference": "test"},  # a test split that passes for the training data by its name
    ):
        asked = {"reference": "training_data", "images": images, "resize": "plain", **other}
        with pytest.raises(AssertionError, match="an image was read"):
            reference_moments(asked.pop("made", again), extractor, **asked)
