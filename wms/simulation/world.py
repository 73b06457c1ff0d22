"""What is true: the goods that physically are where they are, and what people were told. Kept without the system.

Every accepted answer changes it; the checks then compare the system with it, so that an effect that was lost or
happened twice is found even where the books balance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Goods(NamedTuple):
    """A product of a seller in a warehouse."""

    house: str
    seller: str
    sku: str


class Place(NamedTuple):
    """Goods of one quality lying loose in a bin."""

    house: str
    bin: str
    seller: str
    sku: str
    condition: str


@dataclass
class Carton:
    """A carton on its way through the dock. `inside`: what really is in it, (good, damaged) by SKU."""

    barcode: str
    house: str
    bonded: bool
    seller: str
    declared: dict[str, int]
    inside: dict[str, tuple[int, int]]
    acts: list[list[tuple[str, str, int]]] = field(default_factory=list)  # counted: (sku, condition, units)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)  # (sku, condition) still in the carton
    counted: Counter[str] = field(default_factory=Counter)


@dataclass
class Order:
    """An order whose acceptance its seller was told."""

    id: str
    number: str
    reference: str
    house: str
    bonded: bool
    seller: str
    lines: dict[str, int]
    cancelled: bool = False
    released: bool = False
    parcel: str | None = None  # the waybill it left under
    returned: Counter[str] = field(default_factory=Counter)

    @property
    def open(self) -> bool:
        return not self.cancelled and self.parcel is None


class Untrue(AssertionError):
    """The system said or did what cannot be true."""


class World:
    """The truth, and the queues between people: what lies at the dock, which totes are full, which parcels wait."""

    def __init__(self) -> None:
        self.goods: Counter[Goods] = Counter()  # in the building
        self.shelf: Counter[Place] = Counter()  # loose in bins, as everybody was told
        self.missing: Counter[Place] = Counter()  # of these, gone without a word
        self.orders: dict[str, Order] = {}
        self.by_number: dict[str, Order] = {}
        self.bookings: dict[str, str] = {}  # id → house
        self.dock: dict[str, list[Carton]] = defaultdict(list)
        self.counted: dict[str, list[Carton]] = defaultdict(list)
        self.cartons: list[Carton] = []
        self.picked: dict[str, list[str]] = defaultdict(list)  # totes for the bench
        self.free_totes: dict[str, list[str]] = defaultdict(list)
        self.parcels: dict[str, list[str]] = defaultdict(list)  # at the gate
        self.order_of_parcel: dict[str, Order] = {}
        self.counted_bins: dict[tuple[str, str], dict[Place, int]] = {}  # (house, bin) → what was found missing there
        self.overdue: list[tuple[str, str, datetime]] = []  # cartons that did not come: booking, carton, since when
        self.returns: dict[str, list[tuple[str, Order, dict[str, int]]]] = defaultdict(list)  # on their way to the desk
        self.units: Counter[str] = Counter()  # received, shipped, returned, scrapped, lost, found out

    # -- the dock ------------------------------------------------------------------------------------------------

    def count(self, carton: Carton, entries: list[tuple[str, str, int]]) -> None:
        """Units were counted in a carton, as one act."""
        carton.acts.append(entries)
        for sku, condition, units in entries:
            self._received(carton, sku, condition, units)

    def uncount(self, carton: Carton) -> None:
        for sku, condition, units in carton.acts.pop():
            self._received(carton, sku, condition, -units)

    def _received(self, carton: Carton, sku: str, condition: str, units: int) -> None:
        before = carton.counted[sku]
        carton.counted[sku] += units
        self.goods[Goods(carton.house, carton.seller, sku)] += units
        self.units["received"] += units
        surplus = self._surplus(carton, sku, carton.counted[sku]) - self._surplus(carton, sku, before)
        carton.held[sku, condition] += units - surplus

    @staticmethod
    def _surplus(carton: Carton, sku: str, counted: int) -> int:
        """In a bonded zone what is more than announced does not stay in the carton."""
        return max(0, counted - carton.declared.get(sku, 0)) if carton.bonded else 0

    def stow(self, carton: Carton, sku: str, condition: str, units: int, bin_code: str) -> None:
        carton.held[sku, condition] -= units
        self.shelf[Place(carton.house, bin_code, carton.seller, sku, condition)] += units

    # -- bins ----------------------------------------------------------------------------------------------------

    def really_there(self, place: Place) -> int:
        return self.shelf[place] - self.missing[place]

    def take(self, place: Place, units: int) -> None:
        self.shelf[place] -= units
        if self.shelf[place] < 0:
            raise Untrue(f"{units} units were taken from {place}, where there were not so many")

    def put(self, place: Place, units: int) -> None:
        self.shelf[place] += units

    def vanish(self, place: Place, units: int) -> None:
        """Units are gone and nobody noticed."""
        self.missing[place] += units
        self.units["vanished"] += units

    def found_out(self, place: Place, units: int, bonded: bool) -> None:
        """A count told the system. In a bonded zone the loss stays in the books until customs has settled it."""
        self.missing[place] -= units
        self.shelf[place] -= units
        self.units["found missing"] += units
        if not bonded:
            self.goods[Goods(place.house, place.seller, place.sku)] -= units

    # -- orders --------------------------------------------------------------------------------------------------

    def accept(self, order: Order) -> None:
        if order.id in self.orders:
            raise Untrue(f"two orders were accepted under the id {order.id}")
        self.orders[order.id] = self.by_number[order.number] = order

    def cancel(self, order: Order) -> None:
        if order.parcel is not None:
            raise Untrue(f"{order.number} was cancelled although it had left as {order.parcel}")
        order.cancelled = True

    def ship(self, number: str) -> None:
        """A parcel was taken onto the load, for the first time."""
        order = self.order_of_parcel.get(number)
        if order is None:
            raise Untrue(f"the parcel {number} left, which nobody had closed")
        if order.parcel is not None:
            raise Untrue(f"{order.number} left twice: as {order.parcel} and as {number}")
        if order.cancelled:
            raise Untrue(f"{order.number} left although it was cancelled")
        if order.bonded and not order.released:
            raise Untrue(f"{order.number} left the zone before customs had released it")
        order.parcel = number
        for sku, units in order.lines.items():
            self.goods[Goods(order.house, order.seller, sku)] -= units
            self.units["shipped"] += units

    def come_back(self, order: Order, sku: str, units: int) -> None:
        order.returned[sku] += units
        if order.returned[sku] > order.lines.get(sku, 0):
            raise Untrue(f"more of {sku} came back than {order.number} took")
        self.goods[Goods(order.house, order.seller, sku)] += units
        self.units["returned"] += units

    def scrap(self, order: Order, sku: str, units: int) -> None:
        self.goods[Goods(order.house, order.seller, sku)] -= units
        self.units["scrapped"] += units
