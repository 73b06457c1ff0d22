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


class Aside(NamedTuple):
    """Goods that pickers found broken, in a tote."""

    house: str
    tote: str
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
    pallet: str | None = None  # the booking with whose other cartons it stands on one
    of: Order | None = None  # the transfer whose parcel it was
    noted: list[list[tuple[str, str, int]]] = field(default_factory=list)  # counted blind: no stock until it is closed


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
    kind: str = "dropship"
    to_house: str | None = None  # of a transfer
    first: str | None = None  # of a part, the order that was parted first
    or_nothing: bool = (
        False  # its seller wants all of it at once or none: it ends when its goods are lost before its wave
    )
    cancelled: bool = False
    released: bool = False
    destroyed: bool = False
    asked: bool = False  # its seller wants it stopped, and nobody has answered
    holds: set[str] = field(default_factory=set)  # its seller's
    kept_by: set[str] = field(default_factory=set)  # the office's holds
    checked: list[tuple[str, int]] = field(default_factory=list)  # at the bench, since its last closed parcel
    parcels: dict[str, Parcel] = field(default_factory=dict)
    returned: Counter[str] = field(default_factory=Counter)

    @property
    def on_load(self) -> list[Parcel]:
        return [each for each in self.parcels.values() if each.on_load]

    @property
    def parcel(self) -> str | None:
        """A waybill it left under; None until all of it is gone."""
        gone = self.on_load
        whole = sum((each.inside for each in gone), Counter[str]()) == Counter(self.lines)
        return gone[0].number if gone and whole else None

    @property
    def gone(self) -> bool:
        return self.destroyed or self.parcel is not None

    @property
    def open(self) -> bool:
        return not self.cancelled and not self.gone


@dataclass
class Parcel:
    """A closed parcel: whose it is, what was put into it, and where it stands."""

    number: str
    order: Order
    inside: Counter[str]
    label: str = ""  # what is scanned of it: its waybill, or the label of a carton that goes whole
    bag: str | None = None
    on_load: bool = False
    left: bool = False  # its truck drove off, or somebody took it along


class Untrue(AssertionError):
    """The system said or did what cannot be true."""


class World:
    """The truth, and the queues between people: what lies at the dock, which totes are full, which parcels wait."""

    def __init__(self) -> None:
        self.goods: Counter[Goods] = Counter()  # in the building
        self.shelf: Counter[Place] = Counter()  # loose in bins, as everybody was told
        self.missing: Counter[Place] = Counter()  # of these, gone without a word
        self.hands: dict[str, Counter[Place]] = defaultdict(Counter)  # of these, taken up by whom, and not put down yet
        self.aside: Counter[Aside] = Counter()  # damaged, in totes that are brought to a place for such goods
        self.orders: dict[str, Order] = {}
        self.by_number: dict[str, Order] = {}
        self.bookings: dict[str, str] = {}  # id → house
        self.dock: dict[str, list[Carton]] = defaultdict(list)
        self.counted: dict[str, list[Carton]] = defaultdict(list)
        self.cartons: list[Carton] = []
        self.picked: dict[str, list[str]] = defaultdict(list)  # totes for the bench
        self.free_totes: dict[str, list[str]] = defaultdict(list)
        self.gate: dict[str, list[str]] = defaultdict(list)  # parcels that stand there, by number
        self.counter: dict[str, list[Order]] = defaultdict(list)  # packed, and fetched by their consignees
        self.bags: dict[str, list[str]] = defaultdict(list)  # closed bags and pallets that stand at the gate
        self.parcels: dict[str, Parcel] = {}
        self.codes: dict[str, str] = {}  # what who fetches an order was told to say
        self.under_way: list[Parcel] = []  # to another warehouse
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
        return self.shelf[place] - self.missing[place] - self.in_hands(place)

    def in_hands(self, place: Place) -> int:
        return sum(hand[place] for hand in self.hands.values())

    def take_up(self, who: str, place: Place, units: int) -> None:
        """Out of the bin; for the book it is in it until it is put down."""
        self.hands[who][place] += units

    def let_go(self, who: str) -> None:
        """All that somebody has in hand is put down, or back to where it was."""
        self.hands.pop(who, None)

    def take(self, place: Place, units: int) -> None:
        self.shelf[place] -= units
        if self.shelf[place] < 0:
            raise Untrue(f"{units} units were taken from {place}, where there were not so many")

    def put(self, place: Place, units: int) -> None:
        self.shelf[place] += units

    def set_aside(self, place: Place, units: int, tote: str) -> None:
        """Damaged units leave their bin in a tote for such goods."""
        self.take(place, units)
        self.aside[Aside(place.house, tote, place.seller, place.sku, place.condition)] += units
        self.units["damaged in totes"] += units

    def bring(self, house: str, tote: str, bin_code: str) -> None:
        """All that is in such a tote is set down."""
        for each in [each for each in self.aside if (each.house, each.tote) == (house, tote)]:
            self.put(Place(house, bin_code, each.seller, each.sku, each.condition), self.aside.pop(each))

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
        """It was cancelled, or its interception was granted."""
        if order.gone or order.on_load:
            raise Untrue(
                f"{order.number} was cancelled although it had left as {[each.number for each in order.on_load]}"
            )
        order.cancelled, order.asked = True, False
        order.holds.clear()
        order.kept_by.clear()

    def part(self, whole: Order, part: Order) -> None:
        """An order was parted: what its part wants, the first one does not any more."""
        self.accept(part)
        left = Counter(whole.lines)
        left.subtract(part.lines)
        if any(units < 0 for units in left.values()):
            raise Untrue(f"{part.number} wants more than {whole.number} did, of which it is a part: {part.lines}")
        whole.lines = dict(+left)
        self.units["orders parted"] += 1

    def ask_to_stop(self, order: Order) -> None:
        order.asked = True
        self.units["interceptions asked"] += 1

    def gone_in(self) -> dict[str, int]:
        """In how many parcels how many orders left; in none what was destroyed."""
        found = Counter(len(order.on_load) for order in self.orders.values() if order.gone)
        return {str(parcels): orders for parcels, orders in sorted(found.items())}

    def close(self, order: Order, number: str, inside: Counter[str], label: str = "") -> Parcel:
        """A parcel was closed under a waybill that nobody else has."""
        if number in self.parcels:
            raise Untrue(f"two parcels bear the number {number}")
        parcel = self.parcels[number] = order.parcels[number] = Parcel(number, order, +inside, label or number)
        packed = sum((each.inside for each in order.parcels.values()), Counter[str]())
        if packed - Counter(order.lines):
            raise Untrue(f"more is packed of {order.number} than was ordered: {packed} of {order.lines}")
        order.checked.clear()
        return parcel

    def ship(self, number: str) -> None:
        """A parcel was taken onto the load, or handed out, for the first time."""
        parcel = self.parcels.get(number)
        if parcel is None:
            raise Untrue(f"the parcel {number} left, which nobody had closed")
        order = parcel.order
        if parcel.on_load:
            raise Untrue(f"{order.number} left twice as {number}")
        if order.cancelled:
            raise Untrue(f"{order.number} left although it was cancelled")
        if order.asked:
            raise Untrue(f"{order.number} left although its seller waits for it to be stopped")
        if order.holds or order.kept_by:
            raise Untrue(f"{order.number} left although it is held")
        if order.bonded and not order.released:
            raise Untrue(f"{order.number} left the zone before customs had released it")
        parcel.on_load = True
        self._leave(order, parcel.inside, 1)
        self.units["shipped"] += parcel.inside.total()

    def take_off(self, number: str) -> None:
        """A parcel came off the load again, before its truck left."""
        parcel = self.parcels[number]
        if not parcel.on_load or parcel.left:
            raise Untrue(f"{number} was taken off a load on which it is not")
        parcel.on_load = False
        self._leave(parcel.order, parcel.inside, -1)
        self.units["taken off a load"] += parcel.inside.total()

    def destroy(self, order: Order) -> None:
        if order.cancelled or order.asked or order.holds or order.kept_by or order.destroyed:
            raise Untrue(f"{order.number} was destroyed although it is stopped: {order}")
        order.destroyed = True
        self._leave(order, Counter(order.lines), 1)
        self.units["destroyed"] += sum(order.lines.values())

    def _leave(self, order: Order, inside: Counter[str], times: int) -> None:
        for sku, units in inside.items():
            self.goods[Goods(order.house, order.seller, sku)] -= units * times

    def come_back(self, order: Order, sku: str, units: int) -> None:
        order.returned[sku] += units
        if order.returned[sku] > order.lines.get(sku, 0):
            raise Untrue(f"more of {sku} came back than {order.number} took")
        self.goods[Goods(order.house, order.seller, sku)] += units
        self.units["returned"] += units

    def scrap(self, order: Order, sku: str, units: int) -> None:
        self.goods[Goods(order.house, order.seller, sku)] -= units
        self.units["scrapped"] += units
