"""Virtual time: processes on one queue of events. Nobody waits; the clock jumps to whoever is next."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from wms.core import clock, ids
from wms.core.ids import IdMaker

# A process yields the seconds until it wants its next turn.
Process = Generator[float, None, None]


class Timeline:
    """The queue, the clock that follows it, and the seed's dice. One process at a time, in an order the seed decides."""

    def __init__(self, seed: int, start: datetime) -> None:
        self.seed = seed
        self.start = self.moment = start
        self._order = itertools.count()
        self._queue: list[tuple[datetime, int, Process]] = []

    def dice(self, name: str) -> random.Random:
        """A source of chance of one actor's own, so that what one does changes nothing about another's throws."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311 - dice, not secrets

    def add(self, process: Process, after: float = 0.0) -> None:
        heapq.heappush(self._queue, (self.moment + timedelta(seconds=after), next(self._order), process))

    def run(self, until: datetime, after_each: Callable[[], None]) -> None:
        """Give turns until that instant; processes that want a later one keep it."""
        while self._queue and self._queue[0][0] <= until:
            moment, _, process = heapq.heappop(self._queue)
            self.moment = max(self.moment, moment)
            try:
                pause = next(process)
            except StopIteration:
                pause = None
            if pause is not None:
                self.add(process, max(pause, 0.001))
            after_each()
        self.moment = max(self.moment, until)

    @property
    def hours(self) -> float:
        """Virtual hours since the start."""
        return (self.moment - self.start).total_seconds() / 3600


@contextmanager
def virtual_time(now: Callable[[], datetime], dice: random.Random) -> Iterator[None]:
    """Inside the block the product's clock and ids are these; outside again the system's."""
    clock_before = clock.use(now)
    ids_before = ids.use(IdMaker(lambda: int(now().timestamp() * 1000), dice.randbytes))
    try:
        yield
    finally:
        clock.use(clock_before)
        ids.use(ids_before)
