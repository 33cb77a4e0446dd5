"""Published training times against what their device can do at most: a plausibility test that needs no run."""

from __future__ import annotations

from benchmark.runs.plan import make_run
from benchmark.spec.base import Model
from benchmark.spec.operations import operations_per_iteration
from benchmark.spec.paper import PaperSpec
from benchmark.spec.printed import Device, Printed
from benchmark.spec.shapes import layout


class PublishedTime(Model):
    """A published time and the rate of computing that it implies for the networks and the budget declared here."""

    table: str
    row: str
    column: str
    seconds: float
    device: str
    #: what the declared networks cannot do without, over the declared budget; see ``spec.operations``
    operations: float
    implied_teraflops: float
    peak_teraflops: float
    source: str
    #: what the paper does not say of the networks, as chosen here
    assumes: list[str]

    @property
    def place(self) -> str:
        """``T4, CIFAR-10, GAN``."""
        return f"{self.table}, {self.row}, {self.column}"

    @property
    def share_of_peak(self) -> float:
        """Above 1 it cannot be true of what is declared: other networks, another budget or another device."""
        return self.implied_teraflops / self.peak_teraflops

    @property
    def beyond_peak(self) -> bool:
        """Whether the device cannot do it."""
        return self.share_of_peak > 1


def published_times(spec: PaperSpec) -> list[PublishedTime]:
    """Every published time whose experiment and device are declared, in reading order."""
    return [
        _against(spec, number, number.source.device)
        for number in spec.printed
        if number.source.device is not None and number.cell.experiment is not None and number.cell.quoted_from is None
    ]


def _against(spec: PaperSpec, number: Printed, device: Device) -> PublishedTime:
    assert number.cell.experiment is not None
    run = make_run(spec, number.cell.experiment, "full", 0, "fp32")
    layouts = {role: layout(network, run.setup.sizes) for role, network in run.networks.items()}
    operations = run.iterations * operations_per_iteration(run.system, layouts, run.setup.batch_size)
    return PublishedTime(
        table=number.table,
        row=number.row,
        column=number.column,
        seconds=number.cell.value,
        device=device.name,
        operations=operations,
        implied_teraflops=operations / number.cell.value / 1e12,
        peak_teraflops=device.peak_teraflops,
        source=device.source,
        assumes=_assumed(spec, set(run.system.networks.values())),
    )


def _assumed(spec: PaperSpec, networks: set[str]) -> list[str]:
    """What was chosen for these networks' sizes and layers, with what else it could be."""
    assumptions = []
    for pattern, entry in spec.unstated.items():
        section, *steps = pattern.split(".")
        named = not steps or steps[0] == "*" or steps[0] in networks
        if (
            section == "networks"
            and named
            and (len(steps) < 2 or (steps[1] in ("sizes", "layers") and len(steps) == 2))
        ):
            others = f"; else {', or '.join(entry.alternatives)}" if entry.alternatives else ""
            assumptions.append(f"{entry.chosen}{others}")
    return list(dict.fromkeys(assumptions))
