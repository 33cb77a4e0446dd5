"""Parameter counts of the dossier's networks from single layers, without a spec."""

from __future__ import annotations

from benchmark.parts.networks.convolutions import Conv, Deconv
from benchmark.parts.networks.linear import Linear
from benchmark.parts.networks.normalisations import BatchNorm
from benchmark.parts.networks.shapes import Flatten, Reshape
from benchmark.spec.parts import Layer, Shape


def total(layers: list[Layer], shape: Shape) -> tuple[int, Shape]:
    count = 0
    for layer in layers:
        count += layer.parameter_count(shape)
        shape = layer.output_shape(shape)
    return count, shape


NORM = BatchNorm(epsilon=1e-5, momentum=0.1)


def test_wgan_gp_dcgan_32() -> None:
    """N1: 5 179 907 and 4 116 225."""

    def up(channels: int) -> Layer:
        return Deconv(channels=channels, kernel=5, stride=2, padding=2, output_padding=1, bias=True)

    def down(channels: int) -> Layer:
        return Conv(channels=channels, kernel=5, stride=2, padding=2, bias=True)

    start: list[Layer] = [Linear(features=8192, bias=True), NORM, Reshape(channels=512, height=4, width=4)]
    assert total([*start, up(256), NORM, up(128), NORM, up(3)], (128,)) == (5_179_907, (3, 32, 32))
    end: list[Layer] = [Flatten(), Linear(features=1, bias=True)]
    assert total([down(128), down(256), NORM, down(512), NORM, *end], (3, 32, 32)) == (4_116_225, (1,))


def test_dcgan_64() -> None:
    """N3: 3 576 704 and 2 765 568, no biases."""

    def up(channels: int, stride: int = 2, padding: int = 1) -> Layer:
        return Deconv(channels=channels, kernel=4, stride=stride, padding=padding, output_padding=0, bias=False)

    def down(channels: int, stride: int = 2, padding: int = 1) -> Layer:
        return Conv(channels=channels, kernel=4, stride=stride, padding=padding, bias=False)

    generator = [up(512, 1, 0), NORM, up(256), NORM, up(128), NORM, up(64), NORM, up(3)]
    assert total(generator, (100, 1, 1)) == (3_576_704, (3, 64, 64))
    discriminator = [down(64), down(128), NORM, down(256), NORM, down(512), NORM, down(1, 1, 0)]
    assert total(discriminator, (3, 64, 64)) == (2_765_568, (1, 1, 1))


def test_lsgan_shallow() -> None:
    """LS, table 1, without batch normalisation: 8 618 753 and 24 321."""

    def up(channels: int) -> Layer:
        return Deconv(channels=channels, kernel=3, stride=2, padding=1, output_padding=1, bias=True)

    def conv(channels: int, stride: int) -> Layer:
        return Conv(channels=channels, kernel=3, stride=stride, padding=1, bias=True)

    generator = [
        Linear(features=8192, bias=True),
        Reshape(channels=128, height=8, width=8),
        up(128),
        up(64),
        conv(1, 1),
    ]
    assert total(generator, (1024,)) == (8_618_753, (1, 32, 32))
    discriminator = [conv(16, 2), conv(32, 2), conv(64, 2), Flatten(), Linear(features=1, bias=True)]
    assert total(discriminator, (1, 32, 32)) == (24_321, (1,))
