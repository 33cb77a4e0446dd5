"""What predicates accept, where parts of them depend on each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from benchmark.spec.claims import Predicate, located

PREDICATE: TypeAdapter[Predicate] = TypeAdapter(Predicate)


def fid(experiment: str) -> dict[str, Any]:
    return {"experiment": experiment, "score": "fid"}


def gain(compute: str, **of: dict[str, Any]) -> dict[str, Any]:
    return {"compute": compute, "of": of, "says": "gain"}


def message(written: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        PREDICATE.validate_python(written)
    (error,) = caught.value.errors()
    return error["msg"]


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        ("1 - a / c", "'b' is in 'of', not in 'compute'"),
        ("a + b + c", "'c' is in 'compute', not in 'of'"),
        ("sqrt(a) + b", "only names, numbers"),
    ],
)
def test_a_computed_number_uses_all_that_it_names_and_no_more(compute: str, says: str) -> None:
    assert says in message({"bound": gain(compute, a=fid("x"), b=fid("y")), "above": 0.0})


def test_seconds_are_not_computed_with() -> None:
    seconds = {"experiment": "x", "time": "training_seconds"}
    assert "depend on the device" in message({"bound": gain("a - b", a=seconds, b=fid("y")), "above": 0.0})


def test_a_condition_and_what_follows_are_of_the_same_runs() -> None:
    then = {"bound": fid("y"), "below": 1.0}
    written = {"given": {"bound": fid("x"), "above": 200.0}, "then": then}
    assert "one experiment, found x, y" in message(written)


def test_paths_of_what_is_measured() -> None:
    written = {
        "all_of": [
            {"order": [gain("a - b", a=fid("x"), b=fid("y")), fid("z")]},
            {"given": {"bound": fid("w"), "above": 200.0}, "then": {"bound": fid("w"), "below": 300.0}},
        ]
    }
    found = PREDICATE.validate_python(written)
    assert [(path, one.experiment) for path, one in located(found)] == [
        (("all_of", 0, "order", 0, "of", "a"), "x"),
        (("all_of", 0, "order", 0, "of", "b"), "y"),
        (("all_of", 0, "order", 1), "z"),
        (("all_of", 1, "given", "bound"), "w"),
        (("all_of", 1, "then", "bound"), "w"),
    ]
    assert next(path for path, _ in found.operands()) == ("all_of", 0, "order", 0)
