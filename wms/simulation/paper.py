"""What came out of printers: a waybill once, unless a person says that none came."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wms.simulation.world import Untrue


@dataclass
class Paper:
    """What came out of a printer, by waybill, and how often a person said that none came."""

    came: Counter[str] = field(default_factory=Counter)
    asked_again: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)

    def come_out(self, job_id: str, number: str) -> None:
        self.jobs[job_id] += 1
        self.came[number] += 1
        if self.jobs[job_id] > 1:
            raise Untrue(f"one job printed the waybill {number} twice")
        if self.came[number] > 1 + self.asked_again[number]:
            raise Untrue(f"the waybill {number} came out {self.came[number]} times, and nobody had said that none came")
