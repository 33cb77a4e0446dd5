"""Any samples against any data under any protocol, without a paper and without training."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from benchmark.evaluation import given
from benchmark.evaluation.anchors import Portion, Stand, fitted, stand_in
from benchmark.parts.metrics import frechet, infinity
from benchmark.parts.metrics.frechet import FrechetInceptionDistance, Moments, frechet_distance, moments
from benchmark.parts.metrics.inputs import digest, finite
from benchmark.parts.metrics.inputs import generated as checked
from benchmark.registry import Part, RegistryError, did_you_mean
from benchmark.spec.parts import DATASETS, METRICS, Data, DataError, Dataset, Measurement, Metric, MetricError, Shape
from benchmark.training.streams import Streams

T = TypeVar("T", bound=Part)

#: metrics by the names that everybody writes
SHORT = {"fid": "frechet_inception_distance", "kid": "kernel_inception_distance", "is": "inception_score"}
#: what a protocol usually says where the command line does not; the number of samples is that of those given
_USUAL: Mapping[str, Any] = {
    "reference": "training_data",
    "reference_images": "all",
    "resize": "tensorflow_bilinear",
    "extractor": "inception_2015_12_05",
    "splits": 10,
    "subsets": 100,
    "subset_images": 1000,
    "neighbours": 3,
    "size": "native",
    "filter": "none",
}


class ExamplesAtHand(Dataset):
    """Examples at hand, of which nothing is known but their shape. Not a part that a spec can name."""

    name = "examples at hand"
    shape: Shape
    count: int

    @property
    def kind(self) -> Any:  # type: ignore[override]
        return "images" if len(self.shape) == 3 else "points"

    def example_shape(self) -> Shape:
        return self.shape

    def example_count(self) -> int | None:
        return self.count

    def load(self, root: Path, device: str) -> Data:
        raise DataError("these examples belong to no dataset")


@dataclass(frozen=True)
class Against:
    """What samples are held against: examples and their data, or mean and covariance alone."""

    dataset: Dataset
    data: Data
    real: Callable[[int | None], np.ndarray]
    statistics: Moments | None = None


@dataclass(frozen=True)
class Answer:
    """One metric's value with its whole protocol, or why there is none."""

    metric: str
    label: str
    value: float | None
    reason: str | None
    protocol: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    #: a Fréchet distance carried on to endless samples, and the standard error of that
    endless: tuple[float, float] | None = None
    #: the metric on other things in the samples' place
    anchors: Mapping[str, list[float]] = field(default_factory=dict)


def with_settings(kind: type[T], base: Mapping[str, Any], word: str, what: str) -> T:
    """A part with the settings of ``base`` that it knows, and those that ``word`` writes as name:key=value,..."""
    written: dict[str, Any] = {}
    for piece in filter(None, word.partition(":")[2].split(",")):
        key, equals, value = piece.partition("=")
        if not equals or key not in kind.model_fields:
            raise DataError(
                f"{what} {word}: '{piece}' is no setting=value, there are: {', '.join(kind.model_fields)}"
                f"{did_you_mean(key, kind.model_fields)}"
            )
        try:
            written[key] = json.loads(value)
        except ValueError:
            written[key] = value
    settings = {name: value for name, value in base.items() if name in kind.model_fields} | written
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{what} {word}: {where}: {first['msg']}; settings are written as {kind.name}:{where}=..."
        ) from error


def metric_of(word: str, samples: int) -> Metric:
    """The metric that ``word`` names, over all ``samples`` and with usual settings where it gives no others."""
    name = word.partition(":")[0]
    try:
        kind = METRICS.get(SHORT.get(name, name))
    except RegistryError:
        known = [*SHORT, *METRICS.names()]
        raise DataError(f"no metric '{name}', there are: {', '.join(known)}{did_you_mean(name, known)}") from None
    return with_settings(kind, {**_USUAL, "samples": samples, "pairs": samples // 2}, word, "metric")


def against(word: str, root: Path, device: str, shape: Shape) -> Against:
    """A registered dataset, a folder, zip or array of examples, or an .npz of mu and sigma."""
    path, name = Path(word), word.partition(":")[0]
    if not path.exists() and name in DATASETS.names():
        return _dataset(word, root, device)
    if not path.exists():
        raise DataError(
            f"no folder, file or dataset '{word}', datasets: {', '.join(DATASETS.names())}"
            f"{did_you_mean(name, DATASETS.names())}"
        )
    known = given.statistics(path)
    if known is not None:

        def none(_count: int | None) -> np.ndarray:
            raise MetricError(f"{path.name} holds mean and covariance alone: only fid can be measured against it")

        fingerprint = digest(np.concatenate([known.mean, known.covariance.ravel()]))
        return Against(ExamplesAtHand(shape=shape, count=0), Portion(fingerprint, None, shape), none, known)
    reals = given.with_channels(given.examples(path), shape[0])
    data = Portion(digest(reals), len(reals), reals.shape[1:])
    dataset = ExamplesAtHand(shape=reals.shape[1:], count=len(reals))
    return Against(dataset, data, _chosen(len(reals), lambda places: reals if places is None else reals[places]))


def _dataset(word: str, root: Path, device: str) -> Against:
    kind = DATASETS.get(word.partition(":")[0])
    variants = kind.variants()
    dataset = with_settings(kind, variants[0].model_dump() if variants else {}, word, "dataset")
    missing = dataset.missing(root)
    if missing is not None:
        raise DataError(missing)
    data = dataset.load(root, device)
    if data.count is None or dataset.kind != "images":
        raise DataError(f"'{kind.name}' has no set of pictures to hold samples against")
    return Against(dataset, data, _chosen(data.count, data.levels))


def _chosen(there: int, levels: Callable[[Any], np.ndarray]) -> Callable[[int | None], np.ndarray]:
    """Real examples as a run of a paper chooses them."""

    def real(count: int | None) -> np.ndarray:
        if count is not None and count > there:
            raise MetricError(f"{count} real examples asked for, there are {there}")
        return levels(None if count is None else Streams(0, "cpu").permutation("reference", there)[:count])

    return real


def supplied(samples: np.ndarray) -> Callable[[int], Iterator[np.ndarray]]:
    """The first of ``samples``, never more than there are."""

    def parts(count: int) -> Iterator[np.ndarray]:
        if count > len(samples):
            raise MetricError(f"{count:,} samples asked for, {len(samples):,} supplied")
        yield samples[:count]

    return parts


def measure(
    samples: np.ndarray, reference: Against, metrics: Sequence[Metric], root: Path, device: str, *, anchors: bool
) -> list[Answer]:
    """Every metric on ``samples``, and its anchors where they are cheap or ``anchors`` asks for them."""
    subject = Stand(reference.dataset, reference.data, root, device, supplied(samples), reference.real, len(samples))
    return [_answer(metric, subject, reference, anchors) for metric in metrics]


def _answer(metric: Metric, subject: Stand, reference: Against, anchors: bool) -> Answer:
    said: dict[str, Any] = {"metric": metric.name, "label": metric.label}
    reason = metric.unavailable(subject.root)
    if reason is None and subject.dataset.kind not in metric.kinds:
        reason = f"it is defined on {' and '.join(metric.kinds)}"
    if reason is not None:
        return Answer(**said, value=None, reason=reason)
    try:
        if reference.statistics is not None and isinstance(metric, FrechetInceptionDistance):
            value, line = _to_statistics(metric, subject, reference.statistics)
        else:
            value = metric.measure(subject)
            line = _line(lambda: infinity.frechet_line(metric, subject)) if infinity.extrapolates(metric) else None
    except MetricError as error:
        return Answer(**said, value=None, reason=str(error))
    protocol = {**metric.model_dump(mode="json"), "reference_data": reference.data.fingerprint, **value.protocol}
    cheap = "extractor" not in type(metric).model_fields
    around = _anchors(metric, subject) if (anchors or cheap) and reference.statistics is None else {}
    return Answer(
        **said,
        value=float(value.value),
        reason=None,
        protocol=protocol,
        details=dict(value.details),
        endless=line,
        anchors=around,
    )


def _line(compute: Callable[[], infinity.InverseCountLine]) -> tuple[float, float] | None:
    try:
        line = compute()
    except MetricError:  # too few samples for a line
        return None
    return line.intercept, line.intercept_error


def _to_statistics(
    metric: FrechetInceptionDistance, subject: Stand, theirs: Moments
) -> tuple[Measurement, tuple[float, float] | None]:
    network = metric.network(subject)
    if len(theirs.mean) != network.dimensions:
        raise MetricError(f"mu has {len(theirs.mean)} dimensions, Inception's features have {network.dimensions}")
    images = checked(subject, metric.samples, least=frechet.least_images(network.dimensions), distinct=True)
    features = finite(network.features(images), "generated")
    value = frechet_distance(theirs, moments(features, "generated"))
    facts = {"weights_sha256": network.weights_sha256, "reference": "mu and sigma", "reference_images": None}
    return Measurement(value, protocol=facts), _line(lambda: infinity.line_of(features, theirs))


def _anchors(metric: Metric, subject: Stand) -> dict[str, list[float]]:
    """The metric on real data, on copies of them and on noise. There is no untrained generator."""
    anchors: dict[str, list[float]] = {}
    for kind, orders in (("real", 2), ("copier", 1), ("noise", 1)):
        values = []
        for order in range(orders):
            try:
                stand = stand_in(kind, subject, metric, order)  # type: ignore[arg-type]
                values.append(fitted(metric, stand.generated, stand.half)[0].measure(stand).value)
            except MetricError:
                break
        if values:
            anchors[kind] = values
    return anchors
