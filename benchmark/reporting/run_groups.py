"""The records that a report shows for each experiment: the highest tier at hand, one numerics, by seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from benchmark.runs.files import StoreError
from benchmark.runs.plan import make_run
from benchmark.runs.records import CURVES, SAMPLES, Stored
from benchmark.spec import names
from benchmark.spec.base import TIERS, Tier, grouped
from benchmark.spec.experiments import Setup
from benchmark.spec.paper import PaperSpec


@dataclass(frozen=True, eq=False)
class Group:
    """One experiment's runs at one tier with one numerics, by seed."""

    experiment: str
    #: of the experiment, for people
    label: str
    tier: Tier
    numerics: str
    setup: Setup
    runs: tuple[Stored, ...]

    @property
    def seeds(self) -> list[int]:
        return [stored.record.seed for stored in self.runs]

    @property
    def finished(self) -> tuple[Stored, ...]:
        """The runs that reached their planned end."""
        return tuple(stored for stored in self.runs if stored.record.status == "finished")


@dataclass
class PaperRecords:
    """Records of one paper by experiment. ``unreadable`` collects files that could not be opened on the way."""

    spec: PaperSpec
    stored: Sequence[Stored]
    unreadable: list[str] = field(default_factory=list)

    @cached_property
    def _by_kind(self) -> dict[tuple[str, str, str], list[Stored]]:
        """Records by (experiment, tier, numerics); a run that serves several experiments appears under each."""
        kinds = {(stored.record.tier, stored.record.numerics) for stored in self.stored}
        kept: dict[tuple[str, str, str], list[Stored]] = grouped(
            ((stored.record.experiment, stored.record.tier, stored.record.numerics), stored) for stored in self.stored
        )
        for tier, numerics in sorted(kinds):
            shared = grouped(  # equal ids at one seed mean equal work at every seed
                (make_run(self.spec, name, tier, 0, numerics).run_id, name)
                for name, experiment in self.spec.experiments.items()
                if experiment.setup(tier) is not None
            )
            for alike in shared.values():
                runs = {run.record.run_id: run for name in alike for run in kept.get((name, tier, numerics), [])}
                if runs:
                    kept.update({(name, tier, numerics): list(runs.values()) for name in alike})
        return kept

    def _chosen(self, experiment: str) -> Group | None:
        for tier in TIERS:
            setup = self.spec.experiments[experiment].setup(tier)
            counts = Counter(
                {key[2]: len(runs) for key, runs in self._by_kind.items() if key[:2] == (experiment, tier) and runs}
            )
            if setup is not None and counts:
                numerics = min(counts, key=lambda name: (-counts[name], name))
                runs = sorted(self._by_kind[experiment, tier, numerics], key=lambda stored: stored.record.seed)
                label = names.of_experiment(self.spec, experiment)
                return Group(experiment, label, tier, numerics, setup, tuple(runs))
        return None

    @cached_property
    def groups(self) -> list[Group]:
        """Every experiment that has runs, in the spec's order."""
        return [group for name in self.spec.experiments if (group := self._chosen(name)) is not None]

    def group(self, experiment: str) -> Group | None:
        """The runs to show for ``experiment``, or None where there are none."""
        return next((group for group in self.groups if group.experiment == experiment), None)

    def curves(self, stored: Stored) -> dict[str, np.ndarray]:
        """A run's curves; empty, and noted, where they cannot be read."""
        return self._read(stored, CURVES, stored.curves)

    def samples(self, stored: Stored) -> dict[str, np.ndarray]:
        """A run's samples; empty, and noted, where they cannot be read."""
        return self._read(stored, SAMPLES, stored.samples)

    def _read(self, stored: Stored, file: str, read: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        try:
            return read()
        except StoreError:
            record = stored.record
            line = f"{record.paper}/{record.experiment}/{record.run_id}/{file} cannot be read"
            if line not in self.unreadable:
                self.unreadable.append(line)
            return {}
