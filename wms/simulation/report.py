"""A simulation in a few lines for people, one of many in a single one, and what many came to together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from wms.simulation.simulate import Result


def summary(result: Result) -> str:
    """What happened, what was refused, what went wrong on purpose, and what was checked."""
    length = f"{result.hours:g} virtual hours, brought to an end after {result.drained_after_hours:g} more"
    orders = f"{sum(result.orders.values())}: {_counts(result.orders)}; parcels handed over: {result.parcels}"
    checked = f"{result.comparisons} comparisons with the truth, {result.audits} audits of {result.audit_checks} checks"
    lines = [
        f"seed {result.seed}: {length}; {result.steps} commands in {result.seconds:g} s",
        f"  orders    {orders}",
        f"  units     {_counts(result.units)}",
        f"  commands  {_counts(result.commands)}",
        f"  refusals  {_counts(result.refusals)}",
        f"  faults    {_counts(result.faults)}",
        f"  checked   {checked}: all true",
        f"  sequence  {result.digest}",
    ]
    return "\n".join(lines)


def line(result: Result) -> str:
    """One of many seeds."""
    return (
        f"seed {result.seed}: {result.hours:g} + {result.drained_after_hours:g} h, {result.steps} commands;"
        f" orders: {_counts(result.orders)}; {result.parcels} parcels; {sum(result.faults.values())} faults;"
        f" {result.comparisons} comparisons, {result.audits + result.daily_audits} audits: all true; {result.seconds:g} s"
    )


@dataclass
class Together:
    """What the seeds of one run came to. `kinds`: in how many seeds somebody did that work."""

    seeds: int = 0
    untrue: list[int] = field(default_factory=list)
    steps: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.seeds += 1
        self.steps += result.steps
        for total, each in ((self.orders, result.orders), (self.units, result.units), (self.faults, result.faults)):
            total.update(each)
        self.kinds.update(result.commands.keys())

    def add_untrue(self, seed: int) -> None:
        self.seeds += 1
        self.untrue.append(seed)

    def told(self, seconds: float) -> str:
        verdict = f"untrue: {', '.join(map(str, self.untrue))}" if self.untrue else "all true"
        return "\n".join([
            f"{self.seeds} seeds, {self.steps} commands in {seconds:.0f} s: {verdict}",
            f"  orders    {_counts(dict(sorted(self.orders.items())))}",
            f"  units     {_counts(dict(sorted(self.units.items())))}",
            f"  faults    {_counts(dict(sorted(self.faults.items())))}",
            f"  work, in how many seeds: {_counts(dict(sorted(self.kinds.items())))}",
        ])  # fmt: skip


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items()) or "none"
