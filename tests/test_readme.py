"""The README says what is so: its table of papers, its commands, its files."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.cli import parser
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


def test_every_command_and_option_of_the_readme_exists():
    commands = next(action for action in parser()._actions if action.dest == "command").choices
    for line in re.findall(r"`ganrepro ([^`]+)`", README):
        name, *words = line.split()
        assert name in commands, line
        options = {option for action in commands[name]._actions for option in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_every_file_that_the_readme_links_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target
