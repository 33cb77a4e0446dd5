from __future__ import annotations

from typing import Any

import pytest

from benchmark.spec.dataflow import (
    SignalError,
    batches_per_iteration,
    curve_names,
    inputs_of,
    networks_of,
    signal_shapes,
    signals_of,
    with_inputs,
)
from benchmark.spec.load import loads
from benchmark.spec.shapes import layout
from benchmark.spec.systems import Joined, Pass, System, WeightedSum
from tests.spec.small import TEXT, edited

SPEC = loads(TEXT).spec


def system(**changes: Any) -> System:
    return SPEC.systems["plain"].model_copy(update=changes)


def test_inputs_and_networks_of_signals() -> None:
    plain = SPEC.systems["plain"]
    assert inputs_of(plain, "fake_logit") == {"z"}
    assert inputs_of(plain, "real_logit") == {"real"}
    assert networks_of(plain, "fake_logit") == {"generator", "discriminator"}
    assert networks_of(plain, "real") == set()


def test_cycles_and_dead_ends_are_named() -> None:
    signals = SPEC.systems["plain"].signals
    loop = system(signals={**signals, "fake": signals["fake"].model_copy(update={"input": "fake_logit"})})
    with pytest.raises(SignalError, match="depends on itself: fake <- fake_logit <- fake"):
        inputs_of(loop, "fake")
    dead = system(signals={**signals, "fake": signals["fake"].model_copy(update={"input": "nothing"})})
    with pytest.raises(SignalError, match="unknown signal 'nothing'"):
        inputs_of(dead, "fake_logit")


def combined() -> System:
    one = SPEC.systems["plain"]
    signals = {
        **one.signals,
        "both": Joined(join=("z", "real")),
        "made": Pass(network="generator", input="both"),
        "fake": WeightedSum(sum={"real": 0.5, "made": -1.0}),
    }
    return one.model_copy(
        update={"signals": signals, "noise": {"z": one.noise["z"].model_copy(update={"shape": (2,)})}}
    )


def test_sums_and_joined_signals_depend_on_all_that_is_in_them() -> None:
    one = combined()
    assert inputs_of(one, "fake") == {"real", "z"}
    assert networks_of(one, "fake_logit") == {"generator", "discriminator"}
    assert networks_of(one, "both") == set()
    assert with_inputs(one, ["fake"]) == ["fake", "real", "made", "both", "z"]
    assert signals_of(one, "generator") == {"fake_logit", "fake", "made", "both", "z", "real"}


def test_a_cycle_through_one_of_several_inputs_is_named() -> None:
    one = combined()
    loop = one.model_copy(update={"signals": {**one.signals, "both": Joined(join=("z", "fake"))}})
    with pytest.raises(SignalError, match="depends on itself: fake <- made <- both <- fake"):
        inputs_of(loop, "fake")


def test_shapes_of_sums_and_of_joined_signals() -> None:
    one = combined()
    layouts = {role: layout(SPEC.networks[network], {}) for role, network in one.networks.items()}
    found = signal_shapes(one, layouts, {"latent": 4}, (2,))
    assert (found["both"], found["made"], found["fake"]) == ((4,), (2,), (2,))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            Joined(join=("z", "wide")),
            r"'z' has shape \(2, 4, 4\), 'wide' has \(3, 4, 5\): only the first size may differ",
        ),
        (
            WeightedSum(sum={"z": 1.0, "deep": 1.0}),
            r"'z' has shape \(2, 4, 4\), 'deep' has \(3, 4, 4\): only equal shapes",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(step: Joined | WeightedSum, message: str) -> None:
    noise = SPEC.systems["plain"].noise["z"]
    shapes = {"z": (2, 4, 4), "deep": (3, 4, 4), "wide": (3, 4, 5)}
    noises = {name: noise.model_copy(update={"shape": shape}) for name, shape in shapes.items()}
    fits = system(signals={"one": Joined(join=("z", "deep", "z"))}, noise=noises)
    assert signal_shapes(fits, {}, {}, (2,))["one"] == (7, 4, 4)
    with pytest.raises(SignalError, match=message):
        signal_shapes(system(signals={"one": step}, noise=noises), {}, {}, (2,))


def shapes(text: str, name: str, example: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    spec = loads(text).spec
    chosen = spec.systems[name]
    layouts = {role: layout(spec.networks[network], {}) for role, network in chosen.networks.items()}
    return signal_shapes(chosen, layouts, {"latent": 4}, example)


def test_shapes_of_signals() -> None:
    assert shapes(TEXT, "plain", (2,)) == {
        "real": (2,),
        "z": (4,),
        "fake": (2,),
        "real_logit": (1,),
        "fake_logit": (1,),
    }
    assert shapes(TEXT, "pictures", (1, 8, 8))["z"] == (4, 1, 1)


def test_signals_may_leave_and_enter_at_taps() -> None:
    text = edited(
        "      fake_logit: {network: discriminator, input: fake}",
        "      fake_logit: {network: discriminator, input: fake}\n"
        "      inner: {network: generator, input: z, until: middle}\n"
        "      outer: {network: generator, input: inner, enter: middle}",
        "  pictures:\n    extends: plain\n    networks: {generator: painter, discriminator: critic}\n"
        "    noise:\n      z: {shape: [latent, 1, 1]}\n",
        "",
        "  scans:\n    system: pictures\n    dataset: {digits: {value_range: [-1, 1]}}\n    batch_size: 64\n"
        "    last_batch: keep\n"
        "    budget: {epochs: 2}\n    generator_mode: running_statistics\n    scores: {}\n"
        "    snapshots: {every: {epochs: 1}, samples: 10}\n    seeds: [0]\n",
        "",
    )
    found = shapes(text, "plain", (2,))
    assert (found["inner"], found["outer"]) == ((16,), (2,))


def test_shapes_that_differ_name_the_signal() -> None:
    with pytest.raises(
        SignalError, match=r"'real' has shape \(3,\), the input of 'discriminator' takes \(2,\)"
    ) as caught:
        shapes(TEXT, "plain", (3,))
    assert caught.value.signal == "real_logit"


def test_curve_names_number_what_recurs() -> None:
    plain = SPEC.systems["plain"]
    assert curve_names(plain) == [
        "discriminator_loss",
        "generator_loss",
        "generator_non_saturating",
        "generator_absolute_error",
        "real_mean",
    ]
    generator = plain.players["generator"]
    twice = generator.model_copy(update={"minimise": (*generator.minimise, generator.minimise[0])})
    assert "generator_non_saturating_2" in curve_names(system(players={"generator": twice}))
    assert curve_names(SPEC.systems["saturating"])[:2] == ["discriminator_loss", "generator_loss"], (
        "one term, one curve"
    )


def test_batches_that_an_iteration_reads() -> None:
    plain = SPEC.systems["plain"]
    assert signals_of(plain, "generator") == {"fake_logit", "fake", "z", "real"}
    assert batches_per_iteration(plain) == 1
    assert batches_per_iteration(system(batches="update")) == 2, "the generator compares with data too"
    saturating = SPEC.systems["saturating"].model_copy(update={"batches": "update"})
    assert batches_per_iteration(saturating) == 1, "its generator reads no data"
