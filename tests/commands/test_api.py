"""The example of docs/api.md runs as it is printed, in a folder of its own."""

from __future__ import annotations

import re
from pathlib import Path

import benchmark

ROOT = Path(__file__).parents[2]


def test_the_example_of_the_docs_runs(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    (tmp_path / "papers").symlink_to(ROOT / "papers")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/api.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    planned = {line.split()[0]: line for line in lines if " runs, " in line}
    assert list(planned) == ["full", "short", "smoke"]
    assert any(line.startswith("DG-C6 ") for line in lines)
    (record,) = (tmp_path / "results" / "mine").glob("gan_rl/toy_minimax/*/record.json")
    assert f"{record.parent.name} finished" in lines
    assert Path(lines[-1]).is_file()


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    assert not hasattr(benchmark, "no_such_function")
