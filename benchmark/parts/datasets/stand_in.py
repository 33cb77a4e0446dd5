"""A few generated pictures in place of a dataset, for smoke runs without any download.

They are written in the dataset's own layout and loaded by its own code, crop and filter included.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from benchmark.parts.datasets.images.pictures import Pictures
from benchmark.spec.fields import PartOf
from benchmark.spec.levels import Range
from benchmark.spec.parts import DATASETS, Data, DataError, Dataset, Shape


@DATASETS.register("stand_in")
class StandIn(Dataset):
    """``count`` smooth generated pictures in place of those of ``of``; always the same ones."""

    kind = "images"
    # building this field's model imports every other dataset: there is no stand-in of a stand-in
    of: Annotated[Dataset, PartOf(DATASETS)]
    count: Annotated[int, Field(ge=10, le=10_000, description="number of pictures")]

    @model_validator(mode="after")
    def _of_pictures(self) -> Self:
        if not isinstance(self.of, Pictures):
            raise PydanticCustomError("stand_in", f"{self.of.name} needs no stand-in: it is always at hand")
        return self

    @property
    def pictures(self) -> Pictures:
        """``of``, known to consist of pictures."""
        assert isinstance(self.of, Pictures)
        return self.of

    def image_range(self) -> Range | None:
        return self.of.image_range()

    def example_shape(self) -> Shape:
        return self.of.example_shape()

    def example_count(self) -> int:
        return self.count * (2 if self.pictures.mirrored() else 1)

    def load(self, root: Path, device: str) -> Data:
        """Write the files to a folder of their own, load them, and remove the folder; ``root`` is left alone."""
        try:
            with tempfile.TemporaryDirectory(prefix="ganrepro-stand-in-", ignore_cleanup_errors=True) as folder:
                source = self.pictures.stand_in(Path(folder), self.count)
                return self.pictures.held(source, Path(folder) / ".cache", device)
        except OSError as error:
            raise DataError(f"a stand-in for {self.of.name} cannot be written: {error}") from error

    def held_out(self) -> Self:
        return self.model_copy(update={"of": self.of.held_out()})

    @classmethod
    def variants(cls) -> list[Self]:
        """None: it stands in for whatever a spec says."""
        return []
