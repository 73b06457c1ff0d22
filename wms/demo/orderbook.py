"""The reader of a retail order book: every line becomes an ordered line, a returned line or a refusal with
its reason.

Input: a table with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
CustomerID, Country in any order and case (also Invoice, Price, "Customer ID"); separated by semicolons,
commas or tabs; decimal comma or point; UTF-8 with or without byte-order mark, UTF-16 with one, or
Windows-1252; dates day first, with or without a time.

The rules, decided here (the issue "The house, and one parcel's whole life" gives the first three):

* Invoices, codes and customers are compared trimmed and upper-cased; repeated codes stay separate lines.
* A line of an invoice `C…` returns goods of earlier sales (by date, then place in the file) of the same
  customer and code, oldest first, at most what is left of them. Asked for more, the line still counts once,
  as returned, with the lesser quantity (`ReturnLine.asked` keeps the other). With nothing left, or without
  a customer (one unknown buyer is not the same person as another), it is refused `no_sale_to_return`.
* Lines that are no goods by their code (`NOT_GOODS`) are refused. PADS (cushion pads), DCGS… and SP1002 are
  goods.
* A price of zero is fine: replacements and gifts leave the warehouse too; so is a line without a
  description.
* Absurd: quantity 0, a sale below zero (a write-off), a `C…` line above zero, over 100,000 units, a price
  below zero or over a million, a date before 1990 or after 2099.
* An invoice has one customer, the first that its lines name. A line that names another is refused.

A line is a record of the table: blank lines are none, a quoted field may hold line ends. Line numbers are
those of a text editor: the header is usually 1.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from wms.demo.table import OrderBookError, Reason, Row, clean, read_rows

__all__ = [
    "NOT_GOODS",
    "Order",
    "OrderBook",
    "OrderBookError",
    "OrderLine",
    "Reason",
    "Return",
    "ReturnLine",
    "Taken",
    "is_goods",
    "read_order_book",
]

MAX_QUANTITY: Final = 100_000
MAX_PRICE_MINOR: Final = 100_000_000
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2099

NOT_GOODS: Final[Mapping[str, str]] = {
    "POST": "postage",
    "DOT": "postage of the web shop",
    "C2": "carriage",
    "C3": "carriage",
    "D": "discount",
    "M": "manual correction",
    "S": "samples booked as cost",
    "B": "adjustment of bad debt",
    "BANK CHARGES": "bank charges",
    "AMAZONFEE": "fee of a marketplace",
    "CRUK": "commission of a charity",
    "ADJUST": "adjustment",
    "ADJUST2": "adjustment",
    "TEST001": "test line",
    "TEST002": "test line",
    "GIFT": "voucher",
}
"""Codes of the Online Retail set (UCI) under which money moves, not goods; gift vouchers are `GIFT_0001_…`.
"""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Goods sold: `quantity` ≥ 1 units, `unit_price_minor` ≥ 0 in hundredths of the book's currency."""

    line_no: int
    code: str
    description: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Order:
    """One invoice with at least one line of goods, in the order of the file; `ordered_at` its earliest line,
    local time.
    """

    invoice: str
    customer: str | None
    country: str
    ordered_at: datetime
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """Part of a return: `quantity` units of one line of one earlier order."""

    sale_invoice: str
    sale_line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Goods come back: `quantity` = Σ taken ≤ `asked`."""

    line_no: int
    code: str
    quantity: int
    asked: int
    taken: tuple[Taken, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """One invoice `C…` with at least one returned line; `returned_at` its latest line, so never before its
    sales.
    """

    reference: str
    customer: str
    returned_at: datetime
    lines: tuple[ReturnLine, ...]


@dataclass(frozen=True, slots=True)
class OrderBook:
    """The whole book. `orders` and `returns` by date, then place in the file; `refused` (line number, reason)
    in the order of the file; `products` code → best description. `lines_read` = ordered + returned + refused,
    always.
    """

    lines_read: int
    orders: tuple[Order, ...]
    returns: tuple[Return, ...]
    refused: tuple[tuple[int, Reason], ...]
    products: Mapping[str, str]

    @property
    def lines_ordered(self) -> int:
        """Lines of all orders."""
        return sum(len(order.lines) for order in self.orders)

    @property
    def lines_returned(self) -> int:
        """Lines of all returns."""
        return sum(len(item.lines) for item in self.returns)

    @property
    def lines_refused(self) -> int:
        """Refused lines."""
        return len(self.refused)

    @property
    def units_ordered(self) -> int:
        """Units of all orders."""
        return sum(line.quantity for order in self.orders for line in order.lines)

    @property
    def units_returned(self) -> int:
        """Units of all returns."""
        return sum(line.quantity for item in self.returns for line in item.lines)

    @property
    def refused_by_reason(self) -> dict[str, int]:
        """Number of refused lines per reason code, in the order of the codes."""
        return dict(sorted(Counter(reason.value for _, reason in self.refused).items()))


def is_goods(code: str, description: str = "") -> bool:
    """False for codes under which no goods move; 23444 is a product in some books and next-day carriage in
    others.
    """
    upper = clean(code).upper()
    if upper in NOT_GOODS or upper.startswith("GIFT_"):
        return False
    return not (upper == "23444" and clean(description).upper() == "NEXT DAY CARRIAGE")


def read_order_book(source: Path | str | bytes) -> OrderBook:
    """Read a book from a path (`Path` or `str`) or from its bytes. Raises `OrderBookError` if it is no order
    book.
    """
    rows = read_rows(source)
    refused = {row.line_no: row.reason for row in rows if not isinstance(row, Row)}
    sales: list[Row] = []
    cancellations: list[Row] = []
    for row in rows:
        if not isinstance(row, Row):
            continue
        reason = _objection(row)
        if reason is not None:
            refused[row.line_no] = reason
        else:
            (cancellations if _cancels(row) else sales).append(row)
    sales, sold_to = _one_customer(sales, refused)
    cancellations, _ = _one_customer(cancellations, refused)
    returned = _match(sales, sold_to, cancellations, refused)
    return OrderBook(
        lines_read=len(rows),
        orders=_orders(sales, sold_to),
        returns=_returns(cancellations, returned),
        refused=tuple(sorted(refused.items())),
        products=_products(sales),
    )


def _cancels(row: Row) -> bool:
    return row.invoice.startswith("C")


def _objection(row: Row) -> Reason | None:
    """Why this line cannot be an order or a return, judged by itself; the first reason that holds."""
    checks = (
        (not is_goods(row.code, row.description), Reason.NOT_GOODS),
        (not FIRST_YEAR <= row.at.year <= LAST_YEAR, Reason.ABSURD_DATE),
        (row.quantity == 0, Reason.ZERO_QUANTITY),
        (abs(row.quantity) > MAX_QUANTITY, Reason.ABSURD_QUANTITY),
        (row.quantity < 0 and not _cancels(row), Reason.NEGATIVE_SALE),
        (row.quantity > 0 and _cancels(row), Reason.POSITIVE_CANCELLATION),
        (row.price_minor < 0, Reason.NEGATIVE_PRICE),
        (row.price_minor > MAX_PRICE_MINOR, Reason.ABSURD_PRICE),
    )
    return next((reason for holds, reason in checks if holds), None)


def _one_customer(rows: Iterable[Row], refused: dict[int, Reason]) -> tuple[list[Row], dict[str, str | None]]:
    """The rows that fit the customer of their invoice, and that customer; the others are refused."""
    customers: dict[str, str | None] = {}
    for row in rows:
        customers[row.invoice] = customers.get(row.invoice) or row.customer
    kept: list[Row] = []
    for row in rows:
        if row.customer in (None, customers[row.invoice]):
            kept.append(row)
        else:
            refused[row.line_no] = Reason.OTHER_CUSTOMER
    return kept, customers


@dataclass(slots=True)
class _Sold:
    row: Row
    left: int


def _match(
    sales: Iterable[Row],
    sold_to: Mapping[str, str | None],
    cancellations: Iterable[Row],
    refused: dict[int, Reason],
) -> dict[int, ReturnLine]:
    """The returned lines by line number: each takes from earlier sales of its customer and code, oldest
    first.
    """
    open_sales: dict[tuple[str, str], deque[_Sold]] = defaultdict(deque)
    returned: dict[int, ReturnLine] = {}
    for row in sorted([*sales, *cancellations], key=lambda row: (row.at, row.line_no)):
        if not _cancels(row):
            customer = sold_to[row.invoice]
            if customer is not None:
                open_sales[customer, row.code].append(_Sold(row, row.quantity))
            continue
        taken = _take(open_sales[row.customer, row.code], -row.quantity) if row.customer else ()
        if taken:
            units = sum(part.quantity for part in taken)
            returned[row.line_no] = ReturnLine(row.line_no, row.code, units, -row.quantity, taken)
        else:
            refused[row.line_no] = Reason.NO_SALE_TO_RETURN
    return returned


def _take(sold: deque[_Sold], wanted: int) -> tuple[Taken, ...]:
    taken: list[Taken] = []
    while wanted and sold:
        oldest = sold[0]
        units = min(wanted, oldest.left)
        taken.append(Taken(oldest.row.invoice, oldest.row.line_no, units))
        wanted -= units
        oldest.left -= units
        if not oldest.left:
            sold.popleft()
    return tuple(taken)


def _by_invoice(rows: Iterable[Row]) -> dict[str, list[Row]]:
    invoices: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        invoices[row.invoice].append(row)
    return invoices


def _orders(sales: Iterable[Row], sold_to: Mapping[str, str | None]) -> tuple[Order, ...]:
    orders = [
        Order(
            invoice,
            sold_to[invoice],
            next((row.country for row in rows if row.country), ""),
            min(row.at for row in rows),
            tuple(OrderLine(r.line_no, r.code, r.description, r.quantity, r.price_minor) for r in rows),
        )
        for invoice, rows in _by_invoice(sales).items()
    ]
    return tuple(sorted(orders, key=lambda order: (order.ordered_at, order.lines[0].line_no)))


def _returns(cancellations: Iterable[Row], returned: Mapping[int, ReturnLine]) -> tuple[Return, ...]:
    returns = [
        Return(
            invoice,
            rows[0].customer or "",
            max(row.at for row in rows),
            tuple(returned[row.line_no] for row in rows),
        )
        for invoice, rows in _by_invoice(row for row in cancellations if row.line_no in returned).items()
    ]
    return tuple(sorted(returns, key=lambda item: (item.returned_at, item.lines[0].line_no)))


def _products(sales: Iterable[Row]) -> dict[str, str]:
    """Code → the description that most lines with a price give it, else most lines, else the code; sorted by
    code.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row in sales:
        if row.description:
            seen[row.code][row.description] += 1_000_000 if row.price_minor else 1
        else:
            seen[row.code].update()
    return {code: max(names, key=names.__getitem__) if names else code for code, names in sorted(seen.items())}
