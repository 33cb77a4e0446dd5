"""A file is checked once a process, and again where anything of it has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.spec.load import load
from benchmark.spec.source import SpecError
from tests.spec.small import TEXT, edited


def test_what_has_not_changed_is_not_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(TEXT)
    first = load(file)
    monkeypatch.chdir(tmp_path)
    again = load(Path("x.yaml"))
    assert again.spec is first.spec
    assert again.readings is first.readings
    assert (first.file, again.file) == (file, Path("x.yaml")), "messages name the file as it was called"


@pytest.mark.parametrize("seeds", ["[0, 1.0, 2]", "[0, true, 2]"])
def test_what_is_equal_to_python_alone_is_checked(seeds: str, tmp_path: Path) -> None:
    """1 == 1.0 == True."""
    file = tmp_path / "x.yaml"
    file.write_text(TEXT)
    assert load(file).spec
    file.write_text(edited("seeds: [0, 1, 2]", f"seeds: {seeds}"))
    with pytest.raises(SpecError, match="must be a whole number"):
        load(file)


def test_a_base_that_changes_changes_what_extends_it(tmp_path: Path) -> None:
    base, file = tmp_path / "base.yaml", tmp_path / "x.yaml"
    base.write_text(TEXT)
    file.write_text("extends: base.yaml\nours:\n  mine: {extends: ring_saturating}\n")
    before = load(file).spec.experiments["mine"].seeds
    base.write_text(edited("seeds: [0, 1, 2]", "seeds: [0, 1, 2, 3]"))
    assert load(file).spec.experiments["mine"].seeds == (*before, 3)
