"""A run that another run's record holds equals the same run trained by itself, bit for bit."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.cli import main
from benchmark.commands.select_runs import load_papers
from benchmark.runs.derived import derived, to_train, together
from benchmark.runs.engines.execute import Ending
from benchmark.runs.engines.job import perform
from benchmark.runs.plan import Run, make_plan
from benchmark.runs.records import MEASURED, RunRecord, Stored, finished_record, read_record
from benchmark.runs.runner import Interrupted, OneRun
from benchmark.spec.load import Loaded, loads
from benchmark.spec.readings import BASE
from benchmark.training.checkpoint import load_newest

TOY = Path(__file__).parents[1] / "toy.yaml"
READINGS = """
readings:
  half:
    says: Half as long.
    of: [experiments]
    change: {experiments.toy_minimax.tiers.smoke.budget.iterations: 30}
  count:
    says: A mode counts from an eighth of the samples on.
    of: [experiments]
    change: {experiments.toy_minimax.scores.modes.metric.modes_found.least_share: 0.125}
  best:
    says: The evaluation with the most modes counts.
    of: [experiments]
    change: {experiments.toy_minimax.scores.modes.checkpoint: best}
  near:
    says: Samples count nearer to a mode.
    of: [experiments]
    change: {experiments.toy_minimax.scores.*.metric.*.within_deviations: 3.0}
  often:
    says: Evaluated more often.
    of: [experiments]
    change: {experiments.toy_minimax.tiers.smoke.scores.modes.every.iterations: 20}
  rate:
    says: Another training.
    of: [systems]
    change: {systems.toy_non_saturating.players.*.optimizer.adam.learning_rate: 2e-4}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return loads(TOY.read_text() + READINGS)


def run_of(loaded: Loaded, reading: str | None, seed: int = 0) -> Run:
    spec = loaded.under(reading)
    (run,) = make_plan(spec, "smoke", experiments=["toy_minimax"], seeds=[seed], numerics="exact", reading=reading)
    return run


@pytest.fixture(scope="module")
def trained(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stored]:
    """The base and each reading whose record the base's holds, all trained by themselves."""
    place = tmp_path_factory.mktemp("results")
    found = {}
    for reading in (BASE, "half", "count", "best", "near"):
        run = run_of(loaded, None if reading == BASE else reading)
        found[reading] = Stored(OneRun(run, place, place, "cpu").execute(), place / run.folder)
    return found


@pytest.mark.parametrize("reading", ["half", "count", "best", "near"])
def test_what_is_read_from_a_longer_run_is_what_a_run_by_itself_gives(
    loaded: Loaded, trained: dict[str, Stored], reading: str
) -> None:
    run, alone = run_of(loaded, reading), trained[reading]
    assert run.run_id == alone.record.run_id != trained[BASE].record.run_id
    (found,) = derived([run], [trained[BASE]])
    assert found.record.determinant == alone.record.determinant
    assert (found.record.run_id, found.record.reading) == (run.run_id, reading)
    assert (found.record.iterations, found.record.planned_iterations) == (run.iterations, run.iterations)
    curves = alone.curves()
    assert curves
    assert {name: values.tobytes() for name, values in found.curves().items()} == {
        name: values.tobytes() for name, values in curves.items()
    }
    for name, score in alone.record.scores.items():
        other = found.record.scores[name]
        assert (other.value, other.iteration, other.protocol) == (score.value, score.iteration, score.protocol)
        recounted = reading == "near" or (reading == "count" and name == "modes")
        assert other.series == (score.series[-1:] if recounted else score.series)
    RunRecord.model_validate(found.record.model_dump())


@pytest.mark.parametrize("reading", ["often", "rate"])
def test_nothing_is_derived_where_other_moments_or_weights_are_wanted(
    loaded: Loaded, trained: dict[str, Stored], reading: str
) -> None:
    assert not list(derived([run_of(loaded, reading)], [trained[BASE]]))


def test_counts_of_points_tell_nothing_of_other_distances(
    loaded: Loaded, trained: dict[str, Stored], tmp_path: Path
) -> None:
    """Runs at first kept, in place of each point's distance, how many points lie at each mode."""
    base = trained[BASE]
    counts = np.array(base.record.scores["modes"].details["points_per_mode"])
    np.savez(tmp_path / MEASURED, **{f"{name}.points_per_mode": counts for name in ("modes", "good")})
    old = Stored(base.record, tmp_path)
    assert not list(derived([run_of(loaded, "near")], [old]))
    assert to_train([run_of(loaded, "near")], [old])[1] == []
    (count,) = derived([run_of(loaded, "count")], [old])
    assert count.record.scores["modes"].value == trained["count"].record.scores["modes"].value


@pytest.mark.parametrize(
    "arrays",
    [None, {}, {"deviations": "far"}, {"nearest": [0.5, 2]}, {"nearest": [[1]]}, {"nearest": [-1] * 200}],
    ids=str,
)
def test_what_gives_no_count_holds_no_reading(
    loaded: Loaded, trained: dict[str, Stored], tmp_path: Path, arrays: dict[str, Any] | None
) -> None:
    kept = {"deviations": np.ones(200), "nearest": np.zeros(200, int)} if arrays else {}
    changed = {name: np.array(array) for name, array in (kept | (arrays or {})).items()}
    np.savez(
        tmp_path / MEASURED,
        **{f"{score}.{name}": array for score in ("modes", "good") for name, array in changed.items()},
    )
    if arrays is None:
        (tmp_path / MEASURED).write_bytes(b"PK")
    old = Stored(trained[BASE].record, tmp_path)
    assert not list(derived([run_of(loaded, "near")], [old]))
    assert to_train([run_of(loaded, "near")], [old])[1] == []


def test_a_longer_run_or_another_seed_is_never_derived(loaded: Loaded, trained: dict[str, Stored]) -> None:
    assert not list(derived([run_of(loaded, None)], [trained["half"]]))
    assert not list(derived([run_of(loaded, "half", seed=1)], [trained[BASE]]))


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_that_hold_a_run_the_shortest_tells(
    loaded: Loaded, trained: dict[str, Stored], tmp_path: Path, order: int
) -> None:
    """Equal trainings on two machines need not agree; which one counts does not hang on names or on later runs."""
    own = trained[BASE]
    longer = Stored(own.record.model_copy(update={"iterations": 10 * own.record.iterations}), tmp_path)
    (found,) = derived([run_of(loaded, "half")], [own, longer][::order])
    assert found.folder == own.folder


def test_a_run_that_broke_down_holds_no_other(loaded: Loaded, trained: dict[str, Stored]) -> None:
    record = trained[BASE].record.model_copy(update={"status": "diverged", "reason": "loss not finite"})
    assert not list(derived([run_of(loaded, "half")], [Stored(record, trained[BASE].folder)]))


def test_only_what_no_other_run_holds_is_trained(loaded: Loaded, trained: dict[str, Stored]) -> None:
    readings = [None, "half", "count", "best", "near", "often", "rate"]
    runs = [run_of(loaded, reading) for reading in readings]
    kept, held = to_train(runs, [])
    assert ([run.reading for run in kept], held) == ([None, "often", "rate"], [])
    without_base = [run for run in runs if run.reading is not None]
    kept, held = to_train(without_base, [trained[BASE]])
    assert [run.reading for run in kept] == ["often", "rate"]
    assert [run.reading for run in held] == ["half", "count", "best", "near"]
    kept, held = to_train(without_base, [])
    assert "count" in [run.reading for run in kept], "nothing else is there to hold it"
    assert held == []


def test_the_base_is_trained_whatever_holds_it(loaded: Loaded) -> None:
    long = run_of(loaded, None)
    half = loads(TOY.read_text().replace("budget: {iterations: 60}", "budget: {iterations: 30}"))
    assert to_train([run_of(half, None), long], []) == ([run_of(half, None), long], [])


def test_arrays_of_curves_end_where_the_shorter_run_does(loaded: Loaded, trained: dict[str, Stored]) -> None:
    (found,) = derived([run_of(loaded, "half")], [trained[BASE]])
    whole = trained[BASE].curves()
    assert all(len(values) == 30 for values in found.curves().values())
    assert all(np.array_equal(values, whole[name][:30]) for name, values in found.curves().items())


# --- one training, several runs ---------------------------------------------------------------------------------------


def together_in(place: Path, loaded: Loaded, *readings: str | None, **settings: Any) -> list[Stored]:
    first, *others = [run_of(loaded, reading) for reading in readings]
    OneRun(first, place, place, "cpu", others=others, **settings).execute()
    return [Stored(read_record(place / run.folder / "record.json"), place / run.folder) for run in (first, *others)]


def evidence(one: Stored) -> dict[str, Any]:
    """What a record says but for time and host; arrays by their hashes."""
    facts = one.record.model_dump(mode="json", exclude={"timing", "environment"})
    assert facts["files"]
    return facts


def test_runs_that_share_a_training_equal_those_trained_by_themselves(tmp_path: Path, loaded: Loaded) -> None:
    """The second is sampled at other moments, the third counts other samples, the fourth ends earlier."""
    readings = (None, "often", "near", "half")
    shared = together_in(tmp_path / "shared", loaded, *readings)
    for reading, one in zip(readings, shared, strict=True):
        (alone,) = together_in(tmp_path / "alone", loaded, reading)
        assert evidence(one) == evidence(alone)
        state, other = (load_newest(each.folder / "checkpoints", "cpu", each.record.run_id) for each in (one, alone))
        assert state is not None
        assert other is not None
        assert state["iteration"] == other["iteration"] == one.record.iterations
        for role, weights in state["networks"].items():
            assert all(torch.equal(value, other["networks"][role][name]) for name, value in weights.items())
    assert [one.record.environment.get("trained_with") for one in shared] == [None, *[shared[0].record.run_id] * 3]


def test_a_shared_training_that_is_stopped_continues_with_all_that_it_measured(tmp_path: Path, loaded: Loaded) -> None:
    readings = (None, "often", "half")
    whole = together_in(tmp_path / "whole", loaded, *readings)
    for calls in (10, 12, 12):  # before any evaluation, after some, after the third has ended
        count = itertools.count()
        with pytest.raises(Interrupted):
            together_in(tmp_path / "cut", loaded, *readings, stop=lambda count=count, calls=calls: next(count) >= calls)
    assert finished_record(tmp_path / "cut" / run_of(loaded, "half").folder) is not None
    assert finished_record(tmp_path / "cut" / run_of(loaded, None).folder) is None
    cut = together_in(tmp_path / "cut", loaded, *readings)
    assert [evidence(one) for one in cut] == [evidence(one) for one in whole]


def test_what_a_continued_training_has_not_measured_is_left_for_another(tmp_path: Path, loaded: Loaded) -> None:
    count = itertools.count()
    with pytest.raises(Interrupted):
        together_in(tmp_path, loaded, None, stop=lambda: next(count) >= 25)
    base, often = run_of(loaded, None), run_of(loaded, "often")
    OneRun(base, tmp_path, tmp_path, "cpu", others=[often]).execute()
    assert finished_record(tmp_path / base.folder) is not None
    assert finished_record(tmp_path / often.folder) is None


def test_what_stops_a_shared_training_is_the_failure_of_each_that_has_not_ended(
    tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = (None, "near", "often")
    base, *others = [run_of(loaded, reading) for reading in readings]
    end = OneRun._end

    def broken(one: OneRun, *about: Any) -> None:
        if one.run.reading == "near":
            raise RuntimeError("planted")
        end(one, *about)

    monkeypatch.setattr(OneRun, "_end", broken)
    with pytest.raises(RuntimeError, match="planted"):
        OneRun(base, tmp_path, tmp_path, "cpu", others=others).execute()
    records = [read_record(tmp_path / run.folder / "record.json") for run in (base, *others)]
    assert [(record.status, record.reason) for record in records] == [
        ("finished", None),
        *[("failed", "RuntimeError: planted")] * 2,
    ]
    monkeypatch.undo()
    for reading in readings[1:]:
        (again,), (alone,) = (together_in(place, loaded, reading) for place in (tmp_path, tmp_path / "alone"))
        assert evidence(again) == evidence(alone)


def test_runs_of_two_papers_are_never_one_training_nor_hold_each_other(
    loaded: Loaded, trained: dict[str, Stored]
) -> None:
    other = loads(TOY.read_text().replace("id: toy\n", "id: toy_two\n") + READINGS)
    ours, theirs = run_of(loaded, None), run_of(other, None)
    assert (ours.run_id, ours.folder == theirs.folder) == (theirs.run_id, False)
    assert together([ours, theirs]) == [[ours], [theirs]]
    half = run_of(other, "half")
    assert to_train([ours, half], [trained[BASE]]) == ([ours, half], [])


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """``ganrepro run`` does its jobs one after another where it is called."""
    monkeypatch.setattr(
        "benchmark.commands.run.execute",
        lambda jobs, _engine, _display: Ending([perform(job) for job in jobs], None),
    )


def test_run_does_equal_runs_of_two_papers_and_those_that_were_stopped_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_this_process(monkeypatch)
    fewer = "experiments.toy_minimax.tiers.smoke.scores.*.metric.*.samples: 150"
    text = f"{TOY.read_text()}{READINGS}  fewer: {{says: Fewer samples., of: [experiments], change: {{{fewer}}}}}\n"
    loaded = loads(text)
    first, second, place = tmp_path / "toy.yaml", tmp_path / "two.yaml", tmp_path / "results"
    first.write_text(text)
    second.write_text(text.replace("id: toy\n", "id: toy_two\n"))
    for reading in (None, "fewer"):
        count = itertools.count()
        with pytest.raises(Interrupted):
            together_in(place, loaded, reading, stop=lambda count=count: next(count) >= 25)
    about = [str(first), str(second), "--tier", "smoke", "-e", "toy_minimax", "--seeds", "0", "--numerics", "exact"]
    about += ["--reading", "base", "--reading", "fewer", "--reading", "often", "--results", str(place)]
    assert main(["run", *about, "--no-report", "--device", "cpu"]) == 0
    ids = sorted(run_of(loaded, reading).run_id for reading in (None, "fewer", "often"))
    for paper in ("toy", "toy_two"):
        assert sorted(file.parent.name for file in place.glob(f"{paper}/toy_minimax/*/record.json")) == ids
    assert main(["plan", *about]) == 0
    assert "0 of 6 runs left" in capsys.readouterr().out


def test_runs_are_grouped_by_training_and_the_longest_leads(loaded: Loaded) -> None:
    readings = ["half", "rate", None, "near", "often"]
    groups = together([run_of(loaded, reading) for reading in readings])
    assert [[run.reading for run in group] for group in groups] == [[None, "near", "often", "half"], ["rate"]]
    other_seed = run_of(loaded, None, seed=1)
    assert len(together([run_of(loaded, None), other_seed])) == 2


@pytest.mark.parametrize("paper", ["gan_dcgan_mnist", "lsgan_fashion_mnist"])
def test_plan_names_the_readings_that_could_be_measured_in_the_same_trainings(
    paper: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those whose runs, where they differ from the base's at all, add no training to the base's."""
    (loaded,) = load_papers([paper])
    base = make_plan(loaded.spec, "full", seeds=[0])
    free = []
    for name in loaded.readings.on(BASE):
        changed = [run for run in make_plan(loaded.under(name), "full", seeds=[0], reading=name) if run not in base]
        added = {run.run_id: run for run in (*base, *changed)}
        if len(added) > len(base) and len(together([*added.values()])) == len(together(base)):
            free.append(name)
    assert main(["plan", paper, "--tier", "full", "--results", str(tmp_path)]) == 0
    told = " ".join(capsys.readouterr().out.split()).partition("sample or score otherwise: ")[2].partition(";")[0]
    assert told.split(", ") == free != []
    asked = [word for name in (BASE, *free) for word in ("--reading", name)]
    assert main(["plan", paper, "--tier", "full", "--results", str(tmp_path), *asked]) == 0
    assert "sample or score otherwise" not in capsys.readouterr().out
