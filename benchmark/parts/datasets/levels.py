"""Datasets of small square pictures whose files hold plain levels and are read whole, in torchvision's layout."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np

from benchmark.parts.datasets.images.pictures import Pictures, PictureSource
from benchmark.spec.levels import SYMMETRIC
from benchmark.spec.parts import DATASETS, DataError

#: what pickle, SciPy and torchvision raise on files that are damaged or not what their names say
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, AssertionError, pickle.UnpicklingError)

_LONGEST_REASON = 200
_FILES = {"train": "train-images-idx3-ubyte", "test": "t10k-images-idx3-ubyte"}
#: idx: two zeros, 8 for uint8, the number of dimensions, then each of them big-endian
_MAGIC = bytes((0, 0, 8, 3))
_HEADER_BYTES = 16
_FOLDER = "cifar-10-batches-py"
#: MD5 of each split's batches, as their authors' file list gives them
_BATCHES = {
    "train": {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    },
    "test": {"test_batch": "40351d587109b95175f43aff81a1287e"},
}
#: MD5 of each split's file
_HASHES = {
    "train": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test": "eb5a983be6a315427106f1b164d9cef3",
    "extra": "a93ce644f1a588dc4d68dda5feec44a7",
}


class Levels(Pictures):
    """Square pictures of one side in files that hold plain levels. Not a part by itself."""

    #: number of pictures in each split
    counts: ClassVar[Mapping[str, int]]
    #: what a person does where files are missing
    placed: ClassVar[str]
    #: what is fetched, as ``data fetch`` names it
    fetches: ClassVar[str] = "{name}"
    #: torchvision's class that downloads it
    torchvision: ClassVar[str]
    split: str

    def picture_count(self) -> int:
        return self.counts[self.split]

    def missing(self, root: Path) -> str | None:
        file = next((root / name for name in self.published() if not (root / name).is_file()), None)
        if file is None:
            return None
        fetched = self.fetches.format(name=self.name, split=self.split)
        return (
            f"{file} is missing: {self.placed.format(root=root)}, or run: ganrepro data fetch {fetched} "
            f"--data-root {root}"
        )

    def fetch(self, root: Path) -> None:
        from torchvision import datasets

        try:
            getattr(datasets, self.torchvision)(str(root), download=True, **self.downloaded())
        except _UNREADABLE as error:
            raise DataError(f"the download failed: {_in_one_line(error)}") from error

    def downloaded(self) -> dict[str, object]:
        """How torchvision names the split."""
        return {"train": self.split == "train"}

    @classmethod
    def variants(cls) -> list[Self]:
        facts = {"size": cls.native, "resize": "none", "value_range": SYMMETRIC}
        return [cls.model_validate({"split": split, **facts}) for split in ("train", "test")]


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Turn what readers raise on files that are damaged into a :class:`DataError`."""
    try:
        yield
    except _UNREADABLE as error:
        raise DataError(f"{place} is damaged ({_in_one_line(error)}): remove it") from error


def from_levels(place: Path, names: Sequence[str], levels: np.ndarray) -> PictureSource:
    """A source over uint8 ``levels`` (n, channels, height, width)."""
    from PIL import Image

    def picture(index: int) -> Image.Image:
        level = levels[index]
        return Image.fromarray(level[0] if len(level) == 1 else level.transpose(1, 2, 0).copy())

    return PictureSource(place, len(levels), picture, names, lambda index: f"picture {index}", levels)


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__


@DATASETS.register("mnist")
class MNIST(Levels):
    """28x28 grey digits (LeCun et al. 1998): 60,000 to train on, 10,000 to test."""

    torchvision = "MNIST"
    channels = 1
    native = 28
    counts = {"train": 60_000, "test": 10_000}
    placed = "place the uncompressed idx file there"
    #: SHA-256 of each split's file
    file_hashes: ClassVar[Mapping[str, str]] = {
        "train": "6705eff8e49fb8f823af92addac64fe87d5ddd6adbec30534755ed0f6fd2f407",
        "test": "d05232f87e170a2e2614cb47a6cfd2c0ce2306906971abbe73bd8b5c5af08c64",
    }
    #: of each split as it is, in the form of records
    fingerprints: ClassVar[Mapping[str, str]] = {
        "train": "9c501d34e2cba067f6ef9f32090c1028be153905aa3d096e62f385f4e6a0f943",
        "test": "e0d64a19d24b3cc8be76c28df2307b6eb0cfa8b2e83b59d8c9da7aaf0b875f23",
    }
    split: Literal["train", "test"]
    size: Literal[28, 32, 64]

    def published(self) -> Mapping[str, str]:
        return {self._file(): self.file_hashes[self.split]}

    def published_fingerprint(self) -> str | None:
        return self.fingerprints[self.split] if self.resize == "none" else None

    def source(self, root: Path) -> PictureSource:
        with reading(root / self._file()):
            levels = _pictures(root / self._file())
        return from_levels(root, [self._file()], levels)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        levels = pictures[..., 0]
        file = root / self._file()
        file.parent.mkdir(parents=True)
        file.write_bytes(_MAGIC + np.array(levels.shape, ">i4").tobytes() + levels.tobytes())

    def _file(self) -> str:
        return f"{self.torchvision}/raw/{_FILES[self.split]}"


@DATASETS.register("fashion_mnist")
class FashionMNIST(MNIST):
    """28x28 grey pictures of clothes (Xiao et al. 2017): 60,000 to train on, 10,000 to test."""

    torchvision = "FashionMNIST"
    file_hashes: ClassVar[Mapping[str, str]] = {
        "train": "2650f2d327a071753263cb8c59b72e77b9038194a4263abe823a01ca08bf60d5",
        "test": "4696a859b5c59e4d5e9942eaa23d1b02fa69a49a0978421972d617e97d2b2bfd",
    }
    fingerprints: ClassVar[Mapping[str, str]] = {
        "train": "b5283116248f14d9de401229ae9208b784b1dd7e52ddaf34b84a510b35f0520e",
        "test": "fea28159d8b4d391ae684ea95237f0771b103a084ab2f618aeeb608656a4c4b3",
    }


def _pictures(file: Path) -> np.ndarray:
    """uint8 (n, 1, height, width) of an idx file."""
    content = np.fromfile(file, np.uint8)
    if content[:4].tobytes() != _MAGIC:
        raise ValueError("no idx file of pictures")
    count, height, width = content[4:_HEADER_BYTES].view(">i4").tolist()
    return content[_HEADER_BYTES:].reshape(count, 1, height, width)


@DATASETS.register("cifar10")
class CIFAR10(Levels):
    """32x32 colour pictures of ten classes: 50,000 to train on, 10,000 to test."""

    native = 32
    counts = {"train": 50_000, "test": 10_000}
    placed = "unpack cifar-10-python.tar.gz in {root}"
    torchvision = "CIFAR10"
    split: Literal["train", "test"]

    def published(self) -> Mapping[str, str]:
        return {f"{_FOLDER}/{file}": digest for file, digest in _BATCHES[self.split].items()}

    def source(self, root: Path) -> PictureSource:
        with reading(root / _FOLDER):
            rows = np.concatenate([_rows(root / _FOLDER / file) for file in _BATCHES[self.split]])
            levels = rows.reshape(-1, 3, self.native, self.native)
        return from_levels(root / _FOLDER, list(_BATCHES[self.split]), levels)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        (root / _FOLDER).mkdir(parents=True)
        rows = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
        files = _BATCHES[self.split]
        for file, part in zip(files, np.array_split(rows, len(files)), strict=True):
            (root / _FOLDER / file).write_bytes(pickle.dumps({"data": part}))


def _rows(file: Path) -> np.ndarray:
    """uint8 (n, 3072) of a batch, a pickle: only of published content, or written here."""
    with file.open("rb") as stream:
        rows: np.ndarray = pickle.load(stream, encoding="latin1")["data"]
    return rows


@DATASETS.register("svhn")
class SVHN(Levels):
    """32x32 colour digits: 73,257 to train on, 26,032 to test, 531,131 easier ones."""

    native = 32
    counts = {"train": 73_257, "test": 26_032, "extra": 531_131}
    placed = "place the file of that name there"
    fetches = "{name}:{split}"
    torchvision = "SVHN"
    split: Literal["train", "test", "extra"]

    def published(self) -> Mapping[str, str]:
        return {self._file(): _HASHES[self.split]}

    def source(self, root: Path) -> PictureSource:
        from scipy.io import loadmat

        with reading(root / self._file()):
            levels = loadmat(root / self._file())["X"].transpose(3, 2, 0, 1)
        return from_levels(root, [self._file()], levels)

    def write_stand_in(self, root: Path, pictures: np.ndarray) -> None:
        from scipy.io import savemat

        classes = 1 + np.arange(len(pictures)) % 10  # the files write the digit 0 as 10
        savemat(root / self._file(), {"X": pictures.transpose(1, 2, 3, 0), "y": classes[:, None].astype(np.uint8)})

    def downloaded(self) -> dict[str, object]:
        return {"split": self.split}

    def _file(self) -> str:
        return f"{self.split}_32x32.mat"
