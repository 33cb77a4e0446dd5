"""Signals of several signals: a pyramid of conditional GANs (Denton et al. 2015) against a loop written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from benchmark.runs.plan import Run, make_run
from benchmark.runs.sidecars import identity
from benchmark.spec.load import loads
from benchmark.spec.operations import operations_per_iteration
from benchmark.spec.shapes import layout
from benchmark.training.numerics import prepare
from benchmark.training.streams import Streams, stream_seed
from benchmark.training.subject import TrainedSubject
from benchmark.training.trainer import Trainer
from tests.spec.small import edited

BATCH = 6
NETWORKS = """
  shrink:
    input: [1, 8, 8]
    layers: [average_pool: {kernel: 2, stride: 2}]

  enlarge:
    input: [1, 4, 4]
    layers: [upsample: {factor: 2, mode: bilinear}]

  bound:
    input: [1, 8, 8]
    layers: [hardtanh: {low: -1, high: 1}]

  coarse_maker:
    input: [3]
    layers:
      - linear: {features: 16, bias: true}
      - reshape: {channels: 1, height: 4, width: 4}
    initialise: {linear: {weight: he_uniform, bias: {constant: {value: 0.1}}}}

  coarse_judge:
    input: [1, 4, 4]
    layers: [flatten, linear: {features: 1, bias: true}]
    initialise: {linear: {weight: he_uniform, bias: {constant: {value: 0.0}}}}

  fine_maker:
    input: [2, 8, 8]
    layers:
      - conv: {channels: 1, kernel: 3, stride: 1, padding: 1, bias: true}
    initialise: {conv: {weight: he_uniform, bias: {constant: {value: 0.0}}}}

  fine_judge:
    extends: coarse_judge
    input: [1, 8, 8]

systems:
  pyramid:
    networks:
      shrink: shrink
      enlarge: enlarge
      bound: bound
      maker_4: coarse_maker
      judge_4: coarse_judge
      maker_8: fine_maker
      judge_8: fine_judge
    batches: iteration
    noise:
      z_4: {law: normal, shape: [3], redraw: update}
      z_8: {law: uniform, shape: [1, 8, 8], redraw: update}
    signals:
      real_4: {network: shrink, input: real}
      made_4: {network: maker_4, input: z_4}
      real_logit_4: {network: judge_4, input: real_4}
      fake_logit_4: {network: judge_4, input: made_4}
      low: {network: enlarge, input: real_4}
      given: {join: [z_8, low]}
      added: {network: maker_8, input: given}
      fake: {sum: {low: 1, added: 0.5}}
      real_logit_8: {network: judge_8, input: real}
      fake_logit_8: {network: judge_8, input: fake}
      enlarged: {network: enlarge, input: made_4}
      asked: {join: [z_8, enlarged]}
      drawn: {network: maker_8, input: asked}
      made_8: {sum: {enlarged: 1, drawn: 0.5}}
      sample: {network: bound, input: made_8}
    sample: sample
    players:
      judge_4:
        networks: [judge_4]
        minimise: [cross_entropy: {real: real_logit_4, fake: fake_logit_4}]
        optimizer: {sgd: {learning_rate: 0.1, momentum: 0.0}}
      maker_4:
        networks: [maker_4]
        minimise: [non_saturating: {fake: fake_logit_4}]
        optimizer: {sgd: {learning_rate: 0.1, momentum: 0.0}}
      judge_8:
        networks: [judge_8]
        minimise: [cross_entropy: {real: real_logit_8, fake: fake_logit_8}]
        optimizer: {sgd: {learning_rate: 0.1, momentum: 0.0}}
      maker_8:
        networks: [maker_8]
        minimise: [non_saturating: {fake: fake_logit_8}]
        optimizer: {sgd: {learning_rate: 0.1, momentum: 0.0}}
    schedule: [judge_4, maker_4, judge_8, maker_8]
"""
TEXT = edited(
    "\nsystems:\n",
    NETWORKS,
    "  scans:\n    system: pictures\n",
    "  scans:\n    system: pyramid\n",
    "batch_size: 64",
    f"batch_size: {BATCH}",
    "last_batch: keep",
    "last_batch: drop",
)
ROLES = ("maker_4", "judge_4", "maker_8", "judge_8")


def run_of(text: str = TEXT) -> Run:
    return make_run(loads(text).spec, "scans", "full", 0, "exact")


def trainer_of(run: Run) -> Trainer:
    prepare("exact", 1)
    trainer = Trainer(run, run.setup.dataset.load(Path("no-data-needed"), "cpu"), "cpu")
    torch.use_deterministic_algorithms(False)
    return trainer


def twins(trainer: Trainer) -> dict[str, nn.Module]:
    """Modules written by hand with the same weights as the trainer's."""
    made = {
        "maker_4": nn.Sequential(nn.Linear(3, 16), nn.Unflatten(1, (1, 4, 4))),
        "judge_4": nn.Sequential(nn.Flatten(), nn.Linear(16, 1)),
        "maker_8": nn.Sequential(nn.Conv2d(2, 1, 3, padding=1)),
        "judge_8": nn.Sequential(nn.Flatten(), nn.Linear(64, 1)),
    }
    for role, twin in made.items():
        with torch.no_grad():
            for own, other in zip(trainer.networks[role].parameters(), twin.parameters(), strict=True):
                other.copy_(own)
    return made


def doubled(images: Tensor) -> Tensor:
    return interpolate(images, scale_factor=2, mode="bilinear")


def fine(maker: nn.Module, z: Tensor, low: Tensor) -> Tensor:
    return low + 0.5 * maker(torch.cat([z, low], dim=1))


def noise(name: str, shape: tuple[int, ...], *key: int) -> Tensor:
    draw = torch.Generator().manual_seed(stream_seed(0, name, *key))
    if name.endswith("z_4"):
        return torch.randn(shape, generator=draw)
    return torch.rand(shape, generator=draw) * 2 - 1


def test_levels_trained_in_one_loop_equal_the_hand_written_one() -> None:
    trainer = trainer_of(run_of())
    one = twins(trainer)
    optimizer = {role: torch.optim.SGD(twin.parameters(), lr=0.1) for role, twin in one.items()}
    order = Streams(0, "cpu").permutation("order", len(trainer.data.examples(torch.arange(1797))), 0)
    for iteration in range(5):
        real = trainer.data.examples(order[iteration * BATCH : (iteration + 1) * BATCH])
        small = avg_pool2d(real, 2)
        for update, role in enumerate(("judge_4", "maker_4", "judge_8", "maker_8")):
            if role.endswith("4"):
                fake = one["maker_4"](noise("noise.z_4", (BATCH, 3), iteration, update))
                judge, truth = one["judge_4"], small
            else:
                fake = fine(one["maker_8"], noise("noise.z_8", (BATCH, 1, 8, 8), iteration, update), doubled(small))
                judge, truth = one["judge_8"], real
            ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
            if role.startswith("judge"):
                loss = cross_entropy(judge(truth), ones) + cross_entropy(judge(fake.detach()), zeros)
            else:
                loss = cross_entropy(judge(fake), ones)
            optimizer[role].zero_grad()
            loss.backward()
            optimizer[role].step()
    trainer.advance(5, lambda _iteration: False)
    for role in ROLES:
        for own, other in zip(trainer.networks[role].parameters(), one[role].parameters(), strict=True):
            assert torch.equal(own, other), role


def test_samples_go_through_all_levels_each_with_its_own_noise() -> None:
    trainer = trainer_of(run_of())
    one = twins(trainer)
    found = TrainedSubject(trainer, Path("no-data-needed")).samples(40)
    with torch.no_grad():
        small = one["maker_4"](noise("evaluation.z_4", (40, 3), 0))
        whole = fine(one["maker_8"], noise("evaluation.z_8", (40, 1, 8, 8), 0), doubled(small)).clamp(-1, 1)
    assert float(whole.std()) > 0.1
    assert np.abs(found - ((whole.double().numpy() + 1) * 127.5)).max() <= 0.5 + 1e-3


def test_operations_are_those_that_torch_counts() -> None:
    """Without padding, since torch counts products with zeros as well: the fine maker is a linear layer here."""
    conv = "- conv: {channels: 1, kernel: 3, stride: 1, padding: 1, bias: true}\n    initialise: {conv:"
    linear = (
        "- flatten\n      - linear: {features: 64, bias: true}\n"
        "      - reshape: {channels: 1, height: 8, width: 8}\n    initialise: {linear:"
    )
    assert conv in TEXT
    run = run_of(TEXT.replace(conv, linear))
    trainer = trainer_of(run)
    trainer.advance(1, lambda _iteration: False)
    with FlopCounterMode(display=False) as counter:
        trainer.advance(2, lambda _iteration: False)
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    assert operations_per_iteration(run.system, layouts, BATCH) == counter.get_total_flops() > 0


def test_an_untrained_system_is_known_by_all_noises_and_networks_that_its_samples_come_from() -> None:
    def known(text: str) -> dict[str, object]:
        return identity("untrained", run_of(text).determinant(), "d", "score")

    same = [("learning_rate: 0.1", "learning_rate: 0.2"), ("fake: {sum: {low: 1,", "fake: {sum: {low: 2,")]
    other = [
        ("z_4: {law: normal", "z_4: {law: uniform"),
        ("z_8: {law: uniform", "z_8: {law: normal"),
        ("made_8: {sum: {enlarged: 1,", "made_8: {sum: {enlarged: 2,"),
        ("constant: {value: 0.1}", "constant: {value: 0.2}"),
    ]
    for old, new in (*same, *other):
        assert old in TEXT
        assert (known(TEXT.replace(old, new)) == known(TEXT)) is ((old, new) in same), new
