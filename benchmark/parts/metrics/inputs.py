"""Examples that a metric may compute on: checked for form, count and signs of a generator that emits nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from benchmark.spec.parts import Data, DataError, MetricError, Needs, Shape, Subject

Count = Annotated[int, Field(gt=0)]
#: a count of real examples, or every one of a finite dataset
CountOrAll = Count | Literal["all"]
#: which real examples generated ones are held against: those trained on, or the same dataset's test split
Reference = Literal["training_data", "test"]


def with_features(needs: Needs, *, operations: float, dimensions: int, batch_bytes: float) -> Needs:
    """``needs`` of a metric that extracts features of all its examples; those of real ones are kept."""
    count = needs.generated + needs.real
    return replace(
        needs,
        operations=needs.generated * operations,
        once=needs.real * operations,
        memory=needs.memory + 4 * dimensions * (count + 2 * max(needs.generated, needs.real)) + batch_bytes,
        device_memory=batch_bytes,
    )


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
    examples = subject.reals(wanted) if reference == "training_data" else test_split(subject).levels()[:wanted]
    if wanted is not None and len(examples) != wanted:
        raise MetricError(f"{wanted} real examples were asked for, the reference has {len(examples)}")
    if len(examples) < least:
        raise MetricError(f"{len(examples)} real examples are too few, the minimum is {least}")
    return checked(examples, "real", len(examples), subject.dataset.example_shape(), distinct=True)


def test_split(subject: Subject) -> Data:
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


def digest(examples: np.ndarray) -> str:
    """SHA-256 over type, shape and bytes of examples in their order."""
    examples = np.ascontiguousarray(examples)
    state = hashlib.sha256(f"{examples.dtype} {examples.shape}\n".encode())
    state.update(examples.data)
    return state.hexdigest()
