"""A simulation in a few lines for people, or as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping

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


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items()) or "none"
