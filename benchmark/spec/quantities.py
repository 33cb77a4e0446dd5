"""What claims speak of: one number for each training seed, measured or computed from measured ones."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from benchmark.spec.base import Model, Name, Text
from benchmark.spec.expression import ExpressionError, in_words, names, parse
from benchmark.spec.statistic import FirstBelow, Peak, Settled, Statistic

T = TypeVar("T")


def _expression(text: str) -> str:
    try:
        parse(text)
    except ExpressionError as error:
        raise PydanticCustomError("expression", "{reason}", {"reason": str(error)}) from error
    return text


Expression = Annotated[str, AfterValidator(_expression)]


class Quantity(Model):
    """One number per seed: a score of an experiment, a statistic of one of its curves, its training time or outcome.

    A score with a ``statistic`` is read over all its evaluations in training, which needs the score's ``every``.
    ``training_seconds`` is the time of all iterations at the rate after the warm-up, ``seconds_per_iteration`` that
    rate; evaluation and checkpoints are no part of either. They are only compared within one device.
    ``outcome: diverged`` is 1 for a run whose training broke down and 0 for one that came to its end.
    ``printed`` is a number of a table that nothing regenerates, by its place, ``T1, row, column``, and nothing else.
    """

    experiment: Name = ""
    printed: str | None = Field(default=None, description="a printed number instead: 'T1, row, column'")
    score: Name | None = None
    curve: Expression | None = Field(default=None, description="expression over the run's curves")
    statistic: Statistic | None = None
    time: Literal["training_seconds", "seconds_per_iteration"] | None = None
    outcome: Literal["diverged"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Quantity:
        sources = (self.score, self.curve, self.time, self.outcome)
        if (self.printed is not None) == bool(self.experiment):
            raise PydanticCustomError("quantity", "needs either an experiment or a printed number")
        if self.printed is not None:
            if any((*sources, self.statistic)):
                raise PydanticCustomError("quantity", "a printed number takes nothing else")
            return self
        lacks = self.curve is not None and self.statistic is None
        plain = self.time is not None or self.outcome is not None
        if sum(source is not None for source in sources) != 1 or lacks or (plain and self.statistic):
            raise PydanticCustomError("quantity", "needs either score, or curve and statistic, or time, or outcome")
        if self.score is not None and isinstance(self.statistic, Peak | Settled | FirstBelow):
            raise PydanticCustomError("quantity", "peak, settled and first_below are for curves")
        return self

    @property
    def bare(self) -> str:
        """In words, without its experiment."""
        plain = self.outcome or (self.time or "").replace("_", " ") or self.score or ""
        if self.statistic is None:
            return plain
        return self.statistic.of(in_words(self.curve) if self.curve is not None else f"{plain} over its evaluations")

    @property
    def text(self) -> str:
        """In words: ``fid (gan_cifar)``, ``mean of generator_loss over ... (gan_cifar)``."""
        return self.printed or f"{self.bare} ({self.experiment})"

    @property
    def defined(self) -> str:
        """In words that say what it is computed from."""
        return self.text


def no_seconds(operand: T) -> T:
    """Refuse a time where its number, and not only its order or ratio to others, counts."""
    if isinstance(operand, Quantity) and operand.time is not None:
        raise PydanticCustomError("time", "seconds depend on the device: compare times by order or ratio")
    return operand


class Computed(Model):
    """A number computed from several quantities of one seed, such as the gain ``1 - augmented / plain``.

    Its quantities must be measured alike. Two computed numbers may refer to different data, which is what a gain on
    one set against that on another is about.
    """

    compute: Annotated[Expression, Field(description="expression over the names of 'of'")]
    of: Annotated[dict[Name, Annotated[Quantity, AfterValidator(no_seconds)]], Field(min_length=1)]
    says: Annotated[Text, Field(description="what it is, in a few words")]

    @model_validator(mode="after")
    def _complete(self) -> Computed:
        used, known = names(self.compute), set(self.of)
        if used != known:
            odd = min(used ^ known)
            where = "in 'compute', not in 'of'" if odd in used else "in 'of', not in 'compute'"
            raise PydanticCustomError("computed", "'{odd}' is {where}", {"odd": odd, "where": where})
        return self

    @property
    def text(self) -> str:
        return self.says

    @property
    def defined(self) -> str:
        terms = ", ".join(f"{name} is {quantity.text}" for name, quantity in self.of.items())
        return f"{self.says} [{self.compute}, where {terms}]"


def _operand(value: Any) -> str:
    present = value if isinstance(value, dict) else vars(value) if isinstance(value, Model) else {}
    return "compute" if "compute" in present or "of" in present else "experiment"


#: what predicates compare
Operand = Annotated[
    Annotated[Quantity, Tag("experiment")] | Annotated[Computed, Tag("compute")], Discriminator(_operand)
]
#: what they compare by its numbers, and not only by order or ratio
NoTime = Annotated[Operand, AfterValidator(no_seconds)]
