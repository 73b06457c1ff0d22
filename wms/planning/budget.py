"""How much a plan may cost to make: iterations derived from its size, and the clock only as a ceiling."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

DEFAULT_CEILING_MS: Final = 60_000
Clock = Callable[[], float]


@dataclass(frozen=True)
class Budget:
    """`seed` steers every choice; `effort` multiplies the iterations; `ceiling_ms` of `clock` ends the work early."""

    seed: int = 0
    effort: float = 1.0
    ceiling_ms: float = DEFAULT_CEILING_MS
    clock: Clock = field(default=time.perf_counter, compare=False)

    def out_of_time(self) -> Callable[[], bool]:
        """Whether the ceiling is reached, counted from now."""
        clock, end = self.clock, self.clock() + self.ceiling_ms / 1000
        return lambda: clock() > end

    def iterations(self, count: float) -> int:
        return max(1, int(count * self.effort))
