"""What stands in a bin as an eye sees it, and the version of the ledger at which the book says so.

Rows that differ only in book item or customs status hold goods that look the same: they are counted as one kind.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wms.inventory import hands, holds, serials
from wms.inventory.balances import lock_rows
from wms.inventory.counting.models import CountTask
from wms.inventory.hands import InHand
from wms.inventory.models import Hold
from wms.inventory.rules import Stock
from wms.inventory.workflow import CountState
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement


class Goods(NamedTuple):
    """One kind of goods in a bin."""

    owner_id: uuid.UUID
    product_id: uuid.UUID
    lot_id: uuid.UUID | None
    handling_unit_id: uuid.UUID | None
    condition: str


Marks = Mapping[str, Sequence[int]]  # row id as text (JSON) → id of its last move (0 before any), units in hands
UNTOUCHED = [0, 0]


@dataclass(frozen=True)
class Row:
    """A balance row of a bin. `version` is the last move that touched it; `hand` what somebody carries out of the bin."""

    id: int
    stock: Stock
    on_hand: int
    version: int
    hand: InHand = hands.NOTHING

    @property
    def in_bin(self) -> int:
        """Units that the book has in the bin and in nobody's hands."""
        return max(0, self.on_hand - self.hand.units)

    @property
    def mark(self) -> list[int]:
        """What the book says of the row changes with this."""
        return [self.version, self.hand.units]

    def carried_numbers(self) -> frozenset[str]:
        """The numbers that are in hands."""
        return self.hand.numbers(serials.of_row(self.id)) if self.hand.units else frozenset()

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


def rows_of(location_id: uuid.UUID) -> list[Row]:
    found = _ROWS.all({"location": location_id})
    in_hand = hands.of(found[0].warehouse_id, [row.id for row in found]) if found else {}
    return [
        Row(row.id, _stock(row), row.on_hand, int(row.version), in_hand.get(row.id, hands.NOTHING)) for row in found
    ]  # fmt: skip


def _stock(row: Any) -> Stock:
    return Stock(
        row.warehouse_id, row.owner_id, row.product_id, row.location_id, row.lot_id, row.book_item_id,
        row.handling_unit_id, row.condition, row.customs_status,
    )  # fmt: skip


def versions_of(rows: Iterable[Row]) -> dict[str, int]:
    return {str(row.id): row.version for row in rows}


def marks_of(rows: Iterable[Row]) -> dict[str, list[int]]:
    return {str(row.id): row.mark for row in rows}


def by_goods(rows: Iterable[Row]) -> dict[Goods, list[Row]]:
    found: dict[Goods, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.goods].append(row)
    return dict(found)


def moved_since(rows: Sequence[Row], base: Marks) -> bool:
    """Whether the ledger touched any of these rows after `base` was read, or somebody took of them in hand. A row born since
    without goods did not move.
    """
    return any(base.get(str(row.id), UNTOUCHED) != row.mark for row in rows)


_COUNTED_NOW = Statement(
    "SELECT DISTINCT t.id FROM count_task t JOIN balance b ON b.location_id = t.location_id"
    " WHERE b.id = ANY(CAST(:rows AS bigint[])) AND t.state = 'counting'"
)


def given_back(rows: Collection[int]) -> None:
    """What somebody had in hand of these rows is in the bin again, and no posting says so: whoever counts the bin just now
    is asked for them once more. Locks running counts: before containers and balances.
    """
    ids = _COUNTED_NOW.column({"rows": list(rows)}) if rows else []
    for task in lock(Rank.TASK, CountTask, ids) if ids else ():
        if task.state == CountState.COUNTING.value:
            task.base = {key: mark for key, mark in task.base.items() if int(key) not in rows}
    session().flush()
