"""What an order still claims of the customs book, and what of it ends with goods that leave the zone or go back to a bin."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wms.inventory.rules import Stock
from wms.platform.statements import Answer, Statement

CLAIMED = Statement(
    "SELECT d.order_id, p.id, d.product_id, d.book_item_id, p.book_quantity FROM demand d JOIN promise p"
    " ON p.id = d.promise_id WHERE d.order_id = ANY(CAST(:orders AS uuid[])) AND d.book_item_id IS NOT NULL"
    " AND p.book_quantity > 0 ORDER BY p.id"
)


@dataclass
class BookClaim:
    """Units of a line of the book that a promise still claims. `settle` takes from them."""

    order_id: uuid.UUID
    promise_id: uuid.UUID
    product_id: uuid.UUID
    book_item_id: uuid.UUID
    units: int


def claims_in(answer: Answer) -> list[BookClaim]:
    """What `CLAIMED` answered."""
    return [BookClaim(*row) for row in answer.all()]


def settle(claims: Iterable[BookClaim], goods: Iterable[tuple[Stock, int]]) -> dict[uuid.UUID, int]:
    """Which claims of one order end with these goods, by promise: no more than there are of them, so that what has not gone
    yet stays claimed. `claims` are less by them.
    """
    units: Counter[tuple[uuid.UUID, uuid.UUID | None]] = Counter()
    for stock, quantity in goods:
        units[(stock.product_id, stock.book_item_id)] += quantity
    settled: dict[uuid.UUID, int] = {}
    for claim in claims:
        key = (claim.product_id, claim.book_item_id)
        share = min(units[key], claim.units)
        if share:
            settled[claim.promise_id] = share
            claim.units -= share
            units[key] -= share
    return settled
