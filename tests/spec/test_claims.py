"""What predicates accept, where parts of them depend on each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from benchmark.spec.claims import Claim, Predicate, located
from tests.spec.small import edited, problems

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


@pytest.mark.parametrize("kind", ["order", "smallest", "largest", "all_of", "any_of", "ratio", "equal"])
def test_how_many_a_predicate_compares(kind: str) -> None:
    """Two at least; a ratio and a difference have two."""
    inner = [{"bound": fid(x), "below": 1.0} if kind in ("all_of", "any_of") else fid(x) for x in ("x", "y", "z")]
    rest = {"ratio": {"above": 1.0}, "equal": {"margin": 1.0}}.get(kind, {})
    for count, fits in ((1, False), (2, True), (3, kind not in ("ratio", "equal"))):
        written = {kind: inner[:count], **rest}
        if fits:
            PREDICATE.validate_python(written)
        else:
            assert f"{count} item" in message(written) or f"not {count}" in message(written)


@pytest.mark.parametrize("kind", ["order", "smallest", "largest", "ratio", "equal"])
def test_nothing_is_compared_with_itself(kind: str) -> None:
    rest = {"ratio": {"above": 1.0}, "equal": {"margin": 1.0}}.get(kind, {})
    assert "compares fid (x) with itself" in message({kind: [fid("x"), fid("x")], **rest})
    if not rest:
        assert "compares fid (x) with itself" in message({kind: [fid("x"), fid("x"), fid("y")]})
        PREDICATE.validate_python({kind: [fid("x"), fid("y"), fid("z")]})


@pytest.mark.parametrize(
    "written", [{"in_seeds": {"bound": fid("x"), "below": 1.0}}, {"exactly": fid("x"), "value": 8.0}]
)
def test_a_share_of_seeds_is_one_that_they_can_exceed(written: dict[str, Any]) -> None:
    for share in (0.0, 0.99):
        PREDICATE.validate_python({**written, "share": share})
    for share in (-0.01, 1.0):
        with pytest.raises(ValidationError):
            PREDICATE.validate_python({**written, "share": share})


@pytest.mark.parametrize("written", [{"bound": fid("x")}, {"ratio": [fid("x"), fid("y")]}])
def test_a_bound_is_above_or_below_something(written: dict[str, Any]) -> None:
    assert "needs above, below or both" in message(written)
    for bounds in ({"above": 0.0}, {"below": 0.0}, {"above": 0.0, "below": 1.0}):
        PREDICATE.validate_python({**written, **bounds})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"min_seeds": 1}, "greater than or equal to 2"),
        ({"min_seeds": None}, "min_seeds goes with predicate"),
        ({"not_assessable": "why"}, "exactly one of predicate"),
        ({"predicate": None, "min_seeds": None}, "exactly one of predicate"),
        ({"predicate": None, "verified_by": "test"}, "min_seeds goes with predicate"),
        (
            {"predicate": None, "min_seeds": None, "verified_by": "test", "across": ["size"]},
            "across goes with predicate",
        ),
        ({"predicate": None, "min_seeds": None, "verified_by": "test"}, None),
        ({"across": ["size"]}, None),
    ],
)
def test_a_claim_is_decided_in_one_way(changes: dict[str, Any], problem: str | None) -> None:
    predicate = {"bound": fid("x"), "below": 1.0}
    written = {"where": "section 1", "says": "It is low.", "predicate": predicate, "min_seeds": 2, **changes}
    if problem is None:
        Claim.model_validate(written, strict=False)
    else:
        with pytest.raises(ValidationError, match=problem):
            Claim.model_validate(written, strict=False)


@pytest.mark.parametrize(("seeds", "fewest"), [("[0, 1, 2]", None), ("[0, 1]", "2 seeds"), ("[4]", "1 seed")])
def test_a_claim_that_wants_more_seeds_than_are_planned_would_never_be_decided(seeds: str, fewest: str | None) -> None:
    found = [line for line in problems(edited("seeds: [0, 1, 2]", f"seeds: {seeds}")) if "min_seeds" in line]
    assert len(found) == (0 if fewest is None else 3)
    for line in found:
        assert f"is more than the {fewest} that 'ring" in line
        assert line.endswith("plans: the claim would never be decided")
