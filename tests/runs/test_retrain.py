"""The first iterations of a run trained again tell whether it is that run, in every numerics tier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.runs.plan import Run, make_run
from benchmark.runs.retrain import replay
from benchmark.training.numerics import prepare
from benchmark.training.trainer import Trainer
from tests.specs import load

TOY = Path(__file__).parents[1] / "toy.yaml"


def planned(numerics: str) -> Run:
    return make_run(load(TOY).spec, "toy_reconstruction", "smoke", 0, numerics)


def curves_of(run: Run) -> dict[str, np.ndarray]:
    prepare(run.numerics, 1)
    trainer = Trainer(run, run.setup.dataset.load(Path(), "cpu"), "cpu")
    trainer.advance(12, lambda _: False)
    return trainer.curves()


@pytest.mark.parametrize(("numerics", "changed"), [("fp32", 3e-3), ("bf16", 1e-3)])
def test_a_loss_that_rounding_does_not_explain_is_told(numerics: str, changed: float) -> None:
    run = planned(numerics)
    curves = curves_of(run)

    def told(iteration: int, share: float) -> str | None:
        edited = curves["generator_loss"].copy()
        edited[iteration - 1] *= 1 + share
        return replay(run, {**curves, "generator_loss": edited}, Path(), "cpu", iterations=12)

    assert told(3, 0.0) is None
    assert told(3, changed / 10) is None
    line = told(3, changed)
    assert line is not None
    assert line.startswith("generator_loss at iteration 3 is recorded as")
    late = told(9, changed)
    assert (late is None) == (numerics == "bf16")  # there rounding explains all that comes after five iterations


def test_the_curves_of_another_tier_are_not_taken() -> None:
    line = replay(planned("bf16"), curves_of(planned("fp32")), Path(), "cpu", iterations=12)
    assert line is not None
    assert "at iteration" in line
