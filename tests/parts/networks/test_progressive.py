"""Progressive growing: when levels come in, what a stage computes, which parameters learn, and the count by hand."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.parts.networks.growing import GrowingDown, GrowingUp, ProgressiveFade, doublings
from benchmark.parts.networks.modules.growing import stage
from benchmark.spec.parts import Layer, Shape

BATCH_NORM = {"batch_norm": {"epsilon": 1e-4, "momentum": 0.1}}
LAYER_NORM = {"layer_norm": {"epsilon": 1e-4, "per": "channel"}}
STACK: dict[str, Any] = {
    "first_size": 4,
    "images_per_level": 100,
    "images_per_fade": 50,
    "channels_times_side": 32,
    "most_channels": 8,
    "kernel": 3,
    "bias": False,
    "slope": 0.2,
}
#: levels of sides 4, 8 and 16 with 8, 4 and 2 channels
UP = GrowingUp.model_validate({**STACK, "normalisation": BATCH_NORM, "image_channels": 3, "size": 16})
DOWN = GrowingDown.model_validate({**STACK, "normalisation": LAYER_NORM, "smallest_size": 4})
VIEW = ProgressiveFade(first_size=4, images_per_level=100, images_per_fade=50, smallest_size=4)
LAYERS: list[tuple[Layer, Shape]] = [(UP, (8, 4, 4)), (DOWN, (3, 16, 16)), (VIEW, (3, 16, 16))]
STAGES = [(0, 1.0), (1, 0.25), (1, 1.0), (2, 0.75), (2, 1.0)]


def built(layer: Layer, shape: Shape) -> Any:
    torch.manual_seed(0)
    return layer.module(shape).eval().double()


def value(shape: Shape) -> Tensor:
    return torch.randn(5, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def enlarged(images: Tensor, factor: int) -> Tensor:
    return images.repeat_interleave(factor, dim=2).repeat_interleave(factor, dim=3)


def staged(module: Any, level: int, weight: float, given: Tensor) -> Tensor:
    module.set_stage(level, weight)
    output: Tensor = module(given)
    return output


# --- the schedule ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (0, (0, 1.0)),
        (100, (0, 1.0)),
        (110, (1, 0.2)),
        (149, (1, 0.98)),
        (150, (1, 1.0)),
        (250, (1, 1.0)),
        (275, (2, 0.5)),
        (300, (2, 1.0)),
        (10**9, (2, 1.0)),
    ],
)
def test_stages_by_hand(images: int, expected: tuple[int, float]) -> None:
    assert stage(images, 0, 2, 100, 50) == pytest.approx(expected)


def test_stages_are_those_of_the_released_schedule() -> None:
    """The level of detail of the authors' loop, counted from the full resolution down, for 128 pixels."""

    def detail(images: int, training: int, transition: int) -> float:
        cycles = images / (training + transition)
        fading = max(1 + (cycles % 1 - 1) * (training + transition) / transition, 0.0)
        return max(5 - int(cycles) - fading, 0.0)

    for images in range(0, 9000, 7):
        level, weight = stage(images, 0, 5, 800, 600)
        assert level - 1 + weight == pytest.approx(5 - detail(images, 800, 600), abs=1e-9)


def test_growth_that_begins_at_the_full_side_is_none() -> None:
    assert {stage(images, 2, 2, 100, 50) for images in range(0, 1000, 50)} == {(2, 1.0)}
    module = built(UP.model_copy(update={"first_size": 16}), (8, 4, 4))
    assert (module.level, module.fading) == (2, False)


def test_a_module_moves_with_the_images_shown() -> None:
    module = built(UP, (8, 4, 4))
    assert (module.level, module.fading) == (0, False)
    seen = []
    for images in (0, 100, 125, 150, 275, 300):
        module.shown(images)
        seen.append((module.level, module.fading, float(module.fade)))
    assert seen == [(0, False, 1), (0, False, 1), (1, True, 0.5), (1, False, 1), (2, True, 0.5), (2, False, 1)]


@pytest.mark.parametrize(("small", "large"), [(4, 12), (8, 4), (3, 8)])
def test_sides_that_are_no_doubling_are_refused(small: int, large: int) -> None:
    with pytest.raises(ValueError, match="doubled"):
        doublings("growing_up", small, large)


# --- what a stage computes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda item: getattr(item, "name", ""))
@pytest.mark.parametrize("level", [1, 2])
def test_a_level_that_comes_in_begins_at_the_one_below_and_ends_at_its_own(
    layer: Layer, shape: Shape, level: int
) -> None:
    module, given = built(layer, shape), value(shape)
    below, alone = staged(module, level - 1, 1.0, given), staged(module, level, 1.0, given)
    assert not torch.allclose(below, alone)
    assert torch.equal(staged(module, level, 0.0, given), below)
    nearly = staged(module, level, 1 - 1e-12, given)
    assert torch.allclose(nearly, alone, atol=1e-9)
    distances = [
        float((staged(module, level, weight, given) - alone).detach().norm())
        for weight in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    assert all(later < earlier for earlier, later in itertools.pairwise(distances))
    if (layer, level) != (DOWN, 2):  # there the mixture enters another block
        for weight in (0.3, 0.7):
            mixed = (1 - weight) * below + weight * alone
            assert torch.allclose(staged(module, level, weight, given), mixed)


def test_generator_below_the_last_level_draws_blocks_of_equal_pixels() -> None:
    module, given = built(UP, (8, 4, 4)), value((8, 4, 4))
    for level, factor in ((0, 4), (1, 2)):
        images = staged(module, level, 1.0, given)
        assert images.shape == (5, 3, 16, 16)
        assert torch.equal(images, enlarged(images[:, :, ::factor, ::factor], factor))
    full = staged(module, 2, 1.0, given)
    assert not torch.equal(full, enlarged(full[:, :, ::2, ::2], 2))


def test_generator_against_its_layers_one_by_one() -> None:
    module, given = built(UP, (8, 4, 4)), value((8, 4, 4))
    first = module.blocks[0](given)
    assert torch.equal(staged(module, 0, 1.0, given), enlarged(module.images[0](given), 4))
    assert torch.equal(staged(module, 1, 1.0, given), enlarged(module.images[1](first), 2))
    names = [type(layer).__name__ for layer in module.blocks[0]]
    assert names == ["Upsample", "Conv2d", "BatchNorm2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU"]


def test_discriminator_against_its_layers_one_by_one() -> None:
    module, given = built(DOWN, (3, 16, 16)), value((3, 16, 16))
    half, quarter = functional.avg_pool2d(given, 2), functional.avg_pool2d(given, 4)
    assert torch.equal(staged(module, 0, 1.0, given), module.images[0](quarter))
    inner = module.blocks[1](module.images[2](given)).lerp(module.images[1](half), 1 - 0.75)
    assert torch.allclose(staged(module, 2, 0.75, given), module.blocks[0](inner))
    names = [type(layer).__name__ for layer in module.blocks[0]]
    assert names == ["Conv2d", "GroupNorm", "LeakyReLU", "Conv2d", "GroupNorm", "LeakyReLU", "AvgPool2d"]


@pytest.mark.parametrize(("level", "factor"), [(0, 4), (1, 2)])
def test_discriminator_sees_no_more_than_the_level_in_use(level: int, factor: int) -> None:
    module, given = built(DOWN, (3, 16, 16)), value((3, 16, 16))
    coarse = enlarged(functional.avg_pool2d(given, factor), factor)
    assert torch.allclose(staged(module, level, 1.0, given), module(coarse))


def test_view_is_what_a_perfect_generator_would_draw() -> None:
    module, given = built(VIEW, (3, 16, 16)), value((3, 16, 16))
    assert torch.equal(staged(module, 2, 1.0, given), given)
    coarse = enlarged(functional.avg_pool2d(given, 2), 2)
    assert torch.allclose(staged(module, 1, 1.0, given), coarse)
    assert torch.allclose(staged(module, 2, 0.25, given), 0.75 * coarse + 0.25 * given)


# --- what learns ----------------------------------------------------------------------------------------------------


def in_use(level: int, weight: float) -> set[str]:
    """Stacks that a stage runs."""
    lowest = level if weight == 1 else level - 1
    return {f"images.{index}" for index in range(lowest, level + 1)} | {f"blocks.{index}" for index in range(level)}


@pytest.mark.parametrize(("layer", "shape"), LAYERS[:2], ids=lambda item: getattr(item, "name", ""))
@pytest.mark.parametrize(("level", "weight"), STAGES)
def test_gradients_reach_the_levels_in_use_and_no_other(layer: Layer, shape: Shape, level: int, weight: float) -> None:
    module = built(layer, shape).train()
    staged(module, level, weight, value(shape)).square().sum().backward()
    reached = {".".join(name.split(".")[:2]) for name, one in module.named_parameters() if one.grad is not None}
    every = {".".join(name.split(".")[:2]) for name, _ in module.named_parameters()}
    assert reached == in_use(level, weight)
    assert reached <= every
    assert all(one.grad.abs().max() > 0 for one in module.parameters() if one.grad is not None and one.ndim == 4)


@pytest.mark.parametrize(("level", "weight"), STAGES)
def test_gradient_of_a_gradient_norm_exists(level: int, weight: float) -> None:
    """What a gradient penalty asks of a discriminator."""
    module = built(DOWN, (3, 16, 16)).train()
    given = value((3, 16, 16)).requires_grad_()
    (slope,) = torch.autograd.grad(staged(module, level, weight, given).sum(), given, create_graph=True)
    slope.square().sum().backward()
    weights = [one.grad for name, one in module.named_parameters() if name.startswith(f"images.{level}")]
    assert any(one is not None and one.abs().max() > 0 for one in weights)


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda item: getattr(item, "name", ""))
def test_parameters_and_shapes_never_change(layer: Layer, shape: Shape) -> None:
    module, given = built(layer, shape), value(shape)
    counts, shapes = set(), set()
    for level, weight in STAGES:
        shapes.add(tuple(staged(module, level, weight, given).shape[1:]))
        counts.add(sum(one.numel() for one in module.parameters()))
    assert shapes == {layer.output_shape(shape)}
    assert counts == {layer.parameter_count(shape)}
    assert "fade" not in module.state_dict()


def test_counts_by_hand() -> None:
    conv_up = 9 * (8 * 4 + 4 * 4 + 4 * 2 + 2 * 2)
    assert UP.parameter_count((8, 4, 4)) == conv_up + 2 * (4 + 4 + 2 + 2) + 3 * (8 + 4 + 2) + 3 * 3
    conv_down = 9 * (2 * 2 + 2 * 4 + 4 * 4 + 4 * 8)
    assert DOWN.parameter_count((3, 16, 16)) == conv_down + 2 * (2 + 4 + 4 + 8) + 4 * (2 + 4 + 8)
    assert VIEW.parameter_count((3, 16, 16)) == 0


def test_paths_of_the_parts_lead_to_their_modules() -> None:
    for layer, shape in LAYERS[:2]:
        module: nn.Module = built(layer, shape)
        for path, (inner, entering) in layer.parts(shape).items():
            numbers = sum(one.numel() for one in module.get_submodule(path).parameters())
            assert numbers == inner.parameter_count(entering)


def test_a_wrong_side_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="side 4 is not 5 doubled"):
        UP.output_shape((8, 5, 5))
    with pytest.raises(ValueError, match="needs \\(channels, side, side\\)"):
        DOWN.output_shape((3, 16, 8))
    with pytest.raises(ValueError, match="side 4 is not 8 doubled"):
        DOWN.model_copy(update={"smallest_size": 8}).output_shape((3, 16, 16))
