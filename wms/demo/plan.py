"""What the demo sends, made from an order book: products, pre-stock that covers most but not all, orders, returns.

Everything is derived from the book itself, so that the same book gives the same demo.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from wms.core import clock
from wms.demo import kinds, wholesale
from wms.demo.luck import OUTBOUND_DAYS, Carton, Luck
from wms.demo.orderbook import Order, OrderBook, Return

LINES_PER_CARTON = 20
CARTONS_PER_BOOKING = 25
UNITS_PER_CARTON_LINE = 5_000
# Every so many products (in a small book every fourth) is under-booked: their last orders stay short.
SHORT_EVERY = 40
SHORT_BY_PERMILLE = 150
CARTON_G = 60
# A parcel of goods that no plan of boxes was made for (too many pieces) is full at so much.
FULL_CM3, FULL_G = 25_000, 20_000
LEAST_FOR_FACE = 12
LOT_RULES = {"lot_controlled": True, "expiry_controlled": True, "outbound_days": OUTBOUND_DAYS}

COUNTRIES = {
    "united kingdom": "GB", "france": "FR", "germany": "DE", "eire": "IE", "spain": "ES", "netherlands": "NL",
    "belgium": "BE", "switzerland": "CH", "portugal": "PT", "australia": "AU", "norway": "NO", "italy": "IT",
    "channel islands": "JE", "finland": "FI", "cyprus": "CY", "sweden": "SE", "austria": "AT", "denmark": "DK",
    "japan": "JP", "poland": "PL", "usa": "US", "israel": "IL", "iceland": "IS", "singapore": "SG", "greece": "GR",
    "malta": "MT", "canada": "CA", "lithuania": "LT", "lebanon": "LB", "bahrain": "BH", "hong kong": "HK",
    "united arab emirates": "AE", "brazil": "BR", "czech republic": "CZ", "rsa": "ZA", "saudi arabia": "SA",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A product of the demo: the book's code, the SKU it becomes, its weight in g and side in mm."""

    code: str
    sku: str
    name: str
    weight_g: int
    side_mm: int


class Plan:
    """The whole demo as data."""

    def __init__(self, book: OrderBook, today: date | None = None) -> None:
        self.book = book
        self.items = {code: _item(code, name) for code, name in _named(book).items()}
        self.demand = Counter(
            dict.fromkeys(self.items, 0)
        )  # fmt: skip
        for order in book.orders:
            for line in order.lines:
                self.demand[line.code] += line.quantity
        self.stock = self._stock()
        under_booked = {self.items[code].sku for code, units in self.stock.items() if units < self.demand[code]}
        one_carton = range(1, UNITS_PER_CARTON_LINE)
        skus = [item.sku for code, item in self.items.items() if self.stock[code] in one_carton]
        self.luck = Luck(skus, under_booked, today or clock.today("Europe/Berlin"))
        self.ways = self._ways(under_booked)

    def _ways(self, under_booked: set[str]) -> dict[str, str]:
        """Which orders go another way: none that waits for goods or comes back, none with lots or of goods that vanish."""
        sent_back = {taken.sale_invoice for each in self.book.returns for line in each.lines for taken in line.taken}
        wanted = [
            (order.invoice, [(self.items[line.code].sku, line.quantity) for line in order.lines])
            for order in self.book.orders
            if order.invoice not in sent_back
        ]
        kept_out = frozenset(under_booked) | self.luck.with_lots | self.luck.vanishing
        return kinds.ways(kinds.fitting(wanted, kept_out), len(self.book.orders))

    def _stock(self) -> dict[str, int]:
        """Pre-stock by code: all of the demand, less a little of some products; never of an order that is sent back."""
        sent_back = {taken.sale_invoice for each in self.book.returns for line in each.lines for taken in line.taken}
        kept_whole = {line.code for order in self.book.orders if order.invoice in sent_back for line in order.lines}
        stock: dict[str, int] = {}
        every = max(2, min(SHORT_EVERY, len(self.items) // 4))
        for place, code in enumerate(sorted(self.items)):
            wanted = self.demand[code]
            if place % every == every - 1 and code not in kept_whole and wanted > 1:
                wanted -= max(1, wanted * SHORT_BY_PERMILLE // 1000)
            stock[code] = wanted
        return stock

    def products(self) -> list[dict[str, Any]]:
        return [
            {
                "sku": item.sku, "name_en": item.name, "name_zh": item.name, "declared_weight_g": item.weight_g,
                "declared_length_mm": item.side_mm, "declared_width_mm": item.side_mm,
                "declared_height_mm": item.side_mm,
                "barcodes": [{"barcode": f"X{item.sku}", "kind": "seller", "quantity": 1}],
                **(LOT_RULES if item.sku in self.luck.with_lots else {}),
            }
            for item in self.items.values()
        ] + wholesale.products()  # fmt: skip

    def bookings(self) -> Iterator[tuple[dict[str, Any], list[Carton]]]:
        """Bookings of cartons with mixed SKUs, as they are announced, and their cartons as they really are. Big quantities
        are split over several lines' worth of cartons; of goods with lots half are of an early lot, half of a late one. The
        last one is of cartons that stay closed.
        """
        first: list[tuple[dict[str, Any], str | None]] = []
        second: list[tuple[dict[str, Any], str | None]] = []
        for code, stock in self.stock.items():
            sku = self.items[code].sku
            for part in _parts(self.luck.announced(sku, stock)):
                if sku not in self.luck.with_lots:
                    first.append(({"sku": sku, "quantity": part}, None))
                    continue
                early = part // 2
                first += [({"sku": sku, "quantity": early}, "EARLY")] if early else []
                second.append(({"sku": sku, "quantity": part - early}, "LATE"))
        cartons = _cartons([*first, *second])
        for number, start in enumerate(range(0, len(cartons), CARTONS_PER_BOOKING), 1):
            chosen = [self._carton(lines) for lines in cartons[start : start + CARTONS_PER_BOOKING]]
            chosen += self.luck.spare_cartons(number)
            yield {
                "reference": f"PRE-{number:04d}", "warehouse": "DE1", "transport": "sea", "submit": True,
                "cartons": [{"number": place, "lines": each.lines} for place, each in enumerate(chosen, 1)],
            }, chosen  # fmt: skip
        yield wholesale.booking()

    def _carton(self, lines: list[tuple[dict[str, Any], str | None]]) -> Carton:
        inside = [found for line, lot in lines for found in self.luck.inside(line, lot)]
        return Carton([line for line, _ in lines], inside)

    def faces(self, bins: Sequence[str]) -> list[str]:
        """Pick faces for the products that are wanted most, as the office types them: `bin;seller;sku;minimum;maximum`.
        A face holds a third of what will be wanted, and is filled from half of that on.
        """
        luck = self.luck
        kept = luck.with_lots | luck.vanishing
        wanted = sorted(self.stock, key=lambda code: (-self.stock[code], code))
        chosen = [code for code in wanted if self.items[code].sku not in kept and self.stock[code] >= LEAST_FOR_FACE]
        return [
            f"{place};ACME;{self.items[code].sku};{self.stock[code] // 6};{self.stock[code] // 3}"
            for place, code in zip(bins, chosen, strict=False)
        ]

    def orders(self) -> Iterator[tuple[Order, dict[str, Any]]]:
        """Orders in date order, as the shop would send them."""
        for number, order in enumerate(self.book.orders, 1):
            body = {
                "reference": order.invoice, "warehouse": "DE1", "service": "HOUSE-STD",
                "ordered_at": order.ordered_at.replace(tzinfo=UTC).isoformat(),
                "consignee": _consignee(order),
                "lines": [
                    {"sku": self.items[line.code].sku, "quantity": line.quantity,
                     "unit_value_minor": line.unit_price_minor, "currency": "GBP"}
                    for line in order.lines
                ],
            }  # fmt: skip
            yield order, kinds.shaped(self.ways.get(order.invoice), body, number)

    def returns(self) -> Iterator[tuple[Return, str, list[dict[str, Any]]]]:
        """Each return, by the sale it goes against: (return, invoice of the sale, lines)."""
        for each in self.book.returns:
            by_sale: dict[str, Counter[str]] = defaultdict(Counter)
            for line in each.lines:
                for taken in line.taken:
                    by_sale[taken.sale_invoice][self.items[line.code].sku] += taken.quantity
            for invoice, units in by_sale.items():
                yield each, invoice, [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]

    def by_hand(self, lines: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
        """What somebody puts into a box who has no plan of it: line by line until it is full; whether that is all."""
        items = {item.sku: item for item in self.items.values()}
        room, weight, inside = FULL_CM3 * 1_000, FULL_G, []
        for line in lines:
            item = items[line["sku"]]
            units = min(line["quantity"], room // item.side_mm**3, weight // item.weight_g)
            if units:
                inside.append({**line, "quantity": units})
            room, weight = room - units * item.side_mm**3, weight - units * item.weight_g
        return inside, sum(line["quantity"] for line in inside) == sum(line["quantity"] for line in lines)

    def weight_of(self, lines: Sequence[Mapping[str, Any]], carton_g: int = CARTON_G) -> int:
        """What a scale shows for these lines in a carton that weighs so much, in g."""
        weights = {item.sku: item.weight_g for item in self.items.values()}
        return carton_g + sum(weights[line["sku"]] * line["quantity"] for line in lines)


def _consignee(order: Order) -> dict[str, str]:
    """A made-up buyer: a telephone number under +999, which no country has, an address in a domain kept for examples."""
    return {
        "name": f"Customer {order.customer or 'unnamed'}", "country": country_code(order.country), "city": "Testville",
        "postcode": "10001", "address1": f"{_number(order.invoice, 200) + 1} Order Street",
        "phone": f"+999 {_number(order.invoice, 10**9):09}", "email": f"buyer-of-{order.invoice.lower()}@example.com",
    }  # fmt: skip


def _named(book: OrderBook) -> dict[str, str]:
    """Codes that are ordered, with a name each; a book may have goods without a description."""
    codes = {line.code for order in book.orders for line in order.lines}
    return {code: (book.products.get(code) or "").strip() or f"Item {code}" for code in sorted(codes)}


def _item(code: str, name: str) -> Item:
    sku = re.sub(r"[^A-Z0-9._-]", "-", code)[:32].strip("-.") or "X"
    if sku != code:
        sku = f"{sku[:24]}-{_number(code, 10**6):06d}"
    printable = re.sub(r"[^\x20-\x7e]", "?", name)[:200]
    return Item(code, sku, printable, 5 + _number(code, 55), 15 + _number(code + "s", 30))


def _number(text: str, below: int) -> int:
    """A number that only depends on the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") % below


def _parts(quantity: int) -> list[int]:
    whole, rest = divmod(quantity, UNITS_PER_CARTON_LINE)
    return [UNITS_PER_CARTON_LINE] * whole + ([rest] if rest else [])


def _cartons(lines: list[tuple[dict[str, Any], str | None]]) -> list[list[tuple[dict[str, Any], str | None]]]:
    """Cartons of up to twenty lines, a SKU at most once in each."""
    cartons: list[list[tuple[dict[str, Any], str | None]]] = []
    for line in lines:
        target = cartons[-1] if cartons else []
        known = any(each["sku"] == line[0]["sku"] for each, _ in target)
        if not cartons or len(target) >= LINES_PER_CARTON or known:
            cartons.append([])
        cartons[-1].append(line)
    return cartons


def country_code(name: str) -> str:
    """ISO 3166-1 alpha-2 of a country as order books write it; the book's home country when it is not a country."""
    cleaned = name.strip()
    if re.fullmatch(r"[A-Z]{2}", cleaned):
        return cleaned
    return COUNTRIES.get(cleaned.lower(), "GB")
