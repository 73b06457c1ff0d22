"""The stock in plain Python, written from DESIGN.md section 4 and not from our SQL: the oracle of the state machine.

Everything that can be computed is computed (sellable, promised, allocated, held, book claims), nothing is kept twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONES = {"overseas": "America/Los_Angeles", "bonded": "Asia/Shanghai"}
COUNTING = {"storage", "bin2"}
ON_ITS_WAY = {"tote", "packing", "gate"}
PLACES = ["storage", "dock", "inspection", "returns", "packing", "tote", "gate", "unaccounted", "bin2"]  # as walked
LOSS_REASONS = {"count", "damage", "loss", "scrap", "hold", "unaccounted"}
PERMIT_KIND = {"customer": "release", "scrap": "destruction", "adjustment": "settlement", "supplier": "return_abroad"}


class Says(Exception):
    """The model refuses with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Kind(NamedTuple):
    """Goods that may lie in one row: house, product, lot and book item."""

    house: str
    product: str
    lot: str | None
    expires_on: date | None
    item: str | None

    @property
    def bonded(self) -> bool:
        return self.item is not None


class Key(NamedTuple):
    kind: Kind
    place: str
    unit: str | None = None
    condition: str = "good"
    status: str = "none"

    def at(self, place: str, unit: str | None = None) -> Key:
        return self._replace(place=place, unit=unit)

    @property
    def is_bonded(self) -> bool:
        return self.status == "bonded"

    @property
    def pool(self) -> tuple[str, str, str, str | None]:
        return self.kind.house, self.kind.product, self.status, self.kind.item


def fresh(kind: Kind, place: str = "dock") -> Key:
    return Key(kind, place, status="bonded" if kind.bonded else "none")


@dataclass
class Row:
    number: int
    on_hand: int = 0
    oldest: datetime | None = None


@dataclass
class Move:
    source: Key | str
    target: Key | str
    quantity: int
    allocation: int | None = None
    permit: int | None = None


@dataclass
class Promise:
    subject: str
    pool: tuple[str, str, str, str | None]
    quantity: int
    open: int
    pinned: bool
    counts: bool
    priority: int
    book: int


@dataclass
class Allocation:
    key: Key
    promise: int | None
    open: int


@dataclass
class Permit:
    kind: str
    house: str
    product: str
    item: str
    quantity: int
    used: int = 0


@dataclass
class Posting:
    reason: str
    moves: list[Move]
    reversed: bool = False


@dataclass
class Item:
    booked: int = 0
    unbooked: int = 0
    ever_booked: bool = False


@dataclass
class Model:
    now: datetime
    today: dict[str, date]
    rows: dict[Key, Row] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    holds: dict[int, tuple[str, object]] = field(default_factory=dict)  # open ones: number → (scope, what)
    holds_placed: int = 0
    doubts: set[int] = field(default_factory=set)
    items: dict[str, Item] = field(default_factory=dict)

    # -- what follows from the state -----------------------------------------------------------------------------

    def on_hand(self, key: Key) -> int:
        return self.rows[key].on_hand if key in self.rows else 0

    def allocated(self, key: Key) -> int:
        return sum(each.open for each in self.allocations if each.key == key)

    def is_held(self, key: Key) -> bool:
        return any(self._in_scope(key, *hold) for hold in self.holds.values())

    @staticmethod
    def _in_scope(key: Key, scope: str, what: object) -> bool:
        return what == {
            "location": (key.kind.house, key.place), "product": (key.kind.house, key.kind.product),
            "lot": key.kind.lot, "handling_unit": key.unit, "balance": key,
        }[scope]  # fmt: skip

    def is_expired(self, kind: Kind) -> bool:
        return kind.expires_on is not None and kind.expires_on < self.today[kind.house]

    def sells(self, key: Key) -> bool:
        if key.condition != "good" or key.place not in COUNTING or self.is_held(key) or self.is_expired(key.kind):
            return False
        return key.status == "none" or (key.is_bonded and self.items[key.kind.item or ""].ever_booked)

    def summaries(self) -> dict[tuple[str, str, str, str | None], tuple[int, int]]:
        sellable: dict[tuple[str, str, str, str | None], int] = defaultdict(int)
        promised: dict[tuple[str, str, str, str | None], int] = defaultdict(int)
        for key, row in self.rows.items():
            if self.sells(key):
                sellable[key.pool] += row.on_hand
        for each in self.promises:
            if each.counts:
                promised[each.pool] += each.open
        return {pool: (sellable[pool], promised[pool]) for pool in sellable.keys() | promised.keys()}

    def free(self, pool: tuple[str, str, str, str | None]) -> int:
        sellable, promised = self.summaries().get(pool, (0, 0))
        return sellable - promised

    def book_claims(self, item: str) -> int:
        return sum(each.book for each in self.promises if each.pool[3] == item)

    def book_free(self, item: str) -> int:
        return self.items[item].booked - self.book_claims(item)

    def buckets(self, house: str, product: str) -> dict[str, int]:
        """What the seller sees of a product in a warehouse."""
        found = dict.fromkeys(("frozen", "unqualified", "pending", "outbound", "available"), 0)
        for key, row in self.rows.items():
            if (key.kind.house, key.kind.product) != (house, product):
                continue
            if self.is_held(key):
                bucket = "frozen"
            elif key.condition != "good" or self.is_expired(key.kind):
                bucket = "unqualified"
            elif key.place in ON_ITS_WAY:
                bucket = "pending" if key.unit == "put_back" else "outbound"
            else:
                bucket = "available" if self.sells(key) else "pending"
            found[bucket] += row.on_hand
        promised = sum(each.open for each in self.promises if each.counts and each.pool[:2] == (house, product))
        leaving = min(promised, found["available"])
        found["available"] -= leaving
        found["outbound"] += leaving
        return found

    # -- postings ------------------------------------------------------------------------------------------------

    def _row(self, key: Key) -> Row:
        return self.rows.setdefault(key, Row(len(self.rows)))

    @staticmethod
    def _crosses(reason: str, move: Move) -> bool:
        source, target = move.source, move.target
        if isinstance(source, Key) and source.is_bonded:
            if isinstance(target, Key) and target.is_bonded:
                aside = source.place == "unaccounted" and target.place != "unaccounted"
                return aside and reason not in {"count", "unaccounted"}
            return True
        if isinstance(target, Key) and target.is_bonded:
            return isinstance(source, Key) or (source != "supplier" and target.place != "unaccounted")
        return False

    def post(self, reason: str, moves: list[Move], settles: dict[int, int] | None = None) -> list[tuple[int, int]]:  # noqa: C901
        """Returns the claims that broke: (allocation, quantity)."""
        if any(
            self._crosses(reason, move) and move.permit is None and not self._takes_entry_back(reason, move)
            for move in moves
        ):
            raise Says("customs_permit_needed")
        before = {pool: sellable - promised for pool, (sellable, promised) in self.summaries().items()}
        taken: dict[Key, int] = defaultdict(int)
        claimed: dict[Key, int] = defaultdict(int)
        for move in moves:
            if isinstance(move.source, Key):
                taken[move.source] += move.quantity
            if move.allocation is not None:
                claim = self.allocations[move.allocation]
                if claim.key != move.source or claim.open < move.quantity:
                    raise Says("allocation_changed")
                claimed[claim.key] += move.quantity
        broken: list[tuple[int, int]] = []
        for key, quantity in taken.items():
            broken += self._check_source(reason, key, quantity, claimed[key], moves)
        for move in moves:
            if move.allocation is not None:
                claim = self.allocations[move.allocation]
                claim.open -= move.quantity
                if claim.promise is not None:
                    self.promises[claim.promise].open -= move.quantity
        for index, quantity in broken:
            self.allocations[index].open -= quantity
        for move in moves:
            self._carry(move)
        if reason in {"ship", "convert"}:
            for pool, (sellable, promised) in self.summaries().items():
                if sellable - promised < 0 and sellable - promised < before.get(pool, 0):
                    raise Says("stock_is_promised")
        for index, quantity in (settles or {}).items():
            self.promises[index].book -= min(self.promises[index].book, quantity)
        for move in moves:
            self._pass_gate(reason, move, back=self._takes_entry_back(reason, move))
        self.postings.append(Posting(reason, moves))
        return broken

    def _check_source(
        self, reason: str, key: Key, taken: int, claimed: int, moves: list[Move]
    ) -> list[tuple[int, int]]:
        if self.is_held(key) and reason in {"pick", "pack", "ship", "convert", "move"}:
            raise Says("stock_is_held")
        if taken > self.on_hand(key):
            raise Says("not_enough_stock")
        excess = (taken - claimed) - (self.on_hand(key) - self.allocated(key))
        if excess > 0 and reason not in LOSS_REASONS:
            raise Says("stock_is_allocated")
        return self._newest(key, excess)

    def _newest(self, key: Key, excess: int) -> list[tuple[int, int]]:
        broken = []
        for index in reversed(range(len(self.allocations))):
            claim = self.allocations[index]
            if excess > 0 and claim.key == key and claim.open:
                given = min(excess, claim.open)
                broken.append((index, given))
                excess -= given
        return broken

    def _carry(self, move: Move) -> None:
        entered = self.now
        if isinstance(move.source, Key):
            source = self._row(move.source)
            source.on_hand -= move.quantity
            if move.source.place in COUNTING and source.oldest is not None:
                entered = source.oldest
        if isinstance(move.target, Key):
            target = self._row(move.target)
            empty = target.on_hand == 0 or target.oldest is None
            target.oldest = entered if empty or target.oldest is None else min(target.oldest, entered)
            target.on_hand += move.quantity

    @staticmethod
    def _takes_entry_back(reason: str, move: Move) -> bool:
        """Needs no permit while customs has not booked it."""
        bonded = isinstance(move.source, Key) and move.source.is_bonded
        return reason == "reverse" and bonded and move.target in {"supplier", "adjustment"}

    def _pass_gate(self, reason: str, move: Move, *, back: bool) -> None:
        source, target = move.source, move.target
        out = isinstance(source, Key) and source.is_bonded
        into = isinstance(target, Key) and target.is_bonded
        stock = source if isinstance(source, Key) else target
        assert isinstance(stock, Key)
        if out != into:
            item = self.items[stock.kind.item or ""]
            if into:
                item.unbooked += move.quantity
            elif back:
                if item.unbooked < move.quantity:
                    raise Says("customs_permit_needed")
                item.unbooked -= move.quantity
            else:
                from_booked = min(item.booked, move.quantity)
                item.booked -= from_booked
                item.unbooked -= move.quantity - from_booked
        if self._crosses(reason, move) and move.permit is not None:
            permit = self.permits[move.permit]
            kind = PERMIT_KIND.get(target) if isinstance(target, str) else "settlement" if out and into else None
            same = (permit.house, permit.product, permit.item) == (
                stock.kind.house,
                stock.kind.product,
                stock.kind.item,
            )
            if not same or kind not in {None, permit.kind}:
                raise Says("permit_does_not_fit")
            if permit.used + move.quantity > permit.quantity:
                raise Says("permit_used_up")
            permit.used += move.quantity

    def reverse(self, index: int) -> None:
        posting = self.postings[index]
        if posting.reversed:
            raise Says("already_reversed")
        reversible = {"receive", "putaway", "move", "count", "damage", "loss", "convert"}
        gone = any({move.source, move.target} & {"customer", "scrap"} or move.permit is not None
                   for move in posting.moves)  # fmt: skip
        if posting.reason not in reversible or gone:
            raise Says("not_reversible")
        self.post("reverse", [Move(move.target, move.source, move.quantity) for move in posting.moves])
        posting.reversed = True

    # -- promises and bins ---------------------------------------------------------------------------------------

    def _in_order(self, keys: list[Key]) -> list[Key]:
        """First expiring, then oldest, then as walked."""
        never, unknown = date.max, datetime.max.replace(tzinfo=self.now.tzinfo)
        return sorted(
            keys,
            key=lambda key: (key.kind.expires_on or never, self.rows[key].oldest or unknown, PLACES.index(key.place),
                             self.rows[key].number),
        )  # fmt: skip

    def promise(self, lines: list[tuple[str, str, str, int, dict[str, str] | None, int]]) -> list[int]:
        """Lines: (subject, house, product, quantity, pin, priority). Returns the numbers of the promises made."""
        made: list[int] = []
        shares: list[tuple[Promise, list[tuple[Key, int]]]] = []
        for subject, house, product, quantity, pin, priority in sorted(lines, key=lambda line: line[4] is None):
            bonded = house == "bonded"
            status = "bonded" if bonded else "none"
            counts = pin is None or pin.get("condition", "good") == "good"
            parts: list[tuple[str | None, int, list[tuple[Key, int]]]] = []
            if pin is not None:
                by_item: dict[str | None, list[tuple[Key, int]]] = defaultdict(list)
                for key, share in self._pinned_rows(house, product, status, pin, quantity):
                    by_item[key.kind.item].append((key, share))
                parts = [(item, sum(n for _, n in rows), rows) for item, rows in by_item.items()]
            elif not bonded:
                parts = [(None, quantity, [])]
            else:
                parts = [(item, share, []) for item, share in self._over_book(house, product, quantity)]
            for item, share, rows in parts:
                pool = (house, product, status, item)
                if counts and self.free(pool) < share:
                    raise Says("stock_short")
                if item is not None and self.book_free(item) < share:
                    raise Says("stock_short")
                promise = Promise(
                    subject, pool, share, share, pin is not None, counts, priority, share if item is not None else 0
                )
                self.promises.append(promise)
                shares.append((promise, rows))
                made.append(len(self.promises) - 1)
                for key, taken in rows:
                    self.allocations.append(Allocation(key, len(self.promises) - 1, taken))
        return made

    def _pinned_rows(
        self, house: str, product: str, status: str, pin: dict[str, str], quantity: int
    ) -> list[tuple[Key, int]]:
        wanted = pin.get("condition", "good")
        keys = [
            key for key in self.rows
            if (key.kind.house, key.kind.product, key.status, key.condition) == (house, product, status, wanted)
            and key.place not in ON_ITS_WAY | {"unaccounted"} and not self.is_held(key)
            and (wanted != "good" or self.sells(key))
            and ("lot" not in pin or key.kind.lot == pin["lot"]) and ("place" not in pin or key.place == pin["place"])
        ]  # fmt: skip
        chosen = []
        for key in self._in_order(keys):
            share = min(quantity, self.on_hand(key) - self.allocated(key))
            if share > 0:
                chosen.append((key, share))
                quantity -= share
        if quantity:
            raise Says("stock_short")
        return chosen

    def _over_book(self, house: str, product: str, quantity: int) -> list[tuple[str, int]]:
        left = {
            item: max(0, min(self.free((house, product, "bonded", item)), self.book_free(item)))
            for item in sorted(self.items)
        }
        for item, free in left.items():
            if free >= quantity:
                return [(item, quantity)]
        if sum(left.values()) < quantity:
            raise Says("stock_short")
        parts = []
        for item, free in left.items():
            share = min(free, quantity)
            if share:
                parts.append((item, share))
                quantity -= share
        return parts

    def release(self, subject: str) -> int:
        given = 0
        open_ones = [index for index, each in enumerate(self.promises) if each.subject == subject and each.open]
        for claim in self.allocations:
            if claim.promise in open_ones:
                claim.open = 0
        for index in open_ones:
            promise = self.promises[index]
            promise.book -= min(promise.book, promise.open)
            given += promise.open
            promise.open = 0
        return given

    def allocate(self, house: str, subjects: list[str]) -> tuple[list[tuple[int, Key, int]], dict[str, int]]:
        """Returns (promise, row, quantity) of each new claim, and what is missing by subject."""
        made: list[tuple[int, Key, int]] = []
        missing: dict[str, int] = defaultdict(int)
        numbers = [n for n, each in enumerate(self.promises) if each.subject in subjects and each.pool[0] == house]
        for number in sorted(numbers, key=lambda n: (-self.promises[n].priority, n)):
            promise = self.promises[number]
            wanted = promise.open - sum(each.open for each in self.allocations if each.promise == number)
            if not promise.pinned:
                for key, share in self._chosen([key for key in self.rows if key.pool == promise.pool], wanted):
                    self.allocations.append(Allocation(key, number, share))
                    made.append((number, key, share))
                    wanted -= share
            if wanted:
                missing[promise.subject] += wanted
        return made, dict(missing)

    def _chosen(self, keys: list[Key], wanted: int) -> list[tuple[Key, int]]:
        """What has to go first by day, of that a whole container before a part, then few touches, then a short walk."""
        room = {key: self.on_hand(key) - self.allocated(key) for key in keys if self.sells(key)}
        left = [key for key, units in room.items() if units > 0]
        taken: list[tuple[Key, int]] = []
        while wanted and left:
            first = min(self._due(key) for key in left)
            key = self._best([key for key in left if self._due(key) == first], room, wanted)
            share = min(wanted, room[key])
            taken.append((key, share))
            wanted -= share
            left.remove(key)
        return taken

    def _due(self, key: Key) -> tuple[date, date]:
        oldest = self.rows[key].oldest
        day = date.max if oldest is None else oldest.astimezone(ZoneInfo(ZONES[key.kind.house])).date()
        return key.kind.expires_on or date.max, day

    def _best(self, keys: list[Key], room: dict[Key, int], wanted: int) -> Key:
        whole = [key for key in keys if self._fills_its_unit(key) and room[key] == self.on_hand(key) <= wanted]
        enough = [key for key in keys if room[key] >= wanted]
        loose = [key for key in enough if key.unit is None]
        largest = max(room[key] for key in whole or keys)
        equal = [key for key in whole or keys if room[key] == largest]
        nearest = equal if whole or not enough else loose or enough
        return min(nearest, key=lambda key: (PLACES.index(key.place), self.rows[key].number))

    def _fills_its_unit(self, key: Key) -> bool:
        """Whether it stands in a container in which nothing else is."""
        with_it = [other for other in self.rows if other.unit == key.unit and other.kind.house == key.kind.house]
        return key.unit is not None and all(other == key or not self.on_hand(other) for other in with_it)

    def reserve(self, key: Key, quantity: int) -> bool:
        if self.is_held(key) or self.on_hand(key) - self.allocated(key) < quantity:
            return False
        self.allocations.append(Allocation(key, None, quantity))
        return True

    # -- holds and days ------------------------------------------------------------------------------------------

    def break_claims_on(self, keys: list[Key]) -> None:
        for claim in self.allocations:
            if claim.key in keys:
                claim.open = 0

    def place_hold(self, scope: str, what: object, *, doubt: bool = False) -> int:
        number = self.holds_placed
        self.holds_placed += 1
        self.holds[number] = (scope, what)
        if doubt:
            self.doubts.add(number)
        self.break_claims_on([key for key in self.rows if self._in_scope(key, scope, what)])
        return number

    def count(self, key: Key, counted: int) -> bool:
        doubts = [n for n in self.doubts if n in self.holds and self.holds[n] == ("balance", key)]
        difference = counted - self.on_hand(key)
        self._row(key)
        if difference:
            if key.is_bonded and key.place == "unaccounted":
                raise Says("customs_permit_needed")
            elsewhere = key.at("unaccounted") if key.is_bonded else None
            if difference < 0:
                reason = "unaccounted" if key.is_bonded else "count"
                self.post(reason, [Move(key, elsewhere or "adjustment", -difference)])
            else:
                self.post("count", [Move("adjustment", elsewhere or key, difference)])
        for number in doubts:
            del self.holds[number]
        return bool(difference)

    def book(self, item: str, quantity: int) -> None:
        if self.items[item].unbooked < quantity:
            raise Says("not_booked_enough")
        self.items[item].unbooked -= quantity
        self.items[item].booked += quantity
        self.items[item].ever_booked = True

    def next_day(self) -> None:
        sold = [key for key in self.rows if self.sells(key)]
        self.now += timedelta(days=1)
        self.today = {house: day + timedelta(days=1) for house, day in self.today.items()}
        self.break_claims_on([key for key in sold if not self.sells(key)])
