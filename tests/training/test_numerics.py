"""What each numerics tier computes, against plain loops and switches read while it trains."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from benchmark.cli import main
from benchmark.parts.networks.modules.spectral import SpectralConv2d
from benchmark.runs.plan import make_run
from benchmark.runs.records import read_records
from benchmark.runs.runner import OneRun
from benchmark.spec.numerics import NUMERICS
from benchmark.training import numerics as numerics_module
from benchmark.training.numerics import prepare
from benchmark.training.streams import stream_seed
from benchmark.training.subject import TrainedSubject
from tests.specs import load
from tests.training.test_trainer import assert_bit_equal, conv_pair, never, smoke_run, start_equal, trainer_of

PAPERS = Path(__file__).parents[2] / "papers"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    prepare("fp32", None)
    torch.backends.cudnn.benchmark = False


def tf32() -> tuple[bool, bool]:
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("numerics", NUMERICS)
def test_only_the_tier_tf32_rounds_to_it_and_only_while_it_trains(numerics: str) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    trainer = trainer_of(smoke_run("toy", "toy_minimax", numerics))
    assert tf32() == (False, False)
    seen = []
    trainer.advance(2, lambda _: seen.append(tf32()) is not None)
    assert seen == [(numerics == "tf32",) * 2] * 2
    assert tf32() == (False, False)
    with pytest.raises(ZeroDivisionError):
        trainer.advance(4, lambda _: bool(1 // 0))
    assert tf32() == (False, False)
    exact = numerics == "exact"
    assert (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark) == (exact, not exact)


def test_training_on_a_processor_does_not_import_torch_s_compiler(tmp_path: Path) -> None:
    """It takes nearly as long as torch itself, in every worker; torch's own steps, as exact has them, import it."""
    toy = PAPERS.parent / "tests" / "toy.yaml"
    run_id = make_run(load(toy).spec, "toy_minimax", "smoke", 0, "fp32").run_id
    words = ["run-one", run_id, str(toy), "--tier", "smoke", "--results", str(tmp_path)]
    code = f"import sys; from benchmark.cli import main; sys.exit(main({words}) or 'torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PAPERS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [run.record.status for run in read_records(tmp_path)] == ["finished"]


@pytest.mark.parametrize(("numerics", "bound"), [("fp32", 3e-3), ("bf16", 1e-1)])
def test_a_fast_tier_stays_near_exact(numerics: str, bound: float) -> None:
    """Fused kernels, channels_last and 8 bits of mantissa are rounding, not another algorithm."""
    exact, fast = (trainer_of(smoke_run("gan_dcgan_mnist", "dcgan", one)) for one in ("exact", numerics))
    exact.advance(5, never)
    fast.advance(5, never)
    for role, network in exact.networks.items():
        for left, right in zip(network.parameters(), fast.networks[role].parameters(), strict=True):
            assert ((left - right).norm() / left.norm()).item() < bound


def test_bf16_is_a_plain_loop_under_autocast() -> None:
    """Networks under autocast; losses, weights and optimiser in float32: the same bits, written without the trainer."""
    run = smoke_run("gan_dcgan_mnist", "dcgan", "bf16")
    trainer = trainer_of(run)
    sizes, batch, seed = run.sizes, run.setup.batch_size, run.seed
    generator, discriminator = conv_pair(sizes["size"], sizes["width"], sizes["latent"])
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        start_equal(trainer.networks[role], network.to(memory_format=torch.channels_last))
    adam = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8, "fused": True}
    optimizer_d = torch.optim.Adam(discriminator.parameters(), **adam)
    optimizer_g = torch.optim.Adam(generator.parameters(), **adam)
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(stream_seed(seed, "order", 0)))
    shape = (batch, *(int(size) for size in trainer.shapes["z"]))

    def passed(network: nn.Module, value: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return network(value).float()

    for iteration in range(6):
        real = trainer.data.examples(order[iteration * batch : (iteration + 1) * batch])
        noise = [
            torch.randn(shape, generator=torch.Generator().manual_seed(stream_seed(seed, "noise.z", iteration, update)))
            for update in (0, 1)
        ]
        optimizer_d.zero_grad()
        generator.requires_grad_(False)
        loss = cross_entropy(passed(discriminator, real), torch.ones(batch, 1))
        loss = loss + cross_entropy(passed(discriminator, passed(generator, noise[0])), torch.zeros(batch, 1))
        loss.backward()
        optimizer_d.step()
        generator.requires_grad_(True)
        discriminator.requires_grad_(False)
        optimizer_g.zero_grad()
        cross_entropy(passed(discriminator, passed(generator, noise[1])), torch.ones(batch, 1)).backward()
        optimizer_g.step()
        discriminator.requires_grad_(True)
    trainer.advance(6, never)
    assert_bit_equal(trainer.networks["generator"], generator)
    assert_bit_equal(trainer.networks["discriminator"], discriminator)
    states = (state for player in trainer.players.values() for state in player.optimizer.state.values())
    assert {value.dtype for state in states for value in state.values()} == {torch.float32}


def test_a_penalty_computes_in_float32_and_signals_do_not() -> None:
    spec = load(PAPERS / "gan_rl.yaml").spec
    run = make_run(spec, "svhn_gan_gp", "smoke", 0, "bf16")
    trainer = trainer_of(run)
    layer = next(module for module in trainer.networks["discriminator"].modules() if isinstance(module, nn.Conv2d))
    seen = []
    plain = layer.forward

    def watched(value: torch.Tensor) -> torch.Tensor:
        output = plain(value)
        seen.append(output.dtype)
        return output

    layer.forward = watched  # type: ignore[method-assign]
    trainer._iterate()
    assert set(seen[:2]) == {torch.bfloat16}  # real and fake
    assert torch.float32 in seen


def test_power_iteration_computes_in_float32() -> None:
    torch.manual_seed(0)
    layer, twin = (SpectralConv2d(3, 8, 3, 1, 1, bias=True, iterations=1) for _ in range(2))
    twin.load_state_dict(layer.state_dict())
    images = torch.randn(2, 3, 8, 8)
    plain = twin(images)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = layer(images)
    assert (plain.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(layer.singular, twin.singular)


def test_what_is_measured_is_in_float32() -> None:
    """The same weights give the same samples, whatever they were trained in."""
    made = []
    for numerics in ("bf16", "fp32"):
        trainer = trainer_of(smoke_run("gan_dcgan_mnist", "dcgan", numerics))
        made.append(TrainedSubject(trainer, Path("no-data-needed")).samples(16))
    assert np.array_equal(*made)


def test_a_record_tells_its_tier(tmp_path: Path) -> None:
    run = smoke_run("toy", "toy_minimax", "tf32")
    prepare("tf32", 1)
    record = OneRun(run, tmp_path, Path("no-data-needed"), "cpu").execute()
    assert (record.numerics, record.determinant["numerics"]) == ("tf32", "tf32")
    assert record.iterations > 20
    assert record.timing.warmup_iterations == 20, "the first of a session are told apart"
    assert record.environment["flags"]["tf32_matmul"]
    assert not torch.backends.cuda.matmul.allow_tf32


def test_tf32_on_a_processor_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["gan_rl", "-e", "toy_minimax", "--tier", "smoke", "--numerics", "tf32", "--device", "cpu"]
    assert main(["run", *words, "--results", str(tmp_path)]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "only a GPU has TF32" in told
    assert "valid: exact, fp32, bf16" in told
    assert not list(tmp_path.rglob("record.json"))


def test_gradients_of_strided_convolutions_on_one_pixel_are_those_of_float32() -> None:
    """In bfloat16 the weights that see padding alone would get what lies in memory, which is NaN here, and not 0."""
    spec = load(PAPERS / "lsgan_fashion_mnist.yaml").spec
    gradients = []
    for numerics in ("bf16", "fp32"):
        trainer = trainer_of(make_run(spec, "lsgan_large", "smoke", 1, numerics))
        trainer.update(0, None, {})
        junk = [torch.full((2**19 + number,), float("nan")) for number in range(20)]
        del junk
        (feed, *_) = trainer._feeds()
        trainer.update(1, trainer.opened(feed), {})
        gradients.append([one.grad for one in trainer.networks["discriminator"].parameters()])
    for rounded, full in zip(*gradients, strict=True):
        assert ((rounded - full).norm() / full.norm()).item() < 0.25


def test_freed_memory_is_kept_by_the_options_of_malloc_h(monkeypatch: pytest.MonkeyPatch) -> None:
    """M_TRIM_THRESHOLD is -1 and takes an int at most, M_MMAP_THRESHOLD is -3 and takes 32 MiB at most."""
    asked: dict[int, int] = {}
    monkeypatch.setattr(numerics_module.ctypes, "CDLL", lambda _name: SimpleNamespace(mallopt=asked.__setitem__))
    monkeypatch.setattr(numerics_module.sys, "platform", "darwin")
    numerics_module.keep_memory()
    assert asked == {}
    monkeypatch.setattr(numerics_module.sys, "platform", "linux")
    numerics_module.keep_memory()
    assert asked == {-1: 2147483647, -3: 33554432}
    monkeypatch.setattr(numerics_module.ctypes, "CDLL", lambda _name: SimpleNamespace())
    numerics_module.keep_memory()  # musl has no such options


@pytest.mark.parametrize(("numerics", "exact"), [("exact", True), ("fp32", False), ("tf32", False)])
def test_only_the_exact_tier_asks_for_deterministic_kernels(numerics: str, exact: bool) -> None:
    prepare(numerics, 1)
    assert torch.are_deterministic_algorithms_enabled() is exact
    assert torch.backends.cudnn.benchmark is not exact
