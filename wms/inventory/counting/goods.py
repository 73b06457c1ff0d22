"""What stands in a bin as an eye sees it, and the version of the ledger at which the book says so.

Rows that differ only in book item or customs status hold goods that look the same: they are counted as one kind.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wms.inventory import holds
from wms.inventory.balances import lock_rows
from wms.inventory.models import Hold
from wms.inventory.rules import Stock
from wms.platform.statements import Statement


class Goods(NamedTuple):
    """One kind of goods in a bin."""

    owner_id: uuid.UUID
    product_id: uuid.UUID
    lot_id: uuid.UUID | None
    handling_unit_id: uuid.UUID | None
    condition: str


Versions = Mapping[str, int]  # row id as text (JSON) → id of its last move, 0 before any


@dataclass(frozen=True)
class Row:
    """A balance row of a bin. `version` is the last move that touched it."""

    id: int
    stock: Stock
    on_hand: int
    version: int

    @property
    def goods(self) -> Goods:
        stock = self.stock
        return Goods(stock.owner_id, stock.product_id, stock.lot_id, stock.handling_unit_id, stock.condition)


_KEY = (
    "warehouse_id, owner_id, product_id, location_id, lot_id, book_item_id, handling_unit_id, condition, customs_status"
)
_ROWS = Statement(
    f"SELECT b.id, b.on_hand, {_KEY}, greatest("
    " (SELECT max(m.id) FROM stock_move m WHERE m.from_balance_id = b.id),"
    " (SELECT max(m.id) FROM stock_move m WHERE m.to_balance_id = b.id), 0) AS version"
    " FROM balance b WHERE b.location_id = :location ORDER BY b.id"
)
_IDS = Statement("SELECT id, held_by FROM balance WHERE location_id = :location ORDER BY id")


def lock_bin(location_id: uuid.UUID) -> tuple[list[Row], list[Hold]]:
    """Every row of a bin, locked: a posting under way is waited for, a later one waits. And the open doubts about them, and
    about the bin.
    """
    ids = _IDS.all({"location": location_id})
    doubts = [hold for row in ids if row.held_by for hold in holds.lock_doubts(row.id)]
    doubts += holds.lock_bin_doubts(location_id)
    lock_rows([row.id for row in ids])
    return rows_of(location_id), doubts


_CARRIED = Statement(
    "SELECT DISTINCT a.balance_id FROM allocation a WHERE a.balance_id = ANY(CAST(:rows AS bigint[])) AND a.open_quantity > 0"
    " AND a.purpose = 'relocation'"
)


def carried(rows: Iterable[Row]) -> set[int]:
    """Of these rows those that somebody has goods of in hand, which the book has in the bin until they are put down
    (`relocating`).
    """
    return set(_CARRIED.column({"rows": [row.id for row in rows]}))


def rows_of(location_id: uuid.UUID) -> list[Row]:
    return [
        Row(row.id, _stock(row), row.on_hand, int(row.version)) for row in _ROWS.all({"location": location_id})
    ]  # fmt: skip


def _stock(row: Any) -> Stock:
    return Stock(
        row.warehouse_id, row.owner_id, row.product_id, row.location_id, row.lot_id, row.book_item_id,
        row.handling_unit_id, row.condition, row.customs_status,
    )  # fmt: skip


def versions_of(rows: Iterable[Row]) -> dict[str, int]:
    return {str(row.id): row.version for row in rows}


def by_goods(rows: Iterable[Row]) -> dict[Goods, list[Row]]:
    found: dict[Goods, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.goods].append(row)
    return dict(found)


def moved_since(rows: Sequence[Row], base: Versions) -> bool:
    """Whether the ledger touched any of these rows after `base` was read. A row born since without goods did not move."""
    return any(base.get(str(row.id), 0) != row.version for row in rows)
