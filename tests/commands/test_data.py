"""``ganrepro data``: what is printed, what is said when something is missing, and downloads that go wrong."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import re
import socket
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path

import pytest
import torch

from benchmark import cli
from benchmark.parts.datasets.image_folder import CZ
from benchmark.parts.datasets.levels import MNIST
from benchmark.parts.extractors import inception
from tests.parts.datasets.layouts import gradient, noise, write_idx


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches the network."""

    def refuse(*arguments: object, **settings: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("GANREPRO_WEIGHTS", raising=False)


def call(*words: str | Path) -> int:
    return cli.main(["data", *map(str, words)])


def test_verify_prints_count_and_hash_of_the_files(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MNIST, "counts", {"train": 5, "test": 3})
    write_idx(tmp_path, "MNIST", noise(5, 28, 28), noise(3, 28, 28))
    file = "MNIST/raw/train-images-idx3-ubyte"
    content = (tmp_path / file).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(MNIST, "file_hashes", {"train": digest, "test": "0" * 64})
    expected = hashlib.sha256(f"{file}\0{len(content)}\n".encode() + content).hexdigest()
    assert call("verify", "mnist:train", "--data-root", tmp_path) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"mnist split=train: 5 pictures, as published, SHA-256 of the files {expected}"
    assert call("verify", "mnist", "--data-root", tmp_path) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [line]
    assert "t10k-images-idx3-ubyte is not the published file of mnist" in shown.err


def test_verify_says_where_nothing_is_known_to_compare_with(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CZ, "picture_count", lambda _: 1)
    (tmp_path / "cz").mkdir()
    gradient(20, 20).save(tmp_path / "cz" / "a.png")
    assert call("verify", "cz", "--data-root", tmp_path) == 0
    assert "cz: 1 pictures, only their number is known to be right, SHA-256" in capsys.readouterr().out


def test_another_set_is_refused_before_anything_is_trained(tmp_path: Path, capsys) -> None:
    write_idx(tmp_path / "data", "MNIST", noise(5, 28, 28), noise(3, 28, 28))
    where = [
        "--tier",
        "full",
        "-e",
        "gan",
        "--data-root",
        str(tmp_path / "data"),
        "--results",
        str(tmp_path / "results"),
    ]
    absent = [*where[:5], str(tmp_path / "nowhere"), *where[6:]]
    assert cli.main(["plan", "gan_dcgan_mnist", *absent]) == 0, "what is absent may still come"
    capsys.readouterr()
    assert cli.main(["plan", "gan_dcgan_mnist", *where, "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert "is not the published file of mnist" in row["missing"]
    assert cli.main(["run", "gan_dcgan_mnist", *where]) == 2
    assert "is not the published file of mnist" in capsys.readouterr().err
    assert cli.main(["run-one", row["run_ids"][0], "gan_dcgan_mnist", *where[:2], *where[4:]]) == 2
    assert "is not the published file of mnist" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_verify_what_needs_no_files(tmp_path: Path, capsys) -> None:
    assert call("verify", "digits", "eight_gaussians", "--data-root", tmp_path) == 0
    digits, points = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"digits value_range=\(-1\.0, 1\.0\): 1,797 examples, SHA-256 [0-9a-f]{64}", digits)
    assert "endless" in points


@pytest.mark.parametrize("action", ["verify", "fetch"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("celeba", "unpack img_align_celeba.zip"),
        ("lsun_bedrooms:train", "unpack LSUN's bedroom_train_lmdb.zip"),
        ("cz", "place 14,248 pictures"),
    ],
)
def test_what_is_placed_by_hand_is_said_in_one_line(action: str, name: str, says: str, tmp_path: Path, capsys) -> None:
    assert call(action, name, "--data-root", tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ganrepro: {name}: {tmp_path}")
    assert says in line


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "svhn", "svhn:extra", "inception"])
def test_without_a_network_a_fetch_is_one_line(name: str, tmp_path: Path, capsys) -> None:
    assert call("fetch", name, "--data-root", tmp_path) == 1
    (line,) = [text for text in capsys.readouterr().err.splitlines() if text.startswith("ganrepro")]
    assert line.startswith(f"ganrepro: {name}: the download ")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mnits", "did you mean 'mnist'"),
        ("incepton", "did you mean 'inception'"),
        ("mnist:extra", "mnist has no split 'extra'"),
        ("digits:train", "digits has no split 'train'"),
        ("image_folder", "described by a spec"),
        ("stand_in", "described by a spec"),
        ("../mnist", "unknown dataset"),
    ],
)
def test_names_that_mean_nothing_stop_everything(name: str, says: str, tmp_path: Path, capsys) -> None:
    assert call("fetch", "digits", name, "--data-root", tmp_path) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.out == ""


class Answer(io.BytesIO):
    """A response with a length."""

    def __init__(self, content: bytes, breaks: bool = False) -> None:
        super().__init__(content)
        self.headers = Message()
        self.headers["Content-Length"] = str(len(content))
        self.breaks = breaks

    def info(self) -> Message:
        return self.headers

    def read(self, size: int | None = -1) -> bytes:
        if self.breaks:
            raise http.client.IncompleteRead(b"", 10)
        return super().read(size)


def weights(monkeypatch: pytest.MonkeyPatch, content: bytes, answer: Answer | Exception) -> None:
    """Pin ``content`` and let the address answer."""
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(content).hexdigest())

    def open_(request: urllib.request.Request) -> Answer:
        assert request.full_url.endswith(inception.FILE)
        assert socket.getdefaulttimeout() == 30, "a server that falls silent is waited for no longer"
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(torch.hub, "urlopen", open_)


def test_inceptions_weights_are_kept_when_they_are_the_pinned_ones(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights(monkeypatch, b"weights", Answer(b"weights"))
    assert call("fetch", "inception", "--data-root", tmp_path) == 0
    assert (tmp_path / "weights" / inception.FILE).read_bytes() == b"weights"
    assert hashlib.sha256(b"weights").hexdigest() in capsys.readouterr().out
    weights(monkeypatch, b"weights", OSError("asked again"))
    assert call("fetch", "inception", "--data-root", tmp_path) == 0
    assert call("verify", "inception", "--data-root", tmp_path) == 0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(b"WEIGHTS"), f'got "{hashlib.sha256(b"WEIGHTS").hexdigest()}"'),
        (Answer(b"weights and more"), "invalid hash value"),
        (Answer(b"weights", breaks=True), "IncompleteRead"),
        (urllib.error.HTTPError("https://x", 404, "Not Found", Message(), None), "404"),
        (TimeoutError("timed out"), "timed out"),
    ],
    ids=["wrong", "long", "broken", "absent", "slow"],
)
def test_other_weights_and_broken_downloads_leave_nothing(
    answer: Answer | Exception, says: str, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights(monkeypatch, b"weights", answer)
    assert call("fetch", "inception", "--data-root", tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert not list((tmp_path / "weights").iterdir())


def test_a_wrong_file_in_the_weights_place_is_replaced(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    weights(monkeypatch, b"weights", Answer(b"weights"))
    file = tmp_path / "weights" / inception.FILE
    file.parent.mkdir()
    file.write_bytes(b"something else")
    assert call("verify", "inception", "--data-root", tmp_path) == 1
    assert "to replace it: ganrepro data fetch inception" in capsys.readouterr().err
    assert call("fetch", "inception", "--data-root", tmp_path) == 0
    assert "removed" in capsys.readouterr().err
    assert file.read_bytes() == b"weights"


def test_a_wrong_file_is_removed_even_where_nothing_replaces_it(tmp_path: Path, capsys) -> None:
    file = tmp_path / "weights" / inception.FILE
    file.parent.mkdir()
    file.write_bytes(b"something else")
    assert call("fetch", "inception", "--data-root", tmp_path) == 1
    assert not file.exists()
    assert call("verify", "inception", "--data-root", tmp_path) == 1
    assert f"SHA-256 {inception.SHA256}" in capsys.readouterr().err
