"""A file that ``extends`` a paper: experiments of one's own, laid beside those of the paper without touching its file.

    extends: gan_rl
    ours:
      svhn_half_weight: {extends: svhn_gan_rl, system: half_weight, against: [T3/GAN-RL/SVHN]}
    systems:
      half_weight: {extends: gan_rl, ...}

What may be written besides ``ours``: ``networks`` and ``systems`` that the experiments need. They are added, never
replaced, so that every number, claim and experiment of the paper stays what its own file says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.places import paper_file
from benchmark.registry import did_you_mean
from benchmark.spec.expand import INHERITED_NOT, Complaint, experiments_before_tiers, merge
from benchmark.spec.paper import PaperSpec
from benchmark.spec.source import Path_, Problem, Source, SpecError, read

_SECTIONS = {"networks": "networks", "systems": "systems", "ours": "experiments"}
#: what says nothing of a recipe
_PROSE = {"extends", "label", "says", "where", "role", "parameters", "against"}


def with_base(source: Source) -> Source:
    """The paper that ``source`` extends together with what it adds; ``source`` itself where it extends nothing."""
    if "extends" not in source.data:
        return source
    problems: list[Problem] = []

    def refuse(path: Path_, message: str) -> None:
        position = source.position(path)
        problems.append(Problem(position.line, position.column, f"{'.'.join(map(str, path))}: {message}"))

    for key in source.data:
        if key not in ("extends", *_SECTIONS):
            near = did_you_mean(key, ("extends", *_SECTIONS))
            refuse((key,), f"a file that extends a paper has extends, ours, systems and networks{near}")
    for key in _SECTIONS:
        if not isinstance(source.data.get(key, {}), dict):
            refuse((key,), "must be a mapping")
    file = _base_file(source)
    if not file.is_file() or file.resolve() == Path(source.file).resolve():
        refuse(("extends",), f"no paper or file '{source.data['extends']}'")
    if problems:
        raise SpecError(source.file, problems)
    base = read(file)
    data: dict[str, Any] = {**base.data, "ours": {}, "unstated": dict(base.data.get("unstated") or {})}
    positions = dict(base.positions)
    for key, section in _SECTIONS.items():
        items = dict(base.data.get(section) or {})
        theirs = experiments_before_tiers(base) if section == "experiments" else dict(items)
        for name, item in source.data.get(key, {}).items():
            if name in theirs:
                refuse((key, name), "the paper has one of this name; choose another")
                continue
            if not isinstance(item, dict):
                refuse((key, name), "must be a mapping")
                continue
            if section == "experiments":
                data["ours"][name] = item.get("against", [])
            items[name] = _own(item, theirs, section, Path(source.file).name)
            if section == "experiments" or set(item) - _PROSE:
                about = {"chosen": "a variant of our own", "tag": "default", "source": Path(source.file).name}
                data["unstated"][f"{section}.{name}"] = about
        data[section] = items
        for path, at in source.positions.items():
            if path[:1] == (key,) and path[2:3] == ("against",):
                positions[("ours", path[1], *path[3:])] = at
            elif path[:1] == (key,):
                positions[(section, *path[1:])] = at
    if problems:
        raise SpecError(source.file, problems)
    return Source(source.file, data, positions)


def _own(item: dict[str, Any], theirs: dict[str, Any], section: str, file: str) -> dict[str, Any]:
    """An item that may extend one of the paper's that extends another or is a point of a sweep: as one step."""
    own = {key: value for key, value in item.items() if key != "against"}
    parent = theirs.get(own.get("extends", ""))
    if isinstance(parent, dict) and (section == "experiments" or "extends" in parent):
        kept = {key: value for key, value in parent.items() if key not in (*INHERITED_NOT, "extends")}
        further = {"extends": parent["extends"]} if "extends" in parent else {}
        own = merge(kept, {key: value for key, value in own.items() if key != "extends"}) | further
    if section == "networks":
        return own
    return {"role": "added", **({"where": f"none, added by {file}"} if section == "experiments" else {}), **own}


def _base_file(source: Source) -> Path:
    """The extended spec: beside the file, by path, or by a paper's id."""
    word = str(source.data["extends"])
    beside = [Path(source.file).parent / name for name in (word, f"{word}.yaml")]
    return next((file for file in beside if file.is_file()), paper_file(word))


def misplaced(spec: PaperSpec) -> Iterator[Complaint]:
    """Printed numbers that experiments of one's own are compared with must be there, and be measured there too."""
    scores = {printed.path: printed.cell.score for printed in spec.printed}
    for name, places in spec.ours.items():
        experiment = spec.experiments.get(name)
        for place in places if experiment is not None else ():
            path: Path_ = ("ours", name)
            if place not in scores:
                yield Complaint(path, f"unknown printed number '{place}'{did_you_mean(place, scores)}")
            elif experiment is not None and scores[place] not in experiment.scores:
                yield Complaint(path, f"'{place}' is of score '{scores[place]}', which {name} has not")
