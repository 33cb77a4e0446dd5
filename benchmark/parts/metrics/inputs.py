"""What metrics compute on: checked examples, their features, and statistics of real ones, which are kept on disk.

Features are Inception's, whose weights are fetched, or those of a small classifier that ships here. An entry on disk
lies under a key of everything that it depends on.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import logging
import math
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field

from benchmark.parts import extractors
from benchmark.parts.extractors import Extractor, classifier, inception
from benchmark.parts.extractors.classifier import Classifier, ClassifierName
from benchmark.parts.extractors.inception import Inception, Resize
from benchmark.runs.files import packed, write_atomic
from benchmark.spec.parts import Data, DataError, Dataset, Metric, MetricError, Needs, Shape, Subject

Arrays = dict[str, np.ndarray]
_log = logging.getLogger(__name__)

Count = Annotated[int, Field(gt=0)]
#: a count of real examples, or every one of a finite dataset
CountOrAll = Count | Literal["all"]
#: which real examples generated ones are held against: those trained on, or the same dataset's test split
Reference = Literal["training_data", "test"]


def generated(subject: Subject, count: int, *, least: int = 2, distinct: bool = False) -> np.ndarray:
    """``count`` generated examples; at least ``least``, and not all the same where ``distinct`` is asked for."""
    if count < least:
        raise MetricError(f"{count} generated examples are too few, the minimum is {least}")
    return checked(subject.samples(count), "generated", count, subject.dataset.example_shape(), distinct=distinct)


def generated_parts(subject: Subject, count: int) -> Iterator[np.ndarray]:
    """As :func:`generated`, parts that need not be held at once; that all are the same one is told at their end."""
    first, same, given = None, True, 0
    for part in subject.samples_in_parts(count):
        checked(part, "generated", len(part), subject.dataset.example_shape(), distinct=False)
        first = part[0].copy() if first is None else first
        same, given = same and bool((part == first).all()), given + len(part)
        yield part
    if given != count:
        raise MetricError(f"{given} generated examples, not {count}")
    if same:
        raise MetricError(f"all {count} generated examples are the same one")


def real(subject: Subject, count: CountOrAll, *, reference: Reference = "training_data", least: int = 2) -> np.ndarray:
    """Real examples; a reference that lacks the count asked for is a :class:`MetricError`."""
    wanted = None if count == "all" else count
    examples = subject.reals(wanted) if reference == "training_data" else held_out_split(subject).levels()[:wanted]
    if wanted is not None and len(examples) != wanted:
        raise MetricError(f"{wanted} real examples were asked for, the reference has {len(examples)}")
    if len(examples) < least:
        raise MetricError(f"{len(examples)} real examples are too few, the minimum is {least}")
    return checked(examples, "real", len(examples), subject.dataset.example_shape(), distinct=True)


def held_out_split(subject: Subject) -> Data:
    """The test split of the subject's dataset; a :class:`MetricError` where there is none."""
    dataset = subject.dataset
    try:
        held_out = dataset.held_out()
        problem = held_out.problem(subject.root)
        if problem is not None:
            raise MetricError(problem)
        data = held_out.load(subject.root, "cpu")
    except DataError as error:
        raise MetricError(str(error)) from error
    if data.count is None:
        raise MetricError(f"'{dataset.name}' is drawn afresh, it has no test split")
    if held_out.image_range() is None:
        raise MetricError(f"'{dataset.name}' holds no images")
    return data


def checked(examples: np.ndarray, what: str, count: int, shape: Shape, *, distinct: bool) -> np.ndarray:
    """``examples`` if they are uint8 images or finite points of the shape and number promised."""
    if examples.shape != (count, *shape):
        raise MetricError(f"{what} examples have shape {examples.shape}, not {(count, *shape)}")
    if len(shape) == 3 and examples.dtype != np.uint8:
        raise MetricError(f"{what} images must be uint8 levels of 0 to 255, got {examples.dtype}")
    if len(shape) != 3 and not np.isfinite(examples).all():
        raise MetricError(f"{what} examples hold numbers that are not finite")
    if distinct and all(np.array_equal(example, examples[0]) for example in examples[1:]):
        raise MetricError(f"all {count} {what} examples are the same one")
    return examples


def finite(features: np.ndarray, what: str) -> np.ndarray:
    """``features`` if all are finite numbers, else a :class:`MetricError`."""
    if not np.isfinite(features).all():
        raise MetricError(f"the extractor gives features that are not finite on {what} images")
    return features


def digest(examples: np.ndarray) -> str:
    """SHA-256 over type, shape and bytes of examples in their order."""
    examples = np.ascontiguousarray(examples)
    state = hashlib.sha256(f"{examples.dtype} {examples.shape}\n".encode())
    state.update(examples.data)
    return state.hexdigest()


def identity(subject: Subject, extractor: Extractor, resize: str) -> dict[str, object]:
    """What features of a dataset's images depend on, besides which images: part of the key of all kept statistics."""
    return {
        "dataset": subject.data.fingerprint,
        "extractor": extractor.name,
        "weights_sha256": extractor.weights_sha256,
        "resize": resize,
        "code": _code(),
        "torch_fidelity": version("torch-fidelity"),
    }


@functools.cache
def _code() -> str:
    """SHA-256 over the source of what makes features and moments of images."""
    files = [*sorted(Path(extractors.__file__).parent.glob("*.py")), Path(__file__).with_name("frechet.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def cache_folder(root: Path) -> Path:
    """``statistics`` in GANREPRO_CACHE if that is set, else in ``.cache`` below the data root."""
    return Path(os.environ.get("GANREPRO_CACHE") or root / ".cache") / "statistics"


def cached(folder: Path, key: Mapping[str, object], compute: Callable[[], Arrays]) -> Arrays:
    """Arrays stored under ``key``, else computed and stored; a damaged entry counts as absent."""
    text = json.dumps(key, sort_keys=True)
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"
    arrays = _read(file, text)
    if arrays is None:
        arrays = compute()
        try:
            _write(file, text, arrays)
        except OSError as error:  # a folder that cannot be written costs time, not the measurement
            _log.warning("%s: statistics not kept (%s)", file, error.strerror)
    return arrays


def _seal(text: str, arrays: Arrays) -> str:
    state = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        state.update(f"{name} {digest(arrays[name])}".encode())
    return state.hexdigest()


def _read(file: Path, text: str) -> Arrays | None:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files if name != "seal"}
            return arrays if str(archive["seal"]) == _seal(text, arrays) else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.warning("%s: unreadable, computed again (%s)", file, error)
        return None


def _write(file: Path, text: str, arrays: Arrays) -> None:
    above = next(folder for folder in file.parents if folder.is_dir())
    if not above.stat().st_mode & stat.S_IWUSR:
        raise PermissionError(errno.EACCES, f"{above} is read-only")  # an administrator could write all the same
    write_atomic(file, packed({"seal": np.array(_seal(text, arrays)), **arrays}, compressed=False))


class OnExamples(Metric):
    """A metric on ``samples`` generated examples as they are: pixels or coordinates."""

    kinds: ClassVar[tuple[str, ...]] = ("images", "points")
    #: what lies closer together than this share of the usual distance is the same
    same: ClassVar[float] = 0.0
    samples: Count

    def width(self, dataset: Dataset) -> int:
        """Numbers that stand for one example."""
        return math.prod(dataset.example_shape())

    def of_both(
        self, subject: Subject, examples: np.ndarray, reals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """What stands for generated and for real examples, and what that adds to the protocol."""
        return examples, reals, {}


class OnFeatures(OnExamples):
    """A metric on an extractor's features of generated images."""

    kinds = ("images",)
    same = 1e-4  # features of one image in two batches differ by rounding
    #: the module of the extractor
    extractors: ClassVar[ModuleType]

    @property
    def resizing(self) -> str:
        """How images come to the extractor's size, as the keys of kept statistics name it."""
        raise NotImplementedError

    def network(self, subject: Subject) -> Extractor:
        """The extractor on the subject's device."""
        raise NotImplementedError

    def width(self, dataset: Dataset) -> int:
        return int(self.extractors.DIMENSIONS)

    def needs(self, dataset: Dataset) -> Needs:
        """Features of all examples are extracted; those of real ones are kept."""
        needs, cost = super().needs(dataset), self.extractors
        held = needs.generated + needs.real + 2 * max(needs.generated, needs.real)
        return replace(
            needs,
            operations=needs.generated * cost.OPERATIONS,
            once=needs.real * cost.OPERATIONS,
            memory=needs.memory + 4 * cost.DIMENSIONS * held + cost.BATCH_BYTES,
            device_memory=cost.BATCH_BYTES,
        )

    def of_both(
        self, subject: Subject, examples: np.ndarray, reals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        network = self.network(subject)
        facts = {"weights_sha256": network.weights_sha256}
        return finite(network.features(examples), "generated"), finite(network.features(reals), "real"), facts


def _network_last(schema: dict[str, Any]) -> None:
    """Editors propose what is a metric's own before what all of these have in common."""
    settings = schema["properties"]
    for name in ("resize", "extractor"):
        settings[name] = settings.pop(name)


class OnInception(OnFeatures):
    """A metric on Inception's features of images, which ``resize`` brings to its size."""

    model_config = ConfigDict(json_schema_extra=_network_last)
    extractors: ClassVar[ModuleType] = inception
    resize: Resize
    extractor: Literal["inception_2015_12_05"]

    @property
    def resizing(self) -> str:
        return self.resize

    def unavailable(self, root: Path) -> str | None:
        return inception.unavailable(root)

    def network(self, subject: Subject) -> Inception:
        return inception.load(subject.root, subject.device, self.resize)


class OnClassifier(OnFeatures):
    """A proxy on a shipped classifier; images of another size are brought to its size, bilinear and antialiased."""

    extractors: ClassVar[ModuleType] = classifier
    proxy: ClassVar[bool] = True
    classifier: ClassifierName

    @property
    def resizing(self) -> str:
        return "antialiased_bilinear"

    def unavailable(self, root: Path) -> str | None:
        return classifier.unavailable(self.classifier)

    def network(self, subject: Subject) -> Classifier:
        return classifier.load(self.classifier, subject.device)


class AgainstReference(OnFeatures):
    """A metric that holds generated images against a number of real ones, those trained on or the test split's."""

    reference: Reference
    reference_images: CountOrAll

    def needs(self, dataset: Dataset) -> Needs:
        return super().needs(dataset.held_out() if self.reference == "test" else dataset)

    def features(self, subject: Subject, *, least: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Features (n, dimensions) of the metric's images and of its reference's, and facts of the protocol."""
        images = generated(subject, self.samples, least=least, distinct=True)
        reals = real(subject, self.reference_images, reference=self.reference, least=least)
        ours, theirs, facts = self.of_both(subject, images, reals)
        return ours, theirs, {**facts, "n_real": len(reals), "reference_sha256": digest(reals)}


class ClassifierMetric(OnClassifier):
    """A proxy that looks at a number of real images beside the generated ones."""

    reference_images: CountOrAll

    def probabilities(self, subject: Subject) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Class probabilities (n, classes) of generated and of real images, and what they add to the protocol."""
        from scipy.special import softmax

        network = self.network(subject)
        images = generated(subject, self.samples, distinct=True)
        reals = real(subject, self.reference_images)
        facts = {"weights_sha256": network.weights_sha256, "n_real": len(reals)}
        logits = class_logits(network, images, "generated"), class_logits(network, reals, "real")
        ours, theirs = (np.asarray(softmax(values, axis=1)) for values in logits)
        return ours, theirs, facts


def class_logits(network: Extractor, images: np.ndarray, what: str) -> np.ndarray:
    """Class logits (n, classes) of images; any that are not finite are a :class:`MetricError`."""
    return finite(network.logits(finite(network.features(images), what)), what)
