"""What really stands in the bins: the hands of the demo keep it as they put and take, and count it when they are asked.

One person at a bin at a time: who works at it holds it from the look to the scan that tells the system.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from wms.demo.luck import Lot


class Goods(NamedTuple):
    """A kind of goods that can be told apart by looking at it."""

    sku: str
    condition: str
    lot: Lot | None
    carton: str | None = None  # the label of the closed carton that it is in


class Shelf:
    """Units by bin and goods."""

    def __init__(self) -> None:
        self._bins: dict[str, Counter[Goods]] = defaultdict(Counter)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._making = threading.Lock()

    @contextmanager
    def at(self, *bins: str) -> Iterator[None]:
        """Somebody stands at these bins."""
        with ExitStack() as held:
            for code in sorted(set(bins)):
                with self._making:
                    lock = self._locks[code]
                held.enter_context(lock)
            yield

    def put(self, code: str, goods: Goods, units: int) -> None:
        with self._making:
            self._bins[code][goods] += units

    def there(self, code: str, sku: str) -> int:
        """Units a picker finds that can be sold."""
        return sum(units for _, units in self._sold(code, sku))

    def take(self, code: str, sku: str, units: int) -> list[tuple[Goods, int]]:
        """Take units that can be sold, what expires first; returns what they are."""
        taken = []
        for goods, there in self._sold(code, sku):
            share = min(units, there)
            if share:
                taken.append((goods, share))
                self.put(code, goods, -share)
                units -= share
        if units:
            raise ValueError(f"{units} units of {sku} too many were taken from {code}")
        return taken

    def _sold(self, code: str, sku: str) -> list[tuple[Goods, int]]:
        found = [
            (goods, units) for goods, units in self.content(code)
            if goods.sku == sku and goods.condition == "good" and (goods.lot is None or goods.lot.is_sold)
        ]  # fmt: skip
        return sorted(found, key=lambda each: each[0].lot.expires_on if each[0].lot else "")

    def content(self, code: str) -> list[tuple[Goods, int]]:
        """All that is in a bin: what lies loose, then carton by carton."""
        with self._making:
            there = [(goods, units) for goods, units in self._bins[code].items() if units]
        return sorted(there, key=lambda each: each[0].carton or "")

    def take_carton(self, label: str) -> int:
        """A closed carton is carried away; how many units are in it."""
        taken = 0
        with self._making:
            for held in self._bins.values():
                for goods in [each for each in held if each.carton == label]:
                    taken += held.pop(goods)
        return taken

    def bins_of(self, sku: str) -> list[str]:
        """Where good units of a product stand, the fullest bin first."""
        with self._making:
            held = {
                code: units
                for code, goods in self._bins.items()
                if (units := sum(n for each, n in goods.items() if each.sku == sku and each.condition == "good"))
            }
        return sorted(held, key=lambda code: (-held[code], code))

    def is_empty(self, code: str) -> bool:
        return not self.content(code)

    def as_book(self) -> dict[tuple[str, str, str], int]:
        """(bin, SKU, condition) → units, as the system can be asked for it."""
        found: Counter[tuple[str, str, str]] = Counter()
        with self._making:
            for code, goods in self._bins.items():
                for each, units in goods.items():
                    found[code, each.sku, each.condition] += units
        return {key: units for key, units in found.items() if units}
