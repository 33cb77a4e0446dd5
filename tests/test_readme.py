"""The README says what is so: its table of papers, its commands, its files."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from benchmark.cli import main, parser
from tests.specs import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_table_of_papers_is_current():
    rows = {match[1]: match[0] for match in re.finditer(r"^\| \[`(\w+)`\].*$", README, re.MULTILINE)}
    files = sorted((ROOT / "papers").glob("*.yaml"))
    assert sorted(rows) == [file.stem for file in files]
    for file in files:
        spec = load(file).spec
        assert rows[file.stem].endswith(f"| {spec.paper.title} ({spec.paper.year}) |")


def commands_of_the_readme() -> list[str]:
    """Inline commands, those of its sessions, and those of its scripts, without what follows a pipe or a remark."""
    inline = re.findall(r"`ganrepro ([^`]+)`", README)
    lines = re.findall(r"^(?:\$ )?ganrepro ([^>#\n]+)", README, re.MULTILINE)
    return [line.strip() for line in (*inline, *lines)]


def test_every_session_of_the_readme_runs_and_prints_what_it_shows(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "110")
    monkeypatch.setenv("GANREPRO_RESULTS", str(tmp_path))
    sessions = re.findall(r"```console\n\$ ganrepro ([^\n]+)\n(.*?)```", README, re.DOTALL)
    assert len(sessions) == 3
    for command, shown in sessions:
        assert main(command.split()) == 0
        printed = " ".join(capsys.readouterr().out.split())
        for piece in shown.split("..."):
            assert " ".join(piece.split()) in printed, command


def test_what_is_known_so_far_is_what_the_evidence_says():
    sys.path.insert(0, str(ROOT / "scripts"))
    from known_so_far import FILES, untrue, written

    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert written(text) == text, "python scripts/known_so_far.py"
        assert untrue(text) == []
    assert untrue("<!--DG-C2 REVERSED-->") == ["DG-C2 REVERSED: today HOLDS"], "a sentence that the evidence refutes"
    assert untrue("<!--narrow: RL-C999 HOLDS-->") == ["narrow: RL-C999 HOLDS: today no evidence"]
    assert untrue("<!--narrow+iterations_10k: RL-C21 HOLDS-->") == [
        "narrow+iterations_10k: RL-C21 HOLDS: today REVERSED"
    ]


def test_every_command_and_option_of_the_readme_exists():
    commands = parser().commands
    for line in commands_of_the_readme():
        name, *words = line.split()
        assert name in commands, line
        options = {option for action in commands[name]._actions for option in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_every_file_that_the_readme_links_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_badges_say_what_the_files_they_link_say():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = {file.stem: file.read_text() for file in (ROOT / "docs").glob("badge-*.svg")}
    assert f"<title>licence: {project['license']}</title>" in text["badge-licence"]
    assert f"<title>Python: {project['requires-python'].removeprefix('>=')} or later</title>" in text["badge-python"]
    assert "verify" in (ROOT / ".ci" / "run").read_text(), "evidence is recomputed there"
    assert set(re.findall(r"docs/(badge-\w+)\.svg", README)) == set(text)
    assert not any("http" in one.replace("http://www.w3.org/2000/svg", "") for one in text.values())
