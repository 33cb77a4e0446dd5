"""Losses of discriminators, critics and the generators that play against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from benchmark.spec.fields import Signal
from benchmark.spec.parts import OBJECTIVES, Objective, UpdateContext

if TYPE_CHECKING:
    from torch import Tensor


def _cross_entropy(logits: Tensor, target: float) -> Tensor:
    """-E [target log s(logits) + (1 - target) log(1 - s(logits))], s the logistic function."""
    from torch import full_like
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits(logits, full_like(logits, target))


def _of_probability(values: Tensor, target: float) -> Tensor:
    """The same of values in [0, 1], each logarithm held at -100 or above."""
    from torch import full_like
    from torch.nn.functional import binary_cross_entropy

    return binary_cross_entropy(values, full_like(values, target))


class _OfBoth(Objective):
    """A loss of data and fakes. Not a part by itself."""

    real: Signal
    fake: Signal


@OBJECTIVES.register("cross_entropy")
class CrossEntropy(_OfBoth):
    """-E log s(real) - E log(1 - s(fake)), s the logistic function; both signals are logits.

    At real = fake = 0 it is log 4.

    Discriminator's cross-entropy (Goodfellow et al. 2014, equation 1, negated).
    """

    def value(self, context: UpdateContext) -> Tensor:
        return _cross_entropy(context.signal(self.real), 1) + _cross_entropy(context.signal(self.fake), 0)


@OBJECTIVES.register("probability_cross_entropy")
class ProbabilityCrossEntropy(_OfBoth):
    """-E log real - E log(1 - fake); both signals lie in [0, 1].

    Each logarithm is held at -100 or above, as torch's binary cross-entropy does. Unlike ``cross_entropy`` on logits it
    loses its gradient where the sigmoid rounds to 0 or 1.
    """

    def value(self, context: UpdateContext) -> Tensor:
        return _of_probability(context.signal(self.real), 1) + _of_probability(context.signal(self.fake), 0)


@OBJECTIVES.register("shifted_cross_entropy")
class ShiftedCrossEntropy(_OfBoth):
    """-E log s(real) - E log s(shift - fake), s the logistic function; both signals are D's raw outputs.

    With shift 0 it is ``cross_entropy``. Where both laws agree, its minimum is at real = fake = shift / 2.

    Cross-entropy with a shifted fake logit (FaceGANs, equation 2, read as minimisation).
    """

    shift: float

    def value(self, context: UpdateContext) -> Tensor:
        real, fake = context.signal(self.real), context.signal(self.fake)
        return _cross_entropy(real, 1) + _cross_entropy(fake - self.shift, 0)


@OBJECTIVES.register("binary_cross_entropy")
class BinaryCrossEntropy(Objective):
    """-E [target log s(output) + (1 - target) log(1 - s(output))], s the logistic function; ``output`` are logits.

    A target strictly between 0 and 1 is a smoothed label.
    """

    output: Signal
    target: Annotated[float, Field(ge=0, le=1)]

    def value(self, context: UpdateContext) -> Tensor:
        return _cross_entropy(context.signal(self.output), self.target)


@OBJECTIVES.register("minimax")
class Minimax(Objective):
    """E log(1 - s(fake)), s the logistic function; ``fake`` are logits. Never positive.

    Generator's minimax loss (Goodfellow et al. 2014, equation 1), which saturates.
    """

    fake: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return -_cross_entropy(context.signal(self.fake), 0)


@OBJECTIVES.register("non_saturating")
class NonSaturating(Objective):
    """-E log s(fake), s the logistic function; ``fake`` are logits.

    Generator's non-saturating loss (Goodfellow et al. 2014, section 3).
    """

    fake: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return _cross_entropy(context.signal(self.fake), 1)


@OBJECTIVES.register("probability_non_saturating")
class ProbabilityNonSaturating(Objective):
    """-E log fake; ``fake`` lies in [0, 1]. The logarithm is held at -100 or above, as in torch's cross-entropy."""

    fake: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return _of_probability(context.signal(self.fake), 1)


@OBJECTIVES.register("hinge")
class Hinge(_OfBoth):
    """E max(0, 1 - real) + E max(0, 1 + fake). The generator's side of it is ``wasserstein_generator``.

    Discriminator's hinge loss (Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957).
    """

    def value(self, context: UpdateContext) -> Tensor:
        real, fake = context.signal(self.real), context.signal(self.fake)
        return (1 - real).relu().mean() + (1 + fake).relu().mean()


@OBJECTIVES.register("least_squares")
class LeastSquares(Objective):
    """E (output - target)^2 / 2. The paper's labels: a for fakes and b for data in D's loss, c for fakes in G's.

    One term of the least-squares losses (Mao et al. 2017, arXiv 1611.04076, equation 2).
    """

    output: Signal
    target: float

    def value(self, context: UpdateContext) -> Tensor:
        return (context.signal(self.output) - self.target).square().mean() / 2


@OBJECTIVES.register("wasserstein_critic")
class WassersteinCritic(_OfBoth):
    """E fake - E real. The generator's side of it is ``wasserstein_generator``.

    Wasserstein critic's loss (Arjovsky et al. 2017, arXiv 1701.07875).
    """

    def value(self, context: UpdateContext) -> Tensor:
        return context.signal(self.fake).mean() - context.signal(self.real).mean()


@OBJECTIVES.register("wasserstein_generator")
class WassersteinGenerator(Objective):
    """-E output. On logits it is the ratio form -E log s(output) + E log(1 - s(output)), s the logistic function.

    Generator's loss against a critic (Arjovsky et al. 2017, arXiv 1701.07875) or a hinge discriminator.
    """

    output: Signal

    def value(self, context: UpdateContext) -> Tensor:
        return -context.signal(self.output).mean()
