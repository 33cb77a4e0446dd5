"""Inception: what is refused before it is unpickled, and features against torch-fidelity's own pass."""

from __future__ import annotations

import io
import os
import pickle
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

from benchmark.parts.extractors import inception
from benchmark.spec.parts import MetricError
from tests.parts.extractors.inception_weights import random_weights


class Payload:
    """Unpickling this makes a directory."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return (os.mkdir, (str(self.canary),))


def test_missing_weights_name_place_hash_and_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANREPRO_WEIGHTS", raising=False)
    reason = inception.unavailable(tmp_path)
    assert reason is not None
    assert str(tmp_path / "weights" / "weights-inception-2015-12-05-6726825d.pth") in reason
    assert "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2" in reason
    assert "ganrepro data fetch inception" in reason
    with pytest.raises(MetricError, match="missing"):
        inception.load(tmp_path, "cpu", "tensorflow_bilinear")


def test_environment_names_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANREPRO_WEIGHTS", str(tmp_path / "elsewhere"))
    assert inception.weights_file(Path("data")) == tmp_path / "elsewhere" / inception.FILE


def test_another_hash_is_refused_before_unpickling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANREPRO_WEIGHTS", raising=False)
    file = inception.weights_file(tmp_path)
    file.parent.mkdir()
    file.write_bytes(pickle.dumps(Payload(tmp_path / "canary")))
    with pytest.raises(MetricError, match=rf"SHA-256 is [0-9a-f]{{64}}, expected {inception.SHA256}"):
        inception.load(tmp_path, "cpu", "tensorflow_bilinear")
    assert f"expected {inception.SHA256}" in str(inception.unavailable(tmp_path))
    assert not (tmp_path / "canary").exists()


def test_a_payload_does_not_run_even_with_the_right_hash(pinned, tmp_path: Path) -> None:
    loaded = io.BytesIO()
    torch.save({"fc.weight": Payload(tmp_path / "canary")}, loaded)
    with pytest.raises(MetricError, match="not a file of weights"):
        inception.load(pinned(loaded.getvalue()), "cpu", "tensorflow_bilinear")
    assert not (tmp_path / "canary").exists()


def test_the_pin_is_whole_and_agrees_with_the_name() -> None:
    assert len(bytes.fromhex(inception.SHA256)) == 32
    assert f"weights-inception-2015-12-05-{inception.SHA256[:8]}.pth" == inception.FILE
    assert URL_INCEPTION_V3.endswith(f"/{inception.FILE}")


def test_a_hash_with_the_right_beginning_is_not_enough(pinned, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pinned(b"anything")
    assert inception.unavailable(root) is None
    monkeypatch.setattr(inception, "SHA256", inception.SHA256[:8] + "0" * 56)
    assert f"expected {inception.SHA256}" in str(inception.unavailable(root))


def test_a_changed_file_is_hashed_again(pinned) -> None:
    root = pinned(b"anything")
    assert inception.unavailable(root) is None
    inception.weights_file(root).write_bytes(b"anything else")
    assert "expected" in str(inception.unavailable(root))


def test_weights_of_another_network_are_refused(pinned) -> None:
    other = io.BytesIO()
    torch.save(torch.nn.Linear(2, 2).state_dict(), other)
    with pytest.raises(MetricError, match="not Inception's weights"):
        inception.load(pinned(other.getvalue()), "cpu", "tensorflow_bilinear")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 3, 12, 10), dtype=np.uint8)


@pytest.fixture(scope="module")
def network() -> inception.Inception:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "check", lambda _digest, _file: None)
        return inception.Inception(random_weights(), ["cpu"], "tensorflow_bilinear", source=Path("weights"))


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_features_and_logits_are_those_of_torch_fidelity(network: inception.Inception, images: np.ndarray) -> None:
    layers = ["2048", "logits_unbiased"]
    weights = io.BytesIO(random_weights())
    original = FeatureExtractorInceptionV3("original", layers, feature_extractor_weights_path=weights)
    with torch.inference_mode():
        pool, logits = original(torch.from_numpy(images))
    found = network.features(images)
    assert found.std(axis=0).max() > 1e-3, "features that do not vary would agree for nothing"
    close(found, pool.numpy())
    close(network.logits(found), logits.numpy())


def test_batches_do_not_matter(network: inception.Inception, images: np.ndarray) -> None:
    close(network.extract(images, batch_size=2), network.extract(images, batch_size=5))


def test_several_devices_take_batches_by_turns(
    network: inception.Inception, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five images, two at a time on two devices: the third batch is the first one's again, and is not full."""
    monkeypatch.setattr(inception, "check", lambda _digest, _file: None)
    two = inception.Inception(random_weights(), ["cpu", "cpu"], "tensorflow_bilinear", source=Path("weights"))
    given: list[tuple[int, int]] = []
    for number, (_, trunk) in enumerate(two._trunks):
        trunk.register_forward_pre_hook(lambda _, taken, number=number: given.append((number, len(taken[0]))))
    assert (two.extract(images, batch_size=2) == network.extract(images, batch_size=2)).all()
    assert given == [(0, 2), (1, 2), (0, 1)]


def test_every_gpu_is_used_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [inception._devices(one) for one in ("cuda", "cuda:1", "cpu")] == [["cuda:0", "cuda:1"], ["cuda:1"], ["cpu"]]


def test_grey_images_count_as_three_equal_channels(network: inception.Inception, images: np.ndarray) -> None:
    grey = images[:2, :1]
    close(network.features(grey), network.features(np.repeat(grey, 3, axis=1)))


def test_neither_grey_nor_colour_is_refused(network: inception.Inception, images: np.ndarray) -> None:
    with pytest.raises(MetricError, match="these have 2 channels"):
        network.features(images[:, :2])


def test_resizing_rules_differ(images: np.ndarray, network: inception.Inception) -> None:
    plain = object.__new__(inception.Inception)
    plain._resize = "bilinear"
    tensor = torch.from_numpy(images)
    expected = torch.nn.functional.interpolate(tensor.float(), (299, 299), mode="bilinear", align_corners=False)
    torch.testing.assert_close(plain._prepared(tensor), 2 * (expected / 255) - 1)
    assert (plain._prepared(tensor) - network._prepared(tensor)).abs().max() > 0.05


@pytest.mark.parametrize("side", [20, 640])
def test_the_antialiased_rule_is_bicubic_over_all_that_a_pixel_covers(side: int) -> None:
    """torch's own antialiased filter has Pillow's kernel; a checkerboard of large fields overshoots, and is clipped."""
    clean = object.__new__(inception.Inception)
    clean._resize = "antialiased_bicubic"
    board = (np.indices((side, side)) // max(1, side // 5)).sum(axis=0) % 2 * 255
    tensor = torch.from_numpy(np.stack([board, board.T, 255 - board])[None].astype(np.uint8))
    wide = torch.nn.functional.interpolate(tensor.float(), (299, 299), mode="bicubic", antialias=True)
    assert wide.min() < -1
    assert wide.max() > 256
    found = clean._prepared(tensor) * 128 + 128
    torch.testing.assert_close(found, wide.clamp(0, 255), atol=0.01, rtol=0)


@pytest.mark.parametrize("size", [(32, 32), (28, 40), (299, 299), (512, 300)])
def test_the_antialiased_rule_is_clean_fid_s(size: tuple[int, int]) -> None:
    resize = pytest.importorskip("cleanfid.resize", reason="needs clean-fid").build_resizer("clean")
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the signatures that it calls
        theirs = resize(picture)
    ours = inception._antialiased(picture.transpose(2, 0, 1)[None])[0]
    np.testing.assert_array_equal(ours, theirs.transpose(2, 0, 1))


def test_random_states_are_left_alone(root: Path, images: np.ndarray) -> None:
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state())
    inception.load(root, "cpu", "tensorflow_bilinear").features(images[:1])
    after = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state())
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])


def test_the_same_images_are_passed_once(
    network: inception.Inception, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = network.features(images[:1])
    monkeypatch.setattr(network, "extract", lambda *_images, **_settings: pytest.fail("extracted again"))
    assert network.features(images[:1].copy()) is first
