"""Names for people: labels that a spec gives or that are made from its keys, and prose with keys replaced by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from benchmark.spec.dataflow import curve_names
from benchmark.spec.experiments import Score
from benchmark.spec.paper import PaperSpec
from benchmark.spec.parts import METRICS

#: puts labels in place of keys in generated text, and leaves out folders of a machine
Say = Callable[[str], str]

#: steps of keys that are abbreviations or proper names
_PROPER = {
    **{word: word.upper() for word in ("age", "bn", "dcgan", "dragan", "fid", "gan", "gp", "hdcgan", "is", "kid")},
    **{word: word.upper() for word in ("lapgan", "lsgan", "lsun", "mnist", "nsgan", "rl", "selu", "svhn", "wgan")},
    "celeba": "CelebA",
    "cifar10": "CIFAR-10",
}
#: steps that make one name together
_JOINED = {"gan_rl": "GAN-RL", "alpha_gan": "alpha-GAN", "wgan_gp": "WGAN-GP", "gan_gp": "GAN-GP", "sn_gan": "SN-GAN"}


#: folders of an absolute path in a sentence or in JSON
_FOLDERS = re.compile(r"""(?<=[\s"'(])/(?:[\w.+-]+/)+(?=[\w.+-])""")


def without_folders(text: str) -> str:
    """Text or JSON in which files of a machine have no folders: whoever reads it has another machine."""
    return _FOLDERS.sub("", text)


def made(key: str) -> str:
    """A label made from a key: ``cifar10_gan_a`` gives ``CIFAR-10 GAN a``."""
    text = f"_{key}_"
    for joined, name in _JOINED.items():
        text = text.replace(f"_{joined}_", f"_{name}_")
    return " ".join(_PROPER.get(step, step) for step in text.strip("_").split("_"))


def listed(labels: Iterable[str]) -> str:
    """Labels in a row: by commas, or by ``and`` where one holds a comma itself."""
    labels = list(labels)
    return (" and " if any("," in label for label in labels) else ", ").join(labels)


def of_experiment(spec: PaperSpec, key: str) -> str:
    experiment = spec.experiments.get(key)
    return (experiment.label if experiment else None) or made(key)


def of_score(spec: PaperSpec, experiment: str, key: str) -> str:
    """Label of a score: its own, else its metric's, with the key where the experiment has the metric twice."""
    scores = spec.experiments[experiment].scores if experiment in spec.experiments else {}
    if key not in scores:
        return made(key)
    twice = sum(_label(score) == _label(scores[key]) for score in scores.values()) > 1
    return f"{_label(scores[key])} ({made(key)})" if twice else _label(scores[key])


def of_quantity(key: str) -> str:
    """Label of what a table prints: a metric's, else made from the key."""
    return METRICS.get(key).label if key in METRICS.names() else made(key)


def _label(score: Score) -> str:
    return score.label or score.metric.label


def in_prose(spec: PaperSpec) -> Say:
    """Replace keys of experiments, scores and curves in generated text by their labels.

    A key that could be a plain word is one only where generated text puts one: alone, in brackets, before a bracket or
    certain words, or in a list at the start before a colon.
    """
    labels = _labels(spec)
    if not labels:
        return without_folders
    plain = "|".join(re.escape(key) for key in sorted(labels, key=len, reverse=True) if "_" not in key)
    joined = "|".join(re.escape(key) for key in sorted(labels, key=len, reverse=True) if "_" in key)
    patterns = [
        *([rf"(?<![\w/.-])(?:{joined})(?![\w/-])"] if joined else []),
        *([rf"(?<=\()(?:{plain})(?=\))"] if plain else []),
        *([rf"(?<![\w/.-])(?:{plain})(?= \(| not measured| over its evaluations)", rf"^(?:{plain})$"] if plain else []),
    ]
    pattern = re.compile("|".join(patterns))
    word = "|".join(part for part in (joined, plain) if part)
    rows = re.compile(rf"(?:^|(?<=; ))(?:{word})(?:, (?:{word}))*(?=: )")

    def say(text: str) -> str:
        text = without_folders(text)
        text = rows.sub(lambda match: listed(labels[key] for key in match.group().split(", ")), text)
        return pattern.sub(lambda match: labels[match.group()], text)

    return say


def _labels(spec: PaperSpec) -> Mapping[str, str]:
    """Label by key; of a score that experiments measure by different metrics the label is made from the key."""
    labels = {name: made(name) for system in spec.systems.values() for name in curve_names(system) if "_" in name}
    scores: dict[str, set[str]] = {}
    for experiment in spec.experiments:
        for key in spec.experiments[experiment].scores:
            scores.setdefault(key, set()).add(of_score(spec, experiment, key))
    labels |= {key: found.pop() if len(found) == 1 else made(key) for key, found in scores.items()}
    return labels | {key: of_experiment(spec, key) for key in spec.experiments}
